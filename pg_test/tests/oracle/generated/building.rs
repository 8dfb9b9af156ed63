//! What is hung on the tables of a set-up: indexes, constraints, triggers, rules, policies, views.

use super::OWNER;
use super::catalog::{Catalog, Relation};
use super::constraint;
use super::index;
use super::random::Random;
use super::schema::name;
use super::statement::{Rule, Statement};
use super::subcommand::{self, Subject};

/// What makes foreign keys possible comes first.
const FIRST: &[(u32, Rule)] = &[(3, key), (1, index::create)];
const RULES: &[(u32, Rule)] = &[
    (8, index::create),
    (8, foreign_key),
    (4, check),
    (4, key),
    (4, subcommand),
    (2, statistics),
    (3, trigger),
    (1, rule),
    (1, policy),
    (2, view),
    (2, materialized_view),
    (1, sequence),
    (1, invalid_index),
    (1, owner),
    (2, function),
    (1, row_column),
    (1, foreign_table),
    (1, moved),
];

/// The next statement of a set-up, of so many that there were.
pub fn next(random: &mut Random, catalog: &Catalog, earlier: usize) -> Option<Statement> {
    let rules = if earlier < 8 { FIRST } else { RULES };
    random.weighted(rules).and_then(|rule| rule(random, catalog))
}

/// What can be hung on a table at any time.
const HUNG: &[(u32, Rule)] = &[
    (3, trigger),
    (2, rule),
    (2, policy),
    (2, statistics),
    (2, view),
    (2, function),
    (1, row_column),
];

/// A statement that hangs something on a table.
pub fn hung(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    random.weighted(HUNG).and_then(|rule| rule(random, catalog))
}

fn altered(random: &mut Random, catalog: &Catalog, part: subcommand::Rule) -> Option<Statement> {
    let tables = catalog.of("rp");
    let table: &Relation = random.choose(&tables)?;
    let mut subject = Subject::of(table, catalog);
    let only = random.perhaps(8, "ONLY ");
    let part = part(random, &mut subject)?;
    Some(Statement::of(format!("ALTER TABLE {only}{} {part}", table.name)))
}

fn key(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    altered(random, catalog, constraint::key)
}

fn foreign_key(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    altered(random, catalog, constraint::foreign_key)
}

fn check(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    altered(random, catalog, constraint::check)
}

fn subcommand(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    altered(random, catalog, subcommand::any)
}

fn new(random: &mut Random, prefix: &str) -> String {
    let number = random.number(1000, 9999);
    name(random, prefix, number)
}

fn statistics(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("rpm");
    let table: &Relation = random.choose(&tables)?;
    let column = &random.choose(&table.columns)?.name;
    let what = match random.number(0, 2) {
        0 => format!("{column}, note"),
        1 => format!("(lower(note)), {column}"),
        _ => "k, region".to_owned(),
    };
    Some(Statement::of(format!(
        "CREATE STATISTICS {} ON {what} FROM {}",
        new(random, "st"),
        table.name
    )))
}

fn trigger(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("rp");
    let table: &Relation = random.choose(&tables)?;
    let name = new(random, "tr");
    let other: &Relation = random.choose(&tables)?;
    let what = match random.number(0, 4) {
        3 => format!(
            "CONSTRAINT TRIGGER {name} AFTER DELETE ON {} FROM {} FOR EACH ROW",
            table.name, other.name
        ),
        0 => format!("TRIGGER {name} BEFORE INSERT ON {} FOR EACH ROW", table.name),
        1 => format!("TRIGGER {name} AFTER UPDATE OF note ON {} FOR EACH ROW", table.name),
        2 => format!("TRIGGER {name} AFTER DELETE ON {} FOR EACH STATEMENT", table.name),
        _ => format!("CONSTRAINT TRIGGER {name} AFTER INSERT ON {} FOR EACH ROW", table.name),
    };
    Some(Statement::of(format!("CREATE {what} EXECUTE FUNCTION nothing()")))
}

