//! CREATE INDEX, DROP INDEX, REINDEX, ALTER INDEX.

use super::catalog::{Catalog, Index, Relation};
use super::random::Random;
use super::schema::name;
use super::statement::Statement;

pub fn create(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("rpm");
    let table: &Relation = random.choose(&tables)?;
    let number = random.number(1000, 9999);
    let mut new = name(random, "ix", number);
    let mut exists = "";
    if random.one_in(12) {
        exists = "IF NOT EXISTS ";
        if random.one_in(2) {
            new = random.choose(&table.indexes)?.name.clone();
        }
    }
    let only = if table.kind == 'p' {
        random.perhaps(4, "ONLY ")
    } else {
        ""
    };
    let (unique, what) = keys(random, table)?;
    let unique = if unique { "UNIQUE " } else { "" };
    let condition = random.word(&[
        "",
        "",
        "",
        "",
        "",
        " WHERE k > 10",
        " WHERE region = 1",
        " WHERE note IS NOT NULL",
    ]);
    Some(Statement::of(format!(
        "CREATE {unique}INDEX {exists}{new} ON {only}{} {what}{condition}",
        table.name
    )))
}

/// Whether it can be unique, and method and keys.
fn keys(random: &mut Random, table: &Relation) -> Option<(bool, String)> {
    let column = random.choose(&table.columns)?;
    let (name, kind) = (&column.name, column.kind.as_str());
    let by_kind = match kind {
        "integer[]" | "character varying(12)[]" | "jsonb" | "tsvector" => Some("gin"),
        "int4range" | "point" => Some(random.word(&["gist", "spgist"])),
        "inet" => Some(random.word(&["btree", "hash", "brin"])),
        _ => None,
    };
    if let Some(method) = by_kind {
        return Some((false, format!("USING {method} ({name})")));
    }
    let text = matches!(
        kind,
        "character varying(12)" | "character varying(30)" | "character varying" | "text"
    );
    Some(match random.number(0, 17) {
        0 => (true, "(id)".to_owned()),
        1 => (true, "(k)".to_owned()),
        2 => (true, "(id, k)".to_owned()),
        3 => (true, "(note)".to_owned()),
        4 => (true, "(region, id) INCLUDE (amount)".to_owned()),
        5 => (false, "(lower(note))".to_owned()),
        6 => (false, "((id + k), note)".to_owned()),
        7 => (false, "(doubled(id))".to_owned()),
        8 => (false, format!("USING hash ({name})")),
        9 => (false, format!("USING brin ({name})")),
        10 => (false, format!("({name}) WITH (fillfactor = 60)")),
        11 => (false, format!("({name} DESC NULLS LAST, id)")),
        12 if text => (false, format!("({name} text_pattern_ops)")),
        13 if text => (false, format!("({name} COLLATE \"POSIX\")")),
        14 => (false, format!("(({name} IS NULL))")),
        15 => (false, format!("(note) INCLUDE ({name})")),
        16 => (true, format!("({name}, id, k)")),
        _ => (false, format!("({name})")),
    })
}

fn any<'a>(random: &mut Random, catalog: &'a Catalog) -> Option<(&'a Relation, &'a Index)> {
    let all: Vec<(&Relation, &Index)> = catalog
        .relations
        .iter()
        .flat_map(|table| table.indexes.iter().map(move |index| (table, index)))
        .collect();
    random.choose(&all).copied()
}

pub fn drop(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let mut named = vec![any(random, catalog)?.1.name.clone()];
    if random.one_in(5) {
        named.push(any(random, catalog)?.1.name.clone());
    }
    let cascade = random.perhaps(3, " CASCADE");
    Some(Statement::of(format!("DROP INDEX {}{cascade}", named.join(", "))))
}

pub fn reindex(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let space = random.perhaps(8, "(TABLESPACE generated_space) ");
    Some(Statement::of(if random.one_in(2) {
        let (_, index) = any(random, catalog).filter(|(_, index)| !index.partitioned)?;
        format!("REINDEX {space}INDEX {}", index.name)
    } else {
        let tables = catalog.of("rm");
        format!("REINDEX {space}TABLE {}", random.choose(&tables)?.name)
    }))
}

pub fn alter(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let (_, index) = any(random, catalog)?;
    let action = match random.number(0, 6) {
        0 => "SET (fillfactor = 60)".to_owned(),
        1 => "RESET (fillfactor)".to_owned(),
        2 => "SET TABLESPACE generated_space".to_owned(),
        3 => "SET TABLESPACE pg_default".to_owned(),
        4 => "ALTER COLUMN 1 SET STATISTICS 100".to_owned(),
        5 => "SET (deduplicate_items = off)".to_owned(),
        _ => format!("ATTACH PARTITION {}", any(random, catalog)?.1.name),
    };
    Some(Statement::of(format!("ALTER INDEX {} {action}", index.name)))
}
