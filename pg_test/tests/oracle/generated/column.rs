//! Column definitions, for CREATE TABLE and ADD COLUMN.

use pg_test::Server;

use super::random::Random;
use super::types;

/// A definition, and the value of its rows as an expression of `i` unless the server makes it.
pub fn definition(random: &mut Random, name: &str) -> (String, Option<String>) {
    match random.number(0, 12) {
        0 => {
            let serial = random.word(&["serial", "bigserial", "smallserial"]);
            (format!("{name} {serial}{}", random.perhaps(4, " UNIQUE")), None)
        }
        1 => {
            let kind = random.word(&["int", "bigint"]);
            let always = random.word(&["ALWAYS", "BY DEFAULT"]);
            let options = random.perhaps(3, " (START 5 INCREMENT 2)");
            (format!("{name} {kind} GENERATED {always} AS IDENTITY{options}"), None)
        }
        2 | 3 => (format!("{name} {}", generated(random)), None),
        _ => ordinary(random, name),
    }
}

fn ordinary(random: &mut Random, name: &str) -> (String, Option<String>) {
    let of = types::any(random);
    let mut definition = format!("{name} {}", of.name);
    if random.one_in(3) {
        definition += &format!(" DEFAULT {}", types::default(random, of));
    }
    let not_null = random.one_in(4);
    if not_null {
        definition += " NOT NULL";
    }
    let checked = random.one_in(8);
    if checked {
        definition += &format!(" CHECK ({name} IS NOT NULL)");
    }
    let value = if not_null || checked || random.one_in(2) || of.name == "required" {
        of.value.to_owned()
    } else {
        format!("CASE WHEN i % 9 > 0 THEN {} END", of.value)
    };
    (definition, Some(value))
}

/// A type and what it is generated from.
fn generated(random: &mut Random) -> String {
    let (kind, expression) = *random
        .choose(&[
            ("int", "k + 1"),
            ("text", "note || 'x'"),
            ("int", "doubled(id)"),
            ("numeric", "amount * 2"),
            ("bigint", "id"),
        ])
        .unwrap_or(&("int", "1"));
    let stored = if Server::under_test().major >= 18 {
        random.word(&[" STORED", " VIRTUAL", ""])
    } else {
        " STORED"
    };
    let null = random.perhaps(3, " NOT NULL");
    format!("{kind} GENERATED ALWAYS AS ({expression}){stored}{null}")
}

/// A definition for ADD COLUMN, where constraints may stand beside it.
pub fn added(random: &mut Random, name: &str, tables: &[String]) -> String {
    let (mut definition, _) = definition(random, name);
    match random.number(0, 11) {
        0 => definition += " UNIQUE",
        1 => definition += " PRIMARY KEY",
        2 => definition += &format!(" CHECK ({name} IS NULL OR {name} IS NOT NULL)"),
        3 => definition += " CHECK (id > 0)",
        4 | 5 => {
            if let Some(table) = random.choose(tables) {
                let key = if random.one_in(2) { " (id)" } else { "" };
                definition = format!(
                    "{name} {}{} REFERENCES {table}{key}",
                    random.word(&["int", "bigint", "varchar(12)", "positive"]),
                    random.word(&["", "", " DEFAULT 3", " DEFAULT NULL", " DEFAULT inlined()"]),
                );
            }
        }
        _ => {}
    }
    definition
}
