//! Names that are taken away: let pass by default and told of in the decision log; refused where a rule is set to.

use pg_test::until;

use crate::support::{self, code, refused, steps};

const TABLES: &str = "
    CREATE TABLE orders (id int PRIMARY KEY, total int);
    INSERT INTO orders SELECT g, g FROM generate_series(1, 200) AS g;
    CREATE VIEW cheap AS SELECT * FROM orders WHERE total < 10;
    CREATE SEQUENCE numbers;
    CREATE SCHEMA archive;
    CREATE TYPE pair AS (one int, other int)";

#[test]
fn a_new_name_is_refused_where_the_rule_says_so() {
    let database = support::database();
    let mut client = database.client();
    client.batch(TABLES);
    client.batch("SET pg_interlock.rule_actions = 'rename-table=reject, rename-column=reject'");
    for (statement, message) in [
        (
            "ALTER TABLE orders RENAME TO invoices",
            "ALTER TABLE would rename table \"public.orders\"",
        ),
        (
            "ALTER TABLE orders SET SCHEMA archive",
            "ALTER TABLE would rename table \"public.orders\"",
        ),
        (
            "ALTER VIEW cheap RENAME TO cheaper",
            "ALTER VIEW would rename view \"public.cheap\"",
        ),
        (
            "ALTER SEQUENCE numbers RENAME TO counters",
            "ALTER SEQUENCE would rename sequence \"public.numbers\"",
        ),
        (
            "ALTER TABLE orders RENAME total TO sum",
            "ALTER TABLE would rename column \"total\" of table \"public.orders\"",
        ),
        (
            "ALTER TYPE pair RENAME ATTRIBUTE one TO first",
            "ALTER TYPE would rename column \"one\" of composite type \"public.pair\"",
        ),
    ] {
        let error = refused(&mut client, statement, "IL008");
        assert_eq!(error.message(), message);
        assert_eq!(
            error.detail(),
            Some("What still uses the old name fails once it commits.")
        );
    }
    // What no query names may be called what it likes, and so may what nobody else sees.
    client.batch("ALTER INDEX orders_pkey RENAME TO orders_id; ALTER TYPE pair RENAME TO twin");
    client.batch("CREATE TEMPORARY TABLE own (a int); ALTER TABLE own RENAME a TO b; ALTER TABLE own RENAME TO mine");
}

#[test]
fn the_old_name_goes_on_as_a_view() {
    let database = support::database();
    let mut client = database.client();
    client.batch(TABLES);
    for (statement, reached) in [
        ("ALTER TABLE orders RENAME TO \"All orders\"", "\"All orders\""),
        ("ALTER TABLE orders SET SCHEMA archive -- for good", "archive.orders"),
        (
            "ALTER TABLE orders RENAME total TO sum -- as agreed",
            "(SELECT id, sum FROM orders_base)",
        ),
    ] {
        let rows = client.query("SELECT * FROM interlock.explain_lock_profile($1)", &[&statement]);
        assert_eq!(rows.len(), 1, "{statement}");
        assert_eq!(rows[0].get::<_, String>("decision"), "allow");
        let way: String = rows[0].get("safe_alternative");
        assert!(!way.contains("--"), "what follows is a comment: {way}");
        client.batch("BEGIN");
        for step in steps(&way) {
            client.batch(&step.replace("...", "id"));
        }
        assert_eq!(client.text("SELECT count(*) FROM orders WHERE total > 0"), "200");
        assert_eq!(
            client.text(&format!("SELECT count(*) FROM {reached} AS renamed")),
            "200"
        );
        client.batch("ROLLBACK");
    }
}

/// Who has no right to a statement hears so from PostgreSQL at once, and makes nobody wait for a lock.
#[test]
fn who_may_not_takes_no_lock() {
    let database = support::database();
    let (mut owner, mut reader) = (database.client(), database.client());
    owner.batch(TABLES);
    owner.batch(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE ROLE names_guest; GRANT USAGE, CREATE ON SCHEMA public TO names_guest",
    );
    reader.batch("BEGIN; SELECT count(*) FROM orders");
    let mut guest = database.client();
    guest.batch("SET ROLE names_guest; SET lock_timeout = '30s'");
    for statement in [
        "ALTER TABLE orders RENAME TO mine",
        "ALTER TABLE orders RENAME total TO mine",
        "ALTER TABLE orders SET SCHEMA archive",
        "ALTER TABLE orders OWNER TO names_guest",
        "CREATE POLICY mine ON orders USING (true)",
        "ALTER SEQUENCE numbers CACHE 2",
        "CREATE OR REPLACE VIEW cheap AS SELECT * FROM orders",
        "DO $$ BEGIN LOCK TABLE orders; END $$",
    ] {
        assert_eq!(code(&guest.error(statement)), "42501", "{statement}");
    }
    // The privilege suffices where it does for PostgreSQL.
    reader.batch("ROLLBACK");
    owner.batch("GRANT TRIGGER ON orders TO names_guest; GRANT EXECUTE ON FUNCTION f TO names_guest");
    guest.batch("CREATE TRIGGER mine AFTER INSERT ON orders EXECUTE FUNCTION f()");
    until(
        &mut owner,
        "SELECT count(*) = 1 FROM interlock.decision_log WHERE command_tag = 'CREATE TRIGGER' AND outcome = 'committed'",
    );
    owner.batch("DROP OWNED BY names_guest; DROP ROLE names_guest");
}
