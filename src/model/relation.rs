//! Facts about one relation.

/// A relation's oid.
pub type Oid = u32;

/// What a relation is: `pg_class.relkind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelationKind {
    /// `r`
    Table,
    /// `p`
    PartitionedTable,
    /// `i`
    Index,
    /// `I`
    PartitionedIndex,
    /// `m`
    MaterializedView,
    /// `v`
    View,
    /// `S`
    Sequence,
    /// `f`
    ForeignTable,
    /// `c`
    CompositeType,
    /// `t`
    Toast,
}

/// A constraint that is an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexConstraint {
    /// PRIMARY KEY
    PrimaryKey,
    /// UNIQUE
    Unique,
    /// EXCLUDE
    Exclusion,
}

impl RelationKind {
    /// The kind of a `relkind` letter.
    pub fn from_relkind(relkind: u8) -> Option<Self> {
        Some(match relkind {
            b'r' => Self::Table,
            b'p' => Self::PartitionedTable,
            b'i' => Self::Index,
            b'I' => Self::PartitionedIndex,
            b'm' => Self::MaterializedView,
            b'v' => Self::View,
            b'S' => Self::Sequence,
            b'f' => Self::ForeignTable,
            b'c' => Self::CompositeType,
            b't' => Self::Toast,
            _ => return None,
        })
    }

    /// The word PostgreSQL's own messages use for it.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Table | Self::PartitionedTable => "table",
            Self::Index | Self::PartitionedIndex => "index",
            Self::MaterializedView => "materialized view",
            Self::View => "view",
            Self::Sequence => "sequence",
            Self::ForeignTable => "foreign table",
            Self::CompositeType => "composite type",
            Self::Toast => "TOAST table",
        }
    }

    /// Whether it holds rows that a statement can rewrite or scan.
    pub fn has_rows(self) -> bool {
        matches!(self, Self::Table | Self::MaterializedView | Self::Toast)
    }

    /// Whether it is an index, partitioned or not.
    pub fn is_index(self) -> bool {
        matches!(self, Self::Index | Self::PartitionedIndex)
    }
}

/// `FirstNormalObjectId` of `access/transam.h`: relations below it are the server's own.
pub const FIRST_NORMAL_OBJECT_ID: u32 = 16384;

/// One relation, as the catalog shows it when the statement is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// `pg_class.oid`
    pub oid: u32,
    /// Name of its schema, unquoted.
    pub schema: String,
    /// Its name, unquoted.
    pub name: String,
    /// What it is.
    pub kind: RelationKind,
    /// Temporary: only its own session can see it.
    pub temporary: bool,
    /// Created by the current transaction: nobody else can be using it.
    pub new_in_transaction: bool,
    /// Whether rows and bytes have been looked up; they are 0 until then.
    pub measured: bool,
    /// Estimated rows now; a partitioned table: the sum of its leaves.
    pub rows: i64,
    /// Bytes with indexes and TOAST; a partitioned table: the sum of its leaves.
    pub bytes: i64,
}

impl Relation {
    /// `schema.name`, quoted where SQL needs it.
    pub fn qualified_name(&self) -> String {
        format!("{}.{}", quote_identifier(&self.schema), quote_identifier(&self.name))
    }

    /// Whether other sessions can be hurt by what is done to it.
    pub fn is_shared(&self) -> bool {
        !self.temporary && !self.new_in_transaction
    }
}

/// Quotes an identifier unless it is one that needs no quotes, as `quote_identifier` of `utils/adt/ruleutils.c` does, but
/// for the keywords: quoting a word needlessly is harmless, so only the reserved words that are likely names are known.
pub fn quote_identifier(name: &str) -> String {
    const RESERVED: &[&str] = &[
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "column",
        "constraint",
        "create",
        "current_date",
        "current_role",
        "current_time",
        "current_user",
        "default",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "foreign",
        "from",
        "grant",
        "group",
        "having",
        "in",
        "initially",
        "intersect",
        "into",
        "lateral",
        "leading",
        "limit",
        "localtime",
        "not",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "placing",
        "primary",
        "references",
        "returning",
        "select",
        "session_user",
        "some",
        "symmetric",
        "table",
        "then",
        "to",
        "trailing",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "variadic",
        "when",
        "where",
        "window",
        "with",
        "authorization",
        "binary",
        "collation",
        "concurrently",
        "cross",
        "current_schema",
        "freeze",
        "full",
        "ilike",
        "inner",
        "is",
        "isnull",
        "join",
        "left",
        "like",
        "natural",
        "notnull",
        "outer",
        "overlaps",
        "right",
        "similar",
        "tablesample",
        "verbose",
        "between",
        "bigint",
        "bit",
        "boolean",
        "char",
        "character",
        "coalesce",
        "dec",
        "decimal",
        "exists",
        "extract",
        "float",
        "greatest",
        "grouping",
        "inout",
        "int",
        "integer",
        "interval",
        "least",
        "national",
        "nchar",
        "none",
        "nullif",
        "numeric",
        "out",
        "overlay",
        "position",
        "precision",
        "real",
        "row",
        "setof",
        "smallint",
        "substring",
        "time",
        "timestamp",
        "treat",
        "trim",
        "values",
        "varchar",
    ];
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !RESERVED.contains(&name);
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_quoted_where_needed() {
        assert_eq!(quote_identifier("orders"), "orders");
        assert_eq!(quote_identifier("Orders"), "\"Orders\"");
        assert_eq!(quote_identifier("1st"), "\"1st\"");
        assert_eq!(quote_identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(quote_identifier("order"), "\"order\"");
        assert_eq!(quote_identifier(""), "\"\"");
    }
}
