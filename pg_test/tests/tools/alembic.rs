//! Alembic, with SQLAlchemy and psycopg2.

use std::process::Command;

use crate::{Outcome, Refusal, Shop, installed, room, run};

pub fn upgrade(shop: &Shop, revision: &str) -> Command {
    let mut command = shop.command(&installed("alembic/bin/alembic"));
    command
        .args(["upgrade", revision])
        .current_dir(room("alembic"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn refused(revision: &str, refusal: &Refusal) {
    let mut shop = Shop::open();
    let before = shop.schema();
    let outcome = run(upgrade(&shop, revision));
    shop.assert_refused("alembic", &outcome, refusal, &before);
    assert_eq!(shop.versions("alembic_version", "version_num"), [""; 0]);
}

fn passes(shop: &mut Shop, revision: &str) {
    let Outcome { success, output } = run(upgrade(shop, revision));
    assert!(success, "{output}");
    let versions = shop.versions("alembic_version", "version_num");
    assert!(
        versions.iter().any(|version| version == revision),
        "{versions:?}\n{output}"
    );
    shop.await_silence();
}

#[test]
fn a_volatile_default_is_refused() {
    refused(
        "refused_column",
        &Refusal {
            sqlstate: "IL001",
            message: "ALTER TABLE would rewrite table \"public.orders\" while blocking reads and writes",
            detail: "DETAIL:  The default of column \"token\", gen_random_uuid(), is volatile",
            hint: "HINT:  Add the column without a default, set the default for new rows, and fill the old ones in batches",
            statement: "ALTER TABLE orders ADD COLUMN token UUID DEFAULT gen_random_uuid()",
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
            detail: "DETAIL:  Index \"orders_customer_id_idx\" is built: about 2000 rows",
            hint: "CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id)",
            statement: "CREATE INDEX orders_customer_id_idx ON orders (customer_id)",
        },
    );
}

#[test]
fn a_constraint_that_is_checked_at_once_is_refused() {
    refused(
        "refused_check",
        &Refusal {
            sqlstate: "IL002",
            message: "ALTER TABLE would scan table \"public.orders\" while blocking reads and writes",
            detail: "DETAIL:  Constraint \"orders_total_check\" is checked for every row: about 2000 rows",
            hint: "CHECK (total >= 0) NOT VALID",
            statement: "ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0)",
        },
    );
}

#[test]
fn a_column_is_added_and_filled_in_batches() {
    let mut shop = Shop::open();
    passes(&mut shop, "safe_column");
    let tokens = "SELECT count(DISTINCT token), count(*) FILTER (WHERE token IS NULL) FROM orders";
    assert_eq!(shop.admin.text(tokens), "2000|0");
    shop.await_committed("alembic", "ALTER TABLE orders ADD COLUMN token%");
}

#[test]
fn an_index_is_built_concurrently() {
    let mut shop = Shop::open();
    passes(&mut shop, "safe_index");
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_customer_id_idx'::regclass";
    assert!(shop.admin.one::<bool>(valid));
    shop.await_committed("alembic", "CREATE INDEX CONCURRENTLY%");
}

#[test]
fn a_constraint_is_added_first_and_validated_later() {
    let mut shop = Shop::open();
    let validated = "SELECT convalidated FROM pg_constraint WHERE conname = 'orders_total_check'";
    passes(&mut shop, "safe_check");
    assert!(!shop.admin.one::<bool>(validated));
    passes(&mut shop, "safe_validation");
    assert!(shop.admin.one::<bool>(validated));
    shop.await_committed("alembic", "ALTER TABLE orders VALIDATE CONSTRAINT%");
}

/// The refusal is not the end: the same database takes the safe form at once.
#[test]
fn after_a_refusal_the_safe_form_passes() {
    let mut shop = Shop::open();
    assert!(!run(upgrade(&shop, "refused_index")).success);
    passes(&mut shop, "safe_index");
    assert_eq!(shop.versions("alembic_version", "version_num"), ["safe_index"]);
}
