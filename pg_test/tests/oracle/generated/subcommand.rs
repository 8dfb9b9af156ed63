//! Subcommands of ALTER TABLE.

use pg_test::Server;

use super::catalog::{Catalog, Column, Relation};
use super::column;
use super::constraint;
use super::random::Random;
use super::schema::name;
use super::types;

/// The table of an ALTER TABLE, and what its earlier subcommands add, which later ones may speak of.
pub struct Subject<'a> {
    pub table: &'a Relation,
    pub catalog: &'a Catalog,
    pub added_columns: Vec<String>,
    pub added_constraints: Vec<String>,
    /// The columns of the table that earlier subcommands are about: what one does to a column changes what another does.
    pub touched: Vec<String>,
}

/// A kind of subcommand.
pub type Rule = fn(&mut Random, &mut Subject) -> Option<String>;

const RULES: &[(u32, Rule)] = &[
    (7, add_column),
    (4, drop_column),
    (10, change_type),
    (5, set_not_null),
    (5, constraint::check),
    (3, constraint::not_null),
    (6, constraint::key),
    (2, constraint::using_index),
    (7, constraint::foreign_key),
    (3, constraint::alter),
    (4, constraint::validate),
    (5, constraint::drop),
    (10, of_column),
    (6, of_storage),
    (5, of_table),
];

/// What changes rows and what hangs on columns: of these, one subcommand changes what another means.
const REWORK: &[(u32, Rule)] = &[
    (12, change_type),
    (3, of_storage),
    (3, constraint::drop),
    (2, constraint::foreign_key),
    (2, constraint::key),
    (2, constraint::check),
    (2, constraint::validate),
    (2, set_not_null),
    (2, add_column),
    (1, drop_column),
    (2, column_again),
    (2, constraint::again),
    (2, of_column),
];

/// One subcommand of several that rework a table.
pub fn rework(random: &mut Random, subject: &mut Subject) -> Option<String> {
    random.weighted(REWORK).and_then(|rule| rule(random, subject))
}

/// One subcommand.
pub fn any(random: &mut Random, subject: &mut Subject) -> Option<String> {
    random.weighted(RULES).and_then(|rule| rule(random, subject))
}

impl<'a> Subject<'a> {
    pub fn of(table: &'a Relation, catalog: &'a Catalog) -> Self {
        Self {
            table,
            catalog,
            added_columns: vec![],
            added_constraints: vec![],
            touched: vec![],
        }
    }

    /// A column of the table, or one that was just added.
    pub fn column(&mut self, random: &mut Random) -> Option<String> {
        if !self.added_columns.is_empty() && random.one_in(2) {
            return random.choose(&self.added_columns).cloned();
        }
        self.known_column(random).map(|column| column.name.clone())
    }

    /// A column of the table, and once in a while one that was spoken of.
    fn known_column(&mut self, random: &mut Random) -> Option<&'a Column> {
        let of_all = random.choose(&self.table.columns)?;
        let again = random.choose(&self.touched).filter(|_| random.one_in(3));
        let found = again.and_then(|name| self.table.columns.iter().find(|column| column.name == *name));
        let column = found.unwrap_or(of_all);
        self.touched.push(column.name.clone());
        Some(column)
    }

    /// A constraint of the table with one of these letters, or one that was just added.
    pub fn constraint(&self, random: &mut Random, kinds: &str) -> Option<String> {
        if !self.added_constraints.is_empty() && random.one_in(2) {
            return random.choose(&self.added_constraints).cloned();
        }
        let fitting: Vec<&str> = self
            .table
            .constraints
            .iter()
            .filter(|known| kinds.contains(known.kind))
            .map(|known| known.name.as_str())
            .collect();
        random.choose(&fitting).map(|name| (*name).to_owned())
    }
}

