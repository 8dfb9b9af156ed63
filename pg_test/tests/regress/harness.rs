//! The harness keeps its promises; every other test relies on them.

use pg_test::{Cluster, Stop, TestDatabase, blocked, until};

#[test]
fn databases_are_separate() {
    let (one, other) = (TestDatabase::new(), TestDatabase::new());
    one.client().batch("CREATE TABLE t (a int)");
    assert_eq!(other.client().error("TABLE t").code().code(), "42P01");
}

#[test]
fn notices_arrive_with_their_fields() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(
        "DO $$BEGIN RAISE WARNING 'one' USING ERRCODE = 'IL999', DETAIL = 'two', HINT = 'three'; END$$;
         DROP TABLE IF EXISTS absent",
    );
    let notices = client.notices();
    let [warning, notice] = &notices[..] else {
        panic!("{notices:?}")
    };
    let fields = (
        warning.severity(),
        warning.code().code(),
        warning.message(),
        warning.detail(),
        warning.hint(),
    );
    assert_eq!(fields, ("WARNING", "IL999", "one", Some("two"), Some("three")));
    assert_eq!(notice.severity(), "NOTICE");
    assert!(client.notices().is_empty(), "each notice is given once");
}

#[test]
fn a_waiting_statement_can_be_seen_waiting() {
    let database = TestDatabase::new();
    let mut holder = database.client();
    holder.batch("CREATE TABLE t (a int)");
    holder.batch("BEGIN; LOCK t");
    let reader = database.client().run("TABLE t");
    blocked(&mut holder, reader.pid());
    assert!(!reader.ended());
    holder.batch("COMMIT");
    let (mut reader, outcome) = reader.finish();
    outcome.expect("the reader goes on when the lock is free");
    assert_eq!(reader.one::<i64>("SELECT count(*) FROM t"), 0);
}

#[test]
fn clusters_survive_every_kind_of_stop() {
    let mut cluster = Cluster::start(&[("log_min_messages", "log")]);
    cluster
        .connect("postgres")
        .batch("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    cluster.restart(Stop::Fast);
    cluster.restart(Stop::Immediate);
    let idle = cluster.connect("postgres");
    cluster.kill_postmaster();
    cluster.start_again();
    let sleeper = cluster.connect("postgres").run("SELECT pg_sleep(600)");
    cluster.kill_backend(sleeper.pid());
    assert!(sleeper.finish().1.is_err(), "its connection is lost");
    drop(idle);

    let mut client = cluster.connect("postgres");
    until(&mut client, "SELECT a = 1 FROM t");
    assert!(
        cluster.log().contains("database system was not properly shut down"),
        "{}",
        cluster.log()
    );
    assert!(
        cluster.log().contains("was terminated by signal 9"),
        "{}",
        cluster.log()
    );
}

#[test]
fn client_programs_connect_to_the_cluster() {
    let database = TestDatabase::new();
    let output = database
        .cluster()
        .client_program("psql", database.name())
        .args(["-XAtc", "SELECT current_database()"])
        .output()
        .expect("psql can be run");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), database.name());
}
