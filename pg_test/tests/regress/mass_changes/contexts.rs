//! Wherever a statement stands, it is seen; and what is no user's statement is left alone.

use pg_test::Client;

use super::{contents, passes, refused, shop, warned};
use crate::support::code;

const MANY: &str = "UPDATE orders SET total = 0 WHERE status = 'old'";
const FEW: &str = "UPDATE orders SET total = 0 WHERE status = 'new'";

#[test]
fn statements_that_run_others() {
    let (_database, mut client) = shop();
    for (many, few) in [
        ("EXPLAIN ANALYZE {}", "EXPLAIN ANALYZE {}"),
        ("EXPLAIN (ANALYZE, BUFFERS) {}", "EXPLAIN (ANALYZE, BUFFERS) {}"),
        (
            "COPY ({} RETURNING id) TO STDOUT",
            "COPY ({} RETURNING id) TO PROGRAM 'cat > /dev/null'",
        ),
        ("DO $$BEGIN {}; END$$", "DO $$BEGIN {}; END$$"),
        (
            "DO $$BEGIN EXECUTE $q${}$q$; END$$",
            "DO $$BEGIN EXECUTE $q${}$q$; END$$",
        ),
        ("SELECT 1; {}; SELECT 2", "SELECT 1; {}; SELECT 2"),
        ("PREPARE p AS {}; EXECUTE p", "PREPARE q AS {}; EXECUTE q"),
        (
            "PREPARE s AS {}; EXPLAIN ANALYZE EXECUTE s",
            "PREPARE t AS {}; EXPLAIN ANALYZE EXECUTE t",
        ),
    ] {
        refused(&mut client, &many.replace("{}", MANY));
        passes(&mut client, &few.replace("{}", FEW));
    }
}

#[test]
fn explaining_is_no_changing() {
    let (_database, mut client) = shop();
    client.batch("SET pg_interlock.dml_row_threshold = 0; PREPARE p AS DELETE FROM orders");
    for statement in [
        MANY,
        "DELETE FROM orders",
        "WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone",
        "MERGE INTO orders USING items ON orders.id = order_id WHEN MATCHED THEN DELETE",
        "EXECUTE p",
    ] {
        passes(&mut client, &format!("EXPLAIN {statement}"));
        passes(
            &mut client,
            &format!("EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) {statement}"),
        );
    }
    passes(&mut client, "PREPARE q AS DELETE FROM orders; DEALLOCATE q");
    passes(
        &mut client,
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM orders'",
    );
    passes(
        &mut client,
        "CREATE RULE r AS ON DELETE TO few DO ALSO DELETE FROM orders",
    );
}

#[test]
fn functions() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE FUNCTION in_sql(n int) RETURNS void LANGUAGE sql AS 'UPDATE orders SET total = 0 WHERE id <= n';
         CREATE FUNCTION in_tree() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM few; DELETE FROM orders WHERE total > 0; END;
         CREATE FUNCTION small_tree() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM few WHERE id = 1; END;
         CREATE FUNCTION whole_tree() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM few; END;
         CREATE FUNCTION in_plpgsql(n int) RETURNS void LANGUAGE plpgsql AS
             'BEGIN UPDATE orders SET total = n WHERE id <= n; END';
         CREATE FUNCTION caught() RETURNS text LANGUAGE plpgsql AS
             'BEGIN DELETE FROM orders WHERE true; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END';
         CREATE PROCEDURE called() LANGUAGE plpgsql AS 'BEGIN COMMIT; DELETE FROM orders WHERE true; END';
         CREATE FUNCTION row_by_row() RETURNS void LANGUAGE plpgsql AS $$
             DECLARE c CURSOR FOR SELECT * FROM few;
             BEGIN FOR one IN c LOOP UPDATE few SET a = 0 WHERE CURRENT OF c; END LOOP; END$$",
    );
    refused(&mut client, "SELECT in_tree()");
    refused(&mut client, "SELECT in_plpgsql(900)");
    passes(&mut client, "SELECT in_plpgsql(9)");
    passes(&mut client, "SELECT in_sql(9) FROM few WHERE false");
    passes(&mut client, "SELECT small_tree()");
    passes(&mut client, "SELECT row_by_row()");
    warned(&mut client, "SELECT whole_tree()");
    assert_eq!(client.text("SELECT caught()"), "IL007");
    refused(&mut client, "CALL called()");
    // Whose body nobody can read is judged with the values it is called with, too.
    refused(&mut client, "SELECT in_sql(900)");
}

#[test]
fn prepared_statements_are_judged_each_time_by_the_plan_that_runs() {
    let (_database, mut client) = shop();
    client.batch("PREPARE p (int) AS UPDATE orders SET total = 0 WHERE id <= $1");
    passes(&mut client, "EXECUTE p(20)");
    refused(&mut client, "EXECUTE p(900)");
    passes(&mut client, "EXECUTE p(20)");
    // A plan for any value expects the same for all.
    client.batch("SET plan_cache_mode = force_generic_plan");
    refused(&mut client, "EXECUTE p(20)");
    client.batch("PREPARE one (int) AS UPDATE orders SET total = 0 WHERE id = $1");
    for _ in 0..7 {
        passes(&mut client, "EXECUTE one(20)");
    }
    client.batch("RESET plan_cache_mode");
    // Over the extended protocol.
    let statement = client
        .raw()
        .prepare("DELETE FROM orders WHERE id <= $1 AND status = 'old'")
        .expect("nothing runs yet");
    let delete = |client: &mut Client, until: i32| client.raw().execute(&statement, &[&until]);
    let error = delete(&mut client, 900).expect_err("many rows");
    assert_eq!(
        error.as_db_error().map(|error| code(error).to_owned()).as_deref(),
        Some("IL007")
    );
    assert_eq!(delete(&mut client, 15).expect("few rows"), 5);
    let before = contents(&mut client);
    // The setting counts when the statement runs, not when it was prepared.
    client.batch("SET pg_interlock.dml_row_threshold = 10000");
    client.batch("BEGIN");
    assert_eq!(delete(&mut client, 900).expect("few rows now"), 885);
    client.batch("ROLLBACK");
    assert_eq!(contents(&mut client), before);
}

