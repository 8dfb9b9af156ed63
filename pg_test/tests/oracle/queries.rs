//! Queries that lock what they read or change, alone and inside statements that hold one.

use crate::case::{Case, case, run};

const BASE: &str = "
    DEALLOCATE ALL;
    CREATE TABLE t (id int PRIMARY KEY, a int);
    INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE r (id int PRIMARY KEY, t int REFERENCES t);
    INSERT INTO r SELECT i, i FROM generate_series(1, 300) i;
    CREATE VIEW v AS SELECT * FROM t WHERE a > 0;
    CREATE VIEW vv AS SELECT * FROM v WHERE id > 0;
    CREATE VIEW joined AS SELECT t.id, s.a FROM t, (SELECT inner_r.id AS a FROM r AS inner_r, LATERAL (SELECT 1 AS b) AS one WHERE inner_r.id = 1) AS s
        WHERE t.id IN (SELECT id FROM parent);
    CREATE VIEW for_update AS SELECT * FROM t FOR UPDATE;
    CREATE VIEW own_way AS SELECT * FROM t;
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER tr INSTEAD OF UPDATE ON own_way FOR EACH ROW EXECUTE FUNCTION f();
    CREATE MATERIALIZED VIEW mv AS SELECT id FROM t;
";
const TREES: &str = "
    CREATE TABLE parent (id int PRIMARY KEY, a int);
    CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
    INSERT INTO parent SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO child SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE p (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000);
    CREATE INDEX ON p (a);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
";

/// Whether a table is read from end to end is the planner's business.
fn check(cases: Vec<Case>) {
    let cases = cases.into_iter().map(|case| case.set("SET enable_seqscan = off"));
    run(&format!("{TREES}{BASE}"), cases.collect());
}

/// Statements that read FOR UPDATE and so on.
const LOCKING: [&str; 22] = [
    "SELECT id FROM t WHERE id = 1",
    "SELECT id FROM t WHERE id = 1 FOR UPDATE",
    "SELECT id FROM app.t AS x WHERE id = 1 FOR KEY SHARE NOWAIT",
    "SELECT t.id FROM t, r WHERE t.id = 1 AND r.id = 1 FOR UPDATE OF t",
    "SELECT t.id FROM t JOIN r USING (id) WHERE t.id = 1 FOR SHARE OF r FOR UPDATE OF t",
    "SELECT x.id FROM t AS x, r AS t WHERE x.id = 1 AND t.id = 1 FOR UPDATE OF t",
    "SELECT s.id FROM (SELECT id FROM t WHERE id = 1) AS s FOR UPDATE",
    "SELECT s.id FROM (SELECT id FROM t WHERE id = 1) AS s, r WHERE r.id = 1 FOR UPDATE OF r",
    "SELECT s.id FROM (SELECT id FROM t WHERE id = 1 FOR SHARE) AS s, r WHERE r.id = 1",
    "SELECT id FROM r WHERE id = 1 AND id IN (SELECT id FROM t WHERE id = 1) FOR UPDATE",
    "SELECT id FROM r WHERE id = (SELECT id FROM t WHERE id = 1 FOR UPDATE)",
    "WITH t AS (SELECT id FROM t WHERE id = 1 FOR UPDATE) SELECT id FROM t",
    "WITH x AS (SELECT id FROM t WHERE id = 1) SELECT x.id FROM x, r WHERE r.id = 1 FOR UPDATE",
    "WITH RECURSIVE t AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM t WHERE id < 3) SELECT id FROM t",
    "(SELECT id FROM t WHERE id = 1) UNION ALL (SELECT id FROM r WHERE id = 1 LIMIT 1)",
    "SELECT id FROM parent WHERE id = 1 FOR UPDATE",
    "SELECT id FROM ONLY parent WHERE id = 1 FOR UPDATE",
    "SELECT id FROM p WHERE a = 1 FOR UPDATE",
    "SELECT id FROM v WHERE id = 1 FOR UPDATE",
    "SELECT id FROM vv WHERE id = 1 FOR SHARE",
    "SELECT id FROM joined WHERE id = 1 FOR UPDATE",
    "SELECT id FROM for_update WHERE id = 1",
];

