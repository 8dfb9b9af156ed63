//! Where more than a glance is needed: what comes back under the same name, what is equal at first sight only, and what hangs
//! on a table from elsewhere.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE target (id int PRIMARY KEY, code int UNIQUE); INSERT INTO target SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL CONSTRAINT k CHECK (a > 0), v varchar(10));
    INSERT INTO t SELECT i, i, i::text FROM generate_series(1, 300) i;
    CREATE TABLE parent (a int);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent SELECT generate_series(1, 300);
    INSERT INTO child SELECT generate_series(1, 300);
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 DEFAULT;
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
";

#[test]
fn the_same_name_again() {
    let mut cases: Vec<_> = [
        "DROP COLUMN a, ADD COLUMN a bigint DEFAULT 1, ALTER a SET NOT NULL",
        "DROP COLUMN a, ADD COLUMN a bigint NOT NULL DEFAULT 1, ALTER a SET NOT NULL",
        "DROP COLUMN id, ADD COLUMN id int DEFAULT 1, ALTER id SET NOT NULL",
        "DROP COLUMN id, ADD COLUMN id int GENERATED ALWAYS AS IDENTITY, ADD CONSTRAINT other PRIMARY KEY (id)",
        "DROP COLUMN a, ADD COLUMN a int DEFAULT 1, ADD CONSTRAINT k CHECK (a > -5) NOT VALID, VALIDATE CONSTRAINT k",
        "DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (a > -5) NOT VALID, VALIDATE CONSTRAINT k",
        "DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (a > -5) NOT VALID",
        "DROP CONSTRAINT f, ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES target NOT VALID, VALIDATE CONSTRAINT f",
    ]
    .into_iter()
    .map(|change| {
        case(format!("ALTER TABLE t {change}"))
            .given("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES target")
            .if_possible()
    })
    .collect();
    cases.extend([
        case("ALTER TABLE t DROP COLUMN a, ADD COLUMN a bigint DEFAULT 1, ADD CONSTRAINT n NOT NULL a").from(18),
        case("ALTER TABLE p ADD COLUMN c int DEFAULT 1, ADD CONSTRAINT n NOT NULL c").from(18),
        case("ALTER TABLE p ADD COLUMN c int DEFAULT 1, ALTER c SET NOT NULL").if_possible(),
        case("ALTER TABLE parent ADD COLUMN c int DEFAULT 1, ADD CONSTRAINT n NOT NULL c")
            .given("CREATE TABLE grandchild () INHERITS (child); INSERT INTO grandchild SELECT generate_series(1, 300)")
            .from(18),
        case("ALTER TABLE p DROP COLUMN b, ADD COLUMN b bigint DEFAULT 1, ALTER b SET NOT NULL")
            .given("ALTER TABLE p ALTER b SET NOT NULL"),
        case("ALTER TABLE parent DROP COLUMN a, ADD COLUMN a bigint DEFAULT 1, ALTER a SET NOT NULL")
            .given("ALTER TABLE parent ALTER a SET NOT NULL"),
    ]);
    run(BASE, cases);
}

#[test]
fn a_child_keeps_its_own() {
    let of_child = "ALTER TABLE child ADD CONSTRAINT k CHECK (a IS NOT NULL);";
    let of_both = format!("{of_child} ALTER TABLE parent ADD CONSTRAINT k CHECK (a IS NOT NULL)");
    let both = "ALTER TABLE parent ADD CONSTRAINT k CHECK (a IS NOT NULL)";
    let again = "ALTER TABLE parent ADD CONSTRAINT k CHECK (a IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT k";
    run(
        BASE,
        vec![
            case("ALTER TABLE parent DROP CONSTRAINT k, ALTER a SET NOT NULL").given(of_both.as_str()),
            case("ALTER TABLE parent DROP CONSTRAINT k, ALTER a SET NOT NULL").given(both),
            case(again),
            case(again).given(of_child),
            case(format!("{again}, DROP CONSTRAINT k"))
                .given(of_both.as_str())
                .if_possible(),
            case(format!("{again}, DROP CONSTRAINT k")).given(both).if_possible(),
        ],
    );
}

