//! CREATE TABLE: what its foreign keys lock; LIKE, OF and the rest lock nothing that exists.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE target (id int PRIMARY KEY, code text UNIQUE, j int GENERATED ALWAYS AS IDENTITY, CHECK (id > 0));
    INSERT INTO target SELECT i, i::text FROM generate_series(1, 300) i;
    CREATE INDEX ON target (lower(code)); CREATE STATISTICS st ON id, j FROM target;
    CREATE TABLE q (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (1) TO (100);
    CREATE TABLE q2 PARTITION OF q DEFAULT PARTITION BY RANGE (id);
    CREATE TABLE q2a PARTITION OF q2 DEFAULT;
    INSERT INTO q SELECT generate_series(1, 300);
    CREATE TYPE pair AS (a int, b int);
    CREATE SEQUENCE numbers;
";

#[test]
fn tables() {
    let statements = [
        "CREATE TABLE n (a int REFERENCES target)",
        "CREATE TABLE n (a int REFERENCES target ON DELETE CASCADE DEFERRABLE, b text REFERENCES app.target (code))",
        "CREATE TABLE n (a int, FOREIGN KEY (a) REFERENCES target)",
        "CREATE TABLE n (a int, CONSTRAINT k FOREIGN KEY (a) REFERENCES q)",
        "CREATE TABLE n (a int REFERENCES q1)",
        "CREATE TABLE n (a int REFERENCES q) PARTITION BY LIST (a)",
        "CREATE TABLE n (a int PRIMARY KEY, up int REFERENCES n)",
        "CREATE TABLE n (a int REFERENCES target, b int REFERENCES q, c int UNIQUE)",
        "CREATE TABLE IF NOT EXISTS n (a int REFERENCES target)",
        "CREATE TABLE IF NOT EXISTS target (a int REFERENCES q)",
        "CREATE TABLE IF NOT EXISTS numbers (a int REFERENCES q)",
        "CREATE TABLE n (LIKE target)",
        "CREATE TABLE n (LIKE target INCLUDING ALL, x int REFERENCES target)",
        "CREATE TABLE n (LIKE q INCLUDING INDEXES)",
        "CREATE TABLE n OF pair",
        "CREATE TABLE n OF pair (a WITH OPTIONS PRIMARY KEY, b REFERENCES target)",
        "CREATE TABLE n (a int DEFAULT nextval('numbers'), b serial, c int GENERATED ALWAYS AS IDENTITY)",
        "CREATE TABLE n (a int CHECK (a > 0), b target)",
        "CREATE UNLOGGED TABLE n (a int)",
        "CREATE TABLE n (a int) PARTITION BY RANGE (a)",
        "CREATE TABLE n AS SELECT * FROM target",
        "CREATE FOREIGN TABLE n (a int) SERVER far",
    ];
    let mut cases: Vec<_> = statements.into_iter().map(case).collect();
    cases.push(case("CREATE TABLE n (a int REFERENCES target NOT ENFORCED)").from(18));
    let base = format!(
        "{BASE} DROP FOREIGN DATA WRAPPER IF EXISTS w CASCADE; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;"
    );
    run(&base, cases);
}
