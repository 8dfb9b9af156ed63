//! ALTER DOMAIN, ALTER TYPE: types that tables have columns of, or are made of.

use super::catalog::{Catalog, Domain};
use super::random::Random;
use super::statement::{Rule, Statement};
use super::types;

const RULES: &[(u32, Rule)] = &[(3, domain), (2, composite)];

pub fn any(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    random.weighted(RULES).and_then(|rule| rule(random, catalog))
}

fn domain(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let domain: &Domain = random.choose(&catalog.domains)?;
    let constraint = random.choose(&domain.constraints).cloned();
    let action = match random.number(0, 8) {
        0 => "SET NOT NULL".to_owned(),
        1 => "DROP NOT NULL".to_owned(),
        2 => format!("SET DEFAULT {}", random.word(&["NULL", "5", "random()"])),
        3 => "DROP DEFAULT".to_owned(),
        4 => "ADD CHECK (VALUE IS NOT NULL)".to_owned(),
        5 => format!(
            "ADD CONSTRAINT extra CHECK (VALUE::text <> ''){}",
            random.perhaps(3, " NOT VALID")
        ),
        6 => format!("VALIDATE CONSTRAINT {}", constraint?),
        7 => format!("DROP CONSTRAINT {}{}", constraint?, random.perhaps(2, " CASCADE")),
        _ => "ADD CHECK (VALUE::text <> '') NOT VALID".to_owned(),
    };
    Some(Statement::of(format!("ALTER DOMAIN {} {action}", domain.name)))
}

fn composite(random: &mut Random, _catalog: &Catalog) -> Option<Statement> {
    let (of, attributes): (_, &[&'static str]) = *random.choose(&[
        ("row_type", ["id", "k", "note", "amount"].as_slice()),
        ("row_type", ["id", "k", "note", "amount"].as_slice()),
        ("pair", ["a", "b"].as_slice()),
        ("holder", ["a", "b"].as_slice()),
    ])?;
    let mut actions = vec![];
    for number in 0..random.number(1, 2) {
        let attribute = random.word(attributes);
        let cascade = random.word(&[" CASCADE", " CASCADE", " CASCADE", ""]);
        actions.push(match random.number(0, 6) {
            0 | 1 => format!("ADD ATTRIBUTE added{number} {}{cascade}", types::any(random).name),
            2 => format!("DROP ATTRIBUTE {attribute}{cascade}"),
            3 => format!("DROP ATTRIBUTE IF EXISTS absent{cascade}"),
            _ => format!(
                "ALTER ATTRIBUTE {attribute} TYPE {}{cascade}",
                random.word(&[
                    "bigint",
                    "numeric(12,2)",
                    "varchar(30)",
                    "text",
                    "varchar",
                    "varchar(12) COLLATE \"C\"",
                    "positive",
                    "numeric",
                ])
            ),
        });
    }
    Some(Statement::of(format!("ALTER TYPE {of} {}", actions.join(", "))))
}
