//! Jobs: how one is found again, whom it belongs to, and what is told of it.

use std::process::Stdio;

use pg_test::{Client, TestDatabase};

/// A table whose backfill `n = n + 1` fails in its third batch of ten until `mend` is called.
fn create(client: &mut Client) {
    client.batch(
        "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, CONSTRAINT broken CHECK (id <> 25 OR n = 0));
         INSERT INTO t SELECT g FROM generate_series(1, 30) AS g",
    );
}

fn mend(client: &mut Client) {
    client.batch("ALTER TABLE t DROP CONSTRAINT broken");
}

fn call(options: &str) -> String {
    format!("CALL interlock.safe_backfill('t', 'n = n + 1', batch_size => 10{options})")
}

/// Leaves the job unfinished.
fn fail(client: &mut Client, options: &str) {
    assert_eq!(client.error(&call(options)).constraint(), Some("broken"));
}

#[test]
fn a_name_finds_its_job_again_and_only_that() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    fail(&mut client, ", name => 'count up'");
    let error = client.error("CALL interlock.safe_backfill('t', 'n = n + 2', 'n = 0', name => 'count up')");
    assert_eq!(error.code().code(), "22023");
    assert_eq!(
        error.message(),
        "unfinished backfill job 1 named \"count up\" is defined differently"
    );
    assert_eq!(
        error.detail(),
        Some("Its assignments are: n = n + 1.  It has no condition.")
    );

    let error = client.error(&call(", name => 'another'"));
    assert_eq!(error.code().code(), "IL010");
    assert_eq!(
        error.message(),
        "unfinished backfill job 1 does the same under the name \"count up\""
    );

    let error = client.error(&call(", job_id => 2"));
    assert_eq!(
        error.message(),
        "no unfinished backfill job 2 with this definition exists"
    );
    mend(&mut client);
    assert_eq!(client.text(&call(", job_id => 1")), "1");
    assert_eq!(client.text("SELECT min(n), max(n) FROM t"), "1|1");

    assert_eq!(
        client.text(&call(", name => 'count up'")),
        "2",
        "what is finished is not in the way of a new job"
    );
    assert_eq!(client.text("SELECT min(n), max(n) FROM t"), "2|2");
}

#[test]
fn a_renamed_table_goes_on_and_a_recreated_one_does_not() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    fail(&mut client, "");
    client.batch("CREATE SCHEMA app; ALTER TABLE t SET SCHEMA app; ALTER TABLE app.t RENAME TO \"T two\"");
    assert_eq!(
        client.text("SELECT relation FROM interlock.backfill_progress"),
        "app.\"T two\""
    );
    let again = "CALL interlock.safe_backfill('app.\"T two\"', 'n = n + 1', batch_size => 10)";
    assert_eq!(client.error(again).constraint(), Some("broken"));
    assert_eq!(
        client.text("SELECT id, relation_schema, relation_name FROM interlock.backfill_job"),
        "1|app|T two"
    );

    client.batch("DROP TABLE app.\"T two\"; CREATE TABLE app.\"T two\" (id int PRIMARY KEY, n int)");
    let error = client.error(again);
    assert_eq!(error.code().code(), "IL010");
    assert_eq!(
        error.message(),
        "table \"app.\"T two\"\" was dropped and created again since backfill job 1 began"
    );
    client.batch("DELETE FROM interlock.backfill_job WHERE id = 1");
    assert_eq!(client.text(again), "2");
}

#[test]
fn a_key_that_changed_is_noticed_and_a_rewritten_table_goes_on() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    fail(&mut client, "");
    client.batch("ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD COLUMN other int UNIQUE NOT NULL GENERATED ALWAYS AS IDENTITY");
    let error = client.error(&call(""));
    assert_eq!(error.code().code(), "IL010");
    assert_eq!(
        error.message(),
        "the key of table \"public.t\" has changed since backfill job 1 began"
    );
    client.batch("ALTER TABLE t ADD UNIQUE (id)");
    client.batch("VACUUM FULL t");
    mend(&mut client);
    assert_eq!(client.text(&call("")), "1");
    assert_eq!(client.text("SELECT min(n), max(n) FROM t"), "1|1");
}

