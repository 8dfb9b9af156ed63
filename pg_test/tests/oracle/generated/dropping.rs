//! DROP of what is no relation, and of all that belongs to a role or is in a schema.

use super::OWNER;
use super::catalog::{Catalog, Relation};
use super::random::Random;
use super::statement::{Rule, Statement};

const RULES: &[(u32, Rule)] = &[(4, of_ground), (2, statistics), (3, part), (2, owned), (1, schema)];

pub fn any(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    random.weighted(RULES).and_then(|rule| rule(random, catalog))
}

/// Types and functions, which columns, defaults and indexes depend on.
fn of_ground(random: &mut Random, _catalog: &Catalog) -> Option<Statement> {
    let what = random.word(&[
        "TYPE mood",
        "TYPE pair",
        "TYPE row_type",
        "DOMAIN positive",
        "DOMAIN plain",
        "DOMAIN defaulted",
        "DOMAIN IF EXISTS stamped, required",
        "DOMAIN nested",
        "DOMAIN over_plain",
        "DOMAIN whole",
        "TYPE holder",
        "TYPE floats",
        "FUNCTION fits(int)",
        "SERVER nowhere",
        "FOREIGN DATA WRAPPER nothing",
        "FUNCTION inlined()",
        "FUNCTION not_inlined()",
        "FUNCTION doubled(int)",
        "FUNCTION nothing",
        "ROUTINE doubled",
    ]);
    let cascade = random.word(&[" CASCADE", " CASCADE", ""]);
    Some(Statement::of(format!("DROP {what}{cascade}")))
}

fn statistics(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let mut named: Vec<&str> = random
        .some(&catalog.statistics, 2)
        .into_iter()
        .map(String::as_str)
        .collect();
    let exists = random.perhaps(3, "IF EXISTS ");
    if !exists.is_empty() {
        named.push("absent");
    }
    (!named.is_empty()).then(|| Statement::of(format!("DROP STATISTICS {exists}{}", named.join(", "))))
}

fn part(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let parts: Vec<(&str, &String, &Relation)> = catalog
        .relations
        .iter()
        .flat_map(|table| {
            let of = |word: &'static str, names: &'static dyn Fn(&Relation) -> &Vec<String>| {
                names(table).iter().map(move |name| (word, name, table))
            };
            of("TRIGGER", &|table| &table.triggers)
                .chain(of("RULE", &|table| &table.rules))
                .chain(of("POLICY", &|table| &table.policies))
        })
        .collect();
    let (word, name, table) = random.choose(&parts)?;
    let exists = random.perhaps(4, "IF EXISTS ");
    let cascade = random.perhaps(4, " CASCADE");
    Some(Statement::of(format!(
        "DROP {word} {exists}{name} ON {}{cascade}",
        table.name
    )))
}

fn owned(random: &mut Random, _catalog: &Catalog) -> Option<Statement> {
    Some(Statement::of(match random.number(0, 2) {
        0 => format!("DROP OWNED BY {OWNER} CASCADE"),
        1 => format!("DROP OWNED BY {OWNER}"),
        _ => format!("REASSIGN OWNED BY {OWNER} TO CURRENT_USER"),
    }))
}

fn schema(random: &mut Random, _catalog: &Catalog) -> Option<Statement> {
    Some(Statement::of(random.word(&[
        "DROP SCHEMA app CASCADE",
        "DROP SCHEMA far CASCADE",
        "DROP SCHEMA IF EXISTS absent, app CASCADE",
    ])))
}