#[test]
fn for_update() {
    check(LOCKING.into_iter().map(case).collect());
}

#[test]
fn inside_other_statements() {
    let mut cases = vec![];
    for (number, query) in LOCKING.into_iter().enumerate() {
        // Each in some of them.
        let statements = [
            format!("CREATE TABLE n AS {query}"),
            format!("DECLARE c CURSOR FOR {query}"),
            format!("PREPARE n AS {query}"),
            format!("EXPLAIN {query}"),
            format!("COPY ({query}) TO PROGRAM 'cat >&2'"),
            format!("EXPLAIN (ANALYZE) {query}"),
            format!("CREATE VIEW n AS {query}"),
            format!("CREATE TABLE n AS {query} WITH NO DATA"),
            format!("CREATE FUNCTION n() RETURNS SETOF int LANGUAGE sql AS $$ {query} $$"),
            format!("CREATE MATERIALIZED VIEW n AS {query}"),
        ];
        cases.extend(
            statements
                .into_iter()
                .enumerate()
                .filter_map(|(place, statement)| ((number + place) % 3 == 0).then(|| case(statement))),
        );
        cases.push(case("EXECUTE e").given(format!("PREPARE e AS {query}")));
    }
    cases.extend([
        case("SELECT id INTO n FROM t WHERE id = 1 FOR UPDATE"),
        case("CREATE TABLE n AS EXECUTE e").given("PREPARE e AS SELECT id FROM vv WHERE id = 1 FOR UPDATE"),
        case("CREATE TABLE IF NOT EXISTS t AS EXECUTE e")
            .given("PREPARE e AS SELECT id FROM r WHERE id = 1 FOR UPDATE"),
        case("EXPLAIN CREATE TABLE n AS SELECT id FROM t WHERE id = 1 FOR UPDATE"),
        case("EXPLAIN EXECUTE e (1)").given("PREPARE e (int) AS SELECT id FROM v WHERE id = $1 FOR UPDATE"),
        case("CREATE OR REPLACE VIEW v AS SELECT * FROM t WHERE a > 1 FOR UPDATE"),
        case("CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS id"),
    ]);
    check(cases);
}

const OVER_R: &str = "CREATE VIEW under AS SELECT * FROM r; CREATE VIEW over_r AS SELECT * FROM under;";
const PARTITIONED_R: &str = "CREATE TABLE pr (id int, t int REFERENCES t) PARTITION BY RANGE (id);
    CREATE TABLE pr1 PARTITION OF pr FOR VALUES FROM (1) TO (10); INSERT INTO pr VALUES (2, 2)";

