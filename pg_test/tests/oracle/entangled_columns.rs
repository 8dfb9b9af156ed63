//! Columns that go, come back, or are made anew together with what depends on them.

use crate::case::{case, run};

/// What is dropped takes along what depends on it, before anything else is done.
#[test]
fn what_goes_first() {
    let cases = vec![
        case("ALTER TABLE p DROP CONSTRAINT k, ALTER v TYPE varchar(20)").given("CREATE TABLE p (v varchar(10)); CREATE TABLE a () INHERITS (p); CREATE TABLE d () INHERITS (a); INSERT INTO p VALUES ('x'); INSERT INTO a VALUES ('x'); INSERT INTO d VALUES ('x'); ALTER TABLE a ADD CONSTRAINT k CHECK (v <> 'y'); ALTER TABLE p ADD CONSTRAINT k CHECK (v <> 'y')"),
        case("ALTER TABLE t DROP COLUMN a CASCADE, ALTER b SET NOT NULL").given("CREATE TABLE t (a int, b int, g int GENERATED ALWAYS AS (a) STORED, CHECK (b IS NOT NULL AND g IS NOT NULL)); INSERT INTO t SELECT 1, 1"),
        case("ALTER TABLE t DROP COLUMN a CASCADE, ADD COLUMN g float DEFAULT random()").given("CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a) STORED); INSERT INTO t SELECT 1"),
        case("ALTER TABLE t DROP COLUMN a CASCADE, ALTER b TYPE varchar(20)").given("CREATE TABLE t (a int, b varchar(10), g int GENERATED ALWAYS AS (a) STORED, CHECK (b <> g::text)); INSERT INTO t SELECT 1, 'x'"),
        case("ALTER TABLE t ALTER g DROP EXPRESSION, DROP COLUMN a CASCADE, ALTER b TYPE bigint").given("CREATE TABLE t (a int, b int, g int GENERATED ALWAYS AS (a) STORED); INSERT INTO t SELECT 1, 1; CREATE INDEX t_g ON t (g)"),
        case("ALTER TABLE codes DROP COLUMN x CASCADE, ALTER y TYPE bigint").given("CREATE TABLE codes (x int, y int, UNIQUE (x, y)); INSERT INTO codes SELECT 1, 1; CREATE TABLE r (x int, y int, FOREIGN KEY (x, y) REFERENCES codes (x, y)); INSERT INTO r SELECT 1, 1"),
        case("ALTER TABLE p DROP CONSTRAINT p_a_b_key CASCADE, ALTER b TYPE bigint").given("CREATE TABLE p (a int, b int, UNIQUE (a, b)) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p SELECT 1, 1; CREATE TABLE r (a int, b int, FOREIGN KEY (a, b) REFERENCES p (a, b)); INSERT INTO r SELECT 1, 1"),
        case("ALTER TABLE p DROP CONSTRAINT k, ALTER m TYPE dmood").given("CREATE TYPE mood AS ENUM ('x'); CREATE DOMAIN dmood AS mood; CREATE TABLE codes (m mood PRIMARY KEY); INSERT INTO codes VALUES ('x'); CREATE TABLE p (a int, m mood CONSTRAINT k REFERENCES codes) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p SELECT 1, 'x'"),
        case("ALTER TABLE p DROP COLUMN c, ALTER b TYPE varchar(20)").given("CREATE TABLE p (a int, b varchar(10), c int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p SELECT 1, 'x', 1; CREATE INDEX x ON ONLY p (b, c)"),
        case("ALTER TABLE p DROP CONSTRAINT u, ALTER b TYPE varchar(20)").given("CREATE TABLE p (a int, b varchar(10)) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p SELECT 1, 'x'; ALTER TABLE ONLY p ADD CONSTRAINT u UNIQUE (a, b)"),
        case("ALTER TABLE t DROP COLUMN b CASCADE, ALTER a TYPE varchar(20)").given("CREATE TABLE t (a varchar(10), b varchar(10)); INSERT INTO t VALUES ('x', 'y'); CREATE FUNCTION as_t(int) RETURNS t LANGUAGE plpgsql IMMUTABLE AS 'DECLARE found app.t; BEGIN found.a := $1; RETURN found; END'; CREATE TABLE x (i int); INSERT INTO x SELECT 1; ALTER TABLE x ADD CHECK ((as_t(i)).a IS DISTINCT FROM (as_t(i)).b); CREATE STATISTICS s ON ((as_t(i)).a), ((as_t(i)).b) FROM x"),
        case("ALTER TABLE t ALTER g DROP EXPRESSION, DROP COLUMN a CASCADE, ALTER b SET NOT NULL").given("CREATE TABLE t (a int, b int, g int GENERATED ALWAYS AS (a) STORED); INSERT INTO t SELECT 1, 1; ALTER TABLE t ADD CHECK (b IS NOT NULL AND g IS NOT NULL)"),
        case("ALTER TABLE parent DROP COLUMN a CASCADE, ADD COLUMN g int DEFAULT (random() * 10)::int").given("CREATE TABLE parent (a int); CREATE TABLE child (g int GENERATED ALWAYS AS (a) STORED) INHERITS (parent); INSERT INTO parent SELECT 1; INSERT INTO child SELECT 1"),
        case("ALTER TABLE p DROP COLUMN b, ADD COLUMN b int DEFAULT 1, ADD FOREIGN KEY (b) REFERENCES target").given("CREATE TABLE target (id int PRIMARY KEY); INSERT INTO target SELECT 1; CREATE TABLE p (a int, b int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p SELECT 1, 1; ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES target"),
        case("ALTER TABLE p DROP COLUMN b, ADD COLUMN b int DEFAULT 1, ADD UNIQUE (a, b)").given("CREATE TABLE p (a int, b int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p SELECT 1, 1; ALTER TABLE p1 ADD CONSTRAINT own UNIQUE (a, b)"),
    ];
    run("", cases);
}

