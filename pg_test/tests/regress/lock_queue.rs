//! Nobody waits long behind a statement that waits for somebody else: each scene is played guarded, then unguarded, while a
//! stream of others measures how long it is kept waiting.

mod autovacuum;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::{big_table, database, locks_on, refused};
use pg_test::{Client, Cluster, TestDatabase, blocked, until};

/// How long others may wait behind one attempt.
const ATTEMPT: Duration = Duration::from_millis(200);
/// How long somebody is in the way once the statement waits: many attempts.
const STAY: Duration = Duration::from_secs(2);
const STREAMS: usize = 3;
/// A machine that is busy with other tests keeps a stream waiting, too, but not each time.
const PLAYS: usize = 12;

/// Opens a session.
type Connect<'a> = &'a dyn Fn() -> Client;

/// Who is in the way of what, and who might have to wait with it.
struct Scene<'a> {
    setup: &'a str,
    /// Gets in the way, in a session of its own.
    begin: fn(&mut Client, Connect),
    /// Gets out of it.
    end: fn(&mut Client, Connect),
    statement: &'a str,
    /// Does what the statement did away again.
    undo: &'a str,
    /// Whose lock cannot be had.
    relation: &'a str,
    /// What others do all the time; each has its own number for `$n`.
    others: &'a str,
}

const READER: Scene = Scene {
    setup: "",
    begin: |holder, _| holder.batch("BEGIN; SELECT count(*) FROM orders"),
    end: |holder, _| holder.batch("COMMIT"),
    statement: "ALTER TABLE orders ADD COLUMN note text",
    undo: "ALTER TABLE orders DROP COLUMN note",
    relation: "orders",
    others: "SELECT a FROM orders WHERE id = $n",
};

/// Sessions that run one statement again and again, each noting its longest wait.
struct Stream {
    over: Arc<AtomicBool>,
    sessions: Vec<JoinHandle<Duration>>,
}

impl Stream {
    fn start(connect: Connect, statement: &str) -> Stream {
        let over = Arc::new(AtomicBool::new(false));
        let session = |number: usize| {
            let (mut client, over) = (connect(), Arc::clone(&over));
            let statement = statement.replace("$n", &number.to_string());
            thread::spawn(move || {
                let mut longest = Duration::ZERO;
                while !over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    client.batch(&statement);
                    longest = longest.max(begun.elapsed());
                }
                longest
            })
        };
        Stream {
            sessions: (1..=STREAMS).map(session).collect(),
            over,
        }
    }

    /// The longest wait of all.
    fn stop(self) -> Duration {
        self.over.store(true, Ordering::Relaxed);
        let waits = self
            .sessions
            .into_iter()
            .map(|session| session.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        waits.max().expect("there are sessions")
    }
}

impl Scene<'_> {
    /// Plays it in a database whose tables are all large.
    fn play(&self) {
        let database = database();
        self.play_in(&|| database.client());
    }

    fn play_in(&self, connect: Connect) {
        self.set_up(&mut connect());
        self.play_through(connect);
    }

    fn play_through(&self, connect: Connect) {
        self.gives_up(connect);
        let queued = self.longest_wait(connect, "SET pg_interlock.polite_locks = off");
        assert!(
            queued > STAY / 2,
            "others waited only {queued:?} behind {}",
            self.statement
        );
        self.keeps_others_no_longer_than_an_attempt(|| {
            self.longest_wait(connect, "SET pg_interlock.lock_wait_timeout = '1h'")
        });
    }

    /// Others get their turn when an attempt is over: nobody waits for two of them.
    fn keeps_others_no_longer_than_an_attempt(&self, mut longest_wait: impl FnMut() -> Duration) {
        let mut waits: Vec<Duration> = Vec::new();
        while waits.last().is_none_or(|wait| *wait >= ATTEMPT * 3 / 2) {
            assert!(waits.len() < PLAYS, "others waited {waits:?} behind {}", self.statement);
            waits.push(longest_wait());
        }
    }

    fn set_up(&self, client: &mut Client) {
        big_table(client, "orders");
        client.batch("SET pg_interlock.mode = off");
        client.batch(self.setup);
        client.batch("RESET pg_interlock.mode; ANALYZE");
    }

    /// With little patience the statement fails, and leaves no lock.
    fn gives_up(&self, connect: Connect) {
        let (mut holder, mut client) = (connect(), self.guarded(connect));
        (self.begin)(&mut holder, connect);
        client.batch("SET pg_interlock.lock_wait_timeout = '100ms'");
        let error = refused(&mut client, self.statement, "IL006");
        assert_eq!(error.table(), Some(self.relation), "{error:#?}");
        assert_eq!(locks_on(&mut client, "public"), "", "{}", self.statement);
        (self.end)(&mut holder, connect);
    }

    /// How long others are kept waiting at most until the statement has got through.
    fn longest_wait(&self, connect: Connect, setting: &str) -> Duration {
        let (mut holder, mut client) = (connect(), self.guarded(connect));
        (self.begin)(&mut holder, connect);
        client.batch(setting);
        let stream = Stream::start(connect, self.others);
        let waiting = client.run(self.statement);
        blocked(&mut holder, waiting.pid());
        holder.batch(&format!("SELECT pg_sleep({})", STAY.as_secs_f64()));
        assert!(!waiting.ended(), "nothing was in the way of {}", self.statement);
        (self.end)(&mut holder, connect);
        let (_, outcome) = waiting.finish();
        let longest = stream.stop();
        outcome.unwrap_or_else(|error| panic!("{}: {error:?}", self.statement));
        holder.batch(&format!("SET pg_interlock.mode = off; {}", self.undo));
        longest
    }

    fn guarded(&self, connect: Connect) -> Client {
        let mut client = connect();
        client.batch(&format!(
            "SET pg_interlock.lock_attempt_timeout = {}",
            ATTEMPT.as_millis()
        ));
        client
    }
}