/// A string that is a function's body is analyzed with the function's own settings, unless it has to wait for types.
#[test]
fn bodies_of_functions() {
    let other = "CREATE SCHEMA other; CREATE TABLE other.t (id int, b int); INSERT INTO other.t VALUES (1)";
    let atomic = "CREATE FUNCTION n() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM v; END";
    check(vec![
        case("CREATE FUNCTION n(anyelement) RETURNS void LANGUAGE sql AS 'DELETE FROM t'"),
        case("CREATE FUNCTION n(a int, VARIADIC b anycompatiblearray) RETURNS void LANGUAGE sql AS 'DELETE FROM t'"),
        case("CREATE PROCEDURE n(INOUT a anyarray) LANGUAGE sql AS 'DELETE FROM t; SELECT $1'"),
        case("CREATE FUNCTION n(a int, OUT b int) LANGUAGE sql AS 'DELETE FROM t; SELECT 1'"),
        case("CREATE FUNCTION n(a t) RETURNS TABLE (b int) LANGUAGE sql AS 'DELETE FROM t RETURNING id'"),
        case("CREATE FUNCTION n(a t.id%TYPE) RETURNS void LANGUAGE sql AS 'DELETE FROM t'"),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE sql SET search_path = other, pg_temp AS 'UPDATE t SET b = 1'").given(other),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE sql SET Search_Path TO 'other' SET work_mem = '1MB' AS 'UPDATE t SET b = 1'")
            .given(other),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS 'UPDATE t SET a = 1'").given(other),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE sql SET search_path TO DEFAULT AS 'UPDATE t SET a = 1'").given(other),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE sql SET search_path = other BEGIN ATOMIC UPDATE t SET a = 1; END").given(other),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE sql AS 'DELETE FROM t'").set("SET check_function_bodies = off"),
        case(atomic),
        case(atomic).set("SET check_function_bodies = off"),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE sql SET check_function_bodies = off AS 'DELETE FROM t'"),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE sql AS 'CREATE TABLE zz AS SELECT id FROM t FOR UPDATE'"),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE sql AS 'EXPLAIN DELETE FROM t'"),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE sql AS 'DECLARE c CURSOR FOR SELECT id FROM t FOR UPDATE'"),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE sql AS 'SELECT id INTO zz FROM v FOR UPDATE'"),
        case("CREATE FUNCTION n() RETURNS void LANGUAGE plpgsql AS 'DECLARE x t; BEGIN DELETE FROM t; END'"),
    ]);
}

