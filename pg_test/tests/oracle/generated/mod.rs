//! Random statements on random schemas.
//!
//! Each schema comes from a seed, which a failure tells: `ORACLE_SEED=…` begins with that one. `ORACLE_STATEMENTS` says how
//! many statements each of these tests compares. What the server refuses is not compared. The long run has seeds of its own
//! each time.

mod building;
mod catalog;
mod column;
mod constraint;
mod creating;
mod defined;
mod dropping;
mod family;
mod index;
mod minimal;
mod naming;
mod random;
mod schema;
mod statement;
mod subcommand;
mod types;

use std::io::{Write, stdout};
use std::sync::OnceLock;

use pg_test::{Client, Server, TestDatabase};

use crate::case::{Case, case, clean, compared};
use catalog::Catalog;
use random::Random;

/// How many statements one schema is set up for.
const PER_SCHEMA: usize = 150;
/// After so many failing statements a test gives up.
const ENOUGH: usize = 6;
/// A role that some things belong to.
const OWNER: &str = "generated_owner";
/// The planner reads the referenced table of a foreign key by its index, not from end to end for each row.
const PLANNER: &str = "SET seq_page_cost = 100; SET random_page_cost = 100; SET jit = off;
                       SET enable_indexonlyscan = off; SET enable_bitmapscan = off;
                       SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;";

#[test]
fn first() {
    run(of_this_major(1), 600);
}

#[test]
fn second() {
    run(of_this_major(2), 600);
}

#[test]
fn third() {
    run(of_this_major(3), 600);
}

#[test]
fn fourth() {
    run(of_this_major(4), 600);
}

#[test]
#[ignore = "as long as one likes: ORACLE_STATEMENTS=…"]
fn soak() {
    run(u64::from(rand::random::<u32>()) * 1_000_000_000, 30_000);
}

/// The same on every run, so that a change is blamed for its own faults only, and others on each major.
fn of_this_major(part: u64) -> u64 {
    u64::from(Server::under_test().major) * 1_000_000_000 + part * 1_000_000
}

/// What a test has done so far.
#[derive(Default)]
struct Tally {
    tried: usize,
    compared: usize,
    different: usize,
}

fn run(first: u64, statements: usize) {
    let statements = setting("ORACLE_STATEMENTS").map_or(statements, |number| number as usize);
    let first = setting("ORACLE_SEED").unwrap_or(first);
    let database = TestDatabase::new();
    let mut client = database.client();
    prepare(&mut client);
    let mut tally = Tally::default();
    let mut seed = first;
    while tally.compared < statements && tally.different < ENOUGH {
        try_schema(seed, &mut client, &mut tally);
        seed += 1;
    }
    say(&format!(
        "seeds {first} to {}: {} statements, {} accepted and compared",
        seed - 1,
        tally.tried,
        tally.compared
    ));
    assert!(
        tally.different == 0,
        "{} of {} statements differ: see above",
        tally.different,
        tally.compared
    );
    assert!(tally.compared * 10 >= tally.tried * 4, "the server refuses too much");
}

/// Not println: the seeds of a run that found nothing are told too.
fn say(what: &str) {
    let told = writeln!(stdout(), "{what}");
    drop(told);
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What belongs to the whole cluster or database.
fn prepare(client: &mut Client) {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        client.batch("SET allow_in_place_tablespaces = on");
        client.batch("CREATE TABLESPACE generated_space LOCATION ''");
        client.batch(&format!("CREATE ROLE {OWNER}"));
    });
    client.batch("CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler");
}

/// Sets up the schema of a seed and compares statements on it.
fn try_schema(seed: u64, client: &mut Client, tally: &mut Tally) {
    let mut random = Random::from_seed(seed);
    let zone = random.word(&["UTC", "Europe/Berlin", "Etc/UTC", "GMT"]);
    let settings = format!("{PLANNER} SET timezone = '{zone}'");
    let setup = set_up(&mut random, client, &settings);
    let catalog = Catalog::read(client);
    let mut failed: Vec<(Case, String)> = vec![];
    let room = ENOUGH - tally.different;
    for _ in 0..PER_SCHEMA {
        let Some(statement) = statement::any(&mut random, &catalog) else {
            continue;
        };
        let mut case = case(statement.text());
        let mut earlier: Vec<String> = vec![];
        if random.one_in(6) {
            for _ in 0..random.number(1, 3) {
                let rule = if random.one_in(3) {
                    statement::change
                } else {
                    statement::any
                };
                earlier.extend(rule(&mut random, &catalog).map(|statement| statement.text()));
            }
        }
        earlier.extend(statement.earlier);
        if !earlier.is_empty() {
            case = case.after(earlier.join(";\n"));
        }
        tally.tried += 1;
        let Ok(report) = compared(client, &case) else {
            continue;
        };
        tally.compared += 1;
        if !report.is_empty() && !is_planners_choice(&case.statement, &report) && failed.len() < room {
            failed.push((case, report));
        }
    }
    for (case, report) in failed {
        let earlier = case.earlier.as_ref().map_or(String::new(), |sql| format!("{sql};\n"));
        let report = format!(
            "ORACLE_SEED={seed}\n{earlier}{}\n{}",
            case.statement,
            minimal::minimal(&setup, &settings, &case, client)
                .unwrap_or_else(|| format!("not again after the same set-up:\n{report}"))
        );
        // At once: a long run may be ended before it ends.
        say(&report);
        tally.different += 1;
    }
}

/// Of a partition that leaves and a table that refers to it, one is read from end to end: where both have an index, which
/// one is not foreseen.
fn is_planners_choice(statement: &str, report: &str) -> bool {
    let scans = |side: &str| side.contains("scans");
    let rest = |side: &str| side.replace("scans", "").trim().to_owned();
    let sides = report.lines().map(|line| {
        line.strip_prefix("  ! ")?
            .split_once("server:")?
            .1
            .split_once("predicted:")
    });
    let unlike: Vec<(&str, &str)> = sides.flatten().collect();
    let told = report.contains("verify_profiles") || report.contains("asking left");
    statement.contains(" DETACH PARTITION ")
        && !told
        && unlike.iter().all(|(server, predicted)| rest(server) == rest(predicted))
        && unlike.iter().any(|(server, _)| scans(server))
        && unlike.iter().any(|(_, predicted)| scans(predicted))
}

/// Creates a random schema; the statements that succeeded.
fn set_up(random: &mut Random, client: &mut Client, settings: &str) -> Vec<String> {
    clean(client);
    client.batch(settings);
    let mut done = vec![];
    let mut perform = |statement: String, client: &mut Client| {
        if client.try_batch(&statement).is_ok() {
            done.push(statement);
        }
    };
    for statement in schema::tables(random) {
        perform(statement, client);
    }
    // What a failed INSERT has left behind are no rows.
    client.batch("VACUUM");
    for number in 0..random.number(20, 60) {
        let catalog = Catalog::read(client);
        if let Some(statement) = building::next(random, &catalog, number) {
            perform(statement.text(), client);
        }
    }
    // A table that could not be filled, for some constraint of it, would prove nothing.
    for table in Catalog::empty_tables(client) {
        perform(format!("DROP {table} CASCADE"), client);
    }
    for sequence in Catalog::read(client).of("S") {
        perform(
            format!("SELECT nextval('{}')", sequence.name.replace('\'', "''")),
            client,
        );
    }
    done
}