#[test]
fn readers_go_on_beside_a_reader_in_the_way() {
    READER.play();
}

#[test]
fn readers_go_on_beside_a_prepared_transaction_in_the_way() {
    let cluster = Cluster::start(&[
        ("max_prepared_transactions", "2"),
        ("pg_interlock.row_threshold", "100"),
    ]);
    cluster.connect("postgres").batch("CREATE EXTENSION pg_interlock");
    Scene {
        begin: |holder, _| holder.batch("BEGIN; SELECT count(*) FROM orders; PREPARE TRANSACTION 'half done'"),
        end: |holder, _| holder.batch("COMMIT PREPARED 'half done'"),
        ..READER
    }
    .play_in(&|| cluster.connect("postgres"));
}

#[test]
fn readers_of_a_leaf_go_on_beside_a_reader_of_another() {
    Scene {
        setup: "CREATE TABLE tree (id int) PARTITION BY LIST (id);
                CREATE TABLE leaf_1 PARTITION OF tree FOR VALUES IN (1);
                CREATE TABLE leaf_2 PARTITION OF tree FOR VALUES IN (2);
                INSERT INTO tree SELECT 1 + g % 2 FROM generate_series(1, 300) AS g",
        begin: |holder, _| holder.batch("BEGIN; SELECT count(*) FROM leaf_2"),
        statement: "ALTER TABLE tree ADD COLUMN note text",
        undo: "ALTER TABLE tree DROP COLUMN note",
        relation: "leaf_2",
        // Unguarded, the statement holds its lock on this leaf while it waits for that on the other.
        others: "SELECT count(*) FROM leaf_1",
        ..READER
    }
    .play();
}

#[test]
fn writers_go_on_beside_a_writer_of_the_referenced_table() {
    Scene {
        setup: "CREATE TABLE customers (id int PRIMARY KEY);
                INSERT INTO customers SELECT generate_series(0, 200)",
        begin: |holder, _| holder.batch("BEGIN; DELETE FROM customers WHERE id = 0"),
        end: |holder, _| holder.batch("ROLLBACK"),
        statement: "ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES customers NOT VALID",
        undo: "ALTER TABLE orders DROP CONSTRAINT orders_a_fkey",
        relation: "customers",
        others: "UPDATE orders SET b = 'x' WHERE id = $n",
    }
    .play();
}

#[test]
fn a_reader_of_the_referenced_table_is_not_in_the_way() {
    let database = database();
    let mut reader = database.client();
    big_table(&mut reader, "orders");
    big_table(&mut reader, "customers");
    reader.batch("BEGIN; SELECT count(*) FROM customers; SELECT * FROM customers WHERE id = 1 FOR UPDATE");
    let mut client = database.client();
    client.batch("SET pg_interlock.lock_wait_timeout = 0");
    client.batch("ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES customers NOT VALID");
}

#[test]
fn readers_go_on_when_the_statement_is_in_a_do_block() {
    Scene {
        statement: "DO $$BEGIN PERFORM count(*) FROM orders; ALTER TABLE orders ADD COLUMN note text; END$$",
        ..READER
    }
    .play();
}

#[test]
fn readers_go_on_when_the_statement_is_in_a_function() {
    Scene {
        setup: "CREATE FUNCTION inner_one() RETURNS void LANGUAGE sql AS 'ALTER TABLE orders ADD COLUMN note text';
                CREATE FUNCTION outer_one() RETURNS void LANGUAGE plpgsql AS
                    'BEGIN EXECUTE ''SELECT inner_one()''; END'",
        statement: "SELECT outer_one()",
        ..READER
    }
    .play();
}