#[test]
fn changes() {
    check(
        [
            "INSERT INTO r VALUES (1000, 1)",
            "INSERT INTO r SELECT 1000, 1 FROM t WHERE id = 1",
            "WITH n AS (INSERT INTO t VALUES (1000, 1) RETURNING id) SELECT id FROM n",
            "WITH n AS (DELETE FROM child WHERE id < 0 RETURNING id) INSERT INTO t SELECT id, 1 FROM n",
            "UPDATE t SET a = 1 FROM (SELECT id FROM r WHERE id = 1 FOR UPDATE) AS s WHERE t.id = s.id AND t.id < 0",
            "DELETE FROM t USING r WHERE t.id = r.id AND r.id < 0",
            "UPDATE v SET a = 1 WHERE id < 0",
            "UPDATE vv SET a = 1 WHERE id < 0",
            "INSERT INTO vv VALUES (1000, 1)",
            "DELETE FROM own_way WHERE id < 0",
            "UPDATE own_way SET a = 1 WHERE id < 0",
            "EXPLAIN INSERT INTO r VALUES (1000, 1)",
            "EXPLAIN (ANALYZE) INSERT INTO r VALUES (1000, 1)",
            "EXPLAIN UPDATE parent SET a = 1 WHERE id < 0",
            "PREPARE n AS UPDATE parent SET a = 1 WHERE id < 0",
            "PREPARE m (int) AS DELETE FROM vv WHERE id = $1",
            "CREATE FUNCTION n() RETURNS void LANGUAGE sql AS 'DELETE FROM t; UPDATE parent SET a = 1; INSERT INTO v VALUES (1)'",
            "CREATE PROCEDURE n() LANGUAGE sql BEGIN ATOMIC DELETE FROM t; INSERT INTO r VALUES (1); END",
            "CREATE FUNCTION n() RETURNS int LANGUAGE sql RETURN (SELECT id FROM t WHERE id = 1)",
            "CREATE RULE n AS ON INSERT TO t DO ALSO INSERT INTO r VALUES (new.id, new.id)",
            "CREATE RULE n AS ON INSERT TO t DO ALSO NOTIFY n",
            "CREATE RULE n AS ON INSERT TO t DO ALSO (NOTIFY n; DELETE FROM parent)",
            "CREATE FUNCTION n() RETURNS bool LANGUAGE sql BEGIN ATOMIC ;;RETURN false;; END",
            "CREATE FUNCTION n() RETURNS int LANGUAGE sql BEGIN ATOMIC DELETE FROM t; RETURN (SELECT id FROM r FOR UPDATE); END",
            "CREATE RULE n AS ON UPDATE TO v DO INSTEAD (UPDATE t SET a = new.a WHERE id = old.id; DELETE FROM parent)",
            "COPY t TO PROGRAM 'cat >&2'",
            "COPY t (id) FROM PROGRAM 'echo 1000'",
            "COPY r FROM PROGRAM 'printf \"1000\\t1\\n\"'",
            "COPY (DELETE FROM t WHERE id < 0 RETURNING id) TO PROGRAM 'cat >&2'",
            "MERGE INTO parent USING r ON r.id = parent.id AND r.id < 0 WHEN MATCHED THEN UPDATE SET a = 1",
        ]
        .into_iter()
        .map(case)
        .chain([
            case("EXECUTE e (1)").given("PREPARE e (int) AS UPDATE vv SET a = 1 WHERE id < 0 AND id = $1"),
            case("EXECUTE e").given("PREPARE e AS INSERT INTO t VALUES (1000, 1)"),
            // Rows that come into a table are looked up where its foreign keys refer to.
            case("EXECUTE e").given("PREPARE e AS INSERT INTO r VALUES (1000, 1)"),
            case("EXECUTE e").given(format!("{OVER_R} PREPARE e AS INSERT INTO over_r VALUES (1000, 1)")),
            case("EXECUTE e").given("PREPARE e AS WITH n AS (INSERT INTO r VALUES (1000, 1) RETURNING id) SELECT id FROM n"),
            case("EXPLAIN EXECUTE e").given("PREPARE e AS INSERT INTO r VALUES (1000, 1)"),
            case("EXPLAIN (ANALYZE) EXECUTE e").given("PREPARE e AS INSERT INTO r VALUES (1000, 1)"),
            case("PREPARE n AS INSERT INTO over_r VALUES (1000, 1)").given(OVER_R),
            case("INSERT INTO over_r VALUES (1000, 1)").given(OVER_R),
            case("EXPLAIN INSERT INTO over_r VALUES (1000, 1)").given(OVER_R),
            case("WITH n AS (INSERT INTO over_r VALUES (1000, 1) RETURNING id) SELECT id FROM n").given(OVER_R),
            case("COPY over_r FROM PROGRAM 'printf \"1000\\t1\\n\"'").given(
                "CREATE VIEW over_r AS SELECT * FROM r;
                 CREATE FUNCTION into_r() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                 CREATE TRIGGER tr INSTEAD OF INSERT ON over_r FOR EACH ROW EXECUTE FUNCTION into_r()",
            ),
            // The row goes to a partition that refers, as all of them do.
            case("INSERT INTO pr1 VALUES (1, 1)").given(PARTITIONED_R),
            case("DISCARD TEMP").given("CREATE TEMPORARY TABLE own (id serial PRIMARY KEY); INSERT INTO own DEFAULT VALUES; CREATE TEMPORARY VIEW of_own AS SELECT id FROM own"),
            case("DISCARD TEMP"),
        ])
        .collect(),
    );
}

