//! What must not be refused: a guard that cries wolf is turned off.

use pg_test::{Client, Server, TestDatabase};

use crate::support::{self, big_table, refused};

/// Runs each statement on its own; none may be refused, nor warned about.
fn all_pass(client: &mut Client, statements: &[&str]) {
    client.notices();
    for statement in statements {
        client.batch(statement);
        let warnings = client
            .notices()
            .into_iter()
            .filter(|notice| notice.severity() == "WARNING");
        assert_eq!(warnings.count(), 0, "{statement}");
    }
}

fn big() -> (TestDatabase, Client) {
    let database = support::database();
    let mut client = database.client();
    big_table(&mut client, "big");
    (database, client)
}

#[test]
fn small_tables() {
    let database = TestDatabase::new(); // 100000 rows are many
    let mut client = database.client();
    big_table(&mut client, "small");
    all_pass(
        &mut client,
        &[
            "ALTER TABLE small ADD COLUMN c float DEFAULT random()",
            "ALTER TABLE small ALTER COLUMN a TYPE bigint",
            "ALTER TABLE small ALTER COLUMN a SET NOT NULL, ADD CHECK (a > 0), ADD UNIQUE (b)",
            "CREATE INDEX ON small (a)",
            "VACUUM FULL small",
            "CLUSTER small USING small_pkey",
            "REINDEX TABLE small",
        ],
    );
}

#[test]
fn cheap_forms_on_big_tables() {
    let (_database, mut client) = big();
    all_pass(
        &mut client,
        &[
            "ALTER TABLE big ADD COLUMN nullable int",
            "ALTER TABLE big ADD COLUMN constant int NOT NULL DEFAULT 7",
            "ALTER TABLE big ADD COLUMN made_at timestamptz NOT NULL DEFAULT now()",
            "ALTER TABLE big ADD COLUMN folded text DEFAULT upper('x') || 'y'",
            "ALTER TABLE big ADD COLUMN short varchar(10)",
            "ALTER TABLE big ALTER COLUMN short TYPE varchar(20)",
            "ALTER TABLE big ALTER COLUMN short TYPE varchar",
            "ALTER TABLE big ALTER COLUMN short TYPE text",
            "ALTER TABLE big ALTER COLUMN a SET DEFAULT random()",
            "ALTER TABLE big ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
            "ALTER TABLE big VALIDATE CONSTRAINT positive",
            "ALTER TABLE big ADD CONSTRAINT itself FOREIGN KEY (a) REFERENCES big NOT VALID",
            "ALTER TABLE big VALIDATE CONSTRAINT itself",
            "ALTER TABLE big VALIDATE CONSTRAINT itself", // which is validated already
            "ALTER TABLE big ADD CONSTRAINT a_is_there CHECK (a IS NOT NULL) NOT VALID",
            "ALTER TABLE big VALIDATE CONSTRAINT a_is_there",
            "ALTER TABLE big ALTER COLUMN a SET NOT NULL",
            "ALTER TABLE big ALTER COLUMN a SET NOT NULL", // which it is already
            "ALTER TABLE big ADD COLUMN IF NOT EXISTS a float DEFAULT random()",
            "CREATE UNIQUE INDEX CONCURRENTLY a_key ON big (a)",
            "CREATE INDEX IF NOT EXISTS a_key ON big (a)",
            "ALTER TABLE big ADD CONSTRAINT a_key UNIQUE USING INDEX a_key",
            "REINDEX INDEX CONCURRENTLY a_key",
            "REINDEX TABLE CONCURRENTLY big",
            "ALTER TABLE big SET (fillfactor = 70), ALTER COLUMN b SET STATISTICS 500, ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE big SET LOGGED",
            "ALTER TABLE big RENAME COLUMN nullable TO renamed",
            "ALTER TABLE IF EXISTS missing ADD COLUMN c float DEFAULT random()",
            "VACUUM big",
            "ANALYZE big",
            "COMMENT ON TABLE big IS 'big'",
            "CREATE VIEW over_big AS SELECT a FROM big",
            "CREATE MATERIALIZED VIEW copy_of_big AS SELECT a FROM big",
            "CREATE UNIQUE INDEX CONCURRENTLY ON copy_of_big (a)",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY copy_of_big",
            "REFRESH MATERIALIZED VIEW copy_of_big WITH NO DATA",
            "BEGIN",
            "LOCK TABLE big IN ACCESS EXCLUSIVE MODE",
            "COMMIT",
            "ALTER TABLE big DROP COLUMN renamed",
            "DROP INDEX CONCURRENTLY copy_of_big_a_idx",
            "TRUNCATE big",
            "DROP TABLE big CASCADE",
        ],
    );
    if Server::under_test().major >= 18 {
        big_table(&mut client, "newer");
        all_pass(
            &mut client,
            &[
                "ALTER TABLE newer ADD COLUMN twice int GENERATED ALWAYS AS (a * 2) VIRTUAL",
                "ALTER TABLE newer ADD CONSTRAINT unenforced CHECK (a > 0) NOT ENFORCED",
                "ALTER TABLE newer ADD CONSTRAINT there NOT NULL a NOT VALID",
                "ALTER TABLE newer VALIDATE CONSTRAINT there",
                "ALTER TABLE newer ALTER COLUMN a SET NOT NULL",
            ],
        );
    }
}

