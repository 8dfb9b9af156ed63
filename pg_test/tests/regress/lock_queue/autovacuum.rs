//! An autovacuum in the way: one that gives way to whoever waits for it, and one that does not.

use super::{Connect, READER, STAY, Scene, Stream};
use pg_test::{Cluster, DEADLINE, poll};

/// All but `orders` is vacuumed at once, so that its turn comes soon; and no second worker takes over.
const AUTOVACUUM: [(&str, &str); 7] = [
    ("pg_interlock.row_threshold", "100"),
    ("autovacuum_naptime", "1s"),
    ("autovacuum_max_workers", "1"),
    ("autovacuum_freeze_max_age", "100000"),
    ("autovacuum_vacuum_cost_delay", "0"),
    ("vacuum_cost_page_dirty", "1000"),
    ("deadlock_timeout", "3s"),
];
/// Vacuuming all of it takes minutes.
const SLOW: Scene = Scene {
    setup: "ALTER TABLE orders SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
            INSERT INTO orders SELECT g, g, repeat('x', 500) FROM generate_series(1000, 20000) AS g",
    ..READER
};
/// A worker tells what it does before it has its lock.
const VACUUMED: &str = "DO $$BEGIN
    WHILE NOT EXISTS (SELECT FROM pg_stat_activity JOIN pg_locks USING (pid)
                       WHERE backend_type = 'autovacuum worker' AND query ~ 'VACUUM.* public.orders'
                         AND relation = 'orders'::regclass AND granted) LOOP
        PERFORM pg_stat_clear_snapshot(), pg_sleep(0.02);
    END LOOP;
END$$";
/// Unguarded, everybody waits for as long as it takes the server to look for a deadlock, and to find an autovacuum.
#[test]
fn readers_go_on_beside_an_autovacuum_that_gives_way() {
    let cluster = Cluster::start(&AUTOVACUUM);
    let connect = || cluster.connect("postgres");
    connect().batch("CREATE EXTENSION pg_interlock");
    SLOW.set_up(&mut connect());
    connect().batch(
        "ALTER TABLE orders SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0);
         DELETE FROM orders WHERE id > 1000",
    );
    let longest_wait = |setting: &str| {
        let mut client = SLOW.guarded(&connect);
        client.batch(VACUUMED);
        client.batch(setting);
        let stream = Stream::start(&connect, SLOW.others);
        client.batch(SLOW.statement);
        let longest = stream.stop();
        client.batch(SLOW.undo);
        longest
    };
    let queued = longest_wait("SET pg_interlock.polite_locks = off");
    assert!(queued >= STAY, "others waited only {queued:?}");
    SLOW.keeps_others_no_longer_than_an_attempt(|| longest_wait(""));
}

#[test]
fn readers_go_on_beside_an_autovacuum_to_prevent_wraparound() {
    let cluster = Cluster::start(&AUTOVACUUM);
    let connect = || cluster.connect("postgres");
    connect().batch("CREATE EXTENSION pg_interlock");
    let scene = Scene {
        begin: |holder, connect| {
            set_naptime(connect, "1s");
            holder.batch(VACUUMED);
        },
        // Canceled, it would be started again before the statement tries again.
        end: |holder, connect| {
            set_naptime(connect, "1h");
            holder.batch(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
                  WHERE backend_type = 'autovacuum worker'",
            );
        },
        ..SLOW
    };
    scene.set_up(&mut connect());
    connect().batch("ALTER TABLE orders SET (autovacuum_enabled = off)");
    connect().batch(
        "CREATE TABLE burnt (a int);
         DO $$BEGIN
             FOR i IN 1 .. 110000 LOOP
                 BEGIN INSERT INTO burnt VALUES (i); EXCEPTION WHEN division_by_zero THEN NULL; END;
             END LOOP;
         END$$",
    );
    scene.play_through(&connect);
}

/// The postmaster lets nobody in until it has told the launcher, and every other process.
fn set_naptime(connect: Connect, naptime: &str) {
    let mut client = connect();
    client.batch(&format!("ALTER SYSTEM SET autovacuum_naptime = '{naptime}'"));
    client.batch("SELECT pg_reload_conf()");
    let told = || connect().one::<String>("SHOW autovacuum_naptime") == naptime;
    poll(DEADLINE, || told().then_some(())).expect("the settings are read again");
}
