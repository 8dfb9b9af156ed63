//! What the server really does: locks, new storage, sequential scans, index builds.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use pg_test::postgres::error::DbError;
use pg_test::{Client, TestDatabase, postgres};

use crate::case::Case;
use crate::compare::{Effect, Profile};

type Oid = u32;

/// A relation at one moment.
pub struct Relation {
    pub name: String,
    pub kind: char,
    file: Option<Oid>,
    bytes: i64,
    /// It is no materialized view WITH NO DATA.
    populated: bool,
    /// The table of an index.
    table: Option<Oid>,
    /// What an index is made of: its access method and its columns.
    keys: Option<String>,
    /// Where a sequence stands.
    value: Option<i64>,
}

impl Relation {
    /// A table without a row, though it might have some: whatever is done to it proves nothing.
    pub fn is_empty(&self) -> bool {
        self.has_rows() && self.populated && self.bytes == 0
    }

    /// A sequence that never gave a number, or gives its first one again, is like a table without a row.
    pub fn is_unused(&self) -> bool {
        self.kind == 'S' && self.value.is_none()
    }

    fn has_rows(&self) -> bool {
        matches!(self.kind, 'r' | 'm')
    }

    fn is_index(&self) -> bool {
        matches!(self.kind, 'i' | 'I')
    }
}

/// All relations of users by oid.
pub type Relations = BTreeMap<Oid, Relation>;

/// The names of tables without a row.
pub fn empty(relations: &Relations) -> Vec<&str> {
    let empty = relations.values().filter(|relation| relation.is_empty());
    empty.map(|relation| relation.name.as_str()).collect()
}

/// What happened.
pub struct Found {
    pub profile: Profile,
    /// The DEBUG1 lines, for whoever reads a difference.
    pub messages: Vec<String>,
    /// What `pg_interlock.verify_profiles` found wrong.
    pub mismatches: Vec<String>,
}

/// The strongest mode a session has on each relation.
pub type Locks = BTreeMap<Oid, String>;

/// The guard looks on while a statement runs, and tells what its profile got wrong.
const VERIFIED: &str = "pg_interlock.mode = log; SET LOCAL pg_interlock.log_decisions = none;
                        SET LOCAL pg_interlock.verify_profiles = warn";

const USERS: &str = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock') AND n.nspname !~ '^pg_toast'
                     AND c.relkind IN ('r', 'p', 'm', 'v', 'S', 'i', 'I', 'f', 'c')";

/// The relations as they are now. Leaves locks, so to be asked outside a transaction, or at its end.
pub fn relations(client: &mut Client) -> Relations {
    let rows = client.query(
        &format!(
            "SELECT c.oid, n.nspname || '.' || c.relname, c.relkind::text, pg_relation_filenode(c.oid),
                    CASE WHEN c.relkind IN ('r', 'm', 'i', 'S') THEN pg_relation_size(c.oid) ELSE 0 END,
                    i.indrelid, CASE WHEN c.relkind = 'S' THEN pg_sequence_last_value(c.oid) END,
                    c.relam || ' ' || i.indkey::text, c.relispopulated
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             LEFT JOIN pg_index i ON i.indexrelid = c.oid
             WHERE {USERS}"
        ),
        &[],
    );
    rows.iter()
        .map(|row| {
            let relation = Relation {
                name: row.get(1),
                kind: row.get::<_, String>(2).chars().next().expect("a relkind"),
                file: row.get(3),
                bytes: row.get(4),
                table: row.get(5),
                value: row.get(6),
                keys: row.get(7),
                populated: row.get(8),
            };
            (row.get(0), relation)
        })
        .collect()
}

/// Begins a transaction, and runs in it what comes before the statement that counts.
pub fn begin(client: &mut Client, earlier: &str) -> Result<(), String> {
    client.batch("BEGIN");
    client.try_batch(earlier).map_err(|error| {
        client.batch("ROLLBACK");
        format!("earlier: {}", words(&error))
    })
}

