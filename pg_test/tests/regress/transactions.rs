//! What a transaction makes of statements that are harmless by themselves.

use crate::support::{big_table, code, database, locks_on, refused, steps};
use pg_test::{Client, TestDatabase};

/// Two big tables with a constraint to validate, and a small one.
const NOT_VALID: &str = "
    ALTER TABLE orders ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
    ALTER TABLE invoices ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
    CREATE TABLE small (id int PRIMARY KEY, a int);
    ANALYZE small";
const VALIDATE: &str = "ALTER TABLE orders VALIDATE CONSTRAINT positive";

fn shop() -> (TestDatabase, Client) {
    let database = database();
    let mut client = database.client();
    big_table(&mut client, "orders");
    big_table(&mut client, "invoices");
    // One by one: in one string they would be one transaction.
    for statement in NOT_VALID.split(';') {
        client.batch(statement);
    }
    client.notices();
    (database, client)
}

/// The codes of the warnings since this was last asked.
fn warnings(client: &mut Client) -> Vec<String> {
    let notices = client.notices().into_iter();
    notices
        .filter(|notice| notice.severity() == "WARNING")
        .map(|notice| code(&notice).to_owned())
        .collect()
}

/// Runs the statements one by one in a transaction, none of which may be objected to, and rolls it back.
fn passes(client: &mut Client, statements: &[&str]) {
    client.notices();
    client.batch("BEGIN");
    for statement in statements {
        client.batch(statement);
        assert_eq!(warnings(client), [""; 0], "{statement}");
    }
    client.batch("ROLLBACK");
}

/// What the hint says leads there, in a transaction of its own.
fn the_order_is_right(client: &mut Client, hint: Option<&str>) {
    let hint = hint.expect("a hint");
    assert!(hint.starts_with("COMMIT first"), "{hint}");
    client.batch("COMMIT");
    let steps = steps(hint);
    assert_eq!(steps.len(), 1, "{hint}");
    for step in steps {
        client.batch(&step);
    }
    assert_eq!(warnings(client), [""; 0], "{hint}");
}

#[test]
fn work_under_the_lock_of_an_earlier_statement_is_refused() {
    let (_database, mut client) = shop();
    for (before, message, under) in [
        (
            "ALTER TABLE orders ADD COLUMN c1 int",
            "ALTER TABLE would scan table \"public.orders\" while blocking reads and writes",
            "are read under AccessExclusiveLock, which the transaction holds from an earlier statement.",
        ),
        (
            "LOCK TABLE orders IN SHARE MODE",
            "ALTER TABLE would scan table \"public.orders\" while blocking writes",
            "are read under ShareLock, which the transaction holds from an earlier statement.",
        ),
        (
            "ALTER TABLE invoices ADD COLUMN c2 int",
            "ALTER TABLE would scan table \"public.orders\" while the transaction blocks reads and writes of table \
             \"public.invoices\"",
            "Meanwhile others wait for table \"public.invoices\", on which the transaction holds AccessExclusiveLock from an \
             earlier statement.",
        ),
        (
            "CREATE TABLE details (invoice int REFERENCES invoices)",
            "ALTER TABLE would scan table \"public.orders\" while the transaction blocks writes of table \
             \"public.invoices\"",
            "on which the transaction holds ShareRowExclusiveLock from an earlier statement.",
        ),
    ] {
        client.batch(&format!("BEGIN; {before}; SAVEPOINT here"));
        let error = refused(&mut client, VALIDATE, "IL005");
        assert_eq!(error.message(), message);
        let detail = error.detail().expect("a detail");
        assert!(
            detail.starts_with("Constraint \"positive\" is validated") && detail.ends_with(under),
            "{detail}"
        );
        assert_eq!(
            (error.schema(), error.table(), error.constraint()),
            (Some("public"), Some("orders"), Some("positive"))
        );
        client.batch("ROLLBACK TO here");
        the_order_is_right(&mut client, error.hint());
        client.batch("UPDATE pg_constraint SET convalidated = false WHERE conname = 'positive'");
    }
    let logged = "SELECT decision, sqlstate, relation FROM interlock.decision_log WHERE rule = 'work-under-held-lock'
                  ORDER BY id LIMIT 1";
    assert_eq!(client.text(logged), "reject|IL005|public.orders");
}

