//! CREATE TABLE … PARTITION OF and INHERITS.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE target (id int PRIMARY KEY); INSERT INTO target SELECT generate_series(1, 300);
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    INSERT INTO p SELECT i, i FROM generate_series(1, 99) i;
    CREATE TABLE q (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (1) TO (100); CREATE TABLE q2 PARTITION OF q DEFAULT;
    INSERT INTO q SELECT generate_series(1, 300);
    CREATE TABLE h (a int) PARTITION BY HASH (a);
    CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO h1 SELECT 1
        WHERE satisfies_hash_partition('h'::regclass, 2, 1, 1);
    INSERT INTO h1 SELECT 2 WHERE satisfies_hash_partition('h'::regclass, 2, 1, 2);
    INSERT INTO h1 SELECT 3 WHERE satisfies_hash_partition('h'::regclass, 2, 1, 3);
    DROP FOREIGN DATA WRAPPER IF EXISTS w CASCADE; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;
";

const NEW: &str = "CREATE TABLE n PARTITION OF p FOR VALUES FROM (100) TO (200)";
const DEFAULT: &str =
    "CREATE TABLE d PARTITION OF p DEFAULT; INSERT INTO p SELECT i, i FROM generate_series(500, 600) i;";
const SPLIT: &str = "CREATE TABLE d PARTITION OF p DEFAULT PARTITION BY RANGE (a);
     CREATE TABLE d1 PARTITION OF d FOR VALUES FROM (500) TO (550);
     CREATE TABLE d2 PARTITION OF d FOR VALUES FROM (550) TO (700) PARTITION BY LIST (a);
     CREATE TABLE d2a PARTITION OF d2 DEFAULT;
     INSERT INTO p SELECT i, i FROM generate_series(500, 600) i;";

#[test]
fn partitions() {
    let of = |default: &str, rest: &str| format!("{default}{rest}");
    let cases = vec![
        case(NEW),
        case("CREATE TABLE IF NOT EXISTS n PARTITION OF p FOR VALUES FROM (100) TO (200)"),
        case("CREATE TABLE IF NOT EXISTS p1 PARTITION OF p FOR VALUES FROM (100) TO (200)"),
        case("CREATE TABLE n PARTITION OF app.p (b DEFAULT 1, CHECK (b > 0), UNIQUE (b)) FOR VALUES FROM (100) TO (200)"),
        case("CREATE TABLE n PARTITION OF p FOR VALUES FROM (100) TO (200) PARTITION BY LIST (b)"),
        case("CREATE TABLE n PARTITION OF p DEFAULT"),
        case("CREATE TABLE n PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0)"),
        case("CREATE FOREIGN TABLE n PARTITION OF p FOR VALUES FROM (100) TO (200) SERVER far"),
        case("CREATE FOREIGN TABLE n PARTITION OF p DEFAULT SERVER far").given("CREATE INDEX ON p (b)"),
        case("CREATE FOREIGN TABLE n PARTITION OF p FOR VALUES FROM (100) TO (200) SERVER far").given(DEFAULT),
        case(NEW).given(DEFAULT),
        case(NEW).given(of(DEFAULT, "ALTER TABLE d ADD CHECK (a > 300)")),
        case(NEW).given(of(DEFAULT, "ALTER TABLE d ADD CHECK (a > 300) NOT VALID")),
        case(NEW).given(of(DEFAULT, "ALTER TABLE d ADD CHECK (a <> 3)")),
        case(NEW).given(SPLIT),
        case(NEW).given(of(SPLIT, "ALTER TABLE d ADD CHECK (a > 300)")),
        case(NEW).given(of(SPLIT, "ALTER TABLE d1 ADD CHECK (a > 300)")),
        case(NEW).given(of(SPLIT, "ALTER TABLE d2 ADD CHECK (a > 300)")),
        case(NEW).given("CREATE TABLE d (b int, a int); INSERT INTO d VALUES (1, 900); ALTER TABLE p ATTACH PARTITION d DEFAULT"),
        case(NEW).given(
            "CREATE TABLE d (b int, a int); INSERT INTO d VALUES (1, 900); ALTER TABLE d ADD CHECK (a > 300);
             ALTER TABLE p ATTACH PARTITION d DEFAULT",
        ),
        case("CREATE TABLE n PARTITION OF l FOR VALUES IN ('x', NULL)").given(
            "CREATE TABLE l (k text) PARTITION BY LIST (k); CREATE TABLE ld PARTITION OF l DEFAULT; INSERT INTO l VALUES ('y')",
        ),
        case("CREATE TABLE n PARTITION OF l FOR VALUES IN ('x', NULL)").given(
            "CREATE TABLE l (k text) PARTITION BY LIST (k); CREATE TABLE ld PARTITION OF l DEFAULT; INSERT INTO l VALUES ('y');
             ALTER TABLE ld ADD CHECK (k = 'y' AND k IS NOT NULL)",
        ),
        case("CREATE TABLE n PARTITION OF p2 FOR VALUES FROM (100) TO (200)").given(
            "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
             CREATE TABLE p2d PARTITION OF p2 DEFAULT; INSERT INTO p VALUES (900); ALTER TABLE p2d ADD CHECK (a >= 200)",
        ),
        case(NEW).given("CREATE INDEX ON p (b); ALTER TABLE p ADD PRIMARY KEY (a)"),
        case(NEW).given(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER g BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()",
        ),
        case(NEW).given("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target"),
        case(NEW).given("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES q"),
        case(NEW).given("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target NOT ENFORCED").from(18),
        case("CREATE TABLE n PARTITION OF p (FOREIGN KEY (b) REFERENCES q) FOR VALUES FROM (100) TO (200)")
            .given("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target"),
        case("CREATE TABLE n PARTITION OF p (FOREIGN KEY (b) REFERENCES target) FOR VALUES FROM (100) TO (200)")
            .given("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target"),
        case(NEW).given("ALTER TABLE p ADD PRIMARY KEY (a); CREATE TABLE r (a int REFERENCES p); INSERT INTO r VALUES (1)"),
        case(NEW).given("ALTER TABLE p ADD PRIMARY KEY (a), ADD FOREIGN KEY (b) REFERENCES p"),
        case(NEW).given(
            "ALTER TABLE p ADD PRIMARY KEY (a); CREATE TABLE r (a int REFERENCES p) PARTITION BY LIST (a);
             CREATE TABLE r1 PARTITION OF r DEFAULT; INSERT INTO r VALUES (1)",
        ),
        case("CREATE TABLE n PARTITION OF q FOR VALUES FROM (1000) TO (2000)")
            .given("ALTER TABLE q2 ADD CHECK (id < 900); CREATE TABLE r (a int REFERENCES q); INSERT INTO r VALUES (1)"),
        case("CREATE TEMP TABLE n PARTITION OF tp FOR VALUES FROM (1) TO (2)")
            .given("CREATE TEMP TABLE tp (a int) PARTITION BY RANGE (a)"),
    ];
    run(BASE, cases);
}

#[test]
fn inherits() {
    const PARENTS: &str = "CREATE TABLE parent (a int CHECK (a > 0), b int NOT NULL); INSERT INTO parent VALUES (1, 1);
        CREATE TABLE child () INHERITS (parent); INSERT INTO child VALUES (1, 1);";
    let cases = vec![
        case("CREATE TABLE n () INHERITS (parent)"),
        case("CREATE TABLE n (c int REFERENCES target) INHERITS (app.parent)"),
        case("CREATE TABLE n () INHERITS (parent, target)"),
        case("CREATE TABLE n (a int DEFAULT 1) INHERITS (child)"),
        case("CREATE TABLE IF NOT EXISTS child () INHERITS (parent)"),
        case("CREATE TABLE IF NOT EXISTS n () INHERITS (parent)"),
        case("CREATE TEMP TABLE n () INHERITS (parent)"),
        case("CREATE FOREIGN TABLE n () INHERITS (parent) SERVER far"),
        case("CREATE TABLE n () INHERITS (parent)")
            .given("ALTER TABLE parent ADD PRIMARY KEY (a), ADD FOREIGN KEY (a) REFERENCES target"),
    ];
    let cases = cases
        .into_iter()
        .map(|mut case| {
            case.setup = format!("{PARENTS}{}", case.setup);
            case
        })
        .collect();
    run(BASE, cases);
}