#[test]
fn equal_foreign_keys_of_partitions() {
    let add = "ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target";
    let own = |rest: &str| format!("ALTER TABLE p1 ADD CONSTRAINT own FOREIGN KEY (b) REFERENCES target {rest}");
    let parted = "CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
                  CREATE TABLE parted1 PARTITION OF parted DEFAULT; INSERT INTO parted SELECT generate_series(1, 300);";
    let attach = "ALTER TABLE p ATTACH PARTITION s FOR VALUES FROM (2000) TO (3000)";
    let twice =
        "ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target; ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target;
                 INSERT INTO target SELECT i, i FROM generate_series(2000, 2999) i;
                 CREATE TABLE s (a int NOT NULL CHECK (a >= 2000 AND a < 3000), b int CONSTRAINT own REFERENCES target);
                 INSERT INTO s SELECT i, i FROM generate_series(2000, 2999) i;";
    let partly = "ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target;
                  INSERT INTO target SELECT i, i FROM generate_series(2000, 2999) i;
                  CREATE TABLE s (a int NOT NULL CHECK (a >= 2000 AND a < 3000), b int) PARTITION BY RANGE (a);
                  CREATE TABLE s1 PARTITION OF s FOR VALUES FROM (2000) TO (2500);
                  CREATE TABLE s2 PARTITION OF s FOR VALUES FROM (2500) TO (3000);
                  INSERT INTO s SELECT i, i FROM generate_series(2000, 2999) i;
                  ALTER TABLE s1 ADD CONSTRAINT own FOREIGN KEY (b) REFERENCES target;
                  ALTER TABLE s ADD CONSTRAINT sk FOREIGN KEY (b) REFERENCES target NOT VALID";
    run(
        BASE,
        vec![
            case(add).given(own("(code)")),
            case(add).given(own("")),
            case(add).given(own("(id)")),
            case(format!("{add}, ADD FOREIGN KEY (b) REFERENCES target")).given(own("")),
            case(format!("{add} NOT ENFORCED")).given(own("NOT ENFORCED")).from(18),
            case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES parted NOT ENFORCED")
                .given(format!("{parted} ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES parted NOT ENFORCED"))
                .from(18),
            case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES parted")
                .given(format!("{parted} ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES parted")),
            case(format!(
                "{add} NOT VALID, ADD CONSTRAINT again FOREIGN KEY (b) REFERENCES target NOT VALID, VALIDATE CONSTRAINT again"
            ))
            .given(own(""))
            .from(18),
            case(format!("{add} NOT VALID, VALIDATE CONSTRAINT k")).from(18),
            case(format!("{add} NOT VALID, VALIDATE CONSTRAINT k"))
                .given(own(""))
                .from(18),
            case(format!("{add} NOT VALID, VALIDATE CONSTRAINT k"))
                .given(own("NOT VALID"))
                .from(18),
            case(attach).given(twice),
            case(attach).given(format!("{twice} ALTER TABLE s ADD FOREIGN KEY (b) REFERENCES target")),
            case(attach).given(partly).from(18),
            case("ALTER TABLE p2 ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target NOT VALID, VALIDATE CONSTRAINT k")
                .given("ALTER TABLE p2a ADD FOREIGN KEY (b) REFERENCES target NOT VALID")
                .from(18),
        ],
    );
}

#[test]
fn without_overlaps_equals_no_plain_key() {
    let base = "
        CREATE TABLE p (span int4range, valid int4range) PARTITION BY HASH (span);
        CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE p2 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO p SELECT int4range(i, i + 1), int4range(i, i + 1) FROM generate_series(1, 300) i;
        CREATE TABLE t (id int4range, valid int4range, PRIMARY KEY (id, valid WITHOUT OVERLAPS));
        CREATE TABLE r (id int4range, valid int4range) PARTITION BY HASH (id);
        CREATE TABLE r1 PARTITION OF r FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        INSERT INTO t SELECT int4range(i, i + 1), int4range(i, i + 1) FROM generate_series(1, 300) i;
        INSERT INTO r SELECT * FROM t;
    ";
    let add = "ALTER TABLE p ADD UNIQUE (span, valid WITHOUT OVERLAPS)";
    let cases = vec![
        case(add),
        case(add).given("ALTER TABLE p1 ADD UNIQUE (span, valid)"),
        case(add).given("ALTER TABLE p1 ADD UNIQUE (span, valid WITHOUT OVERLAPS)"),
        case("ALTER TABLE p ADD PRIMARY KEY (span, valid WITHOUT OVERLAPS)")
            .given("ALTER TABLE p1 ADD UNIQUE (span, valid)"),
        case("ALTER TABLE r ADD FOREIGN KEY (id, PERIOD valid) REFERENCES t (id, PERIOD valid)"),
        case("ALTER TABLE r ADD FOREIGN KEY (id, PERIOD valid) REFERENCES t (id, PERIOD valid)")
            .given("ALTER TABLE r1 ADD FOREIGN KEY (id, PERIOD valid) REFERENCES t (id, PERIOD valid)"),
    ];
    run(base, cases.into_iter().map(|case| case.from(18)).collect());
}

