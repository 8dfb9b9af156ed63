//! What is made new, and what that locks beside it: nothing, save for a view that is replaced.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE t (id int PRIMARY KEY, a int);
    INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
    CREATE VIEW v AS SELECT id FROM t;
    CREATE TEMP TABLE tmp (id int); INSERT INTO tmp VALUES (1);
    CREATE TEMP VIEW passing AS SELECT id FROM t;
";

#[test]
fn relations() {
    let statements = [
        "CREATE TABLE fresh (id int PRIMARY KEY, a int UNIQUE CHECK (a > 0))",
        "CREATE TABLE IF NOT EXISTS t (id int)",
        "CREATE TABLE fresh (LIKE t INCLUDING ALL)",
        "CREATE TEMPORARY TABLE fresh (id serial)",
        "CREATE VIEW fresh AS SELECT 1 AS one",
        "CREATE OR REPLACE VIEW fresh AS SELECT 1 AS one",
        "CREATE OR REPLACE VIEW v AS SELECT id FROM t",
        "CREATE OR REPLACE VIEW app.v AS SELECT a AS id FROM t JOIN LATERAL (SELECT 1) x ON true",
        "CREATE OR REPLACE TEMP VIEW v AS SELECT id FROM t",
        "CREATE OR REPLACE TEMP VIEW passing AS SELECT id FROM t",
        "CREATE OR REPLACE VIEW v AS SELECT id FROM tmp",
        "CREATE OR REPLACE VIEW v AS SELECT id FROM t UNION SELECT x.id FROM t JOIN (SELECT id FROM tmp) x ON true",
        "CREATE OR REPLACE VIEW passing AS SELECT id FROM t",
        "CREATE SEQUENCE fresh OWNED BY t.a",
        "CREATE TYPE fresh AS (a int)",
        "GRANT SELECT ON t TO PUBLIC",
    ];
    run(BASE, statements.into_iter().map(case).collect());
}
