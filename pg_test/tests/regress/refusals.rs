//! What is refused, in which words, and that the way out which the words offer is one.

mod changes;
mod indexes;
mod names;
mod partitions;
mod rewrites;
mod scans;

use std::collections::BTreeSet;

use pg_test::{Client, DbError, Server};

use crate::support::{self, catalog_of, locks_on, refused, steps, tablespace};

/// Tables of 200 rows, and what the statements below need beside them.
const SHOP: &str = "
    DROP SCHEMA IF EXISTS shop CASCADE;
    CREATE SCHEMA shop;
    CREATE DOMAIN shop.positive AS int CHECK (VALUE > 0);
    CREATE TABLE shop.customers (id int PRIMARY KEY);
    CREATE TABLE shop.orders (id int PRIMARY KEY, customer int, total int, note varchar(20), span int4range,
                              price int, total_price int GENERATED ALWAYS AS (price * 2) STORED);
    CREATE INDEX orders_total_idx ON shop.orders (total);
    CREATE TABLE shop.\"Odd 'table'\" (id int PRIMARY KEY, \"from\" int);
    CREATE TABLE shop.events (id int NOT NULL, happened int);
    INSERT INTO shop.customers SELECT generate_series(1, 200);
    INSERT INTO shop.orders SELECT g, g, g, g, int4range(g, g + 1), g FROM generate_series(1, 200) AS g;
    INSERT INTO shop.\"Odd 'table'\" SELECT g, g FROM generate_series(1, 200) AS g;
    INSERT INTO shop.events SELECT g, g FROM generate_series(1, 200) AS g;
    ANALYZE shop.customers, shop.orders, shop.\"Odd 'table'\", shop.events";

/// A statement that is refused.
struct Case {
    rule: &'static str,
    /// Run first; it is let pass.
    before: &'static str,
    statement: &'static str,
    sqlstate: &'static str,
    table: &'static str,
    column: Option<&'static str>,
    constraint: Option<&'static str>,
    /// What the message says would be done; `TABLE` stands for the kind and name of the table.
    would: &'static str,
    /// `EXTENT` stands for the rows and bytes of the table, `SIZE` for the bytes.
    detail: &'static str,
    way_out: WayOut,
    /// True when the way out has led to what was wanted.
    reached: &'static str,
}

