//! Tables that join a family and leave it: ATTACH and DETACH PARTITION, INHERIT, OF.

use super::catalog::{Catalog, Relation};
use super::random::Random;
use super::statement::{Rule, Statement};

const RULES: &[(u32, Rule)] = &[
    (4, attach),
    (3, attach_again),
    (3, detach),
    (2, inherit),
    (2, inherit_again),
    (2, no_inherit),
    (1, of_type),
    (1, not_of),
];

pub fn any(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    random.weighted(RULES).and_then(|rule| rule(random, catalog))
}

/// A bound that no row of the set-up is in.
pub fn free_bound(random: &mut Random, way: &str) -> &'static str {
    match way {
        "RANGE (k)" => random.word(&["FOR VALUES FROM (2000) TO (3000)", "DEFAULT"]),
        "RANGE (k, id)" => random.word(&["FOR VALUES FROM (2000, 0) TO (3000, MAXVALUE)", "DEFAULT"]),
        "LIST (region)" => random.word(&["FOR VALUES IN (7)", "FOR VALUES IN (7, 8)", "DEFAULT"]),
        "RANGE (note COLLATE \"C\")" => random.word(&["FOR VALUES FROM ('a') TO ('b')", "DEFAULT"]),
        "RANGE (doubled(id))" => "FOR VALUES FROM (2000) TO (3000)",
        "HASH (id)" => "FOR VALUES WITH (MODULUS 4, REMAINDER 1)",
        _ => random.word(&["FOR VALUES IN (7)", "DEFAULT"]),
    }
}

/// A table that may become a partition: its rows are in none of the bounds of the others.
fn attach(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let roots = catalog.of("p");
    let root: &Relation = random.choose(&roots)?;
    let loose: Vec<&Relation> = catalog
        .of("rp")
        .into_iter()
        .filter(|table| table.parents.is_empty() && table.name != root.name && same_columns(table, root))
        .collect();
    let table: &Relation = random.choose(&loose)?;
    let bound = free_bound(random, root.way.as_deref()?);
    Some(Statement::of(format!(
        "ALTER TABLE {} ATTACH PARTITION {} {bound}",
        root.name, table.name
    )))
}

fn same_columns(table: &Relation, root: &Relation) -> bool {
    table.columns.len() == root.columns.len()
        && root
            .columns
            .iter()
            .all(|wanted| table.columns.iter().any(|column| column.name == wanted.name))
}

fn partition<'a>(random: &mut Random, catalog: &'a Catalog) -> Option<&'a Relation> {
    let partitions: Vec<&Relation> = catalog.relations.iter().filter(|table| table.bound.is_some()).collect();
    random.choose(&partitions).copied()
}

fn detach(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let table = partition(random, catalog)?;
    Some(Statement::of(format!(
        "ALTER TABLE {} DETACH PARTITION {}",
        table.parents.first()?,
        table.name
    )))
}

/// What was there before is attached again, with something done in between.
fn attach_again(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let table = partition(random, catalog)?;
    let (parent, name) = (table.parents.first()?, &table.name);
    let between = match random.number(0, 6) {
        0 => format!("; ALTER TABLE {name} ADD CHECK (k IS NOT NULL AND k >= 100 AND k < 200)"),
        1 => format!("; ALTER TABLE {name} ADD CHECK (region IS NOT NULL AND region = 0)"),
        2 => format!("; CREATE INDEX ON {name} (note); CREATE INDEX ON ONLY {parent} (note)"),
        3 => format!("; ALTER TABLE {parent} ADD UNIQUE (k, region, id)"),
        4 => format!("; ALTER TABLE {name} ADD UNIQUE (id)"),
        _ => String::new(),
    };
    let attach = format!("ALTER TABLE {parent} ATTACH PARTITION {name} {}", table.bound.as_ref()?);
    let detach = format!("ALTER TABLE {parent} DETACH PARTITION {name}{between}");
    Some(Statement::of(attach).after(detach))
}

fn inherit(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("r");
    let (child, parent): (&Relation, &Relation) = (random.choose(&tables)?, random.choose(&tables)?);
    Some(Statement::of(format!(
        "ALTER TABLE {} INHERIT {}",
        child.name, parent.name
    )))
}

fn heir<'a>(random: &mut Random, catalog: &'a Catalog) -> Option<(&'a Relation, &'a String)> {
    let heirs: Vec<&Relation> = catalog
        .relations
        .iter()
        .filter(|table| table.bound.is_none() && !table.parents.is_empty())
        .collect();
    let child: &Relation = random.choose(&heirs)?;
    Some((child, random.choose(&child.parents)?))
}

fn no_inherit(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let (child, parent) = heir(random, catalog)?;
    Some(Statement::of(format!("ALTER TABLE {} NO INHERIT {parent}", child.name)))
}

fn inherit_again(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let (child, parent) = heir(random, catalog)?;
    let statement = Statement::of(format!("ALTER TABLE {} INHERIT {parent}", child.name));
    Some(statement.after(format!("ALTER TABLE {} NO INHERIT {parent}", child.name)))
}

fn typed<'a>(random: &mut Random, catalog: &'a Catalog) -> Option<(&'a Relation, &'a String)> {
    let typed: Vec<&Relation> = catalog
        .relations
        .iter()
        .filter(|table| table.of_type.is_some())
        .collect();
    let table: &Relation = random.choose(&typed)?;
    Some((table, table.of_type.as_ref()?))
}

fn not_of(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let (table, _) = typed(random, catalog)?;
    Some(Statement::of(format!("ALTER TABLE {} NOT OF", table.name)))
}

fn of_type(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let (table, of) = typed(random, catalog)?;
    let statement = Statement::of(format!("ALTER TABLE {} OF {of}", table.name));
    Some(statement.after(format!("ALTER TABLE {} NOT OF", table.name)))
}
