//! Several subcommands in one ALTER TABLE: one lock, and what one does may spare or cost another.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE target (id int PRIMARY KEY); INSERT INTO target SELECT generate_series(1, 300);
    CREATE TABLE t (id int PRIMARY KEY, a int, v varchar(10));
    INSERT INTO t SELECT i, i, 'x' FROM generate_series(1, 300) i;
    CREATE INDEX t_v ON t (v);
    CREATE TABLE parent (a int, b int);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO child SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
";

#[test]
fn together() {
    let statements = [
        "SET (fillfactor = 70), ALTER a SET STATISTICS 10",
        "SET (fillfactor = 70), ADD COLUMN c int",
        "ALTER a SET STATISTICS 10, VALIDATE CONSTRAINT k",
        "ADD FOREIGN KEY (a) REFERENCES target NOT VALID, SET (fillfactor = 70)",
        "ADD FOREIGN KEY (a) REFERENCES target, ADD CHECK (a > 0)",
        "ADD COLUMN c int, ADD CHECK (c > 0)",
        "ADD COLUMN c int DEFAULT 1, ADD CHECK (c > 0) NOT VALID",
        "ADD COLUMN c int NOT NULL DEFAULT 1, ADD UNIQUE (c, id)",
        "ADD COLUMN c int DEFAULT 1, ALTER c SET NOT NULL",
        "ADD COLUMN c int, ADD COLUMN d int DEFAULT 1, ADD FOREIGN KEY (c) REFERENCES target",
        "ADD COLUMN c int, ADD FOREIGN KEY (c) REFERENCES target",
        "ADD COLUMN c int, ADD FOREIGN KEY (c) REFERENCES target NOT VALID",
        "ADD COLUMN c serial, ADD UNIQUE (c)",
        "ADD COLUMN c int GENERATED ALWAYS AS IDENTITY, DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (c)",
        "DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (a)",
        "DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id)",
        "DROP COLUMN v, ADD COLUMN v text",
        "DROP COLUMN v, ADD COLUMN c float DEFAULT random()",
        "DROP COLUMN IF EXISTS absent, ADD COLUMN IF NOT EXISTS a int",
        "ALTER a TYPE bigint, ADD CHECK (a > 0)",
        "ALTER a TYPE bigint, ALTER a SET NOT NULL",
        "ALTER a TYPE bigint, ADD COLUMN c float DEFAULT random()",
        "ALTER v TYPE varchar(20), ADD UNIQUE (a)",
        "ALTER v TYPE varchar(20), ADD CHECK (a > 0)",
        "ALTER v TYPE text, DROP CONSTRAINT k",
        "ALTER v TYPE text, DROP CONSTRAINT v_check",
        "ALTER v TYPE varchar(20) COLLATE \"C\", DROP CONSTRAINT v_key",
        "ALTER v TYPE varchar(20), DROP CONSTRAINT t_pkey",
        "ALTER a SET NOT NULL, ADD CONSTRAINT n CHECK (a IS NOT NULL) NOT VALID",
        "ALTER a SET NOT NULL, ADD UNIQUE (a)",
        "ALTER a SET NOT NULL, DROP CONSTRAINT k",
        "ALTER a DROP NOT NULL, ALTER a SET DEFAULT 1",
        "ADD UNIQUE (a), ADD UNIQUE (a, id)",
        "ADD COLUMN c int UNIQUE CHECK (c > 0) REFERENCES target",
        "ADD COLUMN c int, ALTER c SET DEFAULT random()",
    ];
    let proof = "ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL) NOT VALID;
                 ALTER TABLE t ADD CONSTRAINT v_check CHECK (v <> 'y');
                 CREATE TABLE codes (v varchar(10) PRIMARY KEY); INSERT INTO codes VALUES ('x');
                 ALTER TABLE t ADD CONSTRAINT v_key FOREIGN KEY (v) REFERENCES codes";
    let mut cases: Vec<_> = statements
        .iter()
        .map(|actions| case(format!("ALTER TABLE t {actions}")).given(proof))
        .collect();
    cases.extend([
        case("ALTER TABLE t ALTER a SET NOT NULL, DROP CONSTRAINT k")
            .given("ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL)"),
        case("ALTER TABLE t VALIDATE CONSTRAINT k, ALTER a SET NOT NULL").given(proof),
        case(
            "ALTER TABLE t ADD CONSTRAINT n FOREIGN KEY (a) REFERENCES target NOT ENFORCED, ALTER CONSTRAINT n ENFORCED",
        )
        .from(18),
        case("ALTER TABLE t ADD CONSTRAINT n UNIQUE (a), ALTER CONSTRAINT n ENFORCED DEFERRABLE")
            .from(18)
            .if_possible(),
        case(
            "ALTER TABLE p ADD CONSTRAINT n FOREIGN KEY (a) REFERENCES target NOT ENFORCED, ALTER CONSTRAINT n ENFORCED",
        )
        .from(18),
        case("ALTER TABLE parent DROP CONSTRAINT n, ALTER b TYPE bigint")
            .given("ALTER TABLE parent ADD CONSTRAINT n CHECK (b > 0)"),
        case("ALTER TABLE parent DROP CONSTRAINT n, ALTER b TYPE oid USING b")
            .given("ALTER TABLE parent ADD CONSTRAINT n CHECK (b > 0)"),
        case("ALTER TABLE parent DROP CONSTRAINT n, ALTER b TYPE int USING b")
            .given("ALTER TABLE parent ADD CONSTRAINT n CHECK (b > 0)"),
        case("ALTER TABLE parent SET (fillfactor = 70), ADD COLUMN c int"),
        case("ALTER TABLE t ADD COLUMN IF NOT EXISTS n int, ADD COLUMN IF NOT EXISTS n float DEFAULT random()"),
        case("ALTER TABLE t ADD COLUMN IF NOT EXISTS n float DEFAULT random(), ADD COLUMN IF NOT EXISTS n int NOT NULL"),
        case("ALTER TABLE t ADD CONSTRAINT n FOREIGN KEY (a) REFERENCES target NOT VALID, VALIDATE CONSTRAINT n"),
        case("ALTER TABLE parent ALTER a TYPE bigint, ALTER b SET NOT NULL"),
        case("ALTER TABLE parent ADD CHECK (a > 0), ADD COLUMN c float DEFAULT random()"),
        case("ALTER TABLE parent ADD UNIQUE (a), ADD COLUMN c int"),
        case("ALTER TABLE p SET (autovacuum_enabled = off), ADD COLUMN c int").if_possible(),
        case("ALTER TABLE p ADD COLUMN c int DEFAULT 1, ADD UNIQUE (a, c)"),
        case("ALTER TABLE p ALTER b TYPE bigint, ADD FOREIGN KEY (a) REFERENCES target"),
        case("ALTER TABLE p ADD FOREIGN KEY (a) REFERENCES target, ALTER b SET NOT NULL"),
    ]);
    run(BASE, cases);
}

/// The server refuses to alter a constraint that is no foreign key; being asked about it must do no harm.
#[test]
fn refused_by_the_server() {
    let cases = ["UNIQUE (id, a)", "CHECK (a > 0)"].map(|constraint| {
        case(format!(
            "ALTER TABLE t ADD CONSTRAINT n {constraint}, ALTER CONSTRAINT n ENFORCED"
        ))
        .from(18)
        .if_possible()
    });
    run(
        BASE,
        [case("ALTER TABLE t ADD c int")].into_iter().chain(cases).collect(),
    );
}
