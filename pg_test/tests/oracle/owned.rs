//! DROP OWNED and REASSIGN OWNED.

use crate::case::{case, run};

const BASE: &str = "
    DO $$ DECLARE role text; BEGIN
        FOREACH role IN ARRAY '{oracle_a,oracle_b}'::text[] LOOP
            IF to_regrole(role) IS NULL THEN EXECUTE 'CREATE ROLE ' || role; END IF;
        END LOOP;
    END $$;
    GRANT ALL ON SCHEMA app TO oracle_a, oracle_b;
    CREATE TABLE t (id serial PRIMARY KEY, a int, g int GENERATED ALWAYS AS IDENTITY);
    INSERT INTO t (a) SELECT i FROM generate_series(1, 300) i;
    CREATE TABLE r (id int PRIMARY KEY, t int REFERENCES t);
    INSERT INTO r SELECT i, i FROM generate_series(1, 300) i;
    CREATE VIEW v AS SELECT id FROM t;
    CREATE MATERIALIZED VIEW mv AS SELECT id FROM r;
    CREATE SEQUENCE s;
    CREATE TABLE p (a int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (400);
    INSERT INTO p SELECT generate_series(1, 300);
    CREATE INDEX ON p (a);
    GRANT SELECT ON r TO oracle_a;
";

#[test]
fn owned() {
    let tables = "ALTER TABLE t OWNER TO oracle_a; ALTER MATERIALIZED VIEW mv OWNER TO oracle_a; ALTER SEQUENCE s OWNER TO oracle_a;
                  ALTER VIEW v OWNER TO oracle_b";
    let partitions = "ALTER TABLE p1 OWNER TO oracle_a; ALTER TABLE r OWNER TO oracle_b";
    let types =
        "CREATE TYPE e AS ENUM ('a'); ALTER TYPE e OWNER TO oracle_a; ALTER TABLE r ADD e e; CREATE TYPE c AS (a int);
                 ALTER TYPE c OWNER TO oracle_b; CREATE TABLE typed OF c; INSERT INTO typed VALUES (1)";
    let others = "CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'; ALTER FUNCTION f OWNER TO oracle_a;
                  CREATE INDEX r_f ON r (f(id)); CREATE STATISTICS st ON id, t FROM r; ALTER STATISTICS st OWNER TO oracle_b";
    let policies = "CREATE POLICY two ON r TO oracle_a, oracle_b; CREATE POLICY one ON t TO oracle_a";
    let drops = [
        "DROP OWNED BY oracle_a",
        "DROP OWNED BY oracle_a CASCADE",
        "DROP OWNED BY oracle_b, oracle_a CASCADE",
    ];
    let reassigns = [
        "REASSIGN OWNED BY oracle_a TO oracle_b",
        "REASSIGN OWNED BY oracle_a, oracle_b TO CURRENT_USER",
    ];
    let mut cases = vec![];
    for setup in ["", tables, partitions, types, others, policies] {
        for statement in drops.iter().chain(&reassigns) {
            cases.push(case(*statement).given(setup).if_possible());
        }
    }
    cases.push(case("REASSIGN OWNED BY oracle_a TO oracle_a").given(tables));
    run(BASE, cases);
}
