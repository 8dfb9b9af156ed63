//! Random tables with rows: what a set-up creates before anything is hung on them.

use super::column;
use super::family::free_bound;
use super::random::Random;
use super::types::GROUND;

const ROWS: usize = 300;
/// Columns that every table has, so that foreign keys and partitions find something; with their values.
const COMMON: [(&str, &str, &str); 5] = [
    ("id", "int", "i"),
    ("k", "int", "i"),
    ("region", "int", "i % 3"),
    ("note", "varchar(12)", "i::text"),
    ("amount", "numeric(10,2)", "i"),
];

/// The statements that create the tables and fill them.
pub fn tables(random: &mut Random) -> Vec<String> {
    let mut schema = Schema {
        statements: GROUND.iter().map(|sql| (*sql).to_owned()).collect(),
        names: 0,
    };
    for _ in 0..random.number(2, 4) {
        schema.table(random);
    }
    if random.one_in(2) {
        schema.typed(random);
    }
    for _ in 0..random.number(0, 2) {
        schema.inheritance(random);
    }
    for _ in 0..random.number(1, 2) {
        schema.partitions(random);
    }
    schema.statements
}

/// A name that has to be quoted, or mostly one that has not.
pub fn name(random: &mut Random, prefix: &str, number: usize) -> String {
    match random.number(0, 14) {
        0 => format!("\"{prefix} {number}\""),
        1 => format!("\"{}{number}\"", prefix.to_uppercase()),
        2 => format!("\"{prefix}\"\"{number}\""),
        3 => format!("\"{prefix}'{number}\""),
        4 => format!("\"{prefix}.{number}\""),
        5 => format!("\"gr\u{f6}\u{df}e {prefix}{number}\""),
        6 => format!("\"select; -- {prefix}{number}\""),
        _ => format!("{prefix}{number}"),
    }
}

struct Schema {
    statements: Vec<String>,
    names: usize,
}

/// A column's definition, its name, and its value if it takes one.
type Column = (String, String, Option<String>);

impl Schema {
    fn name(&mut self, random: &mut Random, prefix: &str) -> String {
        self.names += 1;
        name(random, prefix, self.names)
    }

    fn say(&mut self, statement: String) {
        self.statements.push(statement);
    }

    fn table(&mut self, random: &mut Random) {
        let table = self.name(random, "t");
        let columns = self.columns(random, 6);
        let unlogged = random.word(&["", "", "", "", "", "UNLOGGED ", "TEMP "]);
        let with = random.perhaps(5, " WITH (fillfactor = 70)");
        self.say(format!(
            "CREATE {unlogged}TABLE {table} ({}){with}",
            definitions(&columns)
        ));
        self.fill(&table, &columns);
    }

    fn typed(&mut self, random: &mut Random) {
        for _ in 0..random.number(1, 2) {
            let table = self.name(random, "typed");
            let key = random.perhaps(2, " (PRIMARY KEY (id))");
            let partitioned = random.one_in(4);
            let by = if partitioned { " PARTITION BY RANGE (id)" } else { "" };
            self.say(format!("CREATE TABLE {table} OF row_type{key}{by}"));
            if partitioned {
                let partition = self.name(random, "part");
                self.say(format!("CREATE TABLE {partition} PARTITION OF {table} DEFAULT"));
            }
            let mut filled = vec![table.clone()];
            if !partitioned && random.one_in(3) {
                let child = self.name(random, "child");
                self.say(format!("CREATE TABLE {child} () INHERITS ({table})"));
                filled.push(child);
            }
            for table in filled {
                self.say(format!(
                    "INSERT INTO {table} SELECT i, i, i::text, i FROM generate_series(1, {ROWS}) i"
                ));
            }
        }
    }

