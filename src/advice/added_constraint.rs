//! Constraints added beside readers and writers: first without a look at the rows, and then one by one.

use super::column_constraint::{BareColumn, CHECK, ColumnConstraint, NOT_NULL, PRIMARY_KEY, REFERENCES, UNIQUE};
use super::names::{Catalog, Names, ToValidate};
use super::not_null::{set_not_null, validate_not_null};
use super::sql::{AlterTable, Subcommand, identifier};
use crate::model::relation::{IndexConstraint, Relation, RelationKind, quote_identifier};

/// The constraints that an ALTER TABLE adds to a table.
pub struct Added<'a> {
    alter: Option<&'a AlterTable<'a>>,
    relation: &'a Relation,
    major: u32,
    /// The names of its steps.
    pub names: Names<'a>,
}

/// The kinds that cost a look at every row or an index.
const COSTLY: [&[&str]; 4] = [CHECK, REFERENCES, UNIQUE, PRIMARY_KEY];
const NO_INHERIT: &[&str] = &["NO", "INHERIT"];
const NOT_CONCURRENTLY: &str = "An exclusion constraint cannot be built beside writes; add it in a maintenance window.";

impl<'a> Added<'a> {
    /// Those of a statement; none if it is no ALTER TABLE.
    pub fn new(
        alter: Option<&'a AlterTable<'a>>,
        relation: &'a Relation,
        major: u32,
        catalog: &'a dyn Catalog,
    ) -> Self {
        let subcommands = alter.map(|alter| alter.subcommands.as_slice()).unwrap_or_default();
        Self {
            alter,
            relation,
            major,
            names: Names::new(catalog, subcommands.iter().flat_map(Subcommand::constraints)),
        }
    }