/// Runs a statement in the transaction that is open, and looks at what it did.
pub fn run(client: &mut Client, statement: &str, before: &Relations) -> Result<Found, String> {
    client.batch(&format!("SET LOCAL client_min_messages = debug1; SET LOCAL {VERIFIED}"));
    let scans_before = scans(client, "pg_stat_get_xact_numscans");
    client.notices();
    let outcome = client.try_batch(statement);
    let notices = client.notices();
    outcome.map_err(|error| words(&error))?;
    client.batch("SET LOCAL client_min_messages = warning; SET LOCAL pg_interlock.mode = off");
    let locks = own_locks(client);
    let scanned = more(&scans_before, &scans(client, "pg_stat_get_xact_numscans"));
    let after = relations(client);
    let messages: Vec<String> = notices.iter().map(|notice| notice.message().to_owned()).collect();
    Ok(Found {
        profile: profile(statement, before, &after, &locks, &scanned, Some(&messages)),
        messages,
        mismatches: mismatches(&notices),
    })
}

fn mismatches(notices: &[DbError]) -> Vec<String> {
    let told = notices
        .iter()
        .filter(|notice| notice.message().starts_with("lock profile of"));
    told.map(|notice| notice.detail().unwrap_or_default().to_owned())
        .collect()
}

/// Runs a statement that cannot be in a transaction block, held up by other sessions at every lock it wants: on each
/// table one has ShareUpdateExclusiveLock and one AccessShareLock, which it has on the table's indexes too. Whoever is
/// waited for lets go once the locks have been looked at.
pub fn watch(database: &TestDatabase, client: &mut Client, case: &Case, before: &Relations) -> Result<Found, String> {
    let mut observer = database.client();
    let flush = "SELECT pg_stat_force_next_flush()";
    client.batch(flush);
    let scans_before = scans(&mut observer, "pg_stat_get_numscans");
    let mut blockers: Vec<(i32, Client)> = vec![];
    let mut block = |sql: &str| {
        let mut blocker = database.client();
        blocker.batch(&format!("BEGIN; {sql}"));
        blockers.push((blocker.pid(), blocker));
    };
    for table in before.values().filter(|relation| matches!(relation.kind, 'r' | 'p')) {
        block(&format!(
            "LOCK TABLE ONLY {} IN SHARE UPDATE EXCLUSIVE MODE",
            table.name
        ));
        // The indexes of temporary tables are not for others to look into.
        if table.name.starts_with("pg_temp") {
            block(&format!("LOCK TABLE ONLY {} IN ACCESS SHARE MODE", table.name));
        } else {
            block(&format!("EXPLAIN SELECT * FROM ONLY {}", table.name));
        }
    }
    case.gates.iter().for_each(|gate| block(gate));

    client.batch("RESET ROLE");
    client.batch(&format!("SET {}", VERIFIED.replace("LOCAL", "SESSION")));
    client.batch(&case.settings);
    client.notices();
    let running = std::mem::replace(client, database.client()).run(&case.statement);
    let mut seen = BTreeMap::new();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !running.ended() {
        let by: Vec<i32> = observer
            .query("SELECT unnest(pg_blocking_pids($1))", &[&running.pid()])
            .iter()
            .map(|row| row.get(0))
            .collect();
        assert!(Instant::now() < deadline, "does not come to an end: {}", case.statement);
        if by.is_empty() {
            thread::sleep(Duration::from_millis(2));
            continue;
        }
        for (relation, mode) in locks(&mut observer, running.pid()) {
            strongest(&mut seen, relation, mode);
        }
        // Dropping a connection ends its transaction; the lock is free when its backend is gone.
        for (pid, blocker) in &mut blockers {
            if by.contains(pid) {
                blocker.batch("ROLLBACK");
            }
        }
    }
    let outcome;
    (*client, outcome) = running.finish();
    outcome.map_err(|error| words(&error))?;
    let mismatches = mismatches(&client.notices());
    client.batch("RESET ROLE; SET pg_interlock.mode = off");
    client.batch(flush);
    let scanned = more(&scans_before, &scans(&mut observer, "pg_stat_get_numscans"));
    let after = relations(client);
    Ok(Found {
        profile: profile(&case.statement, before, &after, &seen, &scanned, None),
        messages: vec![],
        mismatches,
    })
}