/// Equal exclusion constraints of a partition become a part of the whole table's from 17.11 and 18.5 on; before, another is
/// built.
#[test]
fn exclusion_constraints_of_partitions() {
    let base = "
        CREATE TABLE p (a int, r int4range, j json) PARTITION BY RANGE (a);
        CREATE TABLE p1 (j json, dropped int, r int4range, a int);
        ALTER TABLE p1 DROP dropped;
        ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (1) TO (200);
        CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (200) TO (1000);
        INSERT INTO p SELECT i, int4range(i, i + 1), to_json(i) FROM generate_series(1, 300) i;
        CREATE TABLE n (a int, r int4range, j json);
        INSERT INTO n SELECT i, int4range(i, i + 1), to_json(i) FROM generate_series(1000, 1100) i;
    ";
    let add = "ALTER TABLE p ADD EXCLUDE USING btree (a WITH =)";
    let add_where = "ALTER TABLE p ADD EXCLUDE USING btree (a WITH =, (upper(r)) WITH =) WHERE (a > 10)";
    let with_expression = "EXCLUDE USING btree (a WITH =, (lower(n)) WITH =)";
    let cases = vec![
        case(add),
        case(add).given("ALTER TABLE p1 ADD EXCLUDE USING btree (a WITH =)"),
        case(add).given("ALTER TABLE p1 ADD UNIQUE (a)"),
        case(add).given("ALTER TABLE p1 ADD EXCLUDE USING btree (a WITH =, (lower(r)) WITH =)"),
        case(add).given("ALTER TABLE p1 ADD EXCLUDE USING hash (a WITH =)"),
        case("ALTER TABLE p ADD UNIQUE (a)").given("ALTER TABLE p1 ADD EXCLUDE USING btree (a WITH =)"),
        case(add_where).given("ALTER TABLE p1 ADD EXCLUDE USING btree (a WITH =, (upper(r)) WITH =) WHERE (a > 10)"),
        case(add_where).given("ALTER TABLE p1 ADD EXCLUDE USING btree (a WITH =, (upper(r)) WITH =) WHERE (a > 11)"),
        case(add_where).given("ALTER TABLE p1 ADD EXCLUDE USING btree (a WITH =, (lower(r)) WITH =) WHERE (a > 10)"),
        case("ALTER TABLE p ATTACH PARTITION n FOR VALUES FROM (1000) TO (2000)")
            .given(format!("{add}; ALTER TABLE n ADD EXCLUDE USING btree (a WITH =)")),
        case(format!("ALTER TABLE p ADD COLUMN n int4range, ADD {with_expression}")),
        case("ALTER TABLE p ALTER j TYPE int USING 1, ADD EXCLUDE USING btree (a WITH =, j WITH =)"),
        case("ALTER TABLE p ALTER j TYPE int USING 1, ADD UNIQUE (a, j)").given("ALTER TABLE p1 ADD UNIQUE (a)"),
    ];
    run(base, cases.into_iter().map(|case| case.from(17)).collect());
}

