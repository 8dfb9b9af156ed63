//! ATTACH PARTITION: what proves the bound and what has to be read, which indexes are built and which taken over.

use crate::case::{Case, case, run};

const BASE: &str = "
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    INSERT INTO p SELECT i, i FROM generate_series(1, 99) i;
    CREATE TABLE t (a int, b int);
    INSERT INTO t SELECT i, i FROM generate_series(100, 199) i;
    CREATE TABLE l (k text, b int) PARTITION BY LIST (k);
    CREATE TABLE l1 PARTITION OF l FOR VALUES IN ('x', NULL);
    INSERT INTO l VALUES ('x', 1), (NULL, 2);
    CREATE TABLE lt (k text, b int);
    INSERT INTO lt SELECT 'y', i FROM generate_series(1, 100) i;
    CREATE TABLE h (a int, b int) PARTITION BY HASH (a);
    CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    INSERT INTO h1 SELECT i, i FROM generate_series(1, 50) i WHERE satisfies_hash_partition('h'::regclass, 2, 1, i);
    CREATE TABLE ht (a int, b int);
    INSERT INTO ht SELECT i, i FROM generate_series(1, 50) i WHERE satisfies_hash_partition('h'::regclass, 2, 0, i);
    CREATE TABLE s (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE s1 PARTITION OF s FOR VALUES FROM (100) TO (150);
    CREATE TABLE s2 PARTITION OF s FOR VALUES FROM (150) TO (200);
    INSERT INTO s SELECT i, i FROM generate_series(100, 199) i;
";

const T: &str = "ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (100) TO (200)";
const S: &str = "ALTER TABLE p ATTACH PARTITION s FOR VALUES FROM (100) TO (200)";

fn given(statement: &str, setups: &[&str]) -> Vec<Case> {
    setups.iter().map(|setup| case(statement).given(*setup)).collect()
}

#[test]
fn bounds() {
    let mut cases = given(
        T,
        &[
            "",
            "ALTER TABLE t ADD CHECK (a >= 100 AND a < 200)",
            "ALTER TABLE t ADD CHECK (a >= 100 AND a < 200), ALTER a SET NOT NULL",
            "ALTER TABLE t ADD CHECK (a >= 100 AND a < 200 AND a IS NOT NULL)",
            "ALTER TABLE t ADD CHECK (a IS NOT NULL AND a >= 100 AND a < 200) NOT VALID",
            "ALTER TABLE t ADD CHECK (a > 110 AND a < 150) NOT VALID, ALTER a SET NOT NULL",
            "ALTER TABLE t ADD CHECK (a BETWEEN 120 AND 130 OR a BETWEEN 100 AND 199), ALTER a SET NOT NULL",
            "ALTER TABLE t ADD CHECK (a >= 100), ADD CHECK (a <= 199), ALTER a SET NOT NULL",
            "ALTER TABLE t ADD CHECK (a > 99), ADD CHECK (a < 200), ALTER a SET NOT NULL",
            "ALTER TABLE t ADD CHECK (a + 0 >= 100), ADD CHECK (a < 200), ALTER a SET NOT NULL",
            "ALTER TABLE t ALTER a SET NOT NULL",
            "ALTER TABLE p ADD CHECK (b > 0); ALTER TABLE t ADD CONSTRAINT p_b_check CHECK (b > 0)",
            "ALTER TABLE p ALTER b SET NOT NULL; ALTER TABLE t ALTER b SET NOT NULL",
            "ALTER TABLE t ADD c int; ALTER TABLE t DROP c; ALTER TABLE p ADD d int; ALTER TABLE p DROP d",
            "DROP TABLE t; CREATE TABLE t (x int, b int, a int); ALTER TABLE t DROP x, ADD CHECK (a >= 100 AND a < 200),
             ALTER a SET NOT NULL; INSERT INTO t SELECT i, i + 99 FROM generate_series(1, 100) i",
            "DROP TABLE t; CREATE TABLE t (x int, b int, a int); ALTER TABLE t DROP x;
             INSERT INTO t SELECT i, i + 99 FROM generate_series(1, 100) i",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER g BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
             CREATE TRIGGER a AFTER UPDATE OF b ON p FOR EACH STATEMENT EXECUTE FUNCTION f()",
            "CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT * FROM p",
        ],
    );
    cases.extend([
        case("ALTER TABLE IF EXISTS p ATTACH PARTITION app.t FOR VALUES FROM (100) TO (MAXVALUE)"),
        case("ALTER TABLE IF EXISTS absent ATTACH PARTITION t FOR VALUES FROM (100) TO (200)"),
        case("ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (50 + 50) TO ('200')"),
        case("ALTER TABLE p ATTACH PARTITION t DEFAULT"),
        case("ALTER TABLE p ATTACH PARTITION t DEFAULT").given("ALTER TABLE t ADD CHECK (a >= 100)"),
        case("ALTER TABLE p ATTACH PARTITION t DEFAULT").given("ALTER TABLE t ADD CHECK (a IS NULL OR a > 100 OR a = 100)"),
        case("ALTER TABLE p ATTACH PARTITION t DEFAULT").given("ALTER TABLE p DETACH PARTITION p1; DROP TABLE p1"),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN ('y')"),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN ('y', 'z')").given("ALTER TABLE lt ADD CHECK (k IN ('y', 'z')), ALTER k SET NOT NULL"),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN ('y', 'z')").given("ALTER TABLE lt ADD CHECK (k = 'z' OR k = 'y'), ALTER k SET NOT NULL"),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN ('y')").given("ALTER TABLE lt ADD CHECK (k = 'y' AND k IS NOT NULL)"),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN ('y')").given("ALTER TABLE lt ADD CHECK (k = 'y')"),
        case("ALTER TABLE l ATTACH PARTITION lt DEFAULT"),
        case("ALTER TABLE l ATTACH PARTITION lt DEFAULT").given("ALTER TABLE lt ADD CHECK (k = 'y' AND k IS NOT NULL)"),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN (NULL)")
            .given("DROP TABLE l1; UPDATE lt SET k = NULL; ALTER TABLE lt ADD CHECK (k IS NULL)"),
        case("ALTER TABLE h ATTACH PARTITION ht FOR VALUES WITH (MODULUS 2, REMAINDER 0)"),
        case("ALTER TABLE h ATTACH PARTITION ht FOR VALUES WITH (MODULUS 2, REMAINDER 0)").given(
            "DO $$ BEGIN EXECUTE format('ALTER TABLE ht ADD CHECK (satisfies_hash_partition(%s::oid, 2, 0, a))', 'h'::regclass::oid); END $$",
        ),
        case(T).given("ALTER TABLE p ADD CONSTRAINT k EXCLUDE USING btree (a WITH =)").from(17),
        case("ALTER TABLE f ATTACH PARTITION ft FOR VALUES FROM (100) TO (200)").given(
            "CREATE TABLE f (a int) PARTITION BY RANGE (a);
             DROP FOREIGN DATA WRAPPER IF EXISTS w CASCADE; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;
             CREATE FOREIGN TABLE ft (a int) SERVER far",
        ),
        case("ALTER TABLE f ATTACH PARTITION ft FOR VALUES FROM (100) TO (200)").given(
            "CREATE TABLE f (a int) PARTITION BY RANGE (a); CREATE INDEX ON f (a);
             CREATE TABLE fd PARTITION OF f DEFAULT; INSERT INTO f VALUES (1);
             DROP FOREIGN DATA WRAPPER IF EXISTS w CASCADE; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;
             CREATE FOREIGN TABLE ft (a int) SERVER far",
        ),
        case("ALTER TABLE m ATTACH PARTITION mt FOR VALUES FROM (1, 10) TO (1, 20)").given(
            "CREATE TABLE m (a int, b int) PARTITION BY RANGE (a, b); CREATE TABLE mt (a int, b int);
             INSERT INTO mt VALUES (1, 10);
             ALTER TABLE mt ADD CHECK (a = 1 AND b >= 10 AND b < 20), ALTER a SET NOT NULL, ALTER b SET NOT NULL",
        ),
        case("ALTER TABLE m ATTACH PARTITION mt FOR VALUES FROM (1, 10) TO (2, MAXVALUE)").given(
            "CREATE TABLE m (a int, b int) PARTITION BY RANGE (a, b); CREATE TABLE mt (a int, b int);
             INSERT INTO mt VALUES (1, 10)",
        ),
        case("ALTER TABLE m ATTACH PARTITION mt FOR VALUES FROM (10) TO (20)").given(
            "CREATE TABLE m (a int, b int) PARTITION BY RANGE ((a + b)); CREATE TABLE mt (b int, a int);
             INSERT INTO mt VALUES (1, 10);
             ALTER TABLE mt ADD CHECK (a + b >= 10 AND a + b < 20 AND (a + b) IS NOT NULL)",
        ),
    ]);
    run(BASE, cases);
}

