//! Modes, rules' actions, and what is written down.

use pg_test::{Client, until};

use super::{passes, refused, shop, warned};
use crate::support::steps;

const MANY: &str = "UPDATE orders SET total = 0 WHERE status = 'old'";

fn log(client: &mut Client, columns: &str) -> String {
    client.text(&format!(
        "SELECT {columns} FROM interlock.decision_log WHERE sqlstate = 'IL007' ORDER BY id"
    ))
}

#[test]
fn modes_and_actions() {
    let (_database, mut client) = shop();
    for (mode, actions, outcome) in [
        ("enforce", "", "reject"),
        ("enforce", "mass-change=warn", "warn"),
        ("enforce", "mass-change=log", "allow"),
        ("enforce", "mass-change=off", "allow"),
        ("warn", "", "warn"),
        ("warn", "mass-change=log", "allow"),
        ("log", "", "allow"),
        ("off", "", "allow"),
    ] {
        client.batch(&format!(
            "SET pg_interlock.mode = '{mode}'; SET pg_interlock.rule_actions = '{actions}'"
        ));
        match outcome {
            "reject" => drop(refused(&mut client, MANY)),
            "warn" => drop(warned(&mut client, MANY)),
            _ => passes(&mut client, MANY),
        }
    }
}

#[test]
fn the_error_says_what_and_why() {
    let (_database, mut client) = shop();
    let error = refused(&mut client, MANY);
    assert_eq!(
        error.message(),
        "UPDATE would change many rows of table \"public.orders\" at once"
    );
    let detail = "By its plan: about 990 rows are changed, stay locked until the transaction ends, and leave dead versions behind.";
    assert_eq!(error.detail(), Some(detail));
    assert_eq!((error.schema(), error.table()), (Some("public"), Some("orders")));
    assert_eq!(
        error.hint(),
        Some(
            "Change the rows in batches: CALL interlock.safe_backfill('public.orders', $$total = 0$$, $$status = 'old'$$);"
        )
    );
    let two = "WITH gone AS (DELETE FROM items WHERE id > 500) UPDATE orders SET total = 0 WHERE id > 0";
    let error = refused(&mut client, two);
    assert_eq!(
        error.message(),
        "UPDATE would change many rows of table \"public.orders\" and 1 more at once"
    );
    assert!(
        error.detail().is_some_and(|detail| detail.contains("about 1500 rows")),
        "{error:#?}"
    );
    assert_eq!(
        warned_message(&mut client),
        "UPDATE will change many rows of table \"public.orders\" at once"
    );
}

fn warned_message(client: &mut Client) -> String {
    client.batch("SET pg_interlock.mode = 'warn'");
    let message = warned(client, MANY).message().to_owned();
    client.batch("RESET pg_interlock.mode");
    message
}

#[test]
fn a_refusal_is_in_the_log_when_the_client_has_it() {
    let (database, mut client) = shop();
    let mut observer = database.client();
    client.batch("BEGIN");
    client.error(MANY);
    assert_eq!(
        log(
            &mut observer,
            "decision, rule, mode, command_tag, relation, lock_mode, estimated_rows, outcome, statement"
        ),
        format!("reject|mass-change|enforce|UPDATE|public.orders|RowExclusiveLock|1000|rejected|{MANY}")
    );
    client.batch("ROLLBACK");
    let seen = observer.text("SELECT count(*) FROM interlock.recent_decisions WHERE rule = 'mass-change'");
    assert_eq!(seen, "1");
    assert!(log(&mut observer, "reason").contains("about 990 rows"));
    // The statement of a string alone.
    client.error("SELECT 1; DELETE FROM items WHERE id > 5 ; SELECT 2");
    assert!(log(&mut observer, "statement").ends_with("\nDELETE FROM items WHERE id > 5"));
}

