//! A case, and how a family of them is run.

use pg_test::{Client, Server, TestDatabase, postgres};

use crate::compare::{Prediction, differences, predicted};
use crate::server;

/// How the report on a set-up begins that leaves a table without rows.
pub const NO_ROWS: &str = "  no rows, so nothing is proved: ";

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
    /// What ran before it in the same transaction.
    pub earlier: Option<String>,
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
        earlier: None,
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

    /// It comes second in its transaction.
    pub fn after(mut self, earlier: impl Into<String>) -> Self {
        self.earlier = Some(earlier.into());
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

    /// The server may refuse it on what it finds; then there is nothing to compare. For cases made of lists.
    pub fn if_possible(mut self) -> Self {
        self.may_fail = true;
        self
    }
}

/// An extension that the server comes with and that has a type of the same name.
pub fn extension_with_type() -> String {
    TestDatabase::new()
        .client()
        .one("SELECT name FROM pg_available_extensions WHERE name IN ('citext', 'vector') LIMIT 1")
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
    let mut meant = cases;
    meant.retain(|case| case.majors.contains(&Server::under_test().major) && case.statement.contains(&filter));
    if meant.is_empty() {
        return;
    }
    for case in meant {
        if let Err(error) = set_up(base, &case, &mut found, &mut client) {
            reports.push(format!("its set-up fails: {error}\n{}", describe(&case)));
            continue;
        }
        match outcome(&case, &database, &mut client) {
            Ok(None) => compared += 1,
            Ok(Some(report)) => {
                compared += 1;
                reports.push(report);
            }
            Err(error) if case.may_fail => drop(error),
            Err(error) => reports.push(format!("cannot be run: {error}\n{}", describe(&case))),
        }
    }
    assert!(
        reports.is_empty(),
        "{} of {compared} cases differ\n\n{}",
        reports.len(),
        reports.join("\n")
    );
    assert!(compared > 0, "no case was compared");
    println!("{compared} cases agree");
}

/// Makes what a case finds, if the one before it did not find the same.
fn set_up(base: &str, case: &Case, found: &mut Option<String>, client: &mut Client) -> Result<(), String> {
    if found.as_deref() != Some(&case.found()) {
        *found = None;
        clean(client);
        client.batch(base);
        client.try_batch(&case.setup).map_err(|error| server::words(&error))?;
        client.batch(&case.settings);
    }
    // What ran in a transaction was undone, and the next case finds what this one found.
    *found = case.in_transaction.then(|| case.found());
    Ok(())
}

/// The differences of one case; an error if the server refuses the statement.
fn outcome(case: &Case, database: &TestDatabase, client: &mut Client) -> Result<Option<String>, String> {
    let found = if case.in_transaction {
        compared(client, case)?
    } else {
        watched(database, client, case)?
    };
    Ok((!found.is_empty()).then(|| format!("{}{found}", describe(case))))
}

/// What is wrong with the profile of a statement that runs in a transaction, which is undone; empty if nothing is.
pub fn compared(client: &mut Client, case: &Case) -> Result<String, String> {
    let (before, prediction, held);
    if let Some(earlier) = &case.earlier {
        server::begin(client, earlier)?;
        before = server::relations(client);
        if before
            .values()
            .any(|relation| relation.is_empty() || relation.is_unused())
        {
            client.batch("ROLLBACK");
            return Err("the earlier statement has left nothing to compare".to_owned());
        }
        held = server::own_locks(client);
        prediction = predicted(client, &case.statement);
    } else {
        held = server::Locks::new();
        before = server::relations(client);
        prediction = asked(client, &case.statement);
        server::begin(client, "")?;
    }
    if prediction.is_err() && case.earlier.is_some() {
        client.batch("ROLLBACK");
        server::begin(client, case.earlier.as_deref().unwrap_or_default())?;
    }
    let happened = server::run(client, &case.statement, &before);
    client.batch("ROLLBACK");
    Ok(match prediction {
        Ok(prediction) => report(&before, &happened?, prediction, &held),
        Err(error) => {
            happened?;
            no_answer(&error)
        }
    })
}

/// The same of one that cannot.
fn watched(database: &TestDatabase, client: &mut Client, case: &Case) -> Result<String, String> {
    let before = server::relations(client);
    let prediction = asked(client, &case.statement);
    let happened = server::watch(database, client, case, &before)?;
    Ok(match prediction {
        Ok(prediction) => report(&before, &happened, prediction, &server::Locks::new()),
        Err(error) => no_answer(&error),
    })
}

/// The profile, asked for in a transaction of its own.
fn asked(client: &mut Client, statement: &str) -> Result<Prediction, postgres::Error> {
    client.batch("BEGIN");
    let prediction = predicted(client, statement);
    client.batch("ROLLBACK");
    prediction
}

fn no_answer(error: &postgres::Error) -> String {
    format!("  pg_interlock cannot be asked: {}\n", server::words(error))
}

fn report(
    before: &server::Relations,
    happened: &server::Found,
    prediction: Prediction,
    held: &server::Locks,
) -> String {
    let empty = server::empty(before);
    let mut report = if empty.is_empty() {
        String::new()
    } else {
        format!("{NO_ROWS}{}\n", empty.join(", "))
    };
    report += &differences(&happened.profile, prediction, &server::by_name(held, before));
    for mismatch in &happened.mismatches {
        report += &format!("  pg_interlock.verify_profiles: {mismatch}\n");
    }
    if !report.is_empty() {
        report += &happened.debug_lines();
    }
    report
}

fn describe(case: &Case) -> String {
    let mut text = format!("{}\n", case.statement);
    let earlier = case.earlier.clone().unwrap_or_default();
    for (word, sql) in [("after", &earlier), ("given", &case.setup), ("under", &case.settings)] {
        if !sql.is_empty() {
            text += &format!("  {word}: {sql}\n");
        }
    }
    text
}

/// An empty schema, and a session as new.
pub fn clean(client: &mut Client) {
    client.batch(
        "RESET ROLE; RESET ALL; DISCARD TEMP; SET client_min_messages = warning; SET pg_interlock.mode = off;
         DO $$
         DECLARE schema name;
         BEGIN
             FOR schema IN SELECT nspname FROM pg_namespace
                           WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'interlock', 'public') LOOP
                 EXECUTE format('DROP SCHEMA %I CASCADE', schema);
             END LOOP;
         END $$;
         DROP FOREIGN DATA WRAPPER IF EXISTS nothing CASCADE;
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