/// Two connections to one database with two large tables, that may try for long.
fn rivals(database: &TestDatabase, attempt: &str) -> [Client; 2] {
    let mut client = database.client();
    big_table(&mut client, "orders");
    big_table(&mut client, "customers");
    client.batch(&format!(
        "ALTER DATABASE {0} SET pg_interlock.lock_attempt_timeout = '{attempt}';
         ALTER DATABASE {0} SET pg_interlock.lock_wait_timeout = '1h'",
        database.name()
    ));
    [database.client(), database.client()]
}

#[test]
fn two_statements_for_one_table_both_get_through() {
    let database = database();
    let mut rivals = rivals(&database, "50ms");
    let mut reader = database.client();
    for round in 0..10 {
        reader.batch("BEGIN; SELECT count(*) FROM orders");
        let mut column = 2 * round;
        let waiting = rivals.map(|rival| {
            column += 1;
            rival.run(&format!("ALTER TABLE orders ADD COLUMN note_{column} text"))
        });
        waiting.iter().for_each(|one| blocked(&mut reader, one.pid()));
        reader.batch("COMMIT");
        rivals = waiting.map(|one| {
            let (client, outcome) = one.finish();
            outcome.expect("both get through");
            client
        });
    }
    assert_eq!(
        reader
            .one::<i64>("SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname ~ '^note'"),
        20
    );
    reader.batch("SELECT pg_stat_force_next_flush()");
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(reader.one::<i64>(deadlocks), 0);
}

/// Each holds what the other wants: one fails and the other has its way, long before the attempts are over.
#[test]
fn of_two_transactions_in_opposite_order_one_gets_a_clean_error() {
    let database = database();
    let [mut first, mut second] = rivals(&database, "10min");
    first.batch("BEGIN; ALTER TABLE orders ADD COLUMN note text");
    second.batch("BEGIN; ALTER TABLE customers ADD COLUMN note text");
    let running = [
        first.run("ALTER TABLE customers ADD COLUMN remark text"),
        second.run("ALTER TABLE orders ADD COLUMN remark text"),
    ];
    let mut observer = database.client();
    let mut failures = Vec::new();
    for (mut client, outcome) in running.map(pg_test::Running::finish) {
        if let Err(error) = outcome {
            failures.push(error.as_db_error().expect("the server's own").clone());
            let locks = format!(
                "SELECT * FROM pg_locks WHERE pid = {} AND relation IS NOT NULL",
                client.pid()
            );
            assert_eq!(observer.text(&locks), "");
        }
        client.batch("COMMIT");
    }
    let [failure] = &failures[..] else {
        panic!("{failures:#?}")
    };
    assert_eq!(failure.code().code(), "IL006", "{failure:#?}");
    let detail = failure.detail().expect("a detail");
    assert!(
        detail.starts_with("AccessExclusiveLock was tried once, because the transaction already holds locks"),
        "{detail}"
    );
    let columns = "SELECT count(*) FROM pg_attribute WHERE attname IN ('note', 'remark')
                     AND attrelid IN ('orders'::regclass, 'customers'::regclass)";
    assert_eq!(observer.one::<i64>(columns), 2);
}

/// Feedback holds back vacuum, not locks: a query on the standby is in nobody's way on the primary. The lock comes to the
/// standby with the commit, and its replay waits there, which no guard of the primary can see.
#[test]
fn a_query_on_a_standby_is_not_in_the_way() {
    let primary = Cluster::start(&[
        ("pg_interlock.polite_locks", "all"),
        ("wal_receiver_status_interval", "1s"),
    ]);
    let mut client = primary.connect("postgres");
    client.batch("CREATE EXTENSION pg_interlock");
    big_table(&mut client, "orders");
    let standby = primary.standby(&[
        ("hot_standby_feedback", "on"),
        ("wal_receiver_status_interval", "1s"),
        ("max_standby_streaming_delay", "-1"),
    ]);
    let mut reader = standby.connect("postgres");
    reader.batch("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM orders");
    until(
        &mut client,
        "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE backend_xmin IS NOT NULL)",
    );
    client.batch("SET pg_interlock.lock_wait_timeout = 0");
    assert_eq!(client.text("SELECT * FROM interlock.blockers('orders')"), "");
    client.batch("ALTER TABLE orders ADD COLUMN note text");
    client.batch("CREATE INDEX CONCURRENTLY ON orders (a)");
    until(
        &mut client,
        "SELECT EXISTS (SELECT FROM interlock.decision_log WHERE command_tag = 'ALTER TABLE'
           AND outcome = 'committed' AND coalesce(blockers, '[]') = '[]')",
    );

    until(
        &mut reader,
        "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'orders'::regclass AND NOT granted)",
    );
    let other = standby.connect("postgres").run("SELECT count(*) FROM orders");
    blocked(&mut reader, other.pid());
    let in_the_way = format!(
        "SELECT backend_type FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids({}))",
        other.pid()
    );
    assert_eq!(reader.text(&in_the_way), "startup");
    reader.batch("COMMIT");
    other.finish().1.expect("the replay goes on");
}