#[test]
fn default_partitions() {
    const DEFAULT: &str =
        "CREATE TABLE d PARTITION OF p DEFAULT; INSERT INTO p SELECT i, i FROM generate_series(500, 600) i;";
    const SPLIT: &str = "CREATE TABLE d PARTITION OF p DEFAULT PARTITION BY RANGE (a);
         CREATE TABLE d1 PARTITION OF d FOR VALUES FROM (500) TO (550);
         CREATE TABLE d2 PARTITION OF d FOR VALUES FROM (550) TO (700) PARTITION BY LIST (a);
         CREATE TABLE d2a PARTITION OF d2 DEFAULT;
         INSERT INTO p SELECT i, i FROM generate_series(500, 600) i;";
    let of = |default: &str, rest: &str| format!("{default}{rest}");
    let cases = vec![
        case(T).given(DEFAULT),
        case(T).given(of(DEFAULT, "ALTER TABLE d ADD CHECK (a > 300)")),
        case(T).given(of(DEFAULT, "ALTER TABLE d ADD CHECK (a > 300), ALTER a SET NOT NULL")),
        case(T).given(of(DEFAULT, "ALTER TABLE d ADD CHECK (a > 300) NOT VALID")),
        case(T).given(of(
            DEFAULT,
            "ALTER TABLE d ADD CHECK (NOT (a IS NOT NULL AND a >= 100 AND a < 200))",
        )),
        case(T).given(of(
            DEFAULT,
            "ALTER TABLE d ADD CHECK (a > 300); ALTER TABLE t ADD CHECK (a >= 100 AND a < 200), ALTER a SET NOT NULL",
        )),
        case(T).given(SPLIT),
        case(T).given(of(SPLIT, "ALTER TABLE d ADD CHECK (a > 300)")),
        case(T).given(of(SPLIT, "ALTER TABLE d1 ADD CHECK (a > 300)")),
        case(T).given(of(SPLIT, "ALTER TABLE d2 ADD CHECK (a > 300)")),
        case(S).given(SPLIT),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN ('y')")
            .given("CREATE TABLE ld PARTITION OF l DEFAULT; INSERT INTO l VALUES ('w')"),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN ('y')").given(
            "CREATE TABLE ld PARTITION OF l DEFAULT; INSERT INTO l VALUES ('w'); ALTER TABLE ld ADD CHECK (k = 'w')",
        ),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN ('y')").given(
            "CREATE TABLE ld (b int, k text); INSERT INTO ld VALUES (1, 'w'); ALTER TABLE ld ADD CHECK (k <> 'y');
             ALTER TABLE l ATTACH PARTITION ld DEFAULT",
        ),
        // A partition of a partition, with a default beside it.
        case("ALTER TABLE p2 ATTACH PARTITION t FOR VALUES FROM (100) TO (200)").given(
            "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
             CREATE TABLE p2d PARTITION OF p2 DEFAULT; INSERT INTO p VALUES (900)",
        ),
        case("ALTER TABLE p2 ATTACH PARTITION t FOR VALUES FROM (100) TO (200)").given(
            "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
             CREATE TABLE p2d PARTITION OF p2 DEFAULT; INSERT INTO p VALUES (900);
             ALTER TABLE p2d ADD CHECK (a >= 200)",
        ),
        case("ALTER TABLE p2 ATTACH PARTITION t FOR VALUES FROM (1) TO (3)").given(
            "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (b);
             CREATE TABLE p2d PARTITION OF p2 DEFAULT; INSERT INTO p VALUES (900, 9); UPDATE t SET b = 1;
             ALTER TABLE p2d ADD CHECK (b > 5);
             ALTER TABLE t ADD CHECK (b > 0 AND b < 3), ALTER b SET NOT NULL",
        ),
        case("ALTER TABLE p2 ATTACH PARTITION t FOR VALUES FROM (1) TO (3)").given(
            "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (b);
             UPDATE t SET b = 1;
             ALTER TABLE t ADD CHECK (b > 0 AND b < 3), ALTER b SET NOT NULL,
                           ADD CHECK (a >= 100 AND a < 1000), ALTER a SET NOT NULL",
        ),
    ];
    run(BASE, cases);
}