#[test]
fn temporary_tables() {
    let database = support::database();
    let mut client = database.client();
    client.batch("CREATE TEMP TABLE mine (a int); INSERT INTO mine SELECT generate_series(1, 200); ANALYZE mine");
    all_pass(
        &mut client,
        &[
            "ALTER TABLE mine ADD COLUMN c float DEFAULT random()",
            "ALTER TABLE mine ALTER COLUMN a TYPE bigint",
            "CREATE INDEX ON mine (a)",
            "ALTER TABLE mine ADD PRIMARY KEY (a)",
            "VACUUM FULL mine",
        ],
    );
}

#[test]
fn tables_of_the_same_transaction() {
    let fill = "INSERT INTO young SELECT g FROM generate_series(1, 200) AS g";
    let (_database, mut client) = big();
    for (label, create) in [
        ("", "CREATE TABLE young (a int)"),
        ("SAVEPOINT s", "CREATE TABLE young (a int)"),
        ("", "CREATE TABLE young AS SELECT a FROM big"),
        ("SAVEPOINT s", "SELECT a INTO young FROM big"),
        (
            "",
            "DO $$BEGIN BEGIN CREATE TABLE young (a int); EXCEPTION WHEN division_by_zero THEN END; END$$",
        ),
    ] {
        client.batch("BEGIN");
        all_pass(&mut client, &[label, create, fill]);
        if !label.is_empty() {
            client.batch("RELEASE s");
        }
        all_pass(
            &mut client,
            &[
                "ANALYZE young",
                "ALTER TABLE young ADD COLUMN c float DEFAULT random(), ALTER COLUMN a TYPE bigint",
                "CREATE INDEX ON young (a)",
                "ALTER TABLE young ADD CHECK (a > 0), ALTER COLUMN a SET NOT NULL",
                "COMMIT",
            ],
        );
        refused(&mut client, "CREATE INDEX ON young (c)", "IL003");
        client.batch("DROP TABLE young");
    }
}

#[test]
fn a_table_whose_creation_was_rolled_back_excuses_nothing() {
    let (_database, mut client) = big();
    client.batch("BEGIN; SAVEPOINT s; CREATE TABLE young (a int); ROLLBACK TO s");
    refused(&mut client, "CREATE INDEX ON big (a)", "IL003");
    client.batch("ROLLBACK");
}

#[test]
fn creating_tables_and_filling_them() {
    let (_database, mut client) = big();
    all_pass(
        &mut client,
        &[
            "CREATE TABLE child (id int PRIMARY KEY, code text UNIQUE, parent int REFERENCES big, CHECK (id > 0))",
            "CREATE TABLE like_big (LIKE big INCLUDING ALL)",
            "CREATE TABLE heir (extra serial) INHERITS (big)",
            "CREATE SCHEMA shop CREATE TABLE t (id int PRIMARY KEY) CREATE INDEX ON t (id)",
            "CREATE TABLE parts (id int PRIMARY KEY, a int REFERENCES big) PARTITION BY RANGE (id)",
            "CREATE INDEX ON parts (a)",
            "CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000)",
            "INSERT INTO parts SELECT g, g FROM generate_series(1, 200) AS g",
            "CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (1000) TO (2000)",
            "CREATE TABLE empty (a int)",
            "CREATE INDEX ON empty (a)",
            "ALTER TABLE empty ADD COLUMN c float DEFAULT random(), ADD PRIMARY KEY (a)",
        ],
    );
}

#[test]
fn a_table_never_analyzed_is_sized_by_its_blocks() {
    let database = support::database();
    let mut client = database.client();
    client.batch("CREATE TABLE unknown (a int) WITH (autovacuum_enabled = off)");
    client.batch("INSERT INTO unknown SELECT generate_series(1, 5000)");
    let known: f32 = client.one("SELECT reltuples FROM pg_class WHERE oid = 'unknown'::regclass");
    assert_eq!(known, -1.0);
    let error = refused(&mut client, "CREATE INDEX ON unknown (a)", "IL003");
    let rows = rows_in(error.detail().unwrap_or_default());
    assert!(
        (2500..=10000).contains(&rows),
        "{rows} rows are estimated where 5000 are"
    );
}