#[test]
fn what_foreign_keys_do_is_not_the_users_statement() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE TABLE owners (id int PRIMARY KEY);
         CREATE TABLE cars (id int PRIMARY KEY, owner int REFERENCES owners ON DELETE CASCADE ON UPDATE CASCADE);
         CREATE TABLE keys (car int REFERENCES cars ON DELETE SET NULL);
         INSERT INTO owners SELECT generate_series(1, 3);
         INSERT INTO cars SELECT g, 1 + g % 3 FROM generate_series(1, 900) AS g;
         INSERT INTO keys SELECT g FROM generate_series(1, 900) AS g;
         ANALYZE owners, cars, keys",
    );
    passes(&mut client, "DELETE FROM owners WHERE id = 1");
    passes(&mut client, "UPDATE owners SET id = 10 WHERE id = 2");
    client.batch("SET pg_interlock.dml_row_threshold = 2");
    passes(&mut client, "DELETE FROM owners WHERE id = 1");
    refused(&mut client, "DELETE FROM owners WHERE id < 10");
    refused(&mut client, "DELETE FROM cars WHERE owner = 1");
    // What a user's trigger does is, also where a foreign key has fired it.
    client.batch(
        "CREATE FUNCTION clear() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM items WHERE id > 0; RETURN OLD; END';
         CREATE TRIGGER clear BEFORE DELETE ON cars FOR EACH ROW EXECUTE FUNCTION clear()",
    );
    refused(&mut client, "DELETE FROM owners WHERE id = 1");
}

#[test]
fn triggers_and_rules_are_what_users_wrote() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE TABLE notes (a int);
         CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
             UPDATE orders SET total = total + 1 WHERE id <= NEW.a; RETURN NULL; END$$;
         CREATE TRIGGER count_up AFTER INSERT ON notes FOR EACH ROW EXECUTE FUNCTION count_up();
         CREATE RULE empty AS ON UPDATE TO notes DO ALSO DELETE FROM items;
         INSERT INTO notes VALUES (0)",
    );
    refused(&mut client, "INSERT INTO notes VALUES (900)");
    passes(&mut client, "INSERT INTO notes VALUES (3)");
    let error = refused(&mut client, "UPDATE notes SET a = 0 WHERE a = 0");
    assert_eq!(
        (error.table(), error.message().split(' ').next()),
        (Some("items"), Some("DELETE"))
    );
}

#[test]
fn the_servers_own_changes_are_not_judged() {
    let (_database, mut client) = shop();
    client
        .batch("CREATE MATERIALIZED VIEW copy AS SELECT * FROM orders; CREATE UNIQUE INDEX ON copy (id); ANALYZE copy");
    client.batch(
        "SET pg_interlock.dml_row_threshold = -1; UPDATE orders SET total = total + 1 WHERE id > 0; ANALYZE orders",
    );
    client.batch("RESET pg_interlock.dml_row_threshold; REFRESH MATERIALIZED VIEW CONCURRENTLY copy");
    assert_eq!(client.text("SELECT count(*) FROM copy NATURAL JOIN orders"), "1000");
}

#[test]
fn parallel_workers_have_no_say() {
    let (_database, mut client) = shop();
    client.batch(
        "SET pg_interlock.dml_row_threshold = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
         SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2",
    );
    let plan = client.text("EXPLAIN (COSTS OFF) SELECT sum(total) FROM orders");
    assert!(plan.contains("Gather"), "{plan}");
    passes(&mut client, "SELECT sum(total) FROM orders");
    passes(&mut client, "EXPLAIN ANALYZE SELECT sum(total) FROM orders");
}

#[test]
fn rights_come_first() {
    let (mut database, mut client) = shop();
    let role = database.role("stranger");
    let mut stranger = database.client_as(&role);
    assert_eq!(code(&stranger.error("DELETE FROM orders")), "42501");
    assert_eq!(code(&client.error("BEGIN READ ONLY; DELETE FROM orders")), "25006");
    client.batch("ROLLBACK");
    assert_eq!(
        client.text("SELECT count(*) FROM interlock.decision_log WHERE rule = 'mass-change'"),
        "0"
    );
    assert_eq!(code(&client.error("DELETE FROM missing")), "42P01");
    // Row security leaves the others out.
    client.batch(&format!(
        "GRANT ALL ON orders TO {role}; ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
         CREATE POLICY own ON orders TO {role} USING (id < 6)"
    ));
    stranger.batch("DELETE FROM orders");
    assert_eq!(client.text("SELECT count(*) FROM orders"), "995");
}
