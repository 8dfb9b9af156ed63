//! Subcommands of ALTER TABLE that are about constraints.

use pg_test::Server;

use super::random::Random;
use super::schema::name;
use super::subcommand::Subject;

/// A name for a new constraint, which later subcommands know.
fn named(random: &mut Random, subject: &mut Subject) -> String {
    if random.one_in(3) {
        return String::new();
    }
    let number = random.number(1000, 9999);
    let name = name(random, "con", number);
    subject.added_constraints.push(name.clone());
    format!("CONSTRAINT {name} ")
}

fn since_18() -> bool {
    Server::under_test().major >= 18
}

pub fn check(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let column = subject.column(random)?;
    let expression = match random.number(0, 9) {
        9 => "fits(k)".to_owned(),
        0..=2 => format!("{column} IS NOT NULL"),
        3 => format!("{column} IS NOT NULL AND id > 0"),
        4 => format!("{column} IS NULL OR {column} IS NOT NULL"),
        5 => "length(note) < 50".to_owned(),
        6 => "amount >= 0 OR k > 0".to_owned(),
        _ => "id > 0".to_owned(),
    };
    let mut more = random.word(&["", "", "", " NOT VALID", " NOT VALID", " NO INHERIT"]);
    if since_18() && random.one_in(10) {
        more = " NOT ENFORCED";
    }
    Some(format!("ADD {}CHECK ({expression}){more}", named(random, subject)))
}

/// A constraint that goes, and another one that comes under its name.
pub fn again(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let name = subject.constraint(random, "cfn")?;
    let column = subject.column(random)?;
    let expression = random.word(&["id > 0", "id IS NOT NULL", "k > -5", "amount >= 0 OR k > 0"]);
    let check = match random.number(0, 2) {
        0 => format!("{column} IS NOT NULL"),
        _ => expression.to_owned(),
    };
    let more = random.word(&["", " NOT VALID", " NOT VALID"]);
    let validate = if random.one_in(2) {
        format!(", VALIDATE CONSTRAINT {name}")
    } else {
        String::new()
    };
    Some(format!(
        "DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK ({check}){more}{validate}"
    ))
}

pub fn not_null(random: &mut Random, subject: &mut Subject) -> Option<String> {
    if !since_18() {
        return None;
    }
    let column = subject.column(random)?;
    let more = random.word(&["", "", " NOT VALID", " NOT VALID", " NO INHERIT"]);
    Some(format!("ADD {}NOT NULL {column}{more}", named(random, subject)))
}

pub fn key(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let columns = match random.number(0, 7) {
        0 | 1 => "id".to_owned(),
        2 => "k".to_owned(),
        3 => "id, k".to_owned(),
        4 => "note".to_owned(),
        5 => "region, id".to_owned(),
        6 => "k, id".to_owned(),
        _ => subject.column(random)?,
    };
    let spans = subject.table.columns.iter().any(|column| column.name == "span");
    let kind = match random.number(0, 9) {
        0..=2 if spans && since_18() => random
            .word(&[
                "PRIMARY KEY (span, valid WITHOUT OVERLAPS)",
                "UNIQUE (span, valid WITHOUT OVERLAPS)",
            ])
            .to_owned(),
        3 if spans => "EXCLUDE USING gist (span WITH =, valid WITH &&)".to_owned(),
        0..=3 => format!("PRIMARY KEY ({columns})"),
        4..=7 => format!("UNIQUE ({columns})"),
        8 if Server::under_test().major >= 15 => format!("UNIQUE NULLS NOT DISTINCT ({columns})"),
        _ => {
            let condition = random.perhaps(3, " WHERE (k > 10)");
            let elements = columns.replace(", ", " WITH =, ");
            format!("EXCLUDE USING btree ({elements} WITH =){condition}")
        }
    };
    let including = random.perhaps(6, " INCLUDE (amount)");
    let including = if kind.starts_with("EXCLUDE") { "" } else { including };
    let more = random.perhaps(6, " DEFERRABLE");
    Some(format!("ADD {}{kind}{including}{more}", named(random, subject)))
}

pub fn using_index(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let unique: Vec<&str> = subject
        .table
        .indexes
        .iter()
        .filter(|index| index.unique && !index.constraint && !index.partitioned)
        .map(|index| index.name.as_str())
        .collect();
    let index = (*random.choose(&unique)?).to_owned();
    let kind = random.word(&["PRIMARY KEY", "UNIQUE"]);
    Some(format!("ADD {}{kind} USING INDEX {index}", named(random, subject)))
}

pub fn foreign_key(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let tables = subject.catalog.tables();
    let referenced = random.choose(&tables)?;
    let spans = subject.table.columns.iter().any(|column| column.name == "span");
    if spans && since_18() && random.one_in(2) {
        let more = random.perhaps(3, " NOT VALID");
        return Some(format!(
            "ADD {}FOREIGN KEY (span, PERIOD valid) REFERENCES {referenced} (span, PERIOD valid){more}",
            named(random, subject)
        ));
    }
    let (columns, key) = *random.choose(&[
        ("id", "(id)"),
        ("id", ""),
        ("k", "(id)"),
        ("k", "(k)"),
        ("k", ""),
        ("note", "(note)"),
        ("id, k", "(id, k)"),
        ("id, k", ""),
        ("region, id", "(region, id)"),
        ("k, id", "(k, id)"),
    ])?;
    let mut more = random
        .word(&[
            "",
            "",
            "",
            " ON DELETE CASCADE",
            " ON UPDATE SET NULL",
            " MATCH FULL",
            " DEFERRABLE",
        ])
        .to_owned();
    more += random.perhaps(3, " NOT VALID");
    if since_18() {
        more += random.perhaps(8, " NOT ENFORCED");
    }
    Some(format!(
        "ADD {}FOREIGN KEY ({columns}) REFERENCES {referenced}{key}{more}",
        named(random, subject)
    ))
}

pub fn alter(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let constraint = subject.constraint(random, "fn")?;
    let mut words = vec!["DEFERRABLE", "NOT DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"];
    if since_18() {
        words.extend([
            "ENFORCED",
            "NOT ENFORCED",
            "INHERIT",
            "NO INHERIT",
            "ENFORCED DEFERRABLE",
        ]);
    }
    let words: Vec<&'static str> = words;
    Some(format!("ALTER CONSTRAINT {constraint} {}", random.word(&words)))
}

pub fn validate(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let pending: Vec<&str> = subject
        .table
        .constraints
        .iter()
        .filter(|known| !known.valid)
        .map(|known| known.name.as_str())
        .collect();
    if let Some(name) = random.choose(&pending)
        && !random.one_in(4)
    {
        return Some(format!("VALIDATE CONSTRAINT {name}"));
    }
    Some(format!("VALIDATE CONSTRAINT {}", subject.constraint(random, "cfn")?))
}

pub fn drop(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let constraint = subject.constraint(random, "cfnpux")?;
    let exists = random.perhaps(6, "IF EXISTS ");
    let cascade = random.perhaps(2, " CASCADE");
    Some(format!("DROP CONSTRAINT {exists}{constraint}{cascade}"))
}
