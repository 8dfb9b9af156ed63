//! What a backfill refuses, before it has changed anything, and how the errors of the user's own statement arrive.

use pg_test::{Client, DbError, TestDatabase};

fn create(client: &mut Client) {
    client.batch(
        "CREATE TABLE t (id int PRIMARY KEY, n int, s text);
         INSERT INTO t SELECT g FROM generate_series(1, 30) AS g",
    );
}

fn nothing_happened(client: &mut Client) {
    assert_eq!(client.text("SELECT count(n), count(s) FROM t"), "0|0");
    assert_eq!(client.text("SELECT count(*) FROM interlock.backfill_job"), "0");
}

fn code_and_message(error: &DbError) -> String {
    format!("{} {}", error.code().code(), error.message())
}

#[test]
fn a_transaction_block_a_subtransaction_and_a_function() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch(
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS
         $$DECLARE job bigint; BEGIN CALL interlock.safe_backfill('t', 'n = 1', job_id => job); END$$",
    );
    for (sql, message) in [
        ("BEGIN; CALL interlock.safe_backfill('t', 'n = 1')", "safe_backfill cannot run inside a transaction block"),
        ("SELECT 1; CALL interlock.safe_backfill('t', 'n = 1')", "safe_backfill cannot run inside a transaction block"),
        ("BEGIN; SELECT f()", "safe_backfill cannot run inside a transaction block"),
        ("SELECT f()", "safe_backfill cannot run from a function"),
        (
            "DO $$DECLARE job bigint; BEGIN
                 BEGIN CALL interlock.safe_backfill('t', 'n = 1', job_id => job); EXCEPTION WHEN division_by_zero THEN END;
             END$$",
            "safe_backfill cannot run inside a subtransaction",
        ),
    ] {
        let error = client.error(sql);
        assert_eq!(code_and_message(&error), format!("25001 {message}"), "{sql}");
        assert!(error.hint().is_some_and(|hint| hint.contains("autocommit")));
        client.batch("ROLLBACK");
        nothing_happened(&mut client);
    }
}

#[test]
fn a_do_block_may_call_it() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch("DO $$DECLARE job bigint; BEGIN CALL interlock.safe_backfill('t', 'n = 1', job_id => job); ASSERT job = 1; END$$");
    assert_eq!(client.text("SELECT sum(n) FROM t"), "30");
}

#[test]
fn arguments_that_make_no_sense() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch("CREATE VIEW v AS TABLE t; CREATE MATERIALIZED VIEW m AS TABLE t; CREATE SEQUENCE s");
    for (arguments, expected) in [
        ("NULL, 'n = 1'", "22004 relation must not be null"),
        ("'t', NULL", "22004 assignments must not be null"),
        ("'t', 'n = 1', pause => NULL", "22004 pause must not be null"),
        ("'t', E' \\n'", "22023 assignments must not be empty"),
        ("'t', 'n = 1', ''", "22023 condition must not be empty"),
        ("'t', 'n = 1', name => ''", "22023 name must not be empty"),
        (
            "'t', 'n = 1', batch_size => 0",
            "22023 batch_size must be at least 1, but is 0",
        ),
        (
            "'t', 'n = 1', pause => '-1 s'",
            "22023 pause must not be negative: -00:00:01",
        ),
        (
            "'t', 'n = 1', job_id => 7",
            "IL010 no unfinished backfill job 7 with this definition exists",
        ),
        ("99999999, 'n = 1'", "42P01 relation with OID 99999999 does not exist"),
        ("'absent', 'n = 1'", "42P01 relation \"absent\" does not exist"),
        ("'v', 'n = 1'", "42809 cannot backfill relation \"public.v\""),
        ("'m', 'n = 1'", "42809 cannot backfill relation \"public.m\""),
        ("'s', 'n = 1'", "42809 cannot backfill relation \"public.s\""),
        ("'t_pkey', 'n = 1'", "42809 cannot backfill relation \"public.t_pkey\""),
    ] {
        let error = client.error(&format!("CALL interlock.safe_backfill({arguments})"));
        assert_eq!(code_and_message(&error), expected, "{arguments}");
    }
    nothing_happened(&mut client);
}

#[test]
fn clauses_that_postgresql_rejects() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    for (assignments, condition, expected) in [
        ("m = 1", "true", "42703 column \"m\" of relation \"t\" does not exist"),
        ("n = 1", "m = 1", "42703 column \"m\" does not exist"),
        ("n = 1 1", "true", "42601 syntax error at or near \"1\""),
        ("n = 1", "n =", "42601 syntax error at end of input"),
        ("n = 1", "true) OR (true", "42601 syntax error at or near \")\""),
        ("n = 1", "n = 'x'", "22P02 invalid input syntax for type integer: \"x\""),
        (
            "n = 1",
            "n",
            "42804 argument of AND must be type boolean, not type integer",
        ),
        (
            "n = 1 WHERE true",
            "true",
            "42601 assignments must be the SET list of an UPDATE and nothing else",
        ),
        (
            "n = 1 FROM v",
            "true",
            "42601 assignments must be the SET list of an UPDATE and nothing else",
        ),
        (
            "n = 1; DROP TABLE t",
            "true",
            "42601 assignments must be the SET list of an UPDATE and nothing else",
        ),
        (
            "n = 1",
            "true RETURNING 1",
            "42601 condition must be one expression and nothing else",
        ),
        (
            "n = 1",
            "true; DROP TABLE t",
            "42601 condition must be one expression and nothing else",
        ),
        (
            "n = (1",
            "1); DROP TABLE t; SELECT (1",
            "42601 syntax error at end of input",
        ),
    ] {
        let error = client.error(&format!(
            "CALL interlock.safe_backfill('t', $a${assignments}$a$, $c${condition}$c$)"
        ));
        assert_eq!(code_and_message(&error), expected);
    }
    nothing_happened(&mut client);

    // A comment at the end of either is only a comment.
    client.batch("CALL interlock.safe_backfill('t', 'n = 1 -- one', 'n IS NULL -- none')");
    assert_eq!(client.text("SELECT sum(n) FROM t"), "30");
}