/// Where the safe form is taken from.
enum WayOut {
    /// The statements of the hint, one after the other, with a value for each `...`.
    Hint(&'static [&'static str]),
    /// The hint says it in words (which must be in it); these are the statements.
    Words(&'static str, &'static [&'static str]),
    /// There is none; the hint says so.
    None(&'static str),
    /// There is no hint, but there is a way.
    Unsaid(&'static [&'static str]),
}
use WayOut::{Hint, Words};

const CASE: Case = Case {
    rule: "",
    before: "",
    statement: "",
    sqlstate: "IL001",
    table: "orders",
    column: None,
    constraint: None,
    would: "rewrite TABLE while blocking reads and writes",
    detail: "",
    way_out: Hint(&[]),
    reached: "",
};

fn cases() -> Vec<Case> {
    let mut cases = rewrites::cases();
    cases.extend(scans::cases());
    cases.extend(indexes::cases());
    cases.extend(partitions::cases());
    cases.extend(changes::cases());
    if Server::under_test().major >= 17 {
        cases.push(rewrites::set_expression());
    }
    cases
}

#[test]
fn every_rule_that_rejects_has_a_case() {
    let database = support::database();
    let mut client = database.client();
    let rules = client.text("SELECT id FROM interlock.rules WHERE default_action = 'reject' ORDER BY id");
    let mut covered: BTreeSet<&str> = cases().iter().map(|case| case.rule).collect();
    covered.insert("set-expression"); // a statement of 17 and later
    covered.insert("lock-wait"); // see polite.rs
    covered.extend(["work-under-held-lock", "concurrently-in-transaction"]); // see transactions.rs, transaction_blocks.rs
    assert_eq!(rules, covered.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn rewrites_are_refused() {
    check(rewrites::cases());
}

#[test]
fn scans_are_refused() {
    check(scans::cases());
}

#[test]
fn index_builds_are_refused() {
    check(indexes::cases());
}

#[test]
fn work_on_partitions_is_refused() {
    check(partitions::cases());
}

#[test]
fn changes_of_many_rows_are_refused() {
    check(changes::cases());
}

#[test]
fn set_expression_is_refused() {
    if Server::under_test().major >= 17 {
        check(vec![rewrites::set_expression()]);
    }
}

#[test]
fn what_is_not_enforced_is_left_alone() {
    if Server::under_test().major >= 18 {
        check(vec![scans::not_enforced()]);
    }
}

/// Its TOAST table is written anew while the table is locked.
#[test]
fn vacuum_full_of_toast_alone_is_refused() {
    if Server::under_test().major < 16 {
        return;
    }
    let database = support::database();
    let mut client = database.client();
    client.batch(SHOP);
    client.batch(
        "CREATE TABLE shop.wide (a text); ALTER TABLE shop.wide ALTER a SET STORAGE external;
         INSERT INTO shop.wide SELECT repeat(md5(i::text), 400) FROM generate_series(1, 90) i;
         ANALYZE shop.wide",
    );
    let error = refused(&mut client, "VACUUM (FULL, PROCESS_MAIN false) shop.wide", "IL001");
    let toast = client.text("SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'shop.wide'::regclass");
    assert_eq!(
        error.message(),
        format!("VACUUM would rewrite TOAST table \"{toast}\" while blocking reads and writes")
    );
    client.batch("VACUUM (FULL, PROCESS_MAIN false) shop.orders");
}

fn check(cases: Vec<Case>) {
    let database = support::database();
    let mut client = database.client();
    for case in cases {
        println!("{}", case.statement);
        client.batch("RESET pg_interlock.size_threshold; RESET search_path");
        client.batch(SHOP);
        for statement in case.before.split(';').filter(|statement| !statement.trim().is_empty()) {
            client.batch(statement);
        }
        if case.statement.contains("TABLESPACE elsewhere") {
            tablespace(&mut client, "elsewhere");
        }
        let error = is_refused(&mut client, &case);
        has_its_fields(&mut client, &case, &error);
        the_way_out_leads_there(&mut client, &case, error.hint());
    }
}

/// Refused, and nothing is left of the attempt: no lock and no change, neither in a transaction that goes on nor outside.
fn is_refused(client: &mut Client, case: &Case) -> DbError {
    let before = catalog_of(client, "shop");
    let error = refused(client, case.statement, case.sqlstate);
    client.batch("BEGIN");
    client.batch("SAVEPOINT attempt");
    if case.statement.starts_with("VACUUM") {
        // It cannot run there anyway.
        refused(client, case.statement, "25001");
    } else {
        let again = refused(client, case.statement, case.sqlstate);
        assert_eq!(again, error, "in a transaction");
    }
    client.batch("ROLLBACK TO SAVEPOINT attempt");
    assert_eq!(locks_on(client, "shop"), "", "{}", case.statement);
    client.batch("COMMIT");
    assert_eq!(catalog_of(client, "shop"), before, "{}", case.statement);
    error
}

fn has_its_fields(client: &mut Client, case: &Case, error: &DbError) {
    let size: String = client.query(
        "SELECT pg_size_pretty(pg_total_relation_size(c.oid)) FROM pg_class AS c
         WHERE c.relnamespace = 'shop'::regnamespace AND c.relname = $1",
        &[&case.table],
    )[0]
    .get(0);
    let extent = format!("about 200 rows ({size})");
    let kind = if case.statement.starts_with("ALTER INDEX") {
        "index"
    } else {
        "table"
    };
    let tag = client.text(&format!(
        "SELECT DISTINCT command_tag FROM interlock.explain_lock_profile($command${}$command$)",
        case.statement
    ));
    let would = case.would.replace("TABLE", &format!("{kind} \"shop.{}\"", case.table));
    assert_eq!(error.severity(), "ERROR");
    assert_eq!(error.message(), format!("{tag} would {would}"));
    assert_eq!(
        error.detail(),
        Some(case.detail.replace("EXTENT", &extent).replace("SIZE", &size).as_str())
    );
    let fields = (error.schema(), error.table(), error.column(), error.constraint());
    assert_eq!(
        fields,
        (Some("shop"), Some(case.table), case.column, case.constraint),
        "{}",
        case.statement
    );
}

fn the_way_out_leads_there(client: &mut Client, case: &Case, hint: Option<&str>) {
    let said = |words: &str| {
        let hint = hint.unwrap_or_else(|| panic!("no hint: {}", case.statement));
        assert!(hint.contains(words), "{}\n{hint}", case.statement);
    };
    let statements: Vec<String> = match case.way_out {
        WayOut::None(words) => return said(words),
        Words(words, statements) => {
            said(words);
            statements.iter().map(|statement| statement.to_string()).collect()
        }
        WayOut::Unsaid(statements) => {
            assert_eq!(hint, None);
            statements.iter().map(|statement| statement.to_string()).collect()
        }
        Hint(values) => {
            let hint = hint.unwrap_or_else(|| panic!("no hint: {}", case.statement));
            let filled = values
                .iter()
                .fold(hint.to_string(), |hint, value| hint.replacen("...", value, 1));
            println!("  {filled}");
            assert!(!filled.contains("..."), "the reader has to guess: {hint}");
            steps(&filled)
        }
    };
    assert!(!statements.is_empty(), "{hint:?}");
    for statement in statements {
        println!("  > {statement}");
        client.batch(&statement);
    }
    let reached: bool = client.one(case.reached);
    assert!(reached, "{}\n{hint:?}", case.statement);
}
