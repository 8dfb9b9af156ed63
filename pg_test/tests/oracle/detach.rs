//! DETACH PARTITION, in its three forms.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE target (id int PRIMARY KEY); INSERT INTO target SELECT generate_series(1, 300);
    CREATE TABLE p (a int PRIMARY KEY, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (200);
    CREATE TABLE p2b PARTITION OF p2 FOR VALUES FROM (200) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX p_b ON p (b);
    CREATE TABLE h (a int, b int) PARTITION BY HASH (a);
    CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    INSERT INTO h SELECT i, i FROM generate_series(1, 50) i;
    ANALYZE;
";

const DEFAULT: &str = "CREATE TABLE d PARTITION OF p DEFAULT; INSERT INTO p VALUES (5000, 1);";
const REFERRING: &str = "CREATE TABLE r (a int REFERENCES p, x int);
    INSERT INTO r SELECT 250, i FROM generate_series(1, 1000) i; ANALYZE r;";
const REFERRING_TREE: &str = "CREATE TABLE r (a int REFERENCES p) PARTITION BY RANGE (a);
    CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (1) TO (220); CREATE TABLE r2 PARTITION OF r DEFAULT;
    INSERT INTO r SELECT 250 FROM generate_series(1, 1000); INSERT INTO r VALUES (210); ANALYZE r;";
const KEY: &str = "ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target ON DELETE CASCADE;";
const WIDE_KEY: &str = "CREATE TABLE q (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (1) TO (100); CREATE TABLE q2 PARTITION OF q DEFAULT;
    INSERT INTO q SELECT generate_series(1, 300); ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES q;";

const SELF_KEY: &str = "CREATE TABLE s (a int PRIMARY KEY, b int REFERENCES s) PARTITION BY RANGE (a);
    CREATE TABLE s1 PARTITION OF s FOR VALUES FROM (1) TO (100);
    CREATE TABLE s2 PARTITION OF s FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE s2a PARTITION OF s2 FOR VALUES FROM (100) TO (200);
    CREATE TABLE s2b PARTITION OF s2 FOR VALUES FROM (200) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE s2b1 PARTITION OF s2b FOR VALUES FROM (200) TO (1000);
    CREATE TABLE s3 PARTITION OF s FOR VALUES FROM (1000) TO (1300);
    INSERT INTO s SELECT i, 1100 FROM generate_series(1, 1299) i; ANALYZE s;";

/// What a partition may hang on.
const SETUPS: [&str; 9] = [
    "",
    REFERRING,
    REFERRING_TREE,
    "CREATE TABLE r (a int REFERENCES p, x int); INSERT INTO r SELECT 250, i FROM generate_series(1, 1000) i;
     CREATE INDEX ON r (a); ANALYZE r",
    KEY,
    WIDE_KEY,
    "DROP INDEX p_b; ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES p; UPDATE p SET b = 250",
    "ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES target; ALTER TABLE p2 ADD FOREIGN KEY (b) REFERENCES target;
     CREATE TABLE r (a int REFERENCES p1, b int REFERENCES p2); INSERT INTO r VALUES (1, 299)",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
     CREATE TRIGGER g BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()",
];

#[test]
fn plain() {
    let mut cases = vec![];
    for setup in SETUPS {
        cases.push(case("ALTER TABLE p DETACH PARTITION p1").given(setup));
        {
            let setup = setup
                .replace("250", "50")
                .replace("(210)", "(60)")
                .replace("TO (220)", "TO (55)");
            cases.push(case("ALTER TABLE p DETACH PARTITION p2").given(setup));
        }
    }
    cases.extend([
        case("ALTER TABLE p2 DETACH PARTITION p2a"),
        case("ALTER TABLE p2 DETACH PARTITION p2a").given(REFERRING),
        case("ALTER TABLE p2 DETACH PARTITION p2a").given(KEY),
        case("ALTER TABLE p DETACH PARTITION app.p1").given(DEFAULT),
        case("ALTER TABLE p DETACH PARTITION d").given(DEFAULT),
        case("ALTER TABLE p DETACH PARTITION d").given(format!("{DEFAULT}{REFERRING}")),
        case("ALTER TABLE p DETACH PARTITION p1").given(format!("{DEFAULT}{REFERRING}")),
        case("ALTER TABLE p DETACH PARTITION p1").given(format!("{REFERRING}{KEY}")),
        case("ALTER TABLE h DETACH PARTITION h1"),
        case("ALTER TABLE IF EXISTS absent DETACH PARTITION p1"),
        // Within one tree: the check still sees what leaves among those that refer to it.
        case("ALTER TABLE s DETACH PARTITION s2").given(SELF_KEY),
        case("ALTER TABLE s DETACH PARTITION s1").given(SELF_KEY),
        case("ALTER TABLE s2 DETACH PARTITION s2a").given(SELF_KEY),
        case("ALTER TABLE s DETACH PARTITION s2").given(format!("{SELF_KEY} CREATE INDEX ON s (b); ANALYZE s")),
        case("ALTER TABLE i DETACH PARTITION i1")
            .given(
                "CREATE TABLE i (a int GENERATED ALWAYS AS IDENTITY, b int) PARTITION BY LIST (b);
                 CREATE TABLE i1 PARTITION OF i FOR VALUES IN (1); INSERT INTO i (b) VALUES (1)",
            )
            .from(17),
        case("ALTER TABLE p DETACH PARTITION p1")
            .given("ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target NOT ENFORCED")
            .from(18),
        case("ALTER TABLE p DETACH PARTITION p1")
            .given("CREATE TABLE r (a int REFERENCES p NOT ENFORCED); INSERT INTO r SELECT 250 FROM generate_series(1, 1000); ANALYZE r")
            .from(18),
    ]);
    run(BASE, cases);
}

#[test]
fn concurrently() {
    /// The session that runs it is a new one.
    const PLAN: &str = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off";
    let cases = vec![
        case("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY"),
        case("ALTER TABLE p DETACH PARTITION p2 CONCURRENTLY"),
        case("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY").given(KEY),
        case("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY").given(REFERRING),
        case("ALTER TABLE p DETACH PARTITION p2 CONCURRENTLY").given(REFERRING.replace("250", "50")),
        case("ALTER TABLE s DETACH PARTITION s2 CONCURRENTLY").given(SELF_KEY),
        case("ALTER TABLE h DETACH PARTITION h1 CONCURRENTLY"),
    ];
    run(BASE, cases.into_iter().map(|case| case.watched().set(PLAN)).collect());
}

#[test]
fn finalize() {
    let pending = |partition: &str| {
        format!("UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = '{partition}'::regclass")
    };
    let cases = vec![
        case("ALTER TABLE p DETACH PARTITION p1 FINALIZE").given(pending("p1")),
        case("ALTER TABLE p DETACH PARTITION p2 FINALIZE").given(pending("p2")),
        case("ALTER TABLE p DETACH PARTITION p1 FINALIZE").given(format!("{KEY}{REFERRING}{}", pending("p1"))),
        case("ALTER TABLE p DETACH PARTITION p1 FINALIZE").given(format!("{REFERRING_TREE}{}", pending("p1"))),
        case("ALTER TABLE p DETACH PARTITION p1 FINALIZE").given(format!("{WIDE_KEY}{}", pending("p1"))),
    ];
    run(BASE, cases);
}