fn scans(client: &mut Client, function: &str) -> BTreeMap<Oid, i64> {
    let sql = format!("SELECT oid, {function}(oid) FROM pg_class WHERE relkind IN ('r', 'm')");
    client
        .query(&sql, &[])
        .iter()
        .map(|row| (row.get(0), row.get::<_, Option<i64>>(1).unwrap_or(0)))
        .collect()
}

fn more(before: &BTreeMap<Oid, i64>, after: &BTreeMap<Oid, i64>) -> BTreeSet<Oid> {
    let grown = |oid: &Oid, count: &i64| *count > before.get(oid).copied().unwrap_or(0);
    after
        .iter()
        .filter(|(oid, count)| grown(oid, count))
        .map(|(oid, _)| *oid)
        .collect()
}

/// The locks this session holds.
pub fn own_locks(client: &mut Client) -> Locks {
    let pid = client.pid();
    locks(client, pid)
}

/// Locks by the names of relations.
pub fn by_name(locks: &Locks, relations: &Relations) -> BTreeMap<String, String> {
    let named = |(oid, mode): (&Oid, &String)| Some((relations.get(oid)?.name.clone(), mode.clone()));
    locks.iter().filter_map(named).collect()
}

/// The strongest lock on each relation, held or asked for.
fn locks(client: &mut Client, pid: i32) -> Locks {
    let mut strongest_modes = BTreeMap::new();
    let rows = client.query(
        "SELECT relation, mode FROM pg_locks
         WHERE pid = $1 AND locktype = 'relation'
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        &[&pid],
    );
    for row in rows {
        strongest(&mut strongest_modes, row.get(0), row.get(1));
    }
    strongest_modes
}

fn strongest(modes: &mut BTreeMap<Oid, String>, relation: Oid, mode: String) {
    let known = modes.entry(relation).or_insert_with(|| mode.clone());
    if strength(&mode) > strength(known) {
        *known = mode;
    }
}

/// The stronger of two modes.
pub fn stronger<'a>(one: &'a str, other: &'a str) -> &'a str {
    if strength(one) > strength(other) { one } else { other }
}

fn strength(mode: &str) -> usize {
    const MODES: [&str; 8] = [
        "AccessShareLock",
        "RowShareLock",
        "RowExclusiveLock",
        "ShareUpdateExclusiveLock",
        "ShareLock",
        "ShareRowExclusiveLock",
        "ExclusiveLock",
        "AccessExclusiveLock",
    ];
    MODES.iter().position(|known| *known == mode).expect("a lock mode")
}

/// The rows that `interlock.explain_lock_profile` should have had. `messages` are the server's DEBUG1 lines, if they were
/// asked for.
fn profile(
    statement: &str,
    before: &Relations,
    after: &Relations,
    locks: &Locks,
    scanned: &BTreeSet<Oid>,
    messages: Option<&[String]>,
) -> Profile {
    let mut profile = Profile::new();
    for (oid, relation) in before {
        let Some(lock) = locks.get(oid).filter(|mode| strength(mode) > 0) else {
            continue;
        };
        let gone = !after.contains_key(oid);
        let dropped_by_name = gone && drops(statement, &relation.name);
        let rebuilt = !dropped_by_name && rewritten(*oid, statement, before, after, messages.unwrap_or_default());
        if relation.is_index() && !rebuilt && !gone && !names(statement, &relation.name) {
            continue;
        }
        let effect = Effect {
            lock: lock.clone(),
            rewrites: rebuilt,
            scans: scanned.contains(oid) && !emptied(*oid, before, after),
            builds_indexes: relation.has_rows()
                && gets_index(*oid, before, after)
                && messages.is_none_or(|messages| builds(messages, &relation.name)),
        };
        profile.insert(relation.name.clone(), effect);
    }
    profile
}

