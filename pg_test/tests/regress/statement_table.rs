//! The table of statements in the README: what the judgement says of the rules' own examples, and of statements that need no
//! rule, on every major. `make readme` writes what is checked here.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use pg_test::postgres::Row;
use pg_test::{Client, Server};

use crate::support::{database, tablespace};

/// The tables that the examples speak of, with rows above the threshold of `database()`.
const TABLES: &str = "
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE ACCESS METHOD columnar TYPE TABLE HANDLER heap_tableam_handler;
    CREATE TABLE customers (id int PRIMARY KEY);
    CREATE TABLE orders (
        id int PRIMARY KEY, customer int, status varchar(10), note text, parts positive, placed timestamptz NOT NULL,
        net numeric, tax numeric GENERATED ALWAYS AS (net * 0.2) STORED, checked date);
    CREATE INDEX orders_status ON orders (status);
    CREATE TABLE regions (id int PRIMARY KEY, name text);
    INSERT INTO regions SELECT i, i FROM generate_series(1, 5) AS i;
    CREATE TABLE events (id int NOT NULL, at timestamptz NOT NULL);
    CREATE TABLE flights (id int, year int, PRIMARY KEY (id, year)) PARTITION BY RANGE (year);
    CREATE TABLE flights_2025 PARTITION OF flights FOR VALUES FROM (2025) TO (2026);
    CREATE TABLE bookings (flight int, year int, during int4range);
    CREATE TABLE readings (id int, at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE readings_default PARTITION OF readings DEFAULT;
    CREATE TABLE readings_2024 PARTITION OF readings FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE readings_2025 (id int, at date NOT NULL);
    INSERT INTO customers SELECT generate_series(1, 200);
    INSERT INTO orders (id, customer, status, note, parts, placed, net, checked)
        SELECT i, i, 'open', '', i, now(), i, now() FROM generate_series(1, 200) AS i;
    INSERT INTO events SELECT i, now() FROM generate_series(1, 200) AS i;
    INSERT INTO flights SELECT i, 2025 FROM generate_series(1, 200) AS i;
    INSERT INTO bookings SELECT i, 2025, int4range(i, i + 1) FROM generate_series(1, 200) AS i;
    INSERT INTO readings SELECT i, '2022-01-01' FROM generate_series(1, 200) AS i;
    INSERT INTO readings SELECT i, '2024-01-01' FROM generate_series(1, 200) AS i;
    INSERT INTO readings_2025 SELECT i, '2025-01-01' FROM generate_series(1, 200) AS i;
    CREATE MATERIALIZED VIEW totals AS SELECT id, sum(net) FROM orders GROUP BY id;
    CREATE UNIQUE INDEX ON totals (id);
    CREATE INDEX events_at ON events (at);
    UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'events_at'::regclass; -- as a failed build leaves it
    CREATE UNIQUE INDEX events_id_at ON events (id, at);
    ALTER TABLE orders ADD CONSTRAINT placed_after_2020 CHECK (placed > '2020-01-01') NOT VALID,
        ADD CONSTRAINT checked_known CHECK (checked IS NOT NULL);
    ALTER TABLE bookings ADD CONSTRAINT bookings_flight FOREIGN KEY (flight, year) REFERENCES flights";

/// Statements that take a lock and hold nobody up for long.
const HARMLESS: [&str; 24] = [
    "ALTER TABLE orders ADD COLUMN region text",
    "ALTER TABLE orders ADD COLUMN region text NOT NULL DEFAULT 'north'",
    "ALTER TABLE orders ADD COLUMN seen timestamptz DEFAULT now()",
    "ALTER TABLE orders ADD COLUMN gross numeric GENERATED ALWAYS AS (net * 1.2) VIRTUAL",
    "ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'none'",
    "ALTER TABLE orders ALTER COLUMN placed DROP NOT NULL",
    "ALTER TABLE orders ALTER COLUMN status TYPE varchar(20)",
    "ALTER TABLE orders ALTER COLUMN status TYPE text",
    "ALTER TABLE orders ALTER COLUMN checked SET NOT NULL",
    "ALTER TABLE orders ADD NOT NULL status NOT VALID",
    "ALTER TABLE orders ADD CHECK (net > 0) NOT VALID",
    "ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers NOT VALID",
    "ALTER TABLE orders VALIDATE CONSTRAINT placed_after_2020",
    "ALTER TABLE events ADD PRIMARY KEY USING INDEX events_id_at",
    "ALTER TABLE orders SET (fillfactor = 90)",
    "ALTER TABLE orders ALTER COLUMN status SET STATISTICS 1000",
    "CREATE INDEX CONCURRENTLY ON orders (placed)",
    "REINDEX TABLE CONCURRENTLY orders",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY totals",
    "ALTER TABLE readings DETACH PARTITION readings_2024",
    "ALTER TABLE bookings ALTER CONSTRAINT bookings_flight DEFERRABLE",
    "ALTER TABLE orders DISABLE TRIGGER USER",
    "VACUUM orders",
    "ANALYZE orders",
];

const BEGIN: &str = "<!-- statements: written by `make readme` -->\n";
const END: &str = "<!-- statements end -->\n";
const HEAD: &str = "| Statement | Lock | Work | Rule | Safe form | PostgreSQL |\n|---|---|---|---|---|---|\n";

/// The cells of a row, but for the versions.
type Cells = [String; 5];
/// The rows, each with the majors it is true for.
type Table = Vec<(Cells, BTreeSet<u32>)>;

#[test]
fn is_what_the_server_says() {
    let major = Server::under_test().major;
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = fs::read_to_string(&readme).expect("the README");
    let (before, rest) = text.split_once(BEGIN).expect("where the table begins");
    let (table, after) = rest.split_once(END).expect("where the table ends");
    let mut table = parse(table);
    let found = cells();
    if env::var_os("PG_INTERLOCK_WRITE_README").is_some() {
        put(&mut table, &found, major);
        fs::write(&readme, format!("{before}{BEGIN}{}{END}{after}", render(&table))).expect("the README is written");
        return;
    }
    let written: Vec<Cells> = table
        .into_iter()
        .filter(|(_, majors)| majors.contains(&major))
        .map(|(cells, _)| cells)
        .collect();
    for (written, found) in written.iter().zip(&found) {
        assert_eq!(written, found, "make readme writes it anew");
    }
    assert_eq!(written.len(), found.len(), "make readme writes it anew");
}

/// The table of this server.
fn cells() -> Vec<Cells> {
    let database = database();
    let mut client = database.client();
    tablespace(&mut client, "fast");
    client.batch(TABLES);
    client.batch("ANALYZE; SET pg_interlock.dml_row_threshold = 100");
    let mut table = vec![];
    for rule in client.query("SELECT id, safe_form, examples FROM interlock.rules", &[]) {
        for statement in rule.get::<_, Vec<String>>(2) {
            if let Some(profile) = profile(&mut client, &statement) {
                let id: String = rule.get(0);
                assert_eq!(ruled(&profile).as_deref(), Some(&*id), "{statement}");
                table.push(row(&mut client, &statement, &profile, rule.get(1)));
            }
        }
    }
    for statement in HARMLESS {
        if let Some(profile) = profile(&mut client, statement) {
            assert_eq!(ruled(&profile), None, "{statement}");
            table.push(row(&mut client, statement, &profile, "as it is"));
        }
    }
    table
}

/// The rows of `explain_lock_profile`; `None` if this major has no such statement.
fn profile(client: &mut Client, statement: &str) -> Option<Vec<Row>> {
    let sql = "SELECT * FROM interlock.explain_lock_profile($1)";
    match client.raw().query(sql, &[&statement]) {
        Ok(rows) => {
            assert!(!rows.is_empty(), "is not modelled: {statement}");
            Some(rows)
        }
        Err(error) => {
            let code = error.code().map_or("", |code| code.code());
            assert!(matches!(code, "42601" | "0A000"), "{statement}: {error:#?}");
            None
        }
    }
}

fn ruled(profile: &[Row]) -> Option<String> {
    profile.iter().find_map(|row| row.get("rule"))
}

fn row(client: &mut Client, statement: &str, profile: &[Row], safe_form: &str) -> Cells {
    let mut locks: Vec<(String, Vec<String>)> = vec![];
    let mut work: Vec<String> = vec![];
    let indexes: Vec<String> = client.one(
        "SELECT array_agg(oid::regclass::text) FROM pg_class WHERE relkind IN ('i', 'I') AND relnamespace = 'public'::regnamespace",
    );
    let has_table = |names: &[String]| names.iter().any(|name| !indexes.contains(name));
    for row in profile {
        let name = row.get::<_, String>("relation").replace("public.", "");
        let mode = row.get::<_, String>("lock_mode").replace("Lock", "");
        let is_index = indexes.contains(&name);
        if !is_index {
            work.extend(work_on(&name, row));
        }
        match locks.iter_mut().find(|(known, _)| *known == mode) {
            // Locked like a table, an index goes without saying.
            Some((_, relations)) if is_index && has_table(relations) => {}
            Some((_, relations)) => relations.push(name),
            None => locks.push((mode, vec![name])),
        }
    }
    let locks: Vec<String> = locks
        .into_iter()
        .map(|(mode, relations)| format!("{mode} on {}", relations.join(", ")))
        .collect();
    let rule = ruled(profile).map(|rule| {
        let action: String = client.one(&format!("SELECT action FROM interlock.rules WHERE id = '{rule}'"));
        format!("`{rule}` ({action})")
    });
    [
        format!("`{statement}`"),
        locks.join("; "),
        if work.is_empty() {
            "none".to_owned()
        } else {
            work.join(", ")
        },
        rule.unwrap_or_else(|| "none".to_owned()),
        safe_form.to_owned(),
    ]
}
fn work_on(name: &str, row: &Row) -> Option<String> {
    let is = |column| row.get::<_, bool>(column);
    if is("rewrites") {
        Some(format!("writes {name} anew"))
    } else if is("builds_indexes") {
        Some(format!("builds indexes of {name}"))
    } else if is("scans") {
        Some(format!("reads {name}"))
    } else {
        let rule = row.get::<_, Option<String>>("rule");
        let changes = rule.is_some_and(|rule| ["mass-change", "change-without-where"].contains(&&*rule));
        changes.then(|| format!("changes rows of {name}"))
    }
}

fn parse(table: &str) -> Table {
    table
        .lines()
        .skip(HEAD.lines().count())
        .map(|line| {
            let mut cells: Vec<String> = line.trim_matches(['|', ' ']).split(" | ").map(str::to_owned).collect();
            let majors = cells
                .pop()
                .expect("the versions")
                .split(", ")
                .map(|major| major.parse().expect("a major"))
                .collect();
            (cells.try_into().expect("five cells and the versions"), majors)
        })
        .collect()
}

fn render(table: &Table) -> String {
    let rows = table.iter().map(|(cells, majors)| {
        let majors: Vec<String> = majors.iter().map(u32::to_string).collect();
        format!("| {} | {} |\n", cells.join(" | "), majors.join(", "))
    });
    HEAD.to_owned() + &rows.collect::<String>()
}

/// Makes what was found the truth about one major, each new row behind what comes before it.
fn put(table: &mut Table, found: &[Cells], major: u32) {
    for (_, majors) in table.iter_mut() {
        majors.remove(&major);
    }
    let mut at = 0;
    for cells in found {
        match table.iter().position(|(known, _)| known == cells) {
            Some(known) => {
                table[known].1.insert(major);
                at = known + 1;
            }
            None => {
                table.insert(at, (cells.clone(), BTreeSet::from([major])));
                at += 1;
            }
        }
    }
    table.retain(|(_, majors)| !majors.is_empty());
}