#[test]
fn a_better_rule_speaks_first_of_what_blocks_by_itself() {
    let (_database, mut client) = shop();
    let build = "CREATE INDEX by_a ON orders (a)";
    let lock = "BEGIN; ALTER TABLE orders ADD COLUMN c int";
    client.batch(lock);
    let error = refused(&mut client, build, "IL003");
    assert!(
        error.hint().is_some_and(|hint| hint.contains("INDEX CONCURRENTLY")),
        "{error:?}"
    );
    client.batch("ROLLBACK");
    // Who lets writes wait for an index has not said so of reads.
    client.batch("SET pg_interlock.rule_actions = 'create-index=warn'");
    client.batch(build);
    client.batch("DROP INDEX by_a");
    client.batch(lock);
    let error = refused(&mut client, build, "IL005");
    assert_eq!(
        error.message(),
        "CREATE INDEX would build an index on table \"public.orders\" while blocking reads and writes"
    );
    assert!(
        error.hint().is_some_and(|hint| hint.contains("INDEX CONCURRENTLY")),
        "{error:?}"
    );
    client.batch("ROLLBACK; SET pg_interlock.rule_actions = 'work-under-held-lock=off'");
    client.batch(&format!("BEGIN; {VALIDATE}; ROLLBACK"));
    client.batch("BEGIN; ALTER TABLE orders ADD COLUMN c int");
    client.batch(VALIDATE);
}

#[test]
fn work_on_a_new_table_is_slow_too() {
    let (_database, mut client) = shop();
    let fill = "CREATE TABLE archive AS SELECT * FROM orders; ANALYZE archive";
    let build = "CREATE INDEX ON archive (a)";
    passes(&mut client, &[fill, build]);
    client.batch(&format!("BEGIN; {fill}; ALTER TABLE invoices ADD COLUMN c int"));
    let error = refused(&mut client, build, "IL005");
    assert!(
        error
            .message()
            .contains("blocks reads and writes of table \"public.invoices\""),
        "{error:?}"
    );
}

#[test]
fn small_tables_count_as_locked_where_an_application_lives_on_them() {
    let (_database, mut client) = shop();
    let lock = "ALTER TABLE small ADD COLUMN c int";
    passes(&mut client, &[lock, VALIDATE]);
    passes(
        &mut client,
        &["ALTER TABLE orders ADD COLUMN c int", "CREATE INDEX ON small (a)"],
    );
    client.batch("INSERT INTO small SELECT 1, 1");
    client.batch("DO $$BEGIN FOR i IN 1..1000 LOOP UPDATE small SET a = i; END LOOP; END$$");
    client.batch("SELECT pg_stat_force_next_flush()");
    client.batch("SELECT 1");
    client.batch(&format!("BEGIN; {lock}"));
    let error = refused(&mut client, VALIDATE, "IL005");
    assert!(error.message().contains("of table \"public.small\""), "{error:?}");
}