/// DROP COLUMN IF EXISTS does nothing to the children that have such a column from elsewhere.
#[test]
fn a_column_that_the_target_has_not() {
    let cases = vec![
        case("ALTER TABLE p1 DROP COLUMN IF EXISTS c, ALTER v TYPE varchar(20)").given("CREATE TABLE p1 (v varchar(10)); CREATE TABLE p2 (c int); CREATE TABLE ch () INHERITS (p1, p2); INSERT INTO p1 SELECT 'x'; INSERT INTO p2 SELECT 1; INSERT INTO ch SELECT 'x', 1; ALTER TABLE ch ADD CHECK (v <> '' AND c > 0)"),
        case("ALTER TABLE p1 DROP COLUMN IF EXISTS c, ADD COLUMN c float, ALTER x TYPE bigint").given("CREATE TABLE p1 (x int); CREATE TABLE p2 (c float); CREATE TABLE ch () INHERITS (p1, p2); INSERT INTO p1 SELECT 1; INSERT INTO p2 SELECT 1; INSERT INTO ch SELECT 1, 1; CREATE INDEX ch_c ON ch (c)"),
        case("ALTER TABLE p1 DROP COLUMN IF EXISTS c, ADD COLUMN c float DEFAULT random()").given("CREATE TABLE p1 (x int); CREATE TABLE p2 (c float); CREATE TABLE ch () INHERITS (p1, p2); INSERT INTO p1 SELECT 1; INSERT INTO p2 SELECT 1; INSERT INTO ch SELECT 1, 1; CREATE INDEX ch_c ON ch (c)"),
        case("ALTER TABLE p1 DROP COLUMN IF EXISTS c, ALTER x SET NOT NULL").given("CREATE TABLE p1 (v varchar(10), x int); CREATE TABLE p2 (c int); CREATE TABLE ch () INHERITS (p1, p2); INSERT INTO p1 SELECT 'x', 1; INSERT INTO p2 SELECT 1; INSERT INTO ch SELECT 'x', 1, 1; ALTER TABLE ch ADD CHECK (x IS NOT NULL AND c > 0)"),
    ];
    run("", cases);
}

