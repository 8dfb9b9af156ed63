//! ALTER COLUMN TYPE between every two built-in types the server can convert, with indexes on the column.

use crate::case::{Case, case, run};

const TYPES: &[&str] = &[
    "int",
    "smallint",
    "bigint",
    "oid",
    "regclass",
    "real",
    "float",
    "numeric",
    "numeric(10,2)",
    "numeric(12,2)",
    "money",
    "text",
    "varchar",
    "varchar(10)",
    "varchar(20)",
    "char(10)",
    "char(20)",
    "name",
    "\"char\"",
    "bytea",
    "json",
    "jsonb",
    "xml",
    "boolean",
    "date",
    "time",
    "time(3)",
    "timetz",
    "timestamp",
    "timestamp(3)",
    "timestamptz",
    "timestamptz(0)",
    "interval",
    "interval(3)",
    "interval day to second",
    "uuid",
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "bit(8)",
    "bit(16)",
    "varbit",
    "varbit(8)",
    "varbit(16)",
    "int[]",
    "bigint[]",
    "text[]",
    "varchar[]",
    "varchar(10)[]",
    "varchar(20)[]",
    "int4range",
    "int8range",
    "int4multirange",
    "tsvector",
    "point",
    "box",
    "circle",
    "polygon",
    "pg_lsn",
    "xid",
    "xid8",
];

/// A column of a type, all nulls, so that no value stands in the way; with a btree index where the type has one.
fn pairs(using: bool, zone: &str) -> Vec<Case> {
    let mut cases = vec![];
    for from in TYPES {
        for to in TYPES {
            let cast = if using {
                format!(" USING c::{to}")
            } else {
                String::new()
            };
            let index = ["json", "xml", "point", "box", "circle", "polygon", "xid"];
            let index = if index.contains(from) {
                ""
            } else {
                "CREATE INDEX t_c ON t (c);"
            };
            cases.push(
                case(format!("ALTER TABLE t ALTER c TYPE {to}{cast}"))
                    .given(format!(
                        "CREATE TABLE t (id int, c {from}); INSERT INTO t SELECT generate_series(1, 30);
                         CREATE INDEX t_id ON t (id); {index}"
                    ))
                    .set(&format!("SET timezone = '{zone}'"))
                    .if_possible(),
            );
        }
    }
    cases
}

#[test]
fn by_assignment() {
    run("", pairs(false, "UTC"));
}

#[test]
fn by_cast() {
    run("", pairs(true, "Europe/Berlin"));
}