    fn subcommands(&self) -> &'a [Subcommand<'a>] {
        self.alter.map(|alter| alter.subcommands.as_slice()).unwrap_or_default()
    }

    /// The name a constraint was given, or one like the server's.
    fn name(&mut self, given: Option<String>, column: Option<&str>, kind: &str) -> String {
        if let Some(given) = given {
            return quote_identifier(&given);
        }
        let parts = std::iter::once(self.relation.name.as_str()).chain(column);
        self.names.choose(self.relation, &parts.collect::<Vec<_>>(), kind)
    }

    /// Steps that make a column NOT NULL, from where an earlier try has left it.
    pub fn set_not_null(&mut self, column: &str) -> String {
        let written = self.subcommands().iter().find_map(|each| {
            let (name, definition) = each.added_constraint(&["NOT"])?;
            let of_column = definition.tokens.get(2).map(identifier).as_deref() == Some(column);
            of_column.then(|| (name, definition.says(NO_INHERIT)))
        });
        let ours = |begun: &ToValidate| {
            !begun.is_check
                || self
                    .names
                    .is_chosen(&begun.name, &[&self.relation.name, column], "not_null")
        };
        let begun = self
            .names
            .catalog
            .not_null_to_validate(self.relation, column)
            .filter(ours);
        match (written, begun) {
            (None, Some(begun)) => validate_not_null(self.relation, column, &begun),
            (written, _) => {
                let (name, no_inherit) = written.unwrap_or_default();
                self.not_null(column, name, no_inherit)
            }
        }
    }

    /// Before 18 the constraint has no name.
    fn not_null(&mut self, column: &str, given: Option<String>, no_inherit: bool) -> String {
        let name = self.name(given.filter(|_| self.major >= 18), Some(column), "not_null");
        let options = if no_inherit { " NO INHERIT" } else { "" };
        set_not_null(self.relation, column, &name, options, self.major)
    }

    /// A new column without the constraints that are added to it later.
    pub fn bare_column(&self, column: &str) -> Option<BareColumn> {
        const LATER: [&[&str]; 5] = [CHECK, REFERENCES, UNIQUE, PRIMARY_KEY, NOT_NULL];
        self.alter?.added_column(column)?.without_constraints(&LATER)
    }

    /// The collation written with a new column, after a blank.
    pub fn collation(&self, column: &str) -> String {
        let written = self.alter.and_then(|alter| alter.added_column(column));
        written.map_or_else(String::new, |written| written.collation())
    }

    /// The options of an identity column's sequence, as written with it, after a blank.
    pub fn sequence_options(&self, column: &str) -> String {
        let written = self.alter.and_then(|alter| alter.added_column(column));
        let options = written.and_then(|written| written.group_after("IDENTITY"));
        // What CREATE SEQUENCE says elsewhere, or not at all.
        let others: [&[&str]; 3] = [&["SEQUENCE", "NAME"], &["LOGGED"], &["UNLOGGED"]];
        let options = options.filter(|options| !others.iter().any(|words| Subcommand::new(options).says(words)));
        options.map_or_else(String::new, |options| format!(" {options}"))
    }

    /// The steps that hold a column, `written` so in SQL, to the constraints of a domain, which its type is not: the cast
    /// fails where a value breaks them.
    pub fn as_domain(&mut self, column: &str, written: &str, domain: &str) -> String {
        let table = self.relation.qualified_name();
        let name = self.name(None, Some(column), "check");
        format!(
            "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (({written}::{domain} IS NULL) = ({written} IS NULL)) \
             NOT VALID; and then, in a transaction of its own, ALTER TABLE {table} VALIDATE CONSTRAINT {name};"
        )
    }

    /// The steps that give a new column, once it is filled, the constraints written with it; `not_null`: it is NOT NULL
    /// without saying so.
    pub fn and_constraints_of(&mut self, column: &str, not_null: bool) -> String {
        let written = self.bare_column(column).map_or(vec![], |bare| bare.constraints);
        let (said, costly): (Vec<ColumnConstraint>, Vec<ColumnConstraint>) =
            written.into_iter().partition(|each| each.kind == NOT_NULL);
        let mut steps = String::new();
        let not_null = not_null || !said.is_empty();
        if not_null {
            let no_inherit = said
                .iter()
                .any(|each| Subcommand::new(&each.definition).says(NO_INHERIT));
            let name = said.into_iter().find_map(|each| each.name);
            let set = self.not_null(column, name, no_inherit);
            steps += &format!(" And make it NOT NULL: {set}");
        }
        if !costly.is_empty() {
            let added: Vec<String> = costly.into_iter().map(|each| self.step(each, not_null)).collect();
            steps += &format!(" And add its constraints: {}", added.join(" "));
        }
        steps
    }

    /// The steps that add a constraint written with a column that is there by then, and maybe NOT NULL.
    fn step(&mut self, written: ColumnConstraint, not_null: bool) -> String {
        let table = self.relation.qualified_name();
        let partitioned = self.relation.kind == RelationKind::PartitionedTable;
        let kind = match written.kind {
            kind if kind == UNIQUE => IndexConstraint::Unique,
            kind if kind == PRIMARY_KEY => IndexConstraint::PrimaryKey,
            kind if kind == REFERENCES && partitioned && self.major < 18 => return self.key_of_partitioned(),
            _ => {
                let (name, definition) = self.of_table(written);
                if is_unchecked(&definition) {
                    return format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition};");
                }
                return format!(
                    "ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID; \
                     ALTER TABLE {table} VALIDATE CONSTRAINT {name};"
                );
            }
        };
        if partitioned {
            return self.index_of_partitioned(kind);
        }
        let before = if kind == IndexConstraint::PrimaryKey && !not_null {
            self.set_not_null(&written.column) + " "
        } else {
            String::new()
        };
        let definition = Subcommand::new(&written.definition);
        self.index_steps(kind, written.name, &[written.column], &definition, &before)
    }

    /// A CHECK or foreign key written with a column, as ADD CONSTRAINT says it: its name and definition.
    fn of_table(&mut self, written: ColumnConstraint) -> (String, String) {
        let kind = if written.kind == CHECK { "check" } else { "fkey" };
        let name = self.name(written.name, Some(&written.column), kind);
        let definition = if written.kind == CHECK {
            written.definition
        } else {
            format!(
                "FOREIGN KEY ({}) {}",
                quote_identifier(&written.column),
                written.definition
            )
        };
        (name, definition)
    }

    /// A foreign key of a partitioned table before 18.
    pub fn key_of_partitioned(&self) -> String {
        format!(
            "A foreign key of a partitioned table cannot be NOT VALID in this version. Add it to each partition with \
             NOT VALID, validate each, and then add it to {}: the validated ones are taken over without a scan.",
            self.relation.qualified_name()
        )
    }

    /// The constraints of the statement, each added with NOT VALID and validated on its own, and the rest as it is; but
    /// what a new column has beside is added later too.
    pub fn not_valid(&mut self, constraint: Option<&str>) -> String {
        let table = self.relation.qualified_name();
        let (mut added, mut rest, mut later): (Vec<(String, String)>, Vec<String>, Vec<ColumnConstraint>) =
            (vec![], vec![], vec![]);
        for each in self.subcommands() {
            if let Some((name, definition)) = each.added_constraint(&["CHECK", "FOREIGN"]) {
                let kind = if definition.says(CHECK) { "check" } else { "fkey" };
                let name = self.name(name, definition.first_name_in_group().as_deref(), kind);
                added.push((name, definition.text().to_owned()));
            } else if let Some(bare) = each.without_constraints(&COSTLY) {
                rest.push(bare.text);
                for written in bare.constraints {
                    if written.kind == CHECK || written.kind == REFERENCES {
                        added.push(self.of_table(written));
                    } else {
                        later.push(written);
                    }
                }
            } else {
                rest.push(each.text().to_owned());
            }
        }
        let mut steps = vec![];
        for (name, definition) in added {
            if is_unchecked(&definition) {
                rest.push(format!("ADD CONSTRAINT {name} {definition}"));
                continue;
            }
            rest.push(format!("ADD CONSTRAINT {name} {definition} NOT VALID"));
            steps.push(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name};"));
        }
        let (Some(alter), false) = (self.alter, steps.is_empty()) else {
            let name = constraint.map_or_else(|| "...".to_owned(), quote_identifier);
            return format!(
                "Add the constraint with NOT VALID; and then, in a transaction of its own, \
                 ALTER TABLE {table} VALIDATE CONSTRAINT {name};"
            );
        };
        steps.extend(later.into_iter().map(|written| self.step(written, false)));
        format!(
            "Run {} {}; and then, in a transaction of its own, {}",
            alter.head,
            rest.join(", "),
            steps.join(" ")
        )
    }

    /// A constraint that is an index. `not_null`: the steps that a primary key needs before.
    pub fn index_constraint(
        &mut self,
        kind: IndexConstraint,
        constraint: Option<&str>,
        columns: &[String],
        not_null: &str,
    ) -> String {
        if kind == IndexConstraint::Exclusion {
            return NOT_CONCURRENTLY.to_owned();
        }
        if self.relation.kind == RelationKind::PartitionedTable {
            return self.index_of_partitioned(kind);
        }
        let of_table = self
            .subcommands()
            .iter()
            .filter_map(|each| each.added_constraint(&["PRIMARY", "UNIQUE"]))
            .find(|(name, _)| name.as_deref() == constraint);
        if let (None, Some(alter)) = (&of_table, self.alter)
            && let Some(steps) = self.index_of_columns(alter)
        {
            return steps;
        }
        let definition = of_table.map_or_else(|| Subcommand::new(""), |(_, definition)| definition);
        if definition.text().to_ascii_uppercase().contains("WITHOUT OVERLAPS") {
            return NOT_CONCURRENTLY.to_owned();
        }
        format!(
            "Build the index beside the writers, outside a transaction block, and take it over: {}",
            self.index_steps(kind, constraint.map(str::to_owned), columns, &definition, not_null)
        )
    }

    /// The same of new columns: they come first, with all else that the statement does; `None` if it adds none with such a
    /// constraint.
    fn index_of_columns(&mut self, alter: &AlterTable) -> Option<String> {
        let (mut rest, mut later) = (vec![], vec![]);
        for each in self.subcommands() {
            match each.without_constraints(&COSTLY) {
                Some(bare) => {
                    rest.push(bare.text);
                    later.extend(bare.constraints);
                }
                None => rest.push(each.text().to_owned()),
            }
        }
        if later.is_empty() {
            return None;
        }
        let steps: Vec<String> = later.into_iter().map(|written| self.step(written, false)).collect();
        Some(format!(
            "Add the column without the constraint and fill it: {} {}; Build the index beside the writers, outside a \
             transaction block, and take it over: {}",
            alter.head,
            rest.join(", "),
            steps.join(" ")
        ))
    }

    fn index_of_partitioned(&self, kind: IndexConstraint) -> String {
        format!(
            "Give each partition the constraint first: CREATE UNIQUE INDEX CONCURRENTLY ... on the partition, and ALTER \
             TABLE ... ADD {} USING INDEX ... .  Then run the statement on {} again: it takes them over and \
             builds nothing.",
            words(kind),
            self.relation.qualified_name()
        )
    }

    fn index_steps(
        &mut self,
        kind: IndexConstraint,
        given: Option<String>,
        columns: &[String],
        definition: &Subcommand,
        not_null: &str,
    ) -> String {
        let table = self.relation.qualified_name();
        let (of_columns, label) = match kind {
            IndexConstraint::PrimaryKey => (None, "pkey"),
            _ => (Some(columns.join("_")), "key"),
        };
        // What the statement drops has its name until then.
        let drops = self
            .subcommands()
            .iter()
            .filter(|each| each.words(0, &["DROP", "CONSTRAINT"]));
        let drops: String = drops.map(|each| format!("{}, ", each.text())).collect();
        let taken = given
            .as_deref()
            .is_some_and(|name| self.names.catalog.is_taken(self.relation, name));
        let index = self.name(given.clone().filter(|_| !taken), of_columns.as_deref(), label);
        let name = given.map_or_else(|| index.clone(), |given| quote_identifier(&given));
        let columns: Vec<String> = columns.iter().map(|column| quote_identifier(column)).collect();
        let options = index_options(definition);
        format!(
            "CREATE UNIQUE INDEX CONCURRENTLY {index} ON {table} ({}){}; {not_null}\
             ALTER TABLE {table} {drops}ADD CONSTRAINT {name} {} USING INDEX {index}{};",
            columns.join(", "),
            options.of_index,
            words(kind),
            options.of_constraint
        )
    }
}

