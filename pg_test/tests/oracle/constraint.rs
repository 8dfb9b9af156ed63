//! ADD CONSTRAINT: CHECK, PRIMARY KEY, UNIQUE, EXCLUDE. Foreign keys have a file of their own.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE t (id int, a int NOT NULL, b text, r int4range, c int);
    INSERT INTO t SELECT i, i, 'x', int4range(i, i + 1), i FROM generate_series(1, 300) i;
    CREATE TABLE parent (a int NOT NULL, b int);
    CREATE TABLE child () INHERITS (parent);
    CREATE TABLE grandchild () INHERITS (child);
    INSERT INTO parent SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO child SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO grandchild SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
";

#[test]
fn checks() {
    let cases = vec![
        case("ALTER TABLE t ADD CHECK (a > 0)"),
        case("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)"),
        case("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID"),
        case("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NO INHERIT"),
        case("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NO INHERIT NOT VALID"),
        case("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED").from(18),
        case("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) ENFORCED").from(18),
        case("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) ENFORCED NOT VALID").from(18),
        case("ALTER TABLE t ADD CONSTRAINT k CHECK (true)"),
        case("ALTER TABLE t ADD CHECK (a > 0), ADD CHECK (b = 'x') NOT VALID"),
        // A second one that says the same is looked at again.
        case("ALTER TABLE t ADD CONSTRAINT k2 CHECK (a > 0)").given("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)"),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE parent ADD CHECK (b > 0)"),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0) NOT VALID"),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0) NO INHERIT"),
        case("ALTER TABLE ONLY parent ADD CONSTRAINT k CHECK (b > 0) NO INHERIT"),
        case("ALTER TABLE ONLY parent ADD CONSTRAINT k CHECK (b > 0)").if_possible(),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE child ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE grandchild ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE parent ADD CHECK (b > 0)").given("ALTER TABLE child ADD CHECK (b > 0)"),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE child ADD CONSTRAINT other CHECK (b > 0)"),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0) NOT VALID")
            .given("ALTER TABLE child ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE child ADD CONSTRAINT k CHECK (b > 0) NOT VALID")
            .if_possible(),
        case("ALTER TABLE child ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE p ADD CHECK (b > 0 AND a > 0)"),
        case("ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0) NOT VALID"),
        case("ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0)").given("ALTER TABLE p1 ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0)").given("ALTER TABLE p2 ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE p1 ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE ONLY p ADD CONSTRAINT k CHECK (b > 0)").if_possible(),
        case("ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0) NOT ENFORCED").from(18),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0) NOT ENFORCED")
            .given("ALTER TABLE child ADD CONSTRAINT k CHECK (b > 0)")
            .from(18),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE child ADD CONSTRAINT k CHECK (b > 0) NOT ENFORCED")
            .from(18)
            .if_possible(),
        // The target has it from its parent, and keeps what it has.
        case("ALTER TABLE child ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE grandchild ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE ONLY child ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE child ADD CONSTRAINT k CHECK (b > 0) NOT VALID")
            .given("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE child ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0) NOT ENFORCED")
            .from(18),
        case("ALTER TABLE child ADD CONSTRAINT other CHECK (b > 0)")
            .given("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE p1 ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0)")
            .if_possible(),
        // What goes in the same statement is not there to be kept.
        case("ALTER TABLE parent DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0), DROP CONSTRAINT k")
            .given("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE parent DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (b > 0)").given(
            "ALTER TABLE child ADD CONSTRAINT k CHECK (b > 0); ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)",
        ),
        case("ALTER TABLE child DROP COLUMN own, ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE child ADD own int; ALTER TABLE child ADD CONSTRAINT k CHECK (own > 0)"),
        case("ALTER TABLE p DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE parent DROP COLUMN extra, ADD CONSTRAINT k CHECK (b > 0)")
            .given("ALTER TABLE parent ADD extra int; ALTER TABLE parent ADD CONSTRAINT k CHECK (extra > 0)"),
        // One table by two ways.
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0)")
            .given("CREATE TABLE two_ways () INHERITS (parent, child); INSERT INTO two_ways VALUES (1, 1)"),
    ];
    run(BASE, cases);
}