/// Whether a statement, or a subcommand of an ALTER TABLE, begins with DROP and names this.
fn drops(statement: &str, name: &str) -> bool {
    let subcommands: Vec<&str> = match statement.split_once(" DROP ") {
        Some((before, _)) if before.starts_with("ALTER TABLE") => statement.split(", ").collect(),
        _ => vec![statement],
    };
    subcommands
        .iter()
        .any(|each| (each.starts_with("DROP") || each.contains(" DROP ")) && names(each, name))
}

/// Whether a relation has new storage with the old content. A sequence that starts anew is like a table that is emptied.
fn rewritten(oid: Oid, statement: &str, before: &Relations, after: &Relations, messages: &[String]) -> bool {
    let old = &before[&oid];
    let new = match after.get(&oid) {
        Some(new) => new,
        None if old.is_index() => match made_again(old, statement, before, after, messages) {
            Some(new) => new,
            None => return false,
        },
        None => return false,
    };
    if old.file == new.file {
        return false;
    }
    match old.kind {
        'S' => old.value == new.value,
        'i' => !old.table.is_some_and(|table| emptied(table, before, after)),
        _ => new.bytes > 0,
    }
}

/// The index in place of one that was dropped without having been named: it has the same name, or the one that the server
/// tells of; that of a partition, made again after a type change, may have any.
fn made_again<'a>(
    old: &Relation,
    statement: &str,
    before: &Relations,
    after: &'a Relations,
    messages: &[String],
) -> Option<&'a Relation> {
    let (schema, name) = old.name.split_once('.').unwrap_or_default();
    let renames = format!("will rename index \"{name}\" to \"");
    let renamed = messages.iter().find_map(|message| message.split_once(&renames));
    let new_name = renamed.map_or(old.name.clone(), |(_, new)| {
        format!("{schema}.{}", new.trim_end_matches('"'))
    });
    let same_name = after.values().find(|new| new.name == new_name);
    same_name.or_else(|| {
        let is_new = |(oid, new): &(&Oid, &Relation)| {
            !before.contains_key(oid) && new.table == old.table && new.keys == old.keys
        };
        let found = after.iter().filter(|_| statement.contains(" TYPE ")).find(is_new);
        found.map(|(_, new)| new)
    })
}

fn emptied(table: Oid, before: &Relations, after: &Relations) -> bool {
    after
        .get(&table)
        .is_some_and(|new| new.bytes == 0 && before[&table].bytes > 0)
}

/// Whether a table has an index whose storage no index of it had before.
fn gets_index(table: Oid, before: &Relations, after: &Relations) -> bool {
    let files = |relations: &Relations| -> BTreeSet<Option<Oid>> {
        let indexes = relations.values().filter(|r| r.table == Some(table) && r.kind == 'i');
        indexes.map(|index| index.file).collect()
    };
    !emptied(table, before, after) && !files(after).is_subset(&files(before))
}

/// Whether the server told that it built an index on a table: the files of one may also have been moved.
fn builds(messages: &[String], table: &str) -> bool {
    let on = format!(" on table \"{}\" ", table.split_once('.').map_or("", |(_, name)| name));
    messages
        .iter()
        .any(|message| message.starts_with("building index ") && message.contains(&on))
}

/// Whether a statement contains the name of an index as a word, or in quotes.
fn names(statement: &str, qualified: &str) -> bool {
    let name = qualified.split_once('.').map_or("", |(_, name)| name);
    if statement.contains(&format!("\"{}\"", name.replace('"', "\"\""))) {
        return true;
    }
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    statement.match_indices(name).any(|(at, _)| {
        !statement[..at].ends_with(part_of_word) && !statement[at + name.len()..].starts_with(part_of_word)
    })
}

/// A server's error in one line.
pub fn words(error: &postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |error| error.message().to_owned())
}