#[test]
fn jobs_belong_to_their_owners() {
    let mut database = TestDatabase::new();
    let (owner, other, member) = (database.role("owner"), database.role("other"), database.role("member"));
    let mut admin = database.client();
    admin.batch(&format!(
        "GRANT {owner} TO {member}; GRANT CREATE ON SCHEMA public TO {owner}"
    ));
    let mut client = database.client_as(&owner);
    create(&mut client);
    fail(&mut client, "");
    assert_eq!(
        client.text("SELECT job_id, state, started_by FROM interlock.backfill_progress"),
        format!("1|failed|{owner}")
    );

    let mut stranger = database.client_as(&other);
    assert_eq!(
        stranger.text(
            "SELECT (SELECT count(*) FROM interlock.backfill_progress), (SELECT count(*) FROM interlock.backfill_job),
                              (SELECT count(*) FROM interlock.backfill_checkpoint)"
        ),
        "0|0|0"
    );
    stranger.batch("DELETE FROM interlock.backfill_job; UPDATE interlock.backfill_checkpoint SET batch = 0");
    assert!(
        !stranger.one::<bool>("SELECT interlock._take_lease(1, 0)"),
        "the lease is for those who see the job"
    );
    let forged =
        "INSERT INTO interlock.backfill_job (relation, relation_schema, relation_name, relation_file, assignments)
                  VALUES ('t'::regclass, 'public', 't', 0, 'n = 0')";
    assert_eq!(
        stranger.error(forged).code().code(),
        "42501",
        "a job on a table of somebody else"
    );

    // Who goes on with a job relies on its being what it was when he compared it.
    for change in [
        "UPDATE interlock.backfill_job SET assignments = 'n = 0'",
        "UPDATE interlock.backfill_job SET condition = 'true'",
        "UPDATE interlock.backfill_job SET relation = 0",
        "UPDATE interlock.backfill_job SET owner = 'postgres'",
        "INSERT INTO interlock.backfill_job OVERRIDING SYSTEM VALUE SELECT * FROM interlock.backfill_job",
    ] {
        assert_eq!(client.error(change).code().code(), "42501", "{change}");
    }

    // Somebody who may update the table, but may not see the job, does not do the same a second time.
    client.batch(&format!("GRANT SELECT, UPDATE ON t TO {other}"));
    let error = stranger.error(&call(""));
    assert_eq!(error.code().code(), "IL010");
    assert!(
        error.message().starts_with("a role whose privileges you do not have"),
        "{}",
        error.message()
    );

    mend(&mut client);
    let mut colleague = database.client_as(&member);
    assert_eq!(
        colleague.text(&call("")),
        "1",
        "a member of the owning role goes on with its job"
    );
    assert_eq!(admin.text("SELECT min(n), max(n) FROM t"), "1|1");
    assert_eq!(
        admin.text("SELECT state FROM interlock.backfill_progress"),
        "finished",
        "a superuser sees all jobs"
    );
}

#[test]
fn progress_is_told_first_and_last() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    mend(&mut client);
    client.batch("ANALYZE t");
    client.batch(&call(""));
    let notices: Vec<String> = client
        .notices()
        .iter()
        .map(|notice| notice.message().to_owned())
        .collect();
    assert_eq!(notices[0], "backfill job 1: 0 of about 30 rows (0.0%), 0 changed");
    let last = notices.last().unwrap();
    assert!(
        last.starts_with("backfill job 1 has finished: 30 rows changed in "),
        "{last}"
    );

    client.batch("SET statement_timeout = '1h'");
    client.batch(&call(""));
    assert_eq!(
        client.notices()[0].message(),
        "statement_timeout is 1h and counts from the beginning of CALL"
    );
}

#[test]
fn jobs_are_dumped() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    fail(&mut client, "");
    let output = database
        .cluster()
        .client_program("pg_dump", database.name())
        .output()
        .expect("pg_dump can be run");
    let dump = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "COPY interlock.backfill_job ",
        "COPY interlock.backfill_checkpoint ",
        "setval('interlock.backfill_job_id_seq'",
    ] {
        assert!(dump.contains(part), "{part} is missing");
    }
}

/// Where a dump is restored, a job goes on as it stood when it is told to.
#[test]
fn a_job_goes_on_in_a_copy_of_its_database() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    fail(&mut client, "");
    let copy = TestDatabase::new();
    copy.client()
        .batch("DROP EXTENSION pg_interlock; DROP SCHEMA interlock");
    let cluster = database.cluster();
    let mut dump = cluster
        .client_program("pg_dump", database.name())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pg_dump can be run");
    let restored = cluster
        .client_program("psql", copy.name())
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1"])
        .stdin(dump.stdout.take().expect("it is piped"))
        .output()
        .expect("psql can be run");
    assert!(dump.wait().is_ok_and(|status| status.success()));
    assert!(
        restored.status.success(),
        "{}",
        String::from_utf8_lossy(&restored.stderr)
    );
    let mut client = copy.client();
    assert_eq!(
        client.text("SELECT state, rows_changed, relation FROM interlock.backfill_progress"),
        "failed|24|public.t"
    );
    let error = client.error(&call(""));
    assert_eq!(
        error.message(),
        "backfill job 1, which this database has from another one, does the same"
    );
    mend(&mut client);
    client.batch("SELECT interlock.retry_backfill(1)");
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(
        client.text("SELECT min(n), max(n), count(*), (SELECT rows_changed FROM interlock.backfill_progress) FROM t"),
        "1|1|30|30"
    );
    assert_eq!(
        client.text("SELECT count(*) FROM interlock.backfill_event WHERE event = 'adopted'"),
        "1"
    );
}
