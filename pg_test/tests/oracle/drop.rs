//! DROP of relations, columns and constraints, with what goes along and what is locked on the way.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE t (id serial PRIMARY KEY, a int, b text, g int GENERATED ALWAYS AS IDENTITY);
    INSERT INTO t (a, b) SELECT i, 'x' FROM generate_series(1, 300) i;
    CREATE INDEX t_a ON t (a);
    CREATE INDEX t_ab ON t (a, b);
    CREATE INDEX t_partial ON t (id) WHERE b = 'x';
    CREATE TABLE r (id int PRIMARY KEY, t int CONSTRAINT points REFERENCES t);
    INSERT INTO r SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE alone (a int, b int CHECK (b > 0)); INSERT INTO alone SELECT i, i FROM generate_series(1, 300) i;
    CREATE VIEW v AS SELECT id, a FROM t;
    CREATE VIEW vv AS SELECT id FROM v;
    CREATE MATERIALIZED VIEW mv AS SELECT id, b FROM t;
    CREATE INDEX mv_id ON mv (id);
    CREATE SEQUENCE numbers;
    CREATE TABLE uses (n int DEFAULT nextval('numbers')); INSERT INTO uses SELECT FROM generate_series(1, 300);
    CREATE TABLE parent (a int, b int CONSTRAINT pos CHECK (b > 0));
    CREATE TABLE child (c int) INHERITS (parent);
    CREATE TABLE grandchild () INHERITS (child);
    INSERT INTO parent SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO child SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO grandchild SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX child_b ON child (b);
    CREATE TABLE p (a int, b int, c int, CONSTRAINT pu UNIQUE (a, b)) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (200);
    CREATE TABLE pd PARTITION OF p DEFAULT;
    INSERT INTO p SELECT i, i, i FROM generate_series(1, 300) i;
    CREATE INDEX p_c ON p (c);
";

#[test]
fn relations() {
    let cases = vec![
        case("DROP TABLE alone"),
        case("DROP TABLE app.alone, r"),
        case("DROP TABLE IF EXISTS absent"),
        case("DROP TABLE IF EXISTS absent, alone"),
        case("DROP TABLE r"),
        case("DROP TABLE tmp").given("CREATE TEMP TABLE tmp (id int PRIMARY KEY, b text); INSERT INTO tmp VALUES (1, 'x')"),
        case("DROP TABLE t CASCADE"),
        case("DROP TABLE r, t CASCADE"),
        case("DROP TABLE v").if_possible(),
        case("DROP VIEW v CASCADE"),
        case("DROP VIEW vv"),
        case("DROP VIEW IF EXISTS vv"),
        case("DROP MATERIALIZED VIEW mv"),
        case("DROP SEQUENCE numbers CASCADE"),
        case("DROP SEQUENCE free").given("CREATE SEQUENCE free"),
        case("DROP SEQUENCE t_id_seq CASCADE"),
        case("DROP TABLE parent CASCADE"),
        case("DROP TABLE grandchild"),
        case("DROP TABLE child CASCADE"),
        case("DROP TABLE p"),
        case("DROP TABLE p1"),
        case("DROP TABLE p2"),
        case("DROP TABLE p2a"),
        case("DROP TABLE pd"),
        case("DROP TABLE q1").given(
            "CREATE TABLE q (a int) PARTITION BY LIST (a); CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1);
             INSERT INTO q VALUES (1)",
        ),
        case("DROP TABLE f").given("CREATE TABLE f (a int, b int, FOREIGN KEY (a, b) REFERENCES p (a, b)); INSERT INTO f VALUES (1, 1)"),
        case("DROP TABLE p CASCADE").given("CREATE TABLE f (a int, b int, FOREIGN KEY (a, b) REFERENCES p (a, b)); INSERT INTO f VALUES (1, 1)"),
        case("DROP TABLE p1 CASCADE").given("CREATE TABLE f (a int, b int, FOREIGN KEY (a, b) REFERENCES p (a, b)); INSERT INTO f VALUES (1, 1)").if_possible(),
        case("DROP TABLE p").given("ALTER TABLE p ADD FOREIGN KEY (c) REFERENCES t"),
        case("DROP TABLE p1").given("ALTER TABLE p ADD FOREIGN KEY (c) REFERENCES t"),
        case("DROP TABLE self").given("CREATE TABLE self (id int PRIMARY KEY, up int REFERENCES self); INSERT INTO self VALUES (1, 1)"),
        case("DROP TABLE alone").given("CREATE STATISTICS st ON a, b FROM alone"),
        case("DROP TABLE alone CASCADE").given("CREATE VIEW va AS SELECT * FROM alone; CREATE RULE ru AS ON INSERT TO r DO ALSO INSERT INTO alone VALUES (1, 1)"),
        case("DROP TABLE alone CASCADE").given("CREATE POLICY po ON r USING (EXISTS (SELECT FROM alone))"),
        case("DROP TABLE alone CASCADE").given("CREATE FUNCTION fa() RETURNS alone LANGUAGE sql AS 'SELECT NULL::alone'; CREATE TABLE w (a int, x alone); INSERT INTO w VALUES (1)"),
        case("DROP TABLE \"Odd\", app.\"Name Too\"").given(
            "CREATE TABLE \"Odd\" (a serial); INSERT INTO \"Odd\" DEFAULT VALUES; CREATE TABLE \"Name Too\" (a int UNIQUE); INSERT INTO \"Name Too\" VALUES (1)",
        ),
        case("DROP TABLE tt").given("CREATE TEMP TABLE tt (a int UNIQUE); INSERT INTO tt VALUES (1)"),
        case("DROP TABLE alone").given("CREATE TRIGGER tr AFTER INSERT ON alone EXECUTE FUNCTION suppress_redundant_updates_trigger()"),
    ];
    run(BASE, cases);
}