/// Whether the rows that are there need not keep to a constraint; then it costs nothing, and cannot be validated or is not
/// wanted to be.
fn is_unchecked(definition: &str) -> bool {
    let definition = Subcommand::new(definition);
    definition.says(&["NOT", "VALID"]) || definition.says(&["NOT", "ENFORCED"])
}

fn words(kind: IndexConstraint) -> &'static str {
    match kind {
        IndexConstraint::PrimaryKey => "PRIMARY KEY",
        _ => "UNIQUE",
    }
}

/// What is said beside the columns of a constraint.
#[derive(Default)]
struct IndexOptions {
    of_index: String,
    of_constraint: String,
}

fn index_options(definition: &Subcommand) -> IndexOptions {
    let mut options = IndexOptions::default();
    if let Some(included) = definition.group_after("INCLUDE") {
        options.of_index += &format!(" INCLUDE ({included})");
    }
    if definition.says(&["NULLS", "NOT", "DISTINCT"]) {
        options.of_index += " NULLS NOT DISTINCT";
    }
    if let Some(parameters) = definition.group_after("WITH") {
        options.of_index += &format!(" WITH ({parameters})");
    }
    let tablespace = definition
        .tokens
        .windows(2)
        .find(|pair| pair[0].is("TABLESPACE"))
        .map(|pair| pair[1].text);
    if let Some(tablespace) = tablespace {
        options.of_index += &format!(" TABLESPACE {tablespace}");
    }
    for words in [["DEFERRABLE"].as_slice(), &["INITIALLY", "DEFERRED"]] {
        if definition.says(words) && !definition.says(&["NOT", "DEFERRABLE"]) {
            options.of_constraint += &format!(" {}", words.join(" "));
        }
    }
    options
}
