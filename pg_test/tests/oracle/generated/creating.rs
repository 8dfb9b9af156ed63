//! CREATE TABLE in its forms, and what else is made from what there is.

use super::catalog::{Catalog, Relation};
use super::column;
use super::family::free_bound;
use super::random::Random;
use super::schema::name;
use super::statement::{Rule, Statement};

const RULES: &[(u32, Rule)] = &[
    (5, partition),
    (3, referring),
    (2, inheriting),
    (2, like),
    (1, typed),
    (1, from_query),
    (1, sequence),
    (1, view),
];

pub fn any(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    random.weighted(RULES).and_then(|rule| rule(random, catalog))
}

fn new(random: &mut Random) -> String {
    let number = random.number(1000, 9999);
    name(random, "fresh", number)
}

fn table<'a>(random: &mut Random, catalog: &'a Catalog) -> Option<&'a Relation> {
    let tables = catalog.of("rp");
    random.choose(&tables).copied()
}

fn partition(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let roots = catalog.of("p");
    let root: &Relation = random.choose(&roots)?;
    let bound = free_bound(random, root.way.as_deref()?);
    let part = new(random);
    let elements = match random.number(0, 7) {
        0 => " (UNIQUE (id, note))".to_owned(),
        1 => " (note DEFAULT 'x', CHECK (id > 0))".to_owned(),
        2 => " (k NOT NULL)".to_owned(),
        3 => format!(" (FOREIGN KEY (id) REFERENCES {} (id))", table(random, catalog)?.name),
        _ => String::new(),
    };
    let below = random.perhaps(4, " PARTITION BY RANGE (id)");
    // The default partition is made again where there is one.
    let earlier = catalog
        .relations
        .iter()
        .find(|other| other.bound.as_deref() == Some("DEFAULT") && other.parents.first() == Some(&root.name))
        .filter(|_| bound == "DEFAULT")
        .map(|other| format!("ALTER TABLE {} DETACH PARTITION {}", root.name, other.name));
    let statement = Statement::of(format!(
        "CREATE TABLE {part} PARTITION OF {}{elements} {bound}{below}",
        root.name
    ));
    Some(match earlier {
        Some(earlier) => statement.after(earlier),
        None => statement,
    })
}

fn referring(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let fresh = new(random);
    let (one, other) = (&table(random, catalog)?.name, &table(random, catalog)?.name);
    let way = random.perhaps(4, " PARTITION BY LIST (a)");
    Some(Statement::of(match random.number(0, 3) {
        0 => format!("CREATE TABLE {fresh} (a int REFERENCES {one}){way}"),
        1 => format!("CREATE TABLE {fresh} (a int REFERENCES {one} (id), b int REFERENCES {other} (k)){way}"),
        2 => format!(
            "CREATE TABLE {fresh} (a int, b int, FOREIGN KEY (a, b) REFERENCES {one} (id, k) ON DELETE CASCADE){way}"
        ),
        _ => format!("CREATE TABLE {fresh} (a int PRIMARY KEY, b int REFERENCES {fresh}, c int REFERENCES {one} (id))"),
    }))
}

fn inheriting(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let tables = catalog.of("r");
    let parents: Vec<String> = random.some(&tables, 2).iter().map(|table| table.name.clone()).collect();
    let fresh = new(random);
    let own = match random.number(0, 2) {
        0 => String::new(),
        1 => "own int CHECK (own > 0)".to_owned(),
        _ => format!("own int REFERENCES {} (id)", table(random, catalog)?.name),
    };
    Some(Statement::of(format!(
        "CREATE TABLE {fresh} ({own}) INHERITS ({})",
        parents.join(", ")
    )))
}

fn like(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let sources = catalog.of("rpvm");
    let source: &Relation = random.choose(&sources)?;
    let including = random.word(&[
        "",
        " INCLUDING ALL",
        " INCLUDING INDEXES",
        " INCLUDING DEFAULTS INCLUDING IDENTITY",
    ]);
    let number = random.number(10, 99);
    let more = if random.one_in(3) {
        format!(", {}", column::definition(random, &format!("own{number}")).0)
    } else {
        String::new()
    };
    Some(Statement::of(format!(
        "CREATE TABLE {} (LIKE {}{including}{more})",
        new(random),
        source.name
    )))
}

fn typed(random: &mut Random, _catalog: &Catalog) -> Option<Statement> {
    let key = random.word(&["", " (PRIMARY KEY (id))", " (id NOT NULL, CHECK (k > 0))"]);
    Some(Statement::of(format!("CREATE TABLE {} OF row_type{key}", new(random))))
}

fn from_query(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let sources = catalog.of("rpvm");
    let source = &random.choose(&sources)?.name;
    let fresh = new(random);
    Some(Statement::of(match random.number(0, 2) {
        0 => format!("CREATE TABLE {fresh} AS SELECT * FROM {source}"),
        1 => format!("SELECT id INTO {fresh} FROM {source}"),
        _ => format!("CREATE MATERIALIZED VIEW {fresh} AS SELECT id, note FROM {source}"),
    }))
}

fn sequence(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let owner = &table(random, catalog)?.name;
    Some(Statement::of(format!(
        "CREATE SEQUENCE {} OWNED BY {owner}.id",
        new(random)
    )))
}

fn view(random: &mut Random, catalog: &Catalog) -> Option<Statement> {
    let views = catalog.of("v");
    let view = &random.choose(&views)?.name;
    let source = &table(random, catalog)?.name;
    Some(Statement::of(format!(
        "CREATE OR REPLACE VIEW {view} AS SELECT id, note FROM {source}"
    )))
}