/// What uses a column through the row type of its table, or an attribute of a type.
#[test]
fn row_types() {
    let base = "
        CREATE TYPE c AS (a int, b text);
        CREATE TABLE t (id int, a varchar(10)); INSERT INTO t VALUES (1, 'x');
        CREATE TABLE x (i int); INSERT INTO x SELECT generate_series(1, 300);
        CREATE TABLE y (i int); INSERT INTO y SELECT generate_series(1, 300);
        CREATE TABLE empty (i int) PARTITION BY RANGE (i);
        CREATE FUNCTION as_c(int) RETURNS c LANGUAGE plpgsql IMMUTABLE AS
            'DECLARE found app.c; BEGIN found.a := $1; RETURN found; END';
        CREATE FUNCTION as_t(int) RETURNS t LANGUAGE plpgsql IMMUTABLE AS
            'DECLARE found app.t; BEGIN found.a := $1; RETURN found; END';
    ";
    // A cast to the type would make the server refuse the change.
    let of_type = "((as_c(i)).a)";
    let of_table = "((as_t(i)).a)";
    let mut cases = vec![];
    for (statement, path) in [
        ("ALTER TYPE c ALTER ATTRIBUTE a TYPE bigint", of_type),
        ("ALTER TABLE t ALTER a TYPE varchar(20)", of_table),
        ("ALTER TABLE t ALTER a TYPE varchar(5)", of_table),
        ("ALTER TABLE t ALTER a TYPE text COLLATE \"C\"", of_table),
    ] {
        for found in [
            format!("CREATE INDEX ON x ({path})"),
            format!("CREATE INDEX ON x (i) WHERE {path} IS NOT NULL"),
            format!("CREATE INDEX ON x ({path}); CREATE INDEX ON y ({path})"),
            format!("ALTER TABLE x ADD CHECK ({path} IS NOT NULL)"),
            format!("ALTER TABLE x ADD CHECK ({path} IS NOT NULL) NOT VALID"),
            format!("ALTER TABLE x ADD CHECK ({path} IS NOT NULL); CREATE INDEX ON x ({path})"),
            format!("ALTER TABLE x ADD EXCLUDE USING btree ({path} WITH =)"),
            format!("CREATE STATISTICS st ON {path}, i FROM x"),
            format!("CREATE INDEX ON empty ({path})"),
        ] {
            cases.push(case(statement).given(found));
        }
    }
    run(base, cases);
}

/// An index keeps its storage only if none of its columns is stored as another type than it has.
#[test]
fn classes_for_many_types() {
    let base = "
        CREATE TABLE t (id int, r int4range, m int4multirange, ints int[], v varchar(10));
        INSERT INTO t SELECT i, int4range(i, i + 1), int4multirange(int4range(i, i + 1)), ARRAY[i], i::text
          FROM generate_series(1, 300) i;
    ";
    let cases = [
        "USING brin (r, v)",
        "USING brin (v, r)",
        "USING brin (id, v)",
        "USING brin (v)",
        "USING gin (ints)",
        "USING gist (r, m)",
        "(ints, v)",
        "(r, v)",
    ];
    let cases = cases.map(|columns| {
        case("ALTER TABLE t ALTER v TYPE varchar(20)")
            .given(format!("CREATE INDEX ON t {columns}"))
            .if_possible()
    });
    run(base, Vec::from(cases));
}

#[test]
fn storage_of_a_partitioned_table() {
    let base = "
        CREATE TABLE codes (v varchar(10) PRIMARY KEY); INSERT INTO codes VALUES ('x');
        CREATE TABLE p (a int, v varchar(10) REFERENCES codes) PARTITION BY RANGE (a);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (1000);
        INSERT INTO p SELECT i, 'x' FROM generate_series(1, 300) i;
        DROP ACCESS METHOD IF EXISTS heap2; CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
    ";
    let cases = vec![
        case("ALTER TABLE p SET UNLOGGED, ALTER v TYPE varchar(20)").if_possible(),
        case("ALTER TABLE p SET LOGGED, ALTER v TYPE varchar(20)").if_possible(),
        case("ALTER TABLE p SET ACCESS METHOD heap2, ALTER v TYPE varchar(20)").if_possible(),
        case("ALTER TABLE p SET ACCESS METHOD DEFAULT, ALTER v TYPE varchar(20)").if_possible(),
        case("ALTER TABLE p SET ACCESS METHOD heap2, ALTER v TYPE varchar(20)")
            .given("ALTER TABLE p SET ACCESS METHOD heap2")
            .from(17),
        case("ALTER TABLE p SET ACCESS METHOD DEFAULT, ALTER v TYPE varchar(20)")
            .given("ALTER TABLE p SET ACCESS METHOD heap2")
            .from(17),
    ];
    run(base, cases);
}