#[test]
fn a_table_analyzed_when_empty_and_filled_later() {
    let database = support::database();
    let mut client = database.client();
    for look in ["ANALYZE", "VACUUM"] {
        client.batch("CREATE TABLE filled (a int) WITH (autovacuum_enabled = off)");
        client.batch(&format!("{look} filled"));
        client.batch("INSERT INTO filled SELECT generate_series(1, 5000)");
        let known: f32 = client.one("SELECT reltuples FROM pg_class WHERE oid = 'filled'::regclass");
        assert_eq!(known, 0.0, "{look}");
        let error = refused(&mut client, "CREATE INDEX ON filled (a)", "IL003");
        let rows = rows_in(error.detail().unwrap_or_default());
        assert!(
            (1000..=20000).contains(&rows),
            "{rows} rows are estimated where 5000 are"
        );
        client.batch("DROP TABLE filled");
    }
}

#[test]
fn a_table_emptied_is_small_again() {
    let (_database, mut client) = big();
    client.batch("TRUNCATE big");
    all_pass(&mut client, &["CREATE INDEX ON big (a)"]);
}

/// The number in "about 5000 rows".
fn rows_in(detail: &str) -> i64 {
    let about = detail.split("about ").nth(1).unwrap_or_else(|| panic!("{detail}"));
    let number = about.split(' ').next().unwrap_or_default();
    number.parse().unwrap_or_else(|_| panic!("{detail}"))
}

#[test]
fn a_partitioned_table_is_as_big_as_its_leaves_together() {
    let database = support::database();
    let mut client = database.client();
    client.batch(
        "CREATE TABLE parts (id int, a int) PARTITION BY RANGE (id);
         CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (60);
         CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (60) TO (120) PARTITION BY RANGE (id);
         CREATE TABLE part_2_1 PARTITION OF part_2 FOR VALUES FROM (60) TO (120);
         INSERT INTO parts SELECT g, g FROM generate_series(0, 119) AS g;
         ANALYZE parts",
    );
    for (on_all, sqlstate, on_one) in [
        ("CREATE INDEX ON parts (a)", "IL003", "CREATE INDEX ON part_1 (a)"),
        (
            "ALTER TABLE parts ADD CONSTRAINT c CHECK (a >= 0)",
            "IL002",
            "ALTER TABLE part_1 ADD CONSTRAINT c CHECK (a >= 0)",
        ),
        (
            "ALTER TABLE parts ADD COLUMN x float DEFAULT random()",
            "IL001",
            "ALTER TABLE part_1 ADD CHECK (a < 1000)", // a partition gets no column of its own
        ),
        ("REINDEX TABLE parts", "", "REINDEX TABLE part_1"), // one by one, each in its own transaction
    ] {
        if sqlstate.is_empty() {
            all_pass(&mut client, &[on_all]);
        } else {
            let error = refused(&mut client, on_all, sqlstate);
            assert!(
                error.message().contains("\"public.parts\" (2 partitions)"),
                "{}",
                error.message()
            );
            assert_eq!(error.table(), Some("parts"));
            assert_eq!(rows_in(error.detail().unwrap_or_default()), 120);
        }
        all_pass(&mut client, &[on_one]);
    }
}

#[test]
fn an_inheritance_tree_is_as_big_as_its_members_together() {
    let database = support::database();
    let mut client = database.client();
    client.batch(
        "CREATE TABLE parent (a int); CREATE TABLE heir () INHERITS (parent);
         INSERT INTO parent SELECT generate_series(1, 60); INSERT INTO heir SELECT generate_series(1, 60);
         ANALYZE parent, heir",
    );
    let error = refused(&mut client, "ALTER TABLE parent ALTER COLUMN a TYPE bigint", "IL001");
    assert_eq!(rows_in(error.detail().unwrap_or_default()), 120);
    assert!(
        error.message().contains("\"public.parent\" and 1 more"),
        "{}",
        error.message()
    );
    all_pass(
        &mut client,
        &[
            "ALTER TABLE ONLY parent ADD CHECK (a > 0) NO INHERIT",
            "CREATE INDEX ON parent (a)",
        ],
    );
}