/// SET EXPRESSION makes again what depends on a stored column; ONLY does not stop that.
#[test]
fn set_expression() {
    let cases = vec![
        case("ALTER TABLE ONLY p ALTER g SET EXPRESSION AS (a + 1)").given("CREATE TABLE target (id int PRIMARY KEY); INSERT INTO target SELECT generate_series(1,3); CREATE TABLE p (a int, g int GENERATED ALWAYS AS (a) STORED) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p SELECT 1; ALTER TABLE p ADD FOREIGN KEY (g) REFERENCES target").from(17),
        case("ALTER TABLE ONLY parent ALTER g SET EXPRESSION AS (a + 1)").given("CREATE TABLE parent (a int, g int GENERATED ALWAYS AS (a) STORED CHECK (g > 0)); CREATE TABLE child () INHERITS (parent); INSERT INTO parent SELECT 1; INSERT INTO child SELECT 1").from(17),
        case("ALTER TABLE ONLY parent ALTER g SET EXPRESSION AS (a + 1)").given("CREATE TABLE parent (a int, g int GENERATED ALWAYS AS (a) STORED NOT NULL); CREATE TABLE child () INHERITS (parent); INSERT INTO parent SELECT 1; INSERT INTO child SELECT 1").from(18),
        case("ALTER TABLE t ALTER vg SET EXPRESSION AS (a + 2)").given("CREATE TABLE t (a int, vg int GENERATED ALWAYS AS (a) VIRTUAL); INSERT INTO t SELECT 1; CREATE FUNCTION as_t(int) RETURNS t LANGUAGE plpgsql IMMUTABLE AS 'DECLARE found app.t; BEGIN found.a := $1; RETURN found; END'; CREATE TABLE x (i int); INSERT INTO x SELECT 1; ALTER TABLE x ADD CHECK ((as_t(i)).vg IS NULL); CREATE INDEX ON x (((as_t(i)).vg))").from(18),
        case("ALTER TABLE t ALTER vg SET EXPRESSION AS (a + 2)").given("CREATE TABLE t (a int, vg int GENERATED ALWAYS AS (a) VIRTUAL); INSERT INTO t SELECT 1; ALTER TABLE t ADD CONSTRAINT n NOT NULL vg NOT VALID").from(18),
        case("ALTER TABLE t ALTER vg SET EXPRESSION AS (a + 2)").given("CREATE TABLE t (a int, b int NOT NULL, vg int GENERATED ALWAYS AS (a) VIRTUAL); INSERT INTO t SELECT 1, 1; ALTER TABLE t ADD CONSTRAINT n NOT NULL vg NOT VALID").from(18),
        case("ALTER TABLE t ALTER vg DROP NOT NULL, ALTER vg SET EXPRESSION AS (a + 2)").given("CREATE TABLE t (a int, vg int GENERATED ALWAYS AS (a) VIRTUAL NOT NULL); INSERT INTO t SELECT 1").from(18),
        case("ALTER TABLE t DROP COLUMN g, ADD COLUMN g int GENERATED ALWAYS AS (a) VIRTUAL, ALTER g SET EXPRESSION AS (a + 2)").given("CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a) STORED); INSERT INTO t SELECT 1").from(18),
    ];
    run("", cases);
}

/// What a new column brings along besides itself.
#[test]
fn new_columns() {
    let cases = vec![
        case("ALTER TABLE parent ADD COLUMN c int DEFAULT 1 PRIMARY KEY, ALTER c SET NOT NULL").given("CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent); INSERT INTO parent VALUES (1); INSERT INTO child SELECT 1"),
        case("ALTER TABLE parent ADD COLUMN c int DEFAULT 1 CHECK (c > 0)").given("CREATE TABLE parent (a int); CREATE SCHEMA other; CREATE TABLE other.child (c int CONSTRAINT parent_c_check CHECK (c > 0)) INHERITS (parent); INSERT INTO parent SELECT 1; INSERT INTO other.child SELECT 1, 1"),
        case("ALTER TABLE parent ADD COLUMN c int NOT NULL DEFAULT 1").given("CREATE TABLE parent (id int); CREATE TABLE child (c int NOT NULL) INHERITS (parent); CREATE TABLE grand () INHERITS (child); INSERT INTO parent SELECT 1; INSERT INTO child SELECT 1,1; INSERT INTO grand SELECT 1, 1").from(18),
        case("ALTER TABLE parent ADD COLUMN c int NOT NULL NO INHERIT DEFAULT 1").given("CREATE TABLE parent (id int); CREATE TABLE child (c int) INHERITS (parent); CREATE TABLE grand () INHERITS (child); INSERT INTO parent SELECT 1; INSERT INTO child SELECT 1,1; INSERT INTO grand SELECT 1, 1").from(18),
    ];
    run("", cases);
}

