//! node-pg-migrate, with node-postgres.

use std::process::Command;

use crate::{Outcome, Refusal, Shop, installed, room, run};

const DONE: [&str; 6] = [
    "1700000000001_order-token",
    "1700000000002_order-customer-index",
    "1700000000003_order-total-check",
    "1700000000004_order-total-validation",
    "1700000000005_order-token-backfill",
    "1700000000006_order-note-text",
];

pub fn up(shop: &Shop, migrations: &str, options: &[&str]) -> Command {
    let mut command = shop.command(&installed("node-pg-migrate/node_modules/.bin/node-pg-migrate"));
    command
        .args(["up", "--migrations-dir", migrations])
        .args(options)
        .current_dir(room("node_pg_migrate"))
        .env("PGAPPNAME", "node-pg-migrate");
    command
}

fn versions(shop: &mut Shop) -> Vec<String> {
    shop.versions("pgmigrations", "name")
}

fn refused(migrations: &str, refusal: &Refusal) {
    let mut shop = Shop::open();
    let before = shop.schema();
    let outcome = run(up(&shop, migrations, &[]));
    shop.assert_refused("node-pg-migrate", &outcome, refusal, &before);
    assert_eq!(versions(&mut shop), [""; 0]);
}

#[test]
fn a_volatile_default_is_refused() {
    refused(
        "refused_column",
        &Refusal {
            sqlstate: "IL001",
            message: "ALTER TABLE would rewrite table \"public.orders\" while blocking reads and writes",
            detail: "The default of column \"token\", gen_random_uuid(), is volatile",
            hint: "Add the column without a default, set the default for new rows, and fill the old ones in batches",
            statement: "ALTER TABLE \"orders\"\n  ADD \"token\" uuid DEFAULT gen_random_uuid()",
        },
    );
}

#[test]
fn a_plain_index_is_refused() {
    refused(
        "refused_index",
        &Refusal {
            sqlstate: "IL003",
            message: "CREATE INDEX would build an index on table \"public.orders\" while blocking writes",
            detail: "Index \"orders_customer_id_index\" is built: about 2000 rows",
            hint: "CREATE INDEX CONCURRENTLY \"orders_customer_id_index\" ON \"orders\"",
            statement: "CREATE INDEX \"orders_customer_id_index\" ON \"orders\" (\"customer_id\")",
        },
    );
}

#[test]
fn a_wider_type_is_refused() {
    refused(
        "refused_type",
        &Refusal {
            sqlstate: "IL001",
            message: "ALTER TABLE would rewrite table \"public.orders\" while blocking reads and writes",
            detail: "Column \"total\" changes from integer to bigint: about 2000 rows",
            hint: "Fill a new column in batches and swap the names",
            statement: "ALTER TABLE \"orders\"\n  ALTER \"total\" SET DATA TYPE bigint",
        },
    );
}

/// One transaction for each migration: a constraint is validated after the lock of adding it has gone.
#[test]
fn the_safe_forms_pass() {
    let mut shop = Shop::open();
    assert!(!run(up(&shop, "refused_column", &[])).success);
    let Outcome { success, output } = run(up(&shop, "safe", &["--no-single-transaction"]));
    assert!(success, "{output}");
    assert_eq!(versions(&mut shop), DONE);
    let state = "
        SELECT (SELECT count(DISTINCT token) FROM orders),
               (SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_customer_id_index'::regclass),
               (SELECT convalidated FROM pg_constraint WHERE conname = 'orders_total_check'),
               (SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'note')";
    assert_eq!(shop.admin.text(state), "2000|t|t|text");
    shop.await_silence();
    for statement in [
        "ALTER TABLE%ADD \"token\"%",
        "CREATE INDEX CONCURRENTLY%",
        "ALTER TABLE%VALIDATE%",
    ] {
        shop.await_committed("node-pg-migrate", statement);
    }
}