#[test]
fn the_way_around_a_partitioned_table() {
    let database = support::database();
    let mut client = database.client();
    client.batch(
        "CREATE TABLE parts (id int NOT NULL, a int) PARTITION BY RANGE (id);
         CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
         INSERT INTO parts SELECT g, g FROM generate_series(1, 200) AS g;
         CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small SELECT generate_series(1, 200);
         ANALYZE parts",
    );
    let error = refused(&mut client, "CREATE INDEX parts_a ON parts (a)", "IL003");
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("ON ONLY on public.parts")),
        "{error:?}"
    );
    let error = refused(&mut client, "ALTER TABLE parts ADD PRIMARY KEY (id)", "IL003");
    let hint = error.hint().unwrap_or_default();
    assert!(
        hint.contains("ADD PRIMARY KEY USING INDEX") && hint.contains("on public.parts again"),
        "{hint}"
    );
    let foreign_key = "ALTER TABLE parts ADD CONSTRAINT to_small FOREIGN KEY (a) REFERENCES small";
    let error = refused(&mut client, foreign_key, "IL002");
    if Server::under_test().major < 18 {
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("Add it to each partition")),
            "{error:?}"
        );
    }
    all_pass(
        &mut client,
        &[
            "CREATE INDEX parts_a ON ONLY parts (a)",
            "CREATE INDEX CONCURRENTLY part_1_a ON part_1 (a)",
            "ALTER INDEX parts_a ATTACH PARTITION part_1_a",
            "CREATE UNIQUE INDEX CONCURRENTLY part_1_key ON part_1 (id)",
            "ALTER TABLE part_1 ADD PRIMARY KEY USING INDEX part_1_key",
            "ALTER TABLE parts ADD PRIMARY KEY (id)",
            "ALTER TABLE part_1 ADD CONSTRAINT to_small FOREIGN KEY (a) REFERENCES small NOT VALID",
            "ALTER TABLE part_1 VALIDATE CONSTRAINT to_small",
            foreign_key,
        ],
    );
    assert_eq!(
        client.text("SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = 'parts'::regclass"),
        "t"
    );
}

#[test]
fn what_the_transaction_made_itself_may_go_again() {
    let (_database, mut client) = big();
    client.batch(
        "CREATE TABLE referenced (id int PRIMARY KEY);
         SET pg_interlock.rule_actions = 'drop-table=reject, drop-column=reject'",
    );
    // The other end of the foreign key is locked, and loses nothing.
    client.batch("BEGIN; CREATE TABLE x (a int REFERENCES referenced, b int)");
    client.batch("ALTER TABLE x DROP COLUMN a");
    client.batch("DROP TABLE x");
    client.batch("COMMIT");
    refused(&mut client, "ALTER TABLE big DROP COLUMN a", "IL008");
    refused(&mut client, "DROP TABLE big", "IL008");
}

#[test]
fn what_only_names_an_object() {
    let (_database, mut client) = big();
    all_pass(
        &mut client,
        &[
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER tr AFTER INSERT ON big FOR EACH ROW EXECUTE FUNCTION f()",
            "ALTER TRIGGER tr ON big RENAME TO changed",
            "CREATE POLICY po ON big USING (a > 0)",
            "CREATE RULE ru AS ON DELETE TO big DO INSTEAD NOTHING",
            "CREATE STATISTICS st ON a, b FROM big",
            "COMMENT ON COLUMN big.a IS 'of no unit'",
            "CREATE VIEW of_big AS SELECT a FROM big FOR UPDATE",
            "CREATE TABLE copied AS SELECT a FROM of_big",
            "GRANT SELECT ON big TO PUBLIC",
            "BEGIN; LOCK TABLE big, of_big; COMMIT",
            "ALTER TABLE big OWNER TO CURRENT_USER",
            "CREATE SCHEMA other CREATE TABLE refers (a int REFERENCES public.big)",
            "ALTER TABLE big SET SCHEMA other",
            "ALTER TABLE other.big RENAME TO bigger",
        ],
    );
}

/// Not the guard's reading, but the first query after LOCK TABLE decides what a transaction sees.
#[test]
fn lock_table_takes_no_snapshot() {
    let (database, mut client) = big();
    client.batch("CREATE TABLE told (a int); CREATE VIEW of_told AS SELECT a FROM told");
    client.batch("BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE big, of_told IN ROW EXCLUSIVE MODE");
    database.client().batch("INSERT INTO told VALUES (1)");
    assert_eq!(client.text("SELECT count(*) FROM of_told"), "1");
    client.batch("COMMIT");
}

#[test]
fn a_tablespace_emptied_as_a_whole_is_judged_as_a_whole() {
    let (_database, mut client) = big();
    support::tablespace(&mut client, "fast");
    client.batch("CREATE TABLE small (a int); INSERT INTO small VALUES (1); ANALYZE small");
    let whole = "ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE fast";
    let error = refused(&mut client, whole, "IL001");
    assert!(error.message().contains("copy the files of"), "{error:?}");
    assert_eq!(error.table(), Some("big"));
    all_pass(
        &mut client,
        &["ALTER MATERIALIZED VIEW ALL IN TABLESPACE pg_default SET TABLESPACE fast"],
    );
}
