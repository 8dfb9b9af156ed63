//! Statements that leave rows alone: names, comments, owners, explicit locks, and tables as the server moves them by the lot.

use super::OWNER;
use super::catalog::{Catalog, Relation};
use super::random::Random;
use super::schema::name;
use super::statement::{Rule, Statement};

const RULES: &[(u32, Rule)] = &[
    (4, rename),
    (3, rename_part),
    (3, comment),
    (2, comment_on_part),
    (2, lock),
    (2, owner),
    (2, schema),
    (1, move_all),
    (2, publication),
    (2, query),
];

pub fn any(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    random.weighted(RULES).and_then(|rule| rule(random, catalog))
}

fn fresh(random: &mut Random) -> String {
    let number = random.number(1000, 9999);
    name(random, "renamed", number)
}

/// What ALTER and COMMENT call a relation.
fn word(relation: &Relation) -> &'static str {
    match relation.kind {
        'v' => "VIEW",
        'm' => "MATERIALIZED VIEW",
        'S' => "SEQUENCE",
        'f' => "FOREIGN TABLE",
        _ => "TABLE",
    }
}

fn rename(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let relations = catalog.of("rpvmSf");
    let relation: &Relation = random.choose(&relations)?;
    let exists = random.perhaps(4, "IF EXISTS ");
    Some(Statement::of(format!(
        "ALTER {} {exists}{} RENAME TO {}",
        word(relation),
        relation.name,
        fresh(random)
    )))
}

fn rename_part(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("rpvm");
    let table: &Relation = random.choose(&tables)?;
    let fresh = fresh(random);
    let only = random.perhaps(6, "ONLY ");
    Some(Statement::of(match random.number(0, 5) {
        0 => format!(
            "ALTER TABLE {only}{} RENAME CONSTRAINT {} TO {fresh}",
            table.name,
            random.choose(&table.constraints)?.name
        ),
        1 => format!("ALTER INDEX {} RENAME TO {fresh}", random.choose(&table.indexes)?.name),
        2 => format!(
            "ALTER TRIGGER {} ON {} RENAME TO {fresh}",
            random.choose(&table.triggers)?,
            table.name
        ),
        3 => format!(
            "ALTER POLICY {} ON {} RENAME TO {fresh}",
            random.choose(&table.policies)?,
            table.name
        ),
        _ => format!(
            "ALTER {} {} RENAME COLUMN {} TO {fresh}",
            word(table),
            table.name,
            random.choose(&table.columns)?.name
        ),
    }))
}

fn comment(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let relations = catalog.of("rpvmSf");
    let relation: &Relation = random.choose(&relations)?;
    Some(Statement::of(format!(
        "COMMENT ON {} {} IS 'x'",
        word(relation),
        relation.name
    )))
}

fn comment_on_part(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("rp");
    let table: &Relation = random.choose(&tables)?;
    let what = match random.number(0, 4) {
        0 => format!(
            "CONSTRAINT {} ON {}",
            random.choose(&table.constraints)?.name,
            table.name
        ),
        1 => format!("INDEX {}", random.choose(&table.indexes)?.name),
        2 => format!("TRIGGER {} ON {}", random.choose(&table.triggers)?, table.name),
        3 => format!("STATISTICS {}", random.choose(&catalog.statistics)?),
        _ => format!("COLUMN {}.{}", table.name, random.choose(&table.columns)?.name),
    };
    Some(Statement::of(format!("COMMENT ON {what} IS NULL")))
}

fn lock(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let relations = catalog.of("rpv");
    let named: Vec<String> = random
        .some(&relations, 2)
        .iter()
        .map(|found| found.name.clone())
        .collect();
    let only = random.perhaps(4, "ONLY ");
    let mode = random.word(&[
        "",
        " IN SHARE MODE",
        " IN ACCESS SHARE MODE",
        " IN SHARE ROW EXCLUSIVE MODE",
    ]);
    Some(Statement::of(format!("LOCK TABLE {only}{}{mode}", named.join(", "))))
}

fn owner(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let relations = catalog.of("rpvmSf");
    let relation: &Relation = random.choose(&relations)?;
    let what = match random.number(0, 4) {
        0 => "TYPE row_type".to_owned(),
        1 => "DOMAIN positive".to_owned(),
        _ => format!("{} {}", word(relation), relation.name),
    };
    Some(Statement::of(format!("ALTER {what} OWNER TO {OWNER}")))
}

fn schema(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let relations = catalog.of("rpvmSf");
    let relation: &Relation = random.choose(&relations)?;
    let what = match random.number(0, 4) {
        0 => random
            .word(&["TYPE row_type", "DOMAIN positive", "FUNCTION doubled(int)"])
            .to_owned(),
        _ => format!("{} {}", word(relation), relation.name),
    };
    Some(Statement::of(format!("ALTER {what} SET SCHEMA far")))
}

fn move_all(random: &mut Random, _catalog: &Catalog) -> Option<Statement> {
    let word = random.word(&["TABLE", "INDEX", "MATERIALIZED VIEW"]);
    let owned = if random.one_in(3) {
        format!(" OWNED BY {OWNER}")
    } else {
        String::new()
    };
    Some(Statement::of(format!(
        "ALTER {word} ALL IN TABLESPACE pg_default{owned} SET TABLESPACE generated_space"
    )))
}

fn publication(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("rp");
    let table: &Relation = random.choose(&tables)?;
    let only = random.perhaps(4, "ONLY ");
    let part = random.word(&["", " (id)", " WHERE (id > 0)"]);
    Some(Statement::of(format!(
        "CREATE PUBLICATION {} FOR TABLE {only}{}{part}",
        fresh(random),
        table.name
    )))
}

fn query(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let sources = catalog.of("rpvm");
    // What rules make of a query is not followed.
    let mut tables = catalog.of("rp");
    tables.retain(|table| table.rules.is_empty());
    let (source, table) = (&random.choose(&sources)?.name, &random.choose(&tables)?.name);
    let query = match random.number(0, 4) {
        0 => format!("SELECT count(*) FROM {source}"),
        1 => format!("DELETE FROM {table} WHERE id > 290"),
        2 => format!("UPDATE {table} SET note = note WHERE id < 10"),
        3 => format!("SELECT FROM {table} WHERE id < 10 FOR UPDATE"),
        _ => format!("DELETE FROM {table} USING {source} s WHERE s.id = {table}.id AND s.id > 290"),
    };
    let how = random.word(&["EXPLAIN ", "PREPARE prepared AS ", "DECLARE opened CURSOR FOR "]);
    Some(Statement::of(format!("{how}{query}")))
}