#[test]
fn partitioned_tables() {
    let mut cases = given(
        S,
        &[
            "",
            "ALTER TABLE s ADD CHECK (a >= 100 AND a < 200), ALTER a SET NOT NULL",
            "ALTER TABLE s1 ADD CHECK (a >= 100 AND a < 200), ALTER a SET NOT NULL",
            "ALTER TABLE s1 ADD CHECK (a >= 100 AND a < 200)",
            "CREATE TABLE s3 PARTITION OF s FOR VALUES FROM (200) TO (300) PARTITION BY LIST (b);
             CREATE TABLE s3a PARTITION OF s3 DEFAULT; INSERT INTO s VALUES (250, 1); DELETE FROM s3a; INSERT INTO s3a VALUES (250);
             UPDATE s3a SET b = 2; ALTER TABLE s DETACH PARTITION s3",
            "CREATE TABLE s3 (x int, b int, a int); ALTER TABLE s3 DROP x; INSERT INTO s3 VALUES (0, 99); DELETE FROM s3;
             ALTER TABLE s ATTACH PARTITION s3 FOR VALUES FROM (10) TO (20); INSERT INTO s VALUES (11); DELETE FROM s3",
            "CREATE INDEX ON p (b)",
            "CREATE INDEX ON p (b); CREATE INDEX ON s1 (b)",
            "CREATE INDEX ON p (b); CREATE INDEX ON s (b)",
            "CREATE INDEX ON p (b); CREATE INDEX x ON ONLY s (b)",
            "ALTER TABLE p ADD UNIQUE (a); ALTER TABLE s1 ADD UNIQUE (a)",
        ],
    );
    cases.push(
        case("ALTER TABLE p ATTACH PARTITION s FOR VALUES FROM (100) TO (200)")
            .given("CREATE TABLE d PARTITION OF p DEFAULT PARTITION BY RANGE (b); CREATE TABLE d1 PARTITION OF d DEFAULT; INSERT INTO p VALUES (900, 1)"),
    );
    run(BASE, cases);
}