#[test]
fn what_hurts_nobody_passes() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE TABLE tree (id int) PARTITION BY LIST (id);
         CREATE TABLE leaf PARTITION OF tree FOR VALUES IN (1);
         CREATE TABLE other_leaf PARTITION OF tree FOR VALUES IN (2);
         CREATE TABLE heir () INHERITS (orders);
         INSERT INTO tree SELECT 1 + g % 2 FROM generate_series(1, 400) AS g; ANALYZE tree;
         CREATE TABLE next_leaf (id int CHECK (id = 3)); CREATE TABLE last_leaf (id int CHECK (id = 4));
         INSERT INTO next_leaf SELECT 3 FROM generate_series(1, 200);
         INSERT INTO last_leaf SELECT 4 FROM generate_series(1, 200);
         ALTER TABLE next_leaf ALTER id SET NOT NULL; ALTER TABLE last_leaf ALTER id SET NOT NULL;
         CREATE MATERIALIZED VIEW one AS SELECT * FROM orders; CREATE UNIQUE INDEX ON one (id);
         CREATE MATERIALIZED VIEW other AS SELECT * FROM orders; CREATE UNIQUE INDEX ON other (id);
         ANALYZE",
    );
    for statements in [
        // Alone, twice the same, and more than once.
        [
            "ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES invoices NOT VALID",
            "",
        ],
        [
            "ALTER TABLE orders ADD COLUMN c int",
            "ALTER TABLE orders ADD COLUMN d int",
        ],
        [VALIDATE, "ALTER TABLE orders ADD COLUMN c int"],
        [VALIDATE, "ALTER TABLE invoices VALIDATE CONSTRAINT positive"],
        // A tree is one table.
        [
            "ALTER TABLE leaf ADD CHECK (id = 1) NOT VALID",
            "ALTER TABLE other_leaf ADD CHECK (id = 2) NOT VALID",
        ],
        [
            "ALTER TABLE leaf ADD CHECK (id = 1) NOT VALID",
            "ALTER TABLE tree ADD COLUMN c int",
        ],
        [
            "ALTER TABLE tree ATTACH PARTITION next_leaf FOR VALUES IN (3)",
            "ALTER TABLE tree ATTACH PARTITION last_leaf FOR VALUES IN (4)",
        ],
        [
            "ALTER TABLE heir ADD COLUMN c int",
            "ALTER TABLE orders ADD COLUMN d int",
        ],
        // Small, weak, one's own, gone.
        [
            "ALTER TABLE orders ADD COLUMN c int",
            "ALTER TABLE small ADD COLUMN c int",
        ],
        [
            "ALTER TABLE small ADD COLUMN c int",
            "ALTER TABLE orders ADD COLUMN c int",
        ],
        [
            "ALTER TABLE orders SET (fillfactor = 90)",
            "ALTER TABLE invoices ADD COLUMN c int",
        ],
        ["UPDATE orders SET a = 1", "ALTER TABLE invoices ADD COLUMN c int"],
        [
            "CREATE TABLE mine AS SELECT * FROM orders",
            "ALTER TABLE invoices ADD COLUMN c int",
        ],
        [
            "CREATE TEMPORARY TABLE mine AS SELECT * FROM orders",
            "CREATE INDEX ON mine (a)",
        ],
        ["ALTER TABLE orders ADD COLUMN c int", "CREATE TABLE fresh (id int)"],
        ["DROP TABLE last_leaf", "ALTER TABLE invoices ADD COLUMN c int"],
        // Routine.
        [
            "REFRESH MATERIALIZED VIEW CONCURRENTLY one",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY other",
        ],
        ["ALTER TABLE orders ADD COLUMN c int", "ANALYZE invoices"],
    ] {
        passes(&mut client, &statements);
    }
    // The rule about REFRESH warns as ever, and nothing more comes of two.
    client.batch("BEGIN; REFRESH MATERIALIZED VIEW one; REFRESH MATERIALIZED VIEW other; ROLLBACK");
    assert_eq!(warnings(&mut client), ["IL001", "IL001"]);
}

