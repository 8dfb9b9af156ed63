//! Indexes: which are equal, which are taken already, and which are dead.

use crate::case::{case, run};
use crate::entangled_constraints::BASE;

/// A COLLATE in an expression is a part of the index.
#[test]
fn collations() {
    let cases = vec![
        case("CREATE INDEX n ON p ((x COLLATE \"C\"))").given("CREATE INDEX ON p1 (x)"),
        case("CREATE INDEX n ON p ((x COLLATE \"C\"))").given("CREATE INDEX ON p1 (x COLLATE \"C\")"),
        case("CREATE INDEX n ON p ((lower(x) COLLATE \"C\"))").given("CREATE INDEX ON p1 (lower(x))"),
        case("CREATE INDEX n ON p ((lower(x) COLLATE \"C\"))").given("CREATE INDEX ON p1 ((lower(x) COLLATE \"C\"))"),
    ];
    run(BASE, cases);
}

/// The index of a key is defined when columns have their new types.
#[test]
fn keys_of_columns_that_change() {
    let cases = vec![
        case("ALTER TABLE t ALTER j TYPE jsonb, ADD UNIQUE (j)"),
        case("ALTER TABLE t DROP COLUMN j, ADD COLUMN j serial, ADD UNIQUE (j)"),
        case("ALTER TABLE t DROP CONSTRAINT t_pkey, ALTER j TYPE text, ADD PRIMARY KEY (j)"),
        case("ALTER TABLE p ALTER j TYPE jsonb, ADD UNIQUE (a, j)"),
    ];
    run(BASE, cases);
}

/// Each index of a partition becomes a part of one other.
#[test]
fn two_at_once() {
    let cases = vec![
        case("ALTER TABLE p ADD UNIQUE (a), ADD CONSTRAINT v UNIQUE (a)").given("ALTER TABLE p1 ADD UNIQUE (a)"),
        case("ALTER TABLE p ADD UNIQUE (a), ADD PRIMARY KEY (a)").given("ALTER TABLE p1 ADD UNIQUE (a)"),
        case("ALTER TABLE p ADD UNIQUE (a), ADD CONSTRAINT v UNIQUE (a)").given("ALTER TABLE p2 ADD UNIQUE (a)"),
        case("ALTER TABLE p ADD UNIQUE (a), ADD CONSTRAINT v UNIQUE (a)")
            .given("ALTER TABLE p1 ADD UNIQUE (a), ADD CONSTRAINT w UNIQUE (a)"),
    ];
    run(BASE, cases);
}

/// What an interrupted DROP INDEX CONCURRENTLY left is passed over, unless its column changes.
#[test]
fn dead_ones() {
    let cases = vec![
        case("CREATE INDEX n ON p (b)").given("CREATE INDEX i ON p1 (b); UPDATE pg_index SET indisvalid = false, indisready = false, indislive = false WHERE indexrelid = 'app.i'::regclass"),
        case("REINDEX TABLE t").given("CREATE INDEX i ON t (b); UPDATE pg_index SET indisvalid = false, indisready = false, indislive = false WHERE indexrelid = 'app.i'::regclass"),
        case("ALTER TABLE t ALTER a TYPE bigint").given("CREATE INDEX i ON t (b); UPDATE pg_index SET indisvalid = false, indisready = false, indislive = false WHERE indexrelid = 'app.i'::regclass"),
        case("ALTER TABLE t ALTER a TYPE bigint").given("CREATE INDEX i ON t (a); UPDATE pg_index SET indisvalid = false, indisready = false, indislive = false WHERE indexrelid = 'app.i'::regclass"),
        case("ALTER TABLE t ALTER a TYPE oid").given("CREATE INDEX i ON t (a); UPDATE pg_index SET indisvalid = false, indisready = false, indislive = false WHERE indexrelid = 'app.i'::regclass"),
        case("REFRESH MATERIALIZED VIEW mv").given("CREATE MATERIALIZED VIEW mv AS SELECT * FROM t; CREATE INDEX i ON mv (a); UPDATE pg_index SET indisvalid = false, indisready = false, indislive = false WHERE indexrelid = 'app.i'::regclass"),
    ];
    run(BASE, cases);
}

/// The index of USING INDEX is called like its constraint by then; rtree is gist.
#[test]
fn names() {
    let cases = vec![
        case("ALTER TABLE t ADD CONSTRAINT pk UNIQUE USING INDEX i, CLUSTER ON pk")
            .given("CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ALTER a SET NOT NULL"),
        case("ALTER TABLE t ADD CONSTRAINT pk UNIQUE USING INDEX i, REPLICA IDENTITY USING INDEX pk")
            .given("CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ALTER a SET NOT NULL"),
        case("CREATE INDEX n ON p USING rtree (r)"),
        case("CREATE INDEX n ON p USING rtree (r)").given("CREATE INDEX ON p1 USING gist (r)"),
    ];
    run(BASE, cases);
}
