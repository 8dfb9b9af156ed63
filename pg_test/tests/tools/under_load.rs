//! The tools while the application is at work: pgbench changes orders, and somebody's report reads them for long.

use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use pg_test::{Client, until};

use crate::{Outcome, Shop, alembic, django, node_pg_migrate, room, run};

/// More than are named when a lock cannot be had: those who only came by must not take the place of who is in the way.
const CLIENTS: usize = 6;

/// A run of pgbench, until it is dropped.
struct Application(Child);

impl Application {
    fn start(shop: &mut Shop) -> Application {
        shop.admin.batch(&format!(
            "CREATE TABLE changes AS SELECT client, 0 AS number FROM generate_series(0, {CLIENTS} - 1) AS client;
             GRANT SELECT, UPDATE ON changes TO {}",
            shop.owner
        ));
        let mut pgbench = shop.command("pgbench");
        pgbench
            .args(["--no-vacuum", "--time=3600", "--file"])
            .arg(room("pgbench/order.sql"))
            .arg(format!("--client={CLIENTS}"))
            .stdout(Stdio::null());
        let application = Application(pgbench.spawn().expect("pgbench can be run"));
        application.goes_on(shop);
        application
    }

    /// Every client commits many more times: none has met an error, which would have been its end, and none is held up.
    fn goes_on(&self, shop: &mut Shop) {
        let before: Vec<i32> = shop.admin.one("SELECT array_agg(number ORDER BY client) FROM changes");
        until(
            &mut shop.admin,
            &format!("SELECT bool_and(number >= (ARRAY{before:?})[client + 1] + 20) FROM changes"),
        );
    }

    /// No client gets past the lock that somebody else waits for.
    fn stands_still(&self, shop: &mut Shop) {
        until(
            &mut shop.admin,
            &format!("SELECT count(*) = {CLIENTS} {}", waiting("pgbench")),
        );
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The sessions of an application that wait for a lock on the orders.
fn waiting(application: &str) -> String {
    format!(
        "FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
         WHERE l.relation = 'orders'::regclass AND NOT l.granted AND a.application_name = '{application}'"
    )
}

/// A migration of one cheap statement on the orders.
struct Migration {
    /// What the tool calls itself.
    application: &'static str,
    /// The statement begins so.
    statement: &'static str,
    command: fn(&Shop) -> Command,
}

impl Migration {
    fn start(&self, shop: &Shop) -> JoinHandle<Outcome> {
        let command = (self.command)(shop);
        thread::spawn(move || run(command))
    }

    fn await_attempt(&self, shop: &mut Shop) {
        until(
            &mut shop.admin,
            &format!("SELECT count(*) > 0 {}", waiting(self.application)),
        );
    }
}

/// A session that has read the orders and keeps its transaction open.
fn report(shop: &Shop) -> Client {
    let mut reader = shop.database.client();
    reader.batch("SET application_name = 'a report'; BEGIN; SELECT count(*) FROM orders");
    reader
}

/// Settings of the sessions to come.
fn set(shop: &mut Shop, setting: &str) {
    let name = shop.database.name();
    shop.admin
        .batch(&format!("ALTER DATABASE {name} SET pg_interlock.{setting}"));
}

fn ended(tool: JoinHandle<Outcome>) -> Outcome {
    tool.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// With little patience the tool is told who is in the way, and nothing of it stays.
fn gives_up(shop: &mut Shop, application: &Application, migration: &Migration) {
    let name = migration.application;
    set(shop, "lock_wait_timeout = '2s'");
    let mut reader = report(shop);
    let before = shop.schema();
    let tool = migration.start(shop);
    migration.await_attempt(shop);
    application.goes_on(shop);
    let Outcome { success, output } = ended(tool);
    assert!(!success, "{output}");
    for part in [
        "ALTER TABLE could not lock table \"public.orders\" without making others wait",
        &format!("process {} (postgres, \"a report\"", reader.pid()),
    ] {
        assert!(output.contains(part), "{part:?} is missing from:\n{output}");
    }
    let rejections = shop.decisions(name, "decision = 'reject' AND rule = 'lock-wait'");
    let [rejection] = &rejections[..] else {
        panic!("{rejections:?}")
    };
    let beginning = format!("reject | rejected | IL006 | public.orders | {} | ", shop.owner);
    assert!(rejection.starts_with(&(beginning + migration.statement)), "{rejection}");
    until(
        &mut shop.admin,
        &format!("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '{name}')"),
    );
    let locks = format!(
        "SELECT l.pid, l.mode FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a USING (pid)
         WHERE l.relation = 'orders'::regclass AND l.pid IS DISTINCT FROM {}
           AND (a.pid IS NULL OR a.backend_type = 'client backend' AND a.application_name <> 'pgbench')",
        reader.pid()
    );
    assert_eq!(shop.admin.text(&locks), "", "a lock is left behind");
    assert_eq!(shop.schema(), before, "something of the migration is left");
    application.goes_on(shop);
    reader.batch("COMMIT");
}

/// With patience it gets through when the report is done, and the application goes on all the time.
fn gets_through(shop: &mut Shop, application: &Application, migration: &Migration) {
    set(shop, "lock_wait_timeout = '1h'");
    let mut reader = report(shop);
    let before = shop.schema();
    let tool = migration.start(shop);
    for _ in 0..2 {
        migration.await_attempt(shop);
        application.goes_on(shop);
    }
    assert!(!tool.is_finished(), "{}", ended(tool).output);
    reader.batch("COMMIT");
    let Outcome { success, output } = ended(tool);
    assert!(success, "{output}");
    assert_ne!(shop.schema(), before, "nothing was migrated");
    shop.await_committed(migration.application, &format!("{}%", migration.statement));
    application.goes_on(shop);
}

fn is_polite(migration: &Migration) {
    let mut shop = Shop::open();
    let application = Application::start(&mut shop);
    gives_up(&mut shop, &application, migration);
    gets_through(&mut shop, &application, migration);
    drop(application);
    shop.await_silence();
}

const ALEMBIC: Migration = Migration {
    application: "alembic",
    statement: "ALTER TABLE orders ADD CONSTRAINT orders_total_check",
    command: |shop| alembic::upgrade(shop, "safe_check"),
};

#[test]
fn alembic_is_polite() {
    is_polite(&ALEMBIC);
}

#[test]
fn django_is_polite() {
    is_polite(&Migration {
        application: "django",
        statement: "ALTER TABLE \"orders\" ADD COLUMN \"token\" uuid",
        command: |shop| django::migrate(shop, "safe_column"),
    });
}

#[test]
fn node_pg_migrate_is_polite() {
    is_polite(&Migration {
        application: "node-pg-migrate",
        statement: "ALTER TABLE \"orders\"\n  ADD \"token\" uuid",
        // The first one.
        command: |shop| node_pg_migrate::up(shop, "safe", &["1"]),
    });
}

/// What the others are spared.
#[test]
fn unguarded_the_same_migration_stops_the_application() {
    let mut shop = Shop::open();
    let application = Application::start(&mut shop);
    set(&mut shop, "polite_locks = 'off'");
    let mut reader = report(&shop);
    let tool = ALEMBIC.start(&shop);
    application.stands_still(&mut shop);
    reader.batch("COMMIT");
    let Outcome { success, output } = ended(tool);
    assert!(success, "{output}");
    application.goes_on(&mut shop);
}