/// Queries that are written in other statements, and prepared ones that are analyzed anew.
#[test]
fn in_strange_places() {
    let other_path = case("EXECUTE e").given(
        "CREATE SCHEMA other; CREATE TABLE other.t (id int PRIMARY KEY); INSERT INTO other.t VALUES (1);
         PREPARE e AS SELECT id FROM t WHERE id = 1 FOR UPDATE",
    );
    let temporary_first = "SET search_path = pg_temp, app";
    let mut cases = vec![
        case("CREATE RULE n AS ON INSERT TO t WHERE EXISTS (SELECT 1 FROM r FOR UPDATE) DO ALSO NOTHING"),
        case("CREATE POLICY n ON t USING (EXISTS (SELECT 1 FROM r FOR UPDATE))"),
        case("CREATE POLICY n ON t WITH CHECK ((SELECT id FROM r FOR UPDATE) = 1)"),
        case("ALTER POLICY n ON t USING (EXISTS (SELECT 1 FROM r FOR UPDATE))").given("CREATE POLICY n ON t USING (true)"),
        case("CREATE SCHEMA n CREATE VIEW y AS SELECT id FROM t FOR UPDATE"),
        case("CREATE SCHEMA n CREATE TABLE t (id int) CREATE VIEW y AS SELECT id FROM t FOR UPDATE"),
        case("EXPLAIN CREATE TABLE n AS SELECT id FROM parent WHERE id = 1 FOR UPDATE WITH NO DATA"),
        case("EXPLAIN CREATE MATERIALIZED VIEW n AS SELECT id FROM parent WHERE id = 1 FOR UPDATE WITH NO DATA"),
        case("EXPLAIN CREATE TABLE n AS WITH x AS (INSERT INTO r VALUES (1000, 1) RETURNING id) SELECT id FROM x"),
        case("MERGE INTO v USING r ON r.id = v.id AND r.id < 0 WHEN MATCHED THEN UPDATE SET a = 1").given("CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'; CREATE TRIGGER tr INSTEAD OF DELETE ON v FOR EACH ROW EXECUTE FUNCTION g()").from(17),
        case("ANALYZE v"),
        case("EXECUTE e").given("PREPARE e AS UPDATE v SET a = 1 WHERE id < 0; CREATE OR REPLACE VIEW v AS SELECT id, t AS a FROM r"),
        case("EXECUTE e").given("CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1); PREPARE e AS SELECT id FROM other WHERE id = 1 FOR UPDATE; DROP TABLE other; CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1)"),
    ];
    cases = cases
        .into_iter()
        .map(|case| case.set("SET enable_seqscan = off"))
        .collect();
    cases.extend([
        case("MERGE INTO parent USING r ON parent.id = r.id + 1000 WHEN NOT MATCHED AND r.id < 0 THEN INSERT VALUES (r.id, 1)")
            .set("SET enable_seqscan = off"),
        case("MERGE INTO p USING r ON p.a = r.id + 1000 WHEN NOT MATCHED AND r.id < 0 THEN INSERT VALUES (r.id, 1)")
            .set("SET enable_seqscan = off"),
        case("MERGE INTO r USING (SELECT id FROM t WHERE id = 2) AS s ON r.id = s.id + 999 WHEN NOT MATCHED THEN INSERT VALUES (2000, 1)
              WHEN MATCHED THEN UPDATE SET t = 1")
            .set("SET enable_seqscan = off"),
        case("EXECUTE e").given(
            "PREPARE e AS MERGE INTO r USING (SELECT id FROM t WHERE id = 2) AS s ON r.id = s.id + 999 WHEN NOT MATCHED THEN INSERT VALUES (2000, 1)",
        )
        .set("SET enable_seqscan = off"),
        case("CREATE TABLE n AS EXECUTE e WITH NO DATA").given("PREPARE e AS SELECT id FROM parent WHERE id = 1 FOR UPDATE"),
        case("CREATE SCHEMA n CREATE VIEW t AS SELECT 1 AS id CREATE VIEW y AS SELECT id FROM t FOR UPDATE").if_possible(),
        other_path.set("SET enable_seqscan = off; SET search_path = other, app"),
        case("CREATE OR REPLACE VIEW v AS SELECT * FROM app.t").set(temporary_first),
        case("CREATE TABLE IF NOT EXISTS t () INHERITS (app.parent)").set(temporary_first),
        case("CREATE TABLE IF NOT EXISTS t () INHERITS (app.parent)").set("SET search_path = \"$user\", app"),
    ]);
    run(&format!("{TREES}{BASE}"), cases);
}
