//! The backfill engine may change as many rows as it likes, and nobody else can pass for it.

use pg_test::{Client, TestDatabase, until};

use super::{passes, refused, shop};
use crate::support::code;

const FILL: &str = "CALL interlock.safe_backfill('orders', 'total = -1', 'total <> -1', batch_size => 500)";
const LEFT: &str = "SELECT count(*) FROM orders WHERE total <> -1";

/// A role that owns its tables, and uses the engine like anybody.
fn owner(database: &mut TestDatabase, client: &mut Client) -> Client {
    let role = database.role("owner");
    client.batch(&format!(
        "ALTER TABLE orders OWNER TO {role}; ALTER TABLE items OWNER TO {role}; GRANT CREATE ON SCHEMA public TO {role};
         ALTER TABLE few OWNER TO {role}"
    ));
    database.client_as(&role)
}

#[test]
fn batches_of_a_session_and_of_workers_pass() {
    let (mut database, mut client) = shop();
    let mut owner = owner(&mut database, &mut client);
    owner.batch(FILL);
    assert_eq!(client.text(LEFT), "0");
    let job: i64 = owner
        .one("SELECT interlock.start_backfill('orders', 'total = 1', 'total <> 1', batch_size => 900, workers => 2)");
    until(
        &mut client,
        &format!("SELECT state = 'finished' FROM interlock.backfill_job WHERE id = {job}"),
    );
    assert_eq!(client.text("SELECT DISTINCT total FROM orders"), "1");
    // Without a condition, each row once.
    owner.batch("CALL interlock.safe_backfill('orders', 'total = total + 1', batch_size => 1000)");
    assert_eq!(client.text("SELECT DISTINCT total FROM orders"), "2");
    // The session is as before.
    refused(&mut owner, "UPDATE orders SET total = 0 WHERE id > 0");
    assert_eq!(
        client.text("SELECT count(*) FROM interlock.decision_log WHERE sqlstate = 'IL007' AND decision <> 'reject'"),
        "0"
    );
}

#[test]
fn no_name_and_no_setting_makes_an_engine() {
    let (mut database, mut client) = shop();
    let mut owner = owner(&mut database, &mut client);
    let many = "UPDATE orders SET total = 0 WHERE id > 0";
    for attempt in [
        "SET application_name = 'pg_interlock backfill worker 0 of job 1'",
        "SET application_name = 'pg_interlock backfill'",
        "SET interlock.engine = on",
    ] {
        owner.batch(attempt);
        refused(&mut owner, many);
    }
    for setting in [
        "SET pg_interlock.dml_row_threshold = -1",
        "SET LOCAL pg_interlock.dml_row_threshold = -1",
        "SELECT set_config('pg_interlock.dml_row_threshold', '-1', false)",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql SET pg_interlock.dml_row_threshold = -1 AS ''",
        "SET pg_interlock.mode = off",
    ] {
        assert_eq!(code(&owner.error(setting)), "42501", "{setting}");
    }
    // A procedure of the same name.
    owner.batch(&format!(
        "CREATE PROCEDURE public.safe_backfill() LANGUAGE plpgsql AS $$BEGIN {many}; END$$;
         CREATE PROCEDURE public.both() LANGUAGE plpgsql AS $$BEGIN CALL interlock.wait_for_backfill(1); {many}; END$$"
    ));
    refused(&mut owner, "CALL public.safe_backfill()");
    assert_eq!(
        code(&owner.error("CALL interlock.safe_backfill('orders', 'missing = 1')")),
        "42703"
    );
    refused(&mut owner, many);
    // What the engine took, a lease, is none of it.
    owner.batch(FILL);
    owner.batch("SELECT interlock._take_lease(max(id), 0) FROM interlock.backfill_job");
    refused(&mut owner, "UPDATE orders SET total = 0 WHERE id > 0");
}

#[test]
fn a_call_that_failed_or_returned_leaves_nothing_behind() {
    let (_database, mut client) = shop();
    // It fails inside a subtransaction, where it cannot commit; what comes after is not it.
    refused(
        &mut client,
        "DO $$BEGIN
             BEGIN
                 CALL interlock.safe_backfill('orders', 'total = 1', 'total <> 1', NULL, '0', NULL, NULL, NULL, NULL);
             EXCEPTION WHEN OTHERS THEN NULL;
             END;
             DELETE FROM orders WHERE id > 0;
         END$$",
    );
    let error = client.error(
        "DO $$DECLARE job bigint;
         BEGIN
             CALL interlock.safe_backfill('few', 'a = 1', 'a <> 1', job_id => job);
             DELETE FROM orders WHERE id > 0;
         END$$",
    );
    assert_eq!(
        (code(&error), client.text("SELECT DISTINCT a FROM few").as_str()),
        ("IL007", "1")
    );
    assert_eq!(code(&client.error(&format!("BEGIN; {FILL}"))), "25001");
    client.batch("ROLLBACK");
    refused(&mut client, "DELETE FROM orders WHERE id > 0");
    // An error of a row comes out as it is.
    client.batch("ALTER TABLE orders ADD CONSTRAINT odd CHECK (total <> 500) NOT VALID");
    let error = client.error("CALL interlock.safe_backfill('orders', 'total = id', 'total <> 500 OR true')");
    assert_eq!((code(&error), error.constraint()), ("23514", Some("odd")));
    refused(&mut client, "DELETE FROM orders WHERE id > 0");
}

#[test]
fn triggers_that_a_batch_fires_are_judged() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE FUNCTION spread() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN UPDATE items SET price = price + 1 WHERE id <= NEW.total; RETURN NULL; END';
         CREATE TRIGGER spread AFTER UPDATE ON few FOR EACH ROW EXECUTE FUNCTION spread()",
    );
    let error = client.error("CALL interlock.safe_backfill('few', 'a = 900', 'a <> 900')");
    assert_eq!(code(&error), "42703", "{error:#?}"); // few has no total
    client.batch("ALTER TABLE few RENAME a TO total");
    let error = client.error("CALL interlock.safe_backfill('few', 'total = 900', 'total <> 900')");
    assert_eq!((code(&error), error.table()), ("IL007", Some("items")));
    passes(&mut client, "UPDATE few SET total = 3 WHERE id = 1");
}
