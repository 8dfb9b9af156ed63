//! A case, and how a family of them is run.

use pg_test::{Client, Server, TestDatabase};

use crate::compare::{differences, predicted};
use crate::server;

/// A statement on tables of its own.
pub struct Case {
    pub statement: String,
    /// What it finds, beside what its whole family finds.
    pub setup: String,
    /// Settings of the session that asks and runs.
    pub settings: String,
    /// Statements that hold a statement up which cannot run in a transaction block, so that its locks can be seen, beside
    /// those of [`server::watch`]. Each gets a transaction of its own.
    pub gates: Vec<String>,
    majors: std::ops::RangeInclusive<u32>,
    in_transaction: bool,
    may_fail: bool,
}

/// A statement, run in a transaction block.
pub fn case(statement: impl Into<String>) -> Case {
    Case {
        statement: statement.into(),
        setup: String::new(),
        settings: String::new(),
        gates: vec![],
        majors: 15..=18,
        in_transaction: true,
        may_fail: false,
    }
}

impl Case {
    /// What it finds.
    pub fn given(mut self, setup: impl Into<String>) -> Self {
        self.setup = setup.into();
        self
    }

    /// Settings of the session.
    pub fn set(mut self, settings: &str) -> Self {
        self.settings = settings.to_owned();
        self
    }

    /// Only from this major on.
    pub fn from(mut self, major: u32) -> Self {
        self.majors = major..=*self.majors.end();
        self
    }

    /// Only up to this major.
    pub fn until(mut self, major: u32) -> Self {
        self.majors = *self.majors.start()..=major;
        self
    }

    /// It cannot run in a transaction block: its locks are seen from another session while it is held up.
    pub fn watched(mut self) -> Self {
        self.in_transaction = false;
        self
    }

    /// Holds it up.
    pub fn gate(mut self, sql: &str) -> Self {
        self.gates.push(sql.to_owned());
        self
    }

    fn found(&self) -> String {
        format!("{}\n{}", self.setup, self.settings)
    }

    /// The server may refuse it; then there is nothing to compare. For generated cases.
    pub fn if_possible(mut self) -> Self {
        self.may_fail = true;
        self
    }
}

/// Runs every case, each in an empty schema `app` with what `base` and its own set-up create there, and then tells all
/// differences at once.
pub fn run(base: &str, cases: Vec<Case>) {
    let database = TestDatabase::new();
    let mut client = database.client();
    let mut reports = vec![];
    let mut compared = 0;
    let mut found = None;
    let filter = std::env::var("ORACLE_CASE").unwrap_or_default();
    for case in cases {
        if !case.majors.contains(&Server::under_test().major) || !case.statement.contains(&filter) {
            continue;
        }
        match outcome(base, &case, &mut found, &database, &mut client) {
            Ok(None) => compared += 1,
            Ok(Some(report)) => {
                compared += 1;
                reports.push(report);
            }
            Err(error) if case.may_fail => drop(error),
            Err(error) => reports.push(format!("cannot be run: {error}\n{}", describe(&case))),
        }
    }
    assert!(compared > 0 || !filter.is_empty(), "no case was compared");
    assert!(
        reports.is_empty(),
        "{} of {compared} cases differ\n\n{}",
        reports.len(),
        reports.join("\n")
    );
    println!("{compared} cases agree");
}

/// The differences of one case; an error if the server refuses the statement.
fn outcome(
    base: &str,
    case: &Case,
    found: &mut Option<String>,
    database: &TestDatabase,
    client: &mut Client,
) -> Result<Option<String>, String> {
    if found.as_deref() != Some(&case.found()) {
        *found = None;
        clean(client);
        client.batch(base);
        if let Err(error) = client.try_batch(&case.setup) {
            return Err(format!("set-up: {}", server::words(&error)));
        }
        client.batch(&case.settings);
    }
    // What ran in a transaction was undone, and the next case finds what this one found.
    *found = case.in_transaction.then(|| case.found());
    let before = server::relations(client);
    let prediction = predicted(client, &case.statement);
    let happened = if case.in_transaction {
        server::run(client, &case.statement, &before)?
    } else {
        server::watch(database, client, case, &before)?
    };
    let empty: Vec<&str> = before
        .values()
        .filter(|r| r.is_empty())
        .map(|r| r.name.as_str())
        .collect();
    let mut report = if empty.is_empty() {
        String::new()
    } else {
        format!("  no rows, so nothing is proved: {}\n", empty.join(", "))
    };
    report += &differences(&happened.profile, &prediction);
    Ok((!report.is_empty()).then(|| format!("{}{report}{}", describe(case), happened.debug_lines())))
}

fn describe(case: &Case) -> String {
    let mut text = format!("{}\n", case.statement);
    for (word, sql) in [("given", &case.setup), ("under", &case.settings)] {
        if !sql.is_empty() {
            text += &format!("  {word}: {sql}\n");
        }
    }
    text
}

/// An empty schema, and a session as new.
fn clean(client: &mut Client) {
    client.batch(
        "RESET ALL; DISCARD TEMP; SET client_min_messages = warning; SET pg_interlock.mode = off;
         DO $$
         DECLARE schema name;
         BEGIN
             FOR schema IN SELECT nspname FROM pg_namespace
                           WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'interlock', 'public') LOOP
                 EXECUTE format('DROP SCHEMA %I CASCADE', schema);
             END LOOP;
         END $$;
         CREATE SCHEMA app;
         SET search_path = app",
    );
    // A join that the planner runs as a nested loop over an index reads the referenced table of a foreign key only where
    // rows refer to it; which join it takes depends on sizes and statistics and says nothing about the statement.
    client.batch("SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off");
}

impl server::Found {
    fn debug_lines(&self) -> String {
        self.messages.iter().map(|line| format!("  server: {line}\n")).collect()
    }
}