#[test]
fn columns() {
    let cases = vec![
        case("ALTER TABLE alone DROP COLUMN a"),
        case("ALTER TABLE alone DROP COLUMN b"),
        case("ALTER TABLE alone DROP COLUMN a, DROP COLUMN b"),
        case("ALTER TABLE alone DROP COLUMN IF EXISTS absent"),
        case("ALTER TABLE t DROP COLUMN a CASCADE"),
        case("ALTER TABLE t DROP COLUMN b CASCADE"),
        case("ALTER TABLE t DROP COLUMN g"),
        case("ALTER TABLE t DROP COLUMN id CASCADE"),
        case("ALTER TABLE r DROP COLUMN t"),
        case("ALTER TABLE r DROP id"),
        case("ALTER TABLE uses DROP COLUMN n"),
        case("ALTER TABLE parent DROP COLUMN a"),
        case("ALTER TABLE parent DROP COLUMN b"),
        case("ALTER TABLE parent DROP COLUMN IF EXISTS absent"),
        case("ALTER TABLE p DROP COLUMN IF EXISTS absent"),
        case("ALTER TABLE ONLY parent DROP COLUMN b"),
        case("ALTER TABLE child DROP COLUMN c"),
        case("ALTER TABLE ONLY grandchild DROP COLUMN c").if_possible(),
        case("ALTER TABLE parent DROP COLUMN b").given(
            "CREATE TABLE mixed (b int) INHERITS (parent); INSERT INTO mixed VALUES (1, 1)",
        ),
        case("ALTER TABLE p DROP COLUMN c"),
        case("ALTER TABLE p DROP COLUMN b"),
        case("ALTER TABLE p DROP COLUMN c").given("ALTER TABLE p ADD FOREIGN KEY (c) REFERENCES t"),
        case("ALTER TABLE p DROP COLUMN b CASCADE").given("CREATE TABLE f (a int, b int, FOREIGN KEY (a, b) REFERENCES p (a, b)); INSERT INTO f VALUES (1, 1)"),
        case("ALTER TABLE s DROP COLUMN g").given(
            "CREATE TABLE s (a int, g int GENERATED ALWAYS AS (a + 1) STORED); INSERT INTO s VALUES (1); CREATE INDEX ON s (g)",
        ),
        case("ALTER TABLE s DROP COLUMN a CASCADE").given(
            "CREATE TABLE s (a int, g int GENERATED ALWAYS AS (a + 1) STORED); INSERT INTO s VALUES (1); CREATE INDEX ON s (g)",
        ),
        case("ALTER TABLE alone DROP COLUMN a").given("CREATE STATISTICS st ON a, b FROM alone"),
        case("ALTER TABLE alone DROP COLUMN a CASCADE").given("CREATE VIEW va AS SELECT a FROM alone"),
        case("ALTER TABLE alone DROP COLUMN a").given("ALTER TABLE alone ADD CHECK (a >= b)"),
        case("ALTER TABLE alone DROP COLUMN a").given("ALTER TABLE alone ADD s serial; CREATE SEQUENCE mine OWNED BY alone.a; SELECT nextval('mine')"),
    ];
    run(BASE, cases);
}

#[test]
fn constraints() {
    let cases = vec![
        case("ALTER TABLE alone DROP CONSTRAINT alone_b_check"),
        case("ALTER TABLE alone DROP CONSTRAINT IF EXISTS absent"),
        case("ALTER TABLE r DROP CONSTRAINT points"),
        case("ALTER TABLE r DROP CONSTRAINT r_pkey"),
        case("ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE"),
        case("ALTER TABLE parent DROP CONSTRAINT pos"),
        case("ALTER TABLE parent DROP CONSTRAINT IF EXISTS absent"),
        case("ALTER TABLE p DROP CONSTRAINT IF EXISTS absent"),
        case("ALTER TABLE ONLY parent DROP CONSTRAINT pos"),
        case("ALTER TABLE p DROP CONSTRAINT pu"),
        case("ALTER TABLE p DROP CONSTRAINT pu CASCADE").given("CREATE TABLE f (a int, b int, FOREIGN KEY (a, b) REFERENCES p (a, b)); INSERT INTO f VALUES (1, 1)"),
        case("ALTER TABLE p DROP CONSTRAINT k").given("ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (c) REFERENCES t"),
        case("ALTER TABLE f DROP CONSTRAINT k").given("CREATE TABLE f (a int, b int, CONSTRAINT k FOREIGN KEY (a, b) REFERENCES p (a, b)); INSERT INTO f VALUES (1, 1)"),
        case("ALTER TABLE p DROP CONSTRAINT k").given("ALTER TABLE p ADD CONSTRAINT k CHECK (c > 0)"),
        case("ALTER TABLE p1 DROP CONSTRAINT k").given("ALTER TABLE p1 ADD CONSTRAINT k CHECK (c > 0)"),
        case("ALTER TABLE parent DROP CONSTRAINT n").given("ALTER TABLE parent ADD CONSTRAINT n NOT NULL a").from(18),
        case("ALTER TABLE p DROP CONSTRAINT k").given("ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (a, b) REFERENCES p (a, b)"),
        case("ALTER TABLE self DROP CONSTRAINT k").given(
            "CREATE TABLE self (id int PRIMARY KEY, up int CONSTRAINT k REFERENCES self); INSERT INTO self VALUES (1, 1)",
        ),
        case("ALTER TABLE self DROP CONSTRAINT self_pkey CASCADE").given(
            "CREATE TABLE self (id int PRIMARY KEY, up int CONSTRAINT k REFERENCES self); INSERT INTO self VALUES (1, 1)",
        ),
    ];
    run(BASE, cases);
}