fn add_column(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let exists = random.perhaps(6, "IF NOT EXISTS ");
    let column = if random.one_in(12) {
        subject.column(random)?
    } else {
        let number = random.number(1000, 9999);
        name(random, "n", number)
    };
    let definition = column::added(random, &column, &subject.catalog.tables());
    subject.added_columns.push(column);
    Some(format!("ADD COLUMN {exists}{definition}"))
}

fn drop_column(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let exists = random.perhaps(4, "IF EXISTS ");
    let column = if random.one_in(10) {
        "absent".to_owned()
    } else {
        subject.column(random)?
    };
    Some(format!("DROP COLUMN {exists}{column}{}", random.perhaps(3, " CASCADE")))
}

/// A column that goes and comes back under its name.
fn column_again(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let column = subject.known_column(random)?.name.clone();
    let definition = column::added(random, &column, &subject.catalog.tables());
    subject.added_columns.push(column.clone());
    Some(format!("DROP COLUMN {column}, ADD COLUMN {definition}"))
}

fn change_type(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let column = subject.known_column(random)?;
    let near: &[&str] = match column.kind.as_str() {
        "character varying(12)" | "character varying(30)" | "character varying" | "text" | "name" | "plain" => &[
            "varchar(12)",
            "varchar(30)",
            "varchar(20)",
            "varchar",
            "text",
            "varchar(5)",
            "varchar(12) COLLATE \"POSIX\"",
            "varchar(30) COLLATE \"C\"",
            "text COLLATE \"C\"",
            "char(8)",
            "plain",
            "over_plain",
        ],
        "numeric" | "numeric(10,2)" => &["numeric(12,2)", "numeric(10,2)", "numeric(12,3)", "numeric", "bigint"],
        "integer" | "bigint" | "smallint" | "oid" => &[
            "int",
            "bigint",
            "smallint",
            "oid",
            "positive",
            "defaulted",
            "numeric",
            "nested",
        ],
        "timestamp without time zone" | "timestamp(3) without time zone" | "timestamp with time zone" => &[
            "timestamp",
            "timestamptz",
            "timestamp(3)",
            "timestamptz(3)",
            "stamped",
            "date",
        ],
        "bit varying(8)" | "bit(8)" => &["varbit(16)", "varbit", "bit(8)", "varbit(8)"],
        "character varying(12)[]" => &["varchar(12)[]", "varchar(30)[]", "text[]", "varchar[]"],
        "positive" | "nested" | "defaulted" | "required" => &["int", "positive", "nested", "bigint", "defaulted"],
        _ => &[],
    };
    let wanted = if near.is_empty() || random.one_in(5) {
        types::any(random).name.to_owned()
    } else {
        random.word(near).to_owned()
    };
    let plain = wanted.split(" COLLATE").next().unwrap_or_default().to_owned();
    let using = match random.number(0, 5) {
        0 => format!(" USING {}::{plain}", column.name),
        1 => format!(" USING ({}::text)::{plain}", column.name),
        2 => format!(" USING {}", column.name),
        _ => String::new(),
    };
    Some(format!("ALTER COLUMN {} TYPE {wanted}{using}", column.name))
}

fn set_not_null(random: &mut Random, subject: &mut Subject) -> Option<String> {
    Some(format!("ALTER COLUMN {} SET NOT NULL", subject.column(random)?))
}