    /// A tree of inheriting tables, of two or three levels.
    fn inheritance(&mut self, random: &mut Random) {
        let parent = self.name(random, "parent");
        let columns = self.columns(random, 2);
        self.say(format!("CREATE TABLE {parent} ({})", definitions(&columns)));
        self.fill(&parent, &columns);
        let mut above = vec![(parent, columns)];
        for _ in 0..random.number(1, 3) {
            let child = self.name(random, "child");
            let Some((parent, columns)) = random.choose(&above).cloned() else {
                return;
            };
            let mut own = self.extra(random, 1);
            if random.one_in(3) {
                // A column of the parent is the child's own too.
                own.extend(random.choose(&columns).filter(|column| column.2.is_some()).cloned());
            }
            let mut merged: Vec<Column> = columns.clone();
            merged.extend(
                own.iter()
                    .filter(|(_, name, _)| columns.iter().all(|known| known.1 != *name))
                    .cloned(),
            );
            let turned = random.one_in(3);
            if turned {
                // Other places for the same columns, one of them dropped.
                let reversed: Vec<Column> = columns.iter().rev().cloned().collect();
                self.say(format!("CREATE TABLE {child} (gone int, {})", definitions(&reversed)));
                self.say(format!("ALTER TABLE {child} DROP COLUMN gone"));
                self.say(format!("ALTER TABLE {child} INHERIT {parent}"));
            } else {
                let second = above.get(1).filter(|(other, _)| *other != parent && random.one_in(4));
                let parents = second.map_or(parent.clone(), |(second, _)| format!("{parent}, {second}"));
                self.say(format!(
                    "CREATE TABLE {child} ({}) INHERITS ({parents})",
                    definitions(&own)
                ));
            }
            self.fill(&child, if turned { &columns } else { &merged });
            above.push((child, merged));
        }
        if random.one_in(5) {
            let child = self.name(random, "far");
            let parent = &above[0].0;
            self.say(format!(
                "CREATE FOREIGN TABLE {child} () INHERITS ({parent}) SERVER nowhere"
            ));
        }
    }

    fn partitions(&mut self, random: &mut Random) {
        let root = self.name(random, "p");
        let columns = self.columns(random, 2);
        let (by, bounds) = way(random);
        self.say(format!(
            "CREATE TABLE {root} ({}) PARTITION BY {by}",
            definitions(&columns)
        ));
        for bound in bounds {
            let partition = self.name(random, "part");
            if random.one_in(4) {
                let (by, bounds) = way(random);
                self.say(format!(
                    "CREATE TABLE {partition} PARTITION OF {root} {bound} PARTITION BY {by}"
                ));
                for bound in bounds {
                    let leaf = self.name(random, "leaf");
                    let below = random.perhaps(6, " PARTITION BY LIST (region)");
                    self.say(format!("CREATE TABLE {leaf} PARTITION OF {partition} {bound}{below}"));
                    if !below.is_empty() {
                        let lowest = self.name(random, "lowest");
                        self.say(format!("CREATE TABLE {lowest} PARTITION OF {leaf} DEFAULT"));
                    }
                }
            } else if random.one_in(4) {
                let turned: Vec<Column> = columns.iter().rev().cloned().collect();
                self.say(format!("CREATE TABLE {partition} (gone int, {})", definitions(&turned)));
                self.say(format!("ALTER TABLE {partition} DROP COLUMN gone"));
                self.say(format!("ALTER TABLE {root} ATTACH PARTITION {partition} {bound}"));
            } else {
                self.say(format!("CREATE TABLE {partition} PARTITION OF {root} {bound}"));
            }
        }
        self.fill(&root, &columns);
        if random.one_in(6) {
            let partition = self.name(random, "far");
            let bound = free_bound(random, by);
            self.say(format!(
                "CREATE FOREIGN TABLE {partition} PARTITION OF {root} {bound} SERVER nowhere"
            ));
        }
        for _ in 0..random.number(0, 2) {
            self.loose(random, &columns);
        }
    }

