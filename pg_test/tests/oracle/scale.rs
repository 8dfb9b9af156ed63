//! Where there is much to judge: a thousand leaves, two hundred foreign keys, twenty thousand tables.

use crate::case::{case, run};

const TREE: &str = "
    CREATE TABLE p (a int, b int, c text) PARTITION BY RANGE (a);
    DO $$BEGIN
        FOR i IN 0 .. 999 LOOP
            EXECUTE format('CREATE TABLE p%s PARTITION OF p FOR VALUES FROM (%s) TO (%s)', i, i, i + 1);
        END LOOP;
    END$$;
    INSERT INTO p SELECT i, i FROM generate_series(0, 999) i;
    CREATE INDEX ON p (a);
";

#[test]
fn a_thousand_leaves() {
    let cases = vec![
        case("ALTER TABLE p ADD COLUMN n int"),
        case("ALTER TABLE p ALTER b SET NOT NULL").given("ALTER TABLE p7 ADD CHECK (b IS NOT NULL)"),
        case("ALTER TABLE p ALTER b TYPE bigint"),
        case("ALTER TABLE p ADD CHECK (b >= 0)"),
        case("CREATE INDEX ON p (b)").given("CREATE INDEX ON p500 (b)"),
        case("ALTER TABLE p DETACH PARTITION p999"),
        case("CREATE TABLE next PARTITION OF p FOR VALUES FROM (1000) TO (1001)"),
        case("TRUNCATE p"),
        case("DROP TABLE p"),
    ];
    run(TREE, cases);
}

const KEYS: &str = "
    CREATE TABLE t (id int PRIMARY KEY, code varchar(10) UNIQUE);
    INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
    DO $$BEGIN
        FOR i IN 1 .. 200 LOOP
            EXECUTE format('CREATE TABLE r%s (id int REFERENCES t, code varchar(10) REFERENCES t (code))', i);
            EXECUTE format('INSERT INTO r%s VALUES (1, 1)', i);
        END LOOP;
    END$$;
";

#[test]
fn two_hundred_foreign_keys() {
    let cases = vec![
        case("ALTER TABLE t ADD COLUMN n int"),
        case("ALTER TABLE t ALTER id TYPE bigint"),
        case("ALTER TABLE t ALTER code TYPE varchar(20)"),
        case("ALTER TABLE t DROP CONSTRAINT t_code_key CASCADE"),
        case("TRUNCATE t CASCADE"),
        case("DROP TABLE t CASCADE"),
    ];
    run(KEYS, cases);
}

const TABLES: &str = "
    CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    CREATE SCHEMA many;
    CREATE TABLE t (id int PRIMARY KEY, a int REFERENCES t);
    INSERT INTO t VALUES (1, 1);
    DO $$BEGIN
        FOR i IN 1 .. 20000 LOOP
            EXECUTE format('CREATE TABLE many.t%s AS SELECT 1 AS a', i);
        END LOOP;
    END$$;
";

/// Only a schema for itself; the extension looks through the catalogs of the whole database.
#[test]
fn twenty_thousand_tables() {
    let cases = vec![
        case("ALTER TABLE t ADD COLUMN n int"),
        case("ALTER TABLE t ALTER a TYPE bigint"),
        case("DROP FUNCTION f"),
        case("GRANT SELECT ON ALL TABLES IN SCHEMA many TO PUBLIC"),
        case("DROP SCHEMA many CASCADE"),
        case("DROP TABLE t"),
    ];
    run(TABLES, cases);
}