#[test]
fn indexes() {
    let mut cases = given(
        T,
        &[
            "CREATE INDEX ON p (b)",
            "CREATE INDEX ON p (b); CREATE INDEX ON t (b)",
            "CREATE INDEX ON p (b); CREATE INDEX ON t (b DESC)",
            "CREATE INDEX ON p (b); CREATE INDEX ON t (b) WHERE b > 0",
            "CREATE INDEX ON p (b) WHERE b > 0; CREATE INDEX ON t (b) WHERE b > 0",
            "CREATE INDEX ON p ((a + b)); CREATE INDEX ON t ((a + b))",
            "CREATE INDEX ON p ((a + b)); CREATE INDEX ON t ((b + a))",
            "CREATE INDEX ON p (a, b); CREATE INDEX ON p (b); CREATE INDEX ON t (b)",
            "CREATE INDEX ON p USING hash (b); CREATE INDEX ON t (b)",
            "CREATE INDEX ON ONLY p (b)",
            "CREATE INDEX ON ONLY p (b); CREATE INDEX ON t (b)",
            "CREATE INDEX ON p (b); CREATE INDEX n ON t (b); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'n'::regclass",
            "CREATE INDEX ON p (b) INCLUDE (a); CREATE INDEX ON t (b)",
            "CREATE INDEX x ON p (b); CREATE INDEX y ON p (b); CREATE INDEX ON t (b)",
            "ALTER TABLE p ADD PRIMARY KEY (a); ALTER TABLE t ALTER a SET NOT NULL",
            "ALTER TABLE p ADD PRIMARY KEY (a); ALTER TABLE t ADD PRIMARY KEY (a)",
            "ALTER TABLE p ADD PRIMARY KEY (a); ALTER TABLE t ADD UNIQUE (a), ALTER a SET NOT NULL",
            "ALTER TABLE p ADD UNIQUE (a); CREATE UNIQUE INDEX ON t (a)",
            "ALTER TABLE p ADD UNIQUE (a); ALTER TABLE t ADD UNIQUE (a)",
            "ALTER TABLE p ADD UNIQUE (a, b) DEFERRABLE; ALTER TABLE t ADD UNIQUE (a, b)",
            "CREATE UNIQUE INDEX ON p (a); ALTER TABLE t ADD UNIQUE (a)",
            "CREATE UNIQUE INDEX ON p (a); CREATE UNIQUE INDEX ON t (a)",
            "CREATE UNIQUE INDEX ON p (a); CREATE INDEX ON t (a)",
            "CREATE INDEX ON p (b); ALTER TABLE t ADD CHECK (a >= 100 AND a < 200), ALTER a SET NOT NULL",
            "CREATE INDEX ON p (b); DROP TABLE t; CREATE TABLE t (x int, b int, a int); ALTER TABLE t DROP x;
             INSERT INTO t SELECT i, 100 FROM generate_series(1, 10) i; CREATE INDEX ON t (b)",
            "CREATE INDEX ON p (b); DROP TABLE t; CREATE TABLE t (x int, b int, a int); ALTER TABLE t DROP x;
             INSERT INTO t SELECT i, 100 FROM generate_series(1, 10) i",
            "CREATE INDEX ON t (b)",
        ],
    );
    cases.extend([
        case("ALTER TABLE p ATTACH PARTITION t DEFAULT").given("CREATE INDEX ON p (b)"),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN ('y')")
            .given("CREATE INDEX ON l (k COLLATE \"C\"); CREATE INDEX ON lt (k)"),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN ('y')")
            .given("CREATE INDEX ON l (k text_pattern_ops); CREATE INDEX ON lt (k)"),
        case("ALTER TABLE l ATTACH PARTITION lt FOR VALUES IN ('y')")
            .given("CREATE INDEX ON l (k text_pattern_ops); CREATE INDEX ON lt (k text_pattern_ops)"),
    ]);
    run(BASE, cases);
}