#[test]
fn a_missing_privilege() {
    let mut database = TestDatabase::new();
    let role = database.role("app");
    let mut owner = database.client();
    create(&mut owner);
    let mut app = database.client_as(&role);
    for (grant, call) in [
        ("SELECT", "CALL interlock.safe_backfill('t', 'n = 1')"),
        ("SELECT, UPDATE (s)", "CALL interlock.safe_backfill('t', 'n = 1')"),
        ("UPDATE", "CALL interlock.safe_backfill('t', 'n = 1')"),
        (
            "UPDATE, SELECT (id)",
            "CALL interlock.safe_backfill('t', 'n = 1', 's IS NULL')",
        ),
    ] {
        owner.batch(&format!("REVOKE ALL ON t FROM {role}; GRANT {grant} ON t TO {role}"));
        assert_eq!(
            code_and_message(&app.error(call)),
            "42501 permission denied for table t",
            "{grant}"
        );
    }
    nothing_happened(&mut owner);
    owner.batch(&format!(
        "REVOKE ALL ON t FROM {role}; GRANT UPDATE (n), SELECT (id) ON t TO {role}"
    ));
    app.batch("CALL interlock.safe_backfill('t', 'n = 1')");
}

#[test]
fn errors_of_rows_arrive_whole_and_are_noted() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch("ALTER TABLE t ADD CONSTRAINT small CHECK (n < 25)");
    let error = client.error("CALL interlock.safe_backfill('t', 'n = id', batch_size => 10)");
    let plain = client.error("UPDATE t SET n = id WHERE id = 25");
    let fields = |error: &DbError| {
        (
            error.code().clone(),
            error.message().to_owned(),
            error.detail().map(str::to_owned),
            error.schema().map(str::to_owned),
            error.table().map(str::to_owned),
            error.constraint().map(str::to_owned),
        )
    };
    assert_eq!(fields(&error), fields(&plain));
    assert_eq!(error.constraint(), Some("small"));
    assert!(
        error
            .where_()
            .is_some_and(|context| context.contains("UPDATE public.t SET n = id"))
    );
    assert_eq!(
        client.text("SELECT state, rows_changed, last_sqlstate, last_error FROM interlock.backfill_progress"),
        "failed|24|23514|new row for relation \"t\" violates check constraint \"small\""
    );
    client.batch("ALTER TABLE t DROP CONSTRAINT small");
    client.batch("CALL interlock.safe_backfill('t', 'n = id', batch_size => 10)");
    assert_eq!(client.text("SELECT count(*) FROM t WHERE n = id"), "30");
    assert_eq!(client.text("SELECT state FROM interlock.backfill_progress"), "finished");
}

#[test]
fn deferred_constraints_are_checked_within_the_batch() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch(
        "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent SELECT generate_series(1, 24);
         ALTER TABLE t ADD CONSTRAINT child FOREIGN KEY (n) REFERENCES parent DEFERRABLE INITIALLY DEFERRED",
    );
    let error = client.error("CALL interlock.safe_backfill('t', 'n = id', batch_size => 10)");
    assert_eq!((error.code().code(), error.constraint()), ("23503", Some("child")));
    assert_eq!(
        client.text("SELECT state, rows_changed, last_sqlstate FROM interlock.backfill_progress"),
        "failed|24|23503"
    );
}

#[test]
fn what_may_pass_is_tried_again() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch(
        "CREATE SEQUENCE attempt; CREATE TABLE failure (at bigint, code text);
         CREATE FUNCTION trip() RETURNS trigger LANGUAGE plpgsql AS $$
             DECLARE
                 now bigint := nextval('attempt');
                 code text := (SELECT f.code FROM failure AS f WHERE f.at = now);
             BEGIN
                 IF code IS NOT NULL THEN RAISE EXCEPTION 'trip' USING ERRCODE = code; END IF;
                 RETURN NULL;
             END $$;
         CREATE TRIGGER trip AFTER UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION trip();
         INSERT INTO failure VALUES (2, '40P01'), (3, '40001'), (5, '55P03')",
    );
    client.batch("CALL interlock.safe_backfill('t', 'n = coalesce(n, 0) + 1', batch_size => 10)");
    // Each failure was met, and what it undid was done later, with fewer rows at a time.
    assert_eq!(
        client.text("SELECT count(*) FILTER (WHERE n = 1), (SELECT last_value FROM attempt) > 6 FROM t"),
        "30|t"
    );
    assert_eq!(client.text("SELECT batch > 4 FROM interlock.backfill_checkpoint"), "t");

    client.batch("UPDATE t SET n = NULL; DELETE FROM failure; INSERT INTO failure SELECT g, '40P01' FROM generate_series(1, 30) AS g;
                  SELECT setval('attempt', 1, false)");
    assert_eq!(
        client
            .error("CALL interlock.safe_backfill('t', 'n = coalesce(n, 0) + 2')")
            .code()
            .code(),
        "40P01"
    );
    assert_eq!(
        client.text("SELECT state, rows_changed FROM interlock.backfill_progress WHERE job_id = 2"),
        "failed|0"
    );
}