/// As a DETACH ... CONCURRENTLY leaves it that was cancelled.
#[test]
fn a_partition_on_its_way_out() {
    let pending = "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'p1'::regclass";
    let with_default = format!("CREATE TABLE d PARTITION OF p DEFAULT; INSERT INTO p VALUES (5000, 1); {pending}");
    let mut cases: Vec<_> = [
        "ALTER TABLE p ADD COLUMN c float DEFAULT random()",
        "ALTER TABLE p ADD CHECK (b > 0)",
        "ALTER TABLE p ALTER b TYPE bigint",
        "ALTER TABLE p ALTER b SET NOT NULL",
        "ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target",
        "ALTER TABLE p DROP COLUMN b",
        "TRUNCATE p",
        "LOCK TABLE p IN SHARE MODE",
        "CREATE INDEX ON p (b)",
        "ALTER TABLE p ADD UNIQUE (a, b)",
        "CREATE TRIGGER tr BEFORE UPDATE ON p FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "ALTER TABLE p1 ADD CHECK (b > 0)",
        "ALTER TABLE p DETACH PARTITION p1 FINALIZE",
        "ANALYZE p",
        "DROP TABLE p",
        "DROP TABLE p1",
    ]
    .into_iter()
    .map(|statement| case(statement).given(pending).if_possible())
    .collect();
    cases.push(case("ALTER TABLE p DETACH PARTITION p1 FINALIZE").given(with_default));
    let indexed = format!("CREATE INDEX p_b ON p (b); {pending}");
    for statement in [
        "DROP INDEX p_b",
        "ALTER TABLE p ALTER b TYPE bigint",
        "ALTER TABLE p DROP COLUMN b",
        "TRUNCATE p",
    ] {
        cases.push(case(statement).given(indexed.as_str()).if_possible());
    }
    run(BASE, cases);
}

#[test]
fn tables_that_refer_to_themselves() {
    let homonyms = "DROP SCHEMA IF EXISTS other CASCADE; CREATE SCHEMA other;
                    CREATE TABLE other.n (id int PRIMARY KEY); INSERT INTO other.n SELECT generate_series(1, 300);
                    DROP SCHEMA IF EXISTS made CASCADE";
    let path = "SET search_path = app, other";
    let cases = vec![
        case("CREATE TABLE n (id int PRIMARY KEY, up int REFERENCES n)")
            .given(homonyms)
            .set(path),
        case("CREATE TABLE n (id int PRIMARY KEY, up int REFERENCES other.n)")
            .given(homonyms)
            .set(path),
        case("CREATE TABLE m (id int PRIMARY KEY, up int REFERENCES n)")
            .given(homonyms)
            .set(path),
        case("CREATE TEMP TABLE t (id int PRIMARY KEY, up int REFERENCES t)"),
        case("CREATE SCHEMA made CREATE TABLE x (a int REFERENCES target) CREATE TABLE target (id int PRIMARY KEY)")
            .given(homonyms)
            .set("SET search_path = app"),
        case("CREATE SCHEMA made CREATE TABLE target (id int PRIMARY KEY) CREATE TABLE x (a int REFERENCES target)")
            .given(homonyms)
            .set("SET search_path = app"),
    ];
    run(BASE, cases);
}

#[test]
fn materialized_views_that_lock_what_they_read() {
    let of = |rest: &str| {
        format!(
            "CREATE MATERIALIZED VIEW mv AS SELECT id FROM target WHERE id = 1 {rest}; CREATE UNIQUE INDEX ON mv (id)"
        )
    };
    let through = "CREATE VIEW behind AS SELECT id FROM target WHERE id = 1 FOR SHARE;
                   CREATE MATERIALIZED VIEW mv AS SELECT id FROM behind; CREATE UNIQUE INDEX ON mv (id)";
    let mut cases = vec![];
    for given in [of(""), of("FOR UPDATE"), through.to_owned()] {
        for statement in [
            "REFRESH MATERIALIZED VIEW mv",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY mv",
            "REFRESH MATERIALIZED VIEW mv WITH NO DATA",
            "EXPLAIN REFRESH MATERIALIZED VIEW mv",
            "EXPLAIN ANALYZE REFRESH MATERIALIZED VIEW mv",
        ] {
            cases.push(case(statement).given(given.as_str()));
        }
    }
    run(BASE, cases);
}