/// An index of a whole tree elsewhere; virtual columns in USING; identities that go; sequences that values come from.
#[test]
fn elsewhere_and_in_between() {
    let cases = vec![
        case("ALTER TABLE t ALTER a TYPE varchar(20)").given("CREATE TABLE t (a varchar(10)); INSERT INTO t VALUES ('x'); CREATE FUNCTION as_t(int) RETURNS t LANGUAGE plpgsql IMMUTABLE AS 'DECLARE found app.t; BEGIN found.a := $1; RETURN found; END'; CREATE TABLE xp (i int) PARTITION BY RANGE (i); CREATE TABLE xp1 PARTITION OF xp DEFAULT; INSERT INTO xp SELECT 1; CREATE INDEX xi ON ONLY xp (((as_t(i)).a))"),
        case("ALTER TABLE u ALTER id DROP IDENTITY, SET UNLOGGED").given("CREATE TABLE u (id int GENERATED ALWAYS AS IDENTITY, a int); INSERT INTO u (a) SELECT generate_series(1, 3)"),
        case("ALTER TABLE u ALTER id DROP IDENTITY, ALTER id ADD GENERATED ALWAYS AS IDENTITY, ALTER id SET INCREMENT 3").given("CREATE TABLE u (id int GENERATED ALWAYS AS IDENTITY, a int); INSERT INTO u (a) SELECT generate_series(1, 3)"),
        case("ALTER TABLE t ALTER a TYPE bigint USING nextval('numbers')").given("CREATE TABLE t (a int); INSERT INTO t SELECT 1; CREATE SEQUENCE numbers; SELECT nextval('numbers')"),
        case("ALTER TABLE t ADD c bigint DEFAULT coalesce(nextval('numbers'), 0)").given("CREATE TABLE t (a int); INSERT INTO t SELECT 1; CREATE SEQUENCE numbers; SELECT nextval('numbers')"),
        case("ALTER TABLE t ALTER a TYPE oid USING vg, DROP COLUMN vg").given("CREATE TABLE t (a int, vg int GENERATED ALWAYS AS (a) VIRTUAL); INSERT INTO t SELECT 1").from(18),
    ];
    run("", cases);
}

/// What goes with CASCADE may be a partition, from which its parent and the default partition beside it are locked.
#[test]
fn partitions_that_go() {
    let base = "
        CREATE TABLE p (a int) PARTITION BY RANGE (a);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (1000);
        INSERT INTO p SELECT generate_series(1, 10);
        CREATE TABLE x (c int CONSTRAINT xp PRIMARY KEY, d int); INSERT INTO x VALUES (1, 1);
    ";
    let by_column = "CREATE FUNCTION f(i int) RETURNS int IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT i + (SELECT count(x.d) FROM x)::int; END;";
    let by_view = "CREATE VIEW v AS SELECT c, d FROM x GROUP BY c;
        CREATE FUNCTION f(i int) RETURNS int IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT i + (SELECT count(*) FROM v)::int; END;";
    let partitions = "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1000) TO (2000) PARTITION BY RANGE (f(a));
        CREATE TABLE pd PARTITION OF p DEFAULT; INSERT INTO p VALUES (9000)";
    let cases = vec![
        case("ALTER TABLE x DROP COLUMN d CASCADE").given(format!("{by_column} {partitions}")),
        case("ALTER TABLE x DROP CONSTRAINT xp CASCADE").given(format!("{by_view} {partitions}")),
        case("DROP TABLE x CASCADE").given(format!("{by_column} {partitions}")),
    ];
    run(base, cases);
}