/// What concerns one column and costs little.
fn of_column(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let column = subject.column(random)?;
    let known = subject.table.columns.iter().find(|known| known.name == column);
    let identity = known.is_some_and(|column| column.identity);
    let generated = known.is_some_and(|column| column.generated);
    let action = match random.number(0, 11) {
        0 if !identity && !generated => {
            let of = known.and_then(|column| types::named(&column.kind));
            let value = of.map_or("NULL".to_owned(), |of| types::default(random, of));
            format!("SET DEFAULT {value}")
        }
        1 => "DROP DEFAULT".to_owned(),
        2 => "DROP NOT NULL".to_owned(),
        3 if generated => random
            .word(&["DROP EXPRESSION", "DROP EXPRESSION IF EXISTS"])
            .to_owned(),
        4 | 5 if generated && Server::under_test().major >= 17 => "SET EXPRESSION AS (id + 5)".to_owned(),
        6 => format!("SET STATISTICS {}", random.number(0, 100)),
        7 => random
            .word(&[
                "SET (n_distinct = 5)",
                "RESET (n_distinct)",
                "SET (n_distinct_inherited = 9)",
            ])
            .to_owned(),
        8 => format!(
            "SET STORAGE {}",
            random.word(&["plain", "external", "main", "extended"])
        ),
        9 => format!("SET COMPRESSION {}", random.word(&["pglz", "default"])),
        _ if identity => random
            .word(&[
                "DROP IDENTITY",
                "SET GENERATED BY DEFAULT",
                "SET GENERATED ALWAYS SET INCREMENT 3",
                "RESTART",
                "RESTART WITH 900",
                "SET START 7",
                "SET CACHE 5 SET NO CYCLE",
            ])
            .to_owned(),
        _ => random
            .word(&[
                "ADD GENERATED ALWAYS AS IDENTITY",
                "ADD GENERATED BY DEFAULT AS IDENTITY (START 1000)",
                "DROP IDENTITY IF EXISTS",
                "DROP DEFAULT",
                "DROP NOT NULL",
            ])
            .to_owned(),
    };
    Some(format!("ALTER COLUMN {column} {action}"))
}

fn of_storage(random: &mut Random, subject: &mut Subject) -> Option<String> {
    if subject.table.kind == 'p' && random.one_in(2) {
        return None;
    }
    let words = [
        "SET LOGGED",
        "SET UNLOGGED",
        "SET UNLOGGED",
        "SET ACCESS METHOD heap",
        "SET ACCESS METHOD heap2",
        "SET TABLESPACE generated_space",
        "SET TABLESPACE pg_default",
        "SET (fillfactor = 70)",
        "SET (autovacuum_enabled = off, parallel_workers = 2)",
        "SET (user_catalog_table = true)",
        "SET (toast.autovacuum_enabled = off)",
        "SET (fillfactor = 60, user_catalog_table = false)",
        "RESET (fillfactor)",
        "RESET (user_catalog_table, parallel_workers)",
    ];
    Some(random.word(&words).to_owned())
}

/// What concerns the table as a whole and costs little.
fn of_table(random: &mut Random, subject: &mut Subject) -> Option<String> {
    let table = subject.table;
    let index = random.choose(&table.indexes).map(|index| index.name.clone());
    Some(match random.number(0, 9) {
        0 => format!("CLUSTER ON {}", index?),
        1 => "SET WITHOUT CLUSTER".to_owned(),
        2 => "SET WITHOUT OIDS".to_owned(),
        3 => format!("REPLICA IDENTITY USING INDEX {}", index?),
        4 => random
            .word(&[
                "REPLICA IDENTITY FULL",
                "REPLICA IDENTITY NOTHING",
                "REPLICA IDENTITY DEFAULT",
            ])
            .to_owned(),
        5 => random
            .word(&[
                "ENABLE ROW LEVEL SECURITY",
                "DISABLE ROW LEVEL SECURITY",
                "FORCE ROW LEVEL SECURITY",
                "NO FORCE ROW LEVEL SECURITY",
            ])
            .to_owned(),
        6 if !table.rules.is_empty() => {
            let verb = random.word(&["ENABLE", "DISABLE", "ENABLE REPLICA", "ENABLE ALWAYS"]);
            format!("{verb} RULE {}", random.choose(&table.rules)?)
        }
        7 => random
            .word(&[
                "ENABLE TRIGGER ALL",
                "DISABLE TRIGGER ALL",
                "DISABLE TRIGGER USER",
                "ENABLE TRIGGER USER",
            ])
            .to_owned(),
        _ => {
            let verb = random.word(&["ENABLE", "DISABLE", "ENABLE REPLICA", "ENABLE ALWAYS"]);
            format!("{verb} TRIGGER {}", random.choose(&table.triggers)?)
        }
    })
}
