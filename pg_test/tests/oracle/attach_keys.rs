//! ATTACH PARTITION with foreign keys: those of the partitioned table, and those that refer to it.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE target (id int PRIMARY KEY, code int UNIQUE);
    INSERT INTO target SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE q (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (1) TO (100);
    CREATE TABLE q2 PARTITION OF q FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (id);
    CREATE TABLE q2a PARTITION OF q2 DEFAULT;
    INSERT INTO q SELECT generate_series(1, 300);
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    INSERT INTO p SELECT i, i FROM generate_series(1, 99) i;
    CREATE TABLE t (a int, b int);
    INSERT INTO t SELECT i, i FROM generate_series(100, 199) i;
    CREATE TABLE s (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE s1 PARTITION OF s FOR VALUES FROM (100) TO (150);
    CREATE TABLE s2 PARTITION OF s FOR VALUES FROM (150) TO (200);
    INSERT INTO s SELECT i, i FROM generate_series(100, 199) i;
";

const T: &str = "ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (100) TO (200)";
const S: &str = "ALTER TABLE p ATTACH PARTITION s FOR VALUES FROM (100) TO (200)";

#[test]
fn keys_of_the_partitioned_table() {
    let key = "ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target;";
    let wide = "ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES q;";
    let of = |first: &str, rest: &str| format!("{first} {rest}");
    let cases = vec![
        case(T).given(key),
        case(T).given(of(key, "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES target")),
        case(T).given(of(key, "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES target NOT VALID")),
        case(T).given(of(key, "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES target (code)")),
        case(T).given(of(key, "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES target")),
        case(T).given(of(key, "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES target ON DELETE CASCADE")),
        case(T).given(of(key, "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES target DEFERRABLE")),
        case(T).given(of(key, "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES target MATCH FULL")),
        case(T).given(of(
            key,
            "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES target, ADD CHECK (a >= 100 AND a < 200), ALTER a SET NOT NULL",
        )),
        case(T).given(of(key, "ALTER TABLE t ADD CHECK (a >= 100 AND a < 200), ALTER a SET NOT NULL")),
        case(T).given(of(key, "ALTER TABLE p ADD FOREIGN KEY (a) REFERENCES target (code)")),
        case(T).given("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target NOT VALID").from(18),
        case(T).given("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target NOT ENFORCED").from(18),
        case(T)
            .given("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target NOT ENFORCED; ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES target NOT ENFORCED")
            .from(18),
        case(T)
            .given("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target NOT VALID; ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES target NOT VALID")
            .from(18),
        case(T)
            .given("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target NOT VALID; ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES target")
            .from(18),
        case(T).given(wide),
        case(T).given(of(wide, "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES q")),
        case(T).given(of(wide, "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES q NOT VALID")),
        case(T).given(of(key, wide).replace("k FOREIGN KEY (b) REFERENCES q", "k2 FOREIGN KEY (b) REFERENCES q")),
        case(T).given(of(
            key,
            "DROP TABLE t; CREATE TABLE t (x int, b int REFERENCES target, a int); ALTER TABLE t DROP x; INSERT INTO t VALUES (1, 100)",
        )),
        case(S).given(key),
        case(S).given(of(key, "ALTER TABLE s ADD FOREIGN KEY (b) REFERENCES target")),
        case(S).given(of(key, "ALTER TABLE s1 ADD FOREIGN KEY (b) REFERENCES target")),
        case(S).given(of(key, "ALTER TABLE s1 ADD FOREIGN KEY (b) REFERENCES target NOT VALID")),
        case(S).given(wide),
        case(S).given(of(wide, "ALTER TABLE s1 ADD FOREIGN KEY (b) REFERENCES q")),
        case(T).given(
            "CREATE TABLE d PARTITION OF p DEFAULT; INSERT INTO p VALUES (900, 1);
             ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target",
        ),
        // A foreign key of the parent's parent.
        case("ALTER TABLE p2 ATTACH PARTITION t FOR VALUES FROM (100) TO (200)").given(of(
            key,
            "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a)",
        )),
    ];
    run(BASE, cases);
}

#[test]
fn keys_that_refer_to_it() {
    let referenced = "ALTER TABLE p ADD PRIMARY KEY (a); ALTER TABLE t ADD PRIMARY KEY (a);
                      CREATE TABLE r (a int REFERENCES p); INSERT INTO r VALUES (1);";
    let unindexed = "ALTER TABLE p ADD PRIMARY KEY (a); ALTER TABLE t ALTER a SET NOT NULL;
                     CREATE TABLE r (a int REFERENCES p); INSERT INTO r VALUES (1);";
    let tree =
        "ALTER TABLE p ADD PRIMARY KEY (a); ALTER TABLE s ADD PRIMARY KEY (a); ALTER TABLE t ADD PRIMARY KEY (a);
                CREATE TABLE r (a int REFERENCES p) PARTITION BY RANGE (a);
                CREATE TABLE r1 PARTITION OF r DEFAULT; INSERT INTO r VALUES (1);";
    let own = "ALTER TABLE p ADD PRIMARY KEY (a), ADD FOREIGN KEY (b) REFERENCES p; ALTER TABLE t ADD PRIMARY KEY (a);";
    let of = |first: &str, rest: &str| format!("{first} {rest}");
    let cases = vec![
        case(T).given(referenced),
        case(T).given(unindexed),
        case(T).given(of(referenced, "CREATE TABLE r2 (a int REFERENCES p); INSERT INTO r2 VALUES (1)")),
        case(T).given(tree),
        case(S).given(tree),
        case(T).given(own).if_possible(),
        case(T).given(of(own, "UPDATE t SET b = 1")),
        case(T).given(of(referenced, "CREATE TABLE d PARTITION OF p DEFAULT; INSERT INTO p VALUES (900, 1)")),
        case("ALTER TABLE p2 ATTACH PARTITION t FOR VALUES FROM (100) TO (200)").given(of(
            referenced,
            "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a)",
        )),
        case(T).given(of(
            "ALTER TABLE p ADD PRIMARY KEY (a); ALTER TABLE t ADD PRIMARY KEY (a);",
            "CREATE TABLE r (a int); INSERT INTO r VALUES (1); ALTER TABLE r ADD FOREIGN KEY (a) REFERENCES p NOT VALID",
        )),
    ];
    run(BASE, cases);
}