#[test]
fn a_second_large_table_is_warned_of() {
    let (_database, mut client) = shop();
    client.batch("BEGIN; ALTER TABLE orders ADD COLUMN c int; SAVEPOINT here");
    assert_eq!(warnings(&mut client), [""; 0]);
    for statement in [
        "ALTER TABLE invoices ADD COLUMN c int",
        "CREATE TRIGGER t BEFORE INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES invoices NOT VALID",
        "CREATE TABLE details (invoice int REFERENCES invoices)",
        "LOCK TABLE invoices IN SHARE MODE",
        "DO $$BEGIN ALTER TABLE invoices ADD COLUMN c int; END$$",
    ] {
        client.batch(statement);
        assert_eq!(warnings(&mut client), ["IL005"], "{statement}");
        client.batch("ROLLBACK TO here");
    }
    client.batch("LOCK TABLE invoices IN ROW EXCLUSIVE MODE; ALTER TABLE invoices SET (fillfactor = 90)");
    assert_eq!(warnings(&mut client), [""; 0]);
    client.batch("SET pg_interlock.rule_actions = 'several-tables-locked=reject'");
    client.batch("SAVEPOINT here");
    let error = refused(&mut client, "ALTER TABLE invoices ADD COLUMN c int", "IL005");
    assert_eq!(
        error.message(),
        "ALTER TABLE would lock table \"public.invoices\" while the transaction blocks reads and writes of table \
         \"public.orders\""
    );
    assert_eq!(error.table(), Some("invoices"));
    client.batch("ROLLBACK TO here");
    the_order_is_right(&mut client, error.hint());
}

#[test]
fn locks_that_went_with_a_savepoint_are_forgotten() {
    let (_database, mut client) = shop();
    client.batch("BEGIN; SAVEPOINT here; ALTER TABLE orders ADD COLUMN c int; ROLLBACK TO here");
    for statement in [VALIDATE, "ALTER TABLE invoices ADD COLUMN c int"] {
        client.batch(statement);
    }
    assert_eq!(warnings(&mut client), [""; 0]);
    client.batch("COMMIT");
    client.batch("BEGIN; SAVEPOINT here; ALTER TABLE orders ADD COLUMN c int; RELEASE here");
    client.batch("ALTER TABLE invoices ADD COLUMN d int");
    assert_eq!(warnings(&mut client), ["IL005"]);
}

#[test]
fn locks_taken_unguarded_count() {
    let (_database, mut client) = shop();
    client.batch("BEGIN; SET LOCAL pg_interlock.mode = off; ALTER TABLE orders ADD COLUMN c int");
    client.batch("SET LOCAL pg_interlock.mode = enforce; SAVEPOINT here");
    refused(&mut client, VALIDATE, "IL005");
    client.batch("ROLLBACK TO here; SET LOCAL pg_interlock.mode = warn");
    client.notices();
    client.batch(VALIDATE);
    assert_eq!(warnings(&mut client), ["IL005"]);
}

#[test]
fn explanations_see_a_transaction_coming() {
    let (_database, mut client) = shop();
    let explained = |client: &mut Client, command: &str| {
        client.text(&format!(
            "SELECT statement, relation, decision, rule FROM interlock.explain_lock_profile($x${command}$x$)
             WHERE rule IS NOT NULL"
        ))
    };
    let alter = "ALTER TABLE orders ADD COLUMN c int";
    let other = "ALTER TABLE invoices ADD COLUMN c int";
    let build = "CREATE INDEX CONCURRENTLY ON orders (a)";
    assert_eq!(
        explained(
            &mut client,
            &format!("BEGIN; {alter}; {other}; {build}; {VALIDATE}; COMMIT; {build}; {VALIDATE}")
        ),
        "3|public.invoices|warn|several-tables-locked\n4|public.orders|warn|concurrently-in-transaction\n\
         5|public.orders|reject|work-under-held-lock"
    );
    assert_eq!(
        explained(&mut client, &format!("{alter}; {other}; {build}; {VALIDATE}")),
        ""
    );
    client.batch(&format!("BEGIN; {alter}"));
    assert_eq!(
        explained(&mut client, other),
        "1|public.invoices|warn|several-tables-locked"
    );
    assert_eq!(
        locks_on(&mut client, "public").matches("AccessExclusiveLock").count(),
        1
    );
}