#[test]
fn keys() {
    let nullable =
        "CREATE TABLE n (a int, b int, c int NOT NULL); INSERT INTO n SELECT i, i, i FROM generate_series(1, 300) i;";
    let given = |more: &str| format!("{nullable} {more}");
    let spans = "CREATE TABLE spans (room int4range, during daterange);
                 INSERT INTO spans SELECT int4range(i, i + 1), '[2020-01-01,2021-01-01)' FROM generate_series(1, 300) i";
    let cases = vec![
        case("ALTER TABLE t ADD PRIMARY KEY (a)"),
        case("ALTER TABLE t ADD PRIMARY KEY (id)"),
        case("ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (id, a)"),
        case("ALTER TABLE t ADD PRIMARY KEY (id)").given("ALTER TABLE t ADD CHECK (id IS NOT NULL)"),
        case("ALTER TABLE t ADD PRIMARY KEY (id)").given("ALTER TABLE t ADD CHECK (id IS NOT NULL) NOT VALID"),
        case("ALTER TABLE t ADD PRIMARY KEY (a) INCLUDE (c)"),
        case("ALTER TABLE t ADD UNIQUE (a)"),
        case("ALTER TABLE t ADD UNIQUE (id)"),
        case("ALTER TABLE t ADD CONSTRAINT u UNIQUE (id, a) DEFERRABLE INITIALLY DEFERRED"),
        case("ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (id)"),
        case("ALTER TABLE t ADD UNIQUE (a) INCLUDE (b)"),
        case("ALTER TABLE t ADD EXCLUDE USING gist (r WITH &&)"),
        case("ALTER TABLE t ADD EXCLUDE USING btree (a WITH =) WHERE (a > 10)"),
        case("ALTER TABLE t ADD PRIMARY KEY (a), ADD UNIQUE (id)"),
        case("ALTER TABLE n ADD PRIMARY KEY (a, b)").given(given("")),
        case("ALTER TABLE n ADD PRIMARY KEY (a, b)").given(given("ALTER TABLE n ADD CHECK (a IS NOT NULL)")),
        case("ALTER TABLE n ADD PRIMARY KEY USING INDEX i").given(given("CREATE UNIQUE INDEX i ON n (a)")),
        case("ALTER TABLE n ADD PRIMARY KEY USING INDEX i").given(given("CREATE UNIQUE INDEX i ON n (c)")),
        case("ALTER TABLE n ADD PRIMARY KEY USING INDEX i").given(given(
            "CREATE UNIQUE INDEX i ON n (a); ALTER TABLE n ADD CHECK (a IS NOT NULL)",
        )),
        case("ALTER TABLE n ADD CONSTRAINT pk PRIMARY KEY USING INDEX i")
            .given(given("CREATE UNIQUE INDEX i ON n (c, b)")),
        case("ALTER TABLE n ALTER a TYPE bigint, ADD CONSTRAINT pk PRIMARY KEY USING INDEX i")
            .given(given("CREATE UNIQUE INDEX i ON n (a)")),
        case("ALTER TABLE n ALTER a TYPE bigint, ADD CONSTRAINT u UNIQUE USING INDEX i")
            .given(given("CREATE UNIQUE INDEX i ON n (b)")),
        case("ALTER TABLE n ADD CONSTRAINT u UNIQUE USING INDEX i").given(given("CREATE UNIQUE INDEX i ON n (a)")),
        case("ALTER TABLE n ADD UNIQUE USING INDEX \"I\"").given(given("CREATE UNIQUE INDEX \"I\" ON n (a, b)")),
        case("ALTER TABLE n ADD PRIMARY KEY USING INDEX i").given(given("CREATE UNIQUE INDEX i ON n (c) INCLUDE (a)")),
        case("ALTER TABLE parent ADD PRIMARY KEY USING INDEX i").given("CREATE UNIQUE INDEX i ON parent (a)"),
        case("ALTER TABLE ONLY parent DROP COLUMN a, ADD PRIMARY KEY (b)").until(17),
        case("ALTER TABLE t ADD COLUMN n int DEFAULT 3 NOT NULL, ALTER COLUMN n SET NOT NULL"),
        case("ALTER TABLE t ADD COLUMN n int DEFAULT 3, ALTER COLUMN n SET NOT NULL"),
        case("ALTER TABLE ONLY loose ADD PRIMARY KEY (a)").given(
            "CREATE TABLE loose (a int) PARTITION BY RANGE (a); CREATE TABLE tight PARTITION OF loose DEFAULT;
             INSERT INTO loose VALUES (1); ALTER TABLE tight ADD PRIMARY KEY (a)",
        ),
        case("ALTER TABLE parent ADD PRIMARY KEY USING INDEX i").given("CREATE UNIQUE INDEX i ON parent (b)"),
        case("ALTER TABLE parent ADD UNIQUE USING INDEX i").given("CREATE UNIQUE INDEX i ON parent (b)"),
        case("ALTER TABLE parent ADD PRIMARY KEY (a)"),
        case("ALTER TABLE parent ADD PRIMARY KEY (b)"),
        case("ALTER TABLE ONLY parent ADD PRIMARY KEY (b)").until(17),
        case("ALTER TABLE parent ADD UNIQUE (b)"),
        case("ALTER TABLE p ADD PRIMARY KEY (a)"),
        case("ALTER TABLE p ADD PRIMARY KEY (a)").given("ALTER TABLE p ALTER a SET NOT NULL"),
        case("ALTER TABLE p ADD PRIMARY KEY (a, b)").given("ALTER TABLE p1 ALTER a SET NOT NULL"),
        case("ALTER TABLE p ADD PRIMARY KEY (a)").given("ALTER TABLE p1 ADD PRIMARY KEY (a)"),
        case("ALTER TABLE p ADD PRIMARY KEY (a)")
            .given("ALTER TABLE p ALTER a SET NOT NULL; ALTER TABLE p1 ADD PRIMARY KEY (a)"),
        case("ALTER TABLE p ADD UNIQUE (a, b)"),
        case("ALTER TABLE p ADD UNIQUE (a, b)").given("ALTER TABLE p1 ADD UNIQUE (a, b)"),
        case("ALTER TABLE p ADD UNIQUE (a, b)").given("CREATE UNIQUE INDEX ON p1 (a, b)"),
        case("ALTER TABLE p ADD UNIQUE (a, b)").given("ALTER TABLE p2 ADD UNIQUE (a, b)"),
        case("ALTER TABLE ONLY p ADD UNIQUE (a, b)").if_possible(),
        case("ALTER TABLE ONLY p ADD PRIMARY KEY (a)")
            .given("ALTER TABLE p ALTER a SET NOT NULL")
            .if_possible(),
        case("ALTER TABLE p1 ADD PRIMARY KEY (b)"),
        case("ALTER TABLE p ADD EXCLUDE USING btree (a WITH =)").from(17),
        case("ALTER TABLE spans ADD UNIQUE (room, during WITHOUT OVERLAPS)")
            .given(spans)
            .from(18),
        case("ALTER TABLE spans ADD PRIMARY KEY (room, during WITHOUT OVERLAPS)")
            .given(spans)
            .from(18),
        case("ALTER TABLE t ADD PRIMARY KEY (id)")
            .given("ALTER TABLE t ADD CONSTRAINT n NOT NULL id")
            .from(18),
    ];
    run(BASE, cases);
}
