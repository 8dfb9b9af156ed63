//! ALTER COLUMN TYPE between every two built-in types the server can convert, with indexes on the column.

use pg_test::TestDatabase;

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

const INDEX: &str = "CREATE INDEX t_c ON t (c);";

/// The column is all nulls, so that no value stands in the way.
fn change(from: &str, to: &str, using: bool, index: &str) -> Case {
    let cast = if using {
        format!(" USING c::{to}")
    } else {
        String::new()
    };
    case(format!("ALTER TABLE t ALTER c TYPE {to}{cast}"))
        .given(format!(
            "CREATE TABLE t (id int, c {from}); INSERT INTO t SELECT generate_series(1, 30);
             CREATE INDEX t_id ON t (id); {index}"
        ))
        .if_possible()
}

/// With a btree index where the type has one.
fn pairs(using: bool, zone: &str) -> Vec<Case> {
    let mut cases = vec![];
    for from in TYPES {
        for to in TYPES {
            let unordered = ["json", "xml", "point", "box", "circle", "polygon", "xid"];
            let index = if unordered.contains(from) { "" } else { INDEX };
            cases.push(change(from, to, using, index).set(&format!("SET timezone = '{zone}'")));
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

/// What the catalog of casts knows, and the same of arrays and in the other direction.
#[test]
fn every_cast_of_the_server() {
    let casts = TestDatabase::new().client().query(
        "SELECT s.oid::regtype::text, t.oid::regtype::text,
                EXISTS (SELECT FROM pg_opclass WHERE opcintype = s.oid AND opcdefault AND opcmethod = 403)
           FROM pg_cast JOIN pg_type AS s ON s.oid = castsource JOIN pg_type AS t ON t.oid = casttarget
          WHERE 'p' NOT IN (s.typtype, t.typtype) AND 0 NOT IN (s.typarray, t.typarray)
          ORDER BY 1, 2",
        &[],
    );
    let mut cases = vec![];
    for row in casts {
        let (source, target, ordered): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
        let index = if ordered { INDEX } else { "" };
        for using in [false, true] {
            cases.push(change(&source, &target, using, index));
            cases.push(change(&target, &source, using, ""));
            cases.push(change(&format!("{source}[]"), &format!("{target}[]"), using, index));
        }
    }
    run("", cases);
}