#[test]
fn index_partitions() {
    let cases = vec![
        case("ALTER INDEX x ATTACH PARTITION y").given("CREATE INDEX x ON ONLY p (b); CREATE INDEX y ON p1 (b)"),
        case("ALTER INDEX x ATTACH PARTITION y")
            .given("CREATE INDEX x ON ONLY p (b); CREATE INDEX y ON p1 (b); ALTER INDEX x ATTACH PARTITION y"),
        case("ALTER INDEX x ATTACH PARTITION y").given(
            "CREATE INDEX x ON ONLY p (b); CREATE INDEX y ON p1 (b);
             CREATE TABLE p2 PARTITION OF p DEFAULT; INSERT INTO p VALUES (900); ",
        ),
        // The last part of an index that is itself a part.
        case("ALTER INDEX x2 ATTACH PARTITION y2").given(
            "DROP TABLE p1; CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1) TO (1000) PARTITION BY RANGE (a);
             CREATE TABLE p2a PARTITION OF p2 DEFAULT; INSERT INTO p VALUES (900);
             CREATE INDEX x ON ONLY p (b); CREATE INDEX x2 ON ONLY p2 (b); CREATE INDEX y2 ON p2a (b);
             ALTER INDEX x ATTACH PARTITION x2",
        ),
        case("ALTER INDEX x2 ATTACH PARTITION y2").given(
            "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
             CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (500);
             CREATE TABLE p2b PARTITION OF p2 DEFAULT; INSERT INTO p VALUES (900), (200);
             CREATE INDEX x ON ONLY p (b); CREATE INDEX x2 ON ONLY p2 (b); CREATE INDEX y2 ON p2a (b);
             ALTER INDEX x ATTACH PARTITION x2",
        ),
        case("ALTER INDEX x2 ATTACH PARTITION y2").given(
            "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
             CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (500);
             INSERT INTO p VALUES (200);
             CREATE INDEX x ON ONLY p (b); CREATE INDEX x2 ON ONLY p2 (b); CREATE INDEX y2 ON p2a (b);
             ALTER INDEX x ATTACH PARTITION x2",
        ),
        case("ALTER INDEX k ATTACH PARTITION k1").given(
            "ALTER TABLE p ALTER a SET NOT NULL;
                 ALTER TABLE ONLY p ADD CONSTRAINT k PRIMARY KEY (a); ALTER TABLE p1 ADD CONSTRAINT k1 PRIMARY KEY (a)",
        ),
        case("ALTER INDEX k ATTACH PARTITION k1")
            .given("ALTER TABLE ONLY p ADD CONSTRAINT k UNIQUE (a); ALTER TABLE p1 ADD CONSTRAINT k1 UNIQUE (a)"),
    ];
    run(BASE, cases);
}