    /// A table that can be attached: its rows are in none of the bounds.
    fn loose(&mut self, random: &mut Random, columns: &[Column]) {
        let table = self.name(random, "loose");
        let mut own = columns.to_vec();
        if random.one_in(2) {
            own.reverse();
        }
        for (_, name, value) in &mut own {
            match name.as_str() {
                "k" => *value = Some("i + 2000".to_owned()),
                "region" => *value = Some("7".to_owned()),
                _ => {}
            }
        }
        let gone = random.one_in(2);
        let first = if gone { "gone int, " } else { "" };
        let check = match random.number(0, 5) {
            0 => ", CHECK (k IS NOT NULL AND k >= 2000 AND k < 3000)",
            1 => ", CHECK (region IS NOT NULL AND region = 7)",
            2 => ", CHECK (k >= 2000 AND k < 3000)",
            _ => "",
        };
        let way = random.perhaps(6, " PARTITION BY RANGE (id)");
        self.say(format!(
            "CREATE TABLE {table} ({first}{}{check}){way}",
            definitions(&own)
        ));
        if gone {
            self.say(format!("ALTER TABLE {table} DROP COLUMN gone"));
        }
        if !way.is_empty() {
            let leaf = self.name(random, "leaf");
            self.say(format!("CREATE TABLE {leaf} PARTITION OF {table} DEFAULT"));
        }
        self.fill(&table, &own);
    }

    fn columns(&mut self, random: &mut Random, most: usize) -> Vec<Column> {
        let mut columns: Vec<Column> = COMMON
            .iter()
            .map(|(name, kind, value)| {
                let column_type = if *name == "k" && random.one_in(4) {
                    "bigint"
                } else {
                    kind
                };
                let null = if random.one_in(3) { " NOT NULL" } else { "" };
                let value = Some((*value).to_owned());
                (format!("{name} {column_type}{null}"), (*name).to_owned(), value)
            })
            .collect();
        columns.extend(self.extra(random, most));
        if random.one_in(5) {
            // What a key WITHOUT OVERLAPS is made of.
            for name in ["span", "valid"] {
                let value = Some("int4range(i, i + 1)".to_owned());
                columns.push((format!("{name} int4range"), name.to_owned(), value));
            }
        }
        columns
    }

    fn extra(&mut self, random: &mut Random, most: usize) -> Vec<Column> {
        (0..random.number(0, most))
            .map(|_| {
                let name = self.name(random, "c");
                let (definition, value) = column::definition(random, &name);
                (definition, name, value)
            })
            .collect()
    }

    fn fill(&mut self, table: &str, columns: &[Column]) {
        let with_value: Vec<(&str, &str)> = columns
            .iter()
            .filter_map(|(_, name, value)| Some((name.as_str(), value.as_deref()?)))
            .collect();
        let names: Vec<&str> = with_value.iter().map(|(name, _)| *name).collect();
        let values: Vec<&str> = with_value.iter().map(|(_, value)| *value).collect();
        self.say(format!(
            "INSERT INTO {table} ({}) SELECT {} FROM generate_series(1, {ROWS}) i",
            names.join(", "),
            values.join(", ")
        ));
    }
}

fn definitions(columns: &[Column]) -> String {
    let definitions: Vec<&str> = columns.iter().map(|(definition, ..)| definition.as_str()).collect();
    definitions.join(", ")
}

/// How a table is partitioned, and bounds that every row fits into.
fn way(random: &mut Random) -> (&'static str, Vec<&'static str>) {
    match random.number(0, 7) {
        0 => (
            "RANGE (k)",
            vec![
                "FOR VALUES FROM (MINVALUE) TO (100)",
                "FOR VALUES FROM (100) TO (200)",
                "DEFAULT",
            ],
        ),
        1 => (
            "RANGE (k)",
            vec!["FOR VALUES FROM (1) TO (150)", "FOR VALUES FROM (150) TO (1000)"],
        ),
        2 => (
            "RANGE (k, id)",
            vec!["FOR VALUES FROM (MINVALUE, MINVALUE) TO (100, 100)", "DEFAULT"],
        ),
        3 => (
            "LIST (region)",
            vec!["FOR VALUES IN (0)", "FOR VALUES IN (1, NULL)", "DEFAULT"],
        ),
        4 => (
            "HASH (id)",
            vec![
                "FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
                "FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
            ],
        ),
        5 => (
            "RANGE (note COLLATE \"C\")",
            vec!["FOR VALUES FROM (MINVALUE) TO ('2')", "FOR VALUES FROM ('2') TO ('a')"],
        ),
        6 => ("RANGE (doubled(id))", vec!["FOR VALUES FROM (0) TO (300)", "DEFAULT"]),
        _ => ("LIST ((region % 2))", vec!["FOR VALUES IN (0)", "FOR VALUES IN (1)"]),
    }
}