#[test]
fn what_runs_with_a_warning_is_in_the_log_with_its_outcome_and_the_rest_is_not() {
    let (database, mut client) = shop();
    let mut observer = database.client();
    client.batch("SET pg_interlock.mode = 'warn'");
    client.batch("UPDATE orders SET total = 1 WHERE id > 0");
    client.batch("BEGIN");
    client.batch("DELETE FROM few");
    client.batch("ROLLBACK");
    client
        .batch("UPDATE orders SET total = 1 WHERE id = 1; DELETE FROM items WHERE id = 1; INSERT INTO few VALUES (9)");
    client.batch("SET pg_interlock.mode = 'log'; DELETE FROM items WHERE id > 0");
    until(
        &mut observer,
        "SELECT count(*) = 3 FROM interlock.decision_log WHERE sqlstate = 'IL007'",
    );
    assert_eq!(
        log(&mut observer, "decision, rule, command_tag, outcome"),
        "warn|mass-change|UPDATE|committed\nwarn|change-without-where|DELETE|rolled back\nallow|mass-change|DELETE|committed"
    );
    client.batch("SET pg_interlock.mode = 'enforce'; SET pg_interlock.log_decisions = 'none'");
    client.error("DELETE FROM orders");
    client.batch("SET pg_interlock.log_decisions = 'reject'");
    client.error("DELETE FROM orders");
    let all = observer.text(
        "SELECT command_tag, count(*) FROM interlock.decision_log
          WHERE command_tag IN ('UPDATE', 'DELETE', 'INSERT') GROUP BY 1 ORDER BY 1",
    );
    assert_eq!(all, "DELETE|3\nUPDATE|1");
}

#[test]
fn the_explanation_agrees() {
    let (database, mut client) = shop();
    for statement in [
        MANY,
        "UPDATE orders SET total = 0 WHERE id = 1",
        "DELETE FROM orders",
        "DELETE FROM few",
        "WITH gone AS (DELETE FROM orders WHERE id > 5 RETURNING id) SELECT count(*) FROM gone",
        "MERGE INTO orders USING items ON orders.id = order_id WHEN MATCHED THEN DELETE",
        "EXPLAIN ANALYZE DELETE FROM orders WHERE id > 5",
        "EXPLAIN DELETE FROM orders WHERE id > 5",
        "COPY (DELETE FROM orders WHERE id > 5 RETURNING id) TO STDOUT",
    ] {
        let rows = client.query(
            "SELECT decision, reason, safe_alternative FROM interlock.explain_lock_profile($1) ORDER BY decision DESC LIMIT 1",
            &[&statement],
        );
        let explained = |column: &str| rows.first().and_then(|row| row.get::<_, Option<String>>(column));
        let (decision, said) = match explained("decision").as_deref() {
            Some("reject") => ("reject", Some(refused(&mut client, statement))),
            Some("warn") => ("warn", Some(warned(&mut client, statement))),
            _ => ("allow", None),
        };
        if decision == "allow" {
            passes(&mut client, statement);
        }
        let of = |part: Option<&str>| part.map(str::to_owned);
        assert_eq!(
            explained("reason"),
            said.as_ref().and_then(|said| of(said.detail())),
            "{statement}"
        );
        assert_eq!(
            explained("safe_alternative"),
            said.as_ref().and_then(|said| of(said.hint())),
            "{statement}"
        );
    }
    // It leaves no lock and waits for none.
    let mut holder = database.client();
    holder.batch("BEGIN; LOCK orders");
    let locked = "SELECT coalesce(max(rule), 'none') FROM interlock.explain_lock_profile('DELETE FROM orders')";
    assert_eq!(client.text(locked), "none");
    holder.batch("ROLLBACK");
    client.batch("BEGIN");
    assert_eq!(client.text(locked), "mass-change");
    let locks = "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'orders'::regclass";
    assert_eq!(client.text(locks), "0");
    client.batch("ROLLBACK");
    // What cannot be planned is no fault of the explanation.
    let wrong = "SELECT decision FROM interlock.explain_lock_profile('UPDATE orders SET missing = 1')";
    assert_eq!(client.text(wrong), "allow");
    client.batch("SET pg_interlock.dml_row_threshold = -1");
    assert_eq!(client.text(locked), "none");
    assert_eq!(steps("nothing to do"), Vec::<String>::new());
}