fn rule(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("rp");
    let table: &Relation = random.choose(&tables)?;
    let other: &Relation = random.choose(&tables)?;
    let what = match random.number(0, 1) {
        0 => "INSTEAD NOTHING".to_owned(),
        _ => format!("ALSO DELETE FROM {} WHERE id < 0", other.name),
    };
    Some(Statement::of(format!(
        "CREATE RULE {} AS ON DELETE TO {} DO {what}",
        new(random, "ru"),
        table.name
    )))
}

fn policy(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("rp");
    let table: &Relation = random.choose(&tables)?;
    let other: &Relation = random.choose(&tables)?;
    let condition = match random.number(0, 1) {
        0 => "region > 0".to_owned(),
        _ => format!("EXISTS (SELECT FROM {} o WHERE o.amount > 0)", other.name),
    };
    Some(Statement::of(format!(
        "CREATE POLICY {} ON {} USING ({condition})",
        new(random, "po"),
        table.name
    )))
}

fn view(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let sources = catalog.of("rpvm");
    let one: &Relation = random.choose(&sources)?;
    let other: &Relation = random.choose(&sources)?;
    let name = new(random, "v");
    Some(Statement::of(match random.number(0, 1) {
        0 => format!("CREATE VIEW {name} AS SELECT id, note FROM {}", one.name),
        _ => format!(
            "CREATE VIEW {name} AS SELECT a.id, b.note FROM {} a JOIN {} b ON a.id = b.id",
            one.name, other.name
        ),
    }))
}

fn materialized_view(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let sources = catalog.of("rpvm");
    let source: &Relation = random.choose(&sources)?;
    Some(Statement::of(format!(
        "CREATE MATERIALIZED VIEW {} AS SELECT id, note FROM {}",
        new(random, "mv"),
        source.name
    )))
}

fn sequence(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("rp");
    let table: &Relation = random.choose(&tables)?;
    Some(Statement::of(format!(
        "CREATE SEQUENCE {} OWNED BY {}.k",
        new(random, "seq"),
        table.name
    )))
}

/// As a failed CREATE INDEX CONCURRENTLY leaves it.
fn invalid_index(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("r");
    let table: &Relation = random.choose(&tables)?;
    let index = random.choose(&table.indexes).filter(|index| !index.constraint)?;
    Some(Statement::of(format!(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{}'::regclass",
        index.name.replace('\'', "''")
    )))
}

fn owner(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let relations = catalog.of("rpvm");
    let relation = &random.choose(&relations)?.name;
    Some(Statement::of(match random.number(0, 3) {
        0 => format!("ALTER TYPE pair OWNER TO {OWNER}"),
        1 => format!("ALTER FUNCTION doubled(int) OWNER TO {OWNER}"),
        _ => format!("ALTER TABLE {relation} OWNER TO {OWNER}"),
    }))
}

/// Functions that depend on a table, as their bodies, arguments or results do.
fn function(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("rpv");
    let table = &random.choose(&tables)?.name;
    let name = new(random, "fn");
    Some(Statement::of(match random.number(0, 2) {
        0 => format!("CREATE FUNCTION {name}() RETURNS bigint BEGIN ATOMIC SELECT count(id) FROM {table}; END"),
        1 => format!("CREATE FUNCTION {name}({table}) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'"),
        _ => format!("CREATE FUNCTION {name}() RETURNS SETOF {table} LANGUAGE sql AS $$SELECT * FROM {table}$$"),
    }))
}

/// A column of another table's row type.
fn row_column(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("rp");
    let (table, of) = (&random.choose(&tables)?.name, &random.choose(&tables)?.name);
    let array = random.perhaps(3, "[]");
    Some(Statement::of(format!(
        "ALTER TABLE {table} ADD COLUMN {} {of}{array}",
        new(random, "row")
    )))
}

fn foreign_table(random: &mut Random, _catalog: &Catalog) -> Option<Statement> {
    let name = new(random, "far");
    Some(Statement::of(format!(
        "CREATE FOREIGN TABLE {name} (id int, k int, note varchar(12)) SERVER nowhere"
    )))
}

fn moved(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let relations = catalog.of("rpvm");
    let relation = &random.choose(&relations)?.name;
    Some(Statement::of(format!("ALTER TABLE {relation} SET SCHEMA far")))
}
