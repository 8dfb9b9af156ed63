//! ADD FOREIGN KEY, with both ends plain, partitioned and inheriting.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE target (id int PRIMARY KEY, code text UNIQUE);
    INSERT INTO target SELECT i, i::text FROM generate_series(1, 300) i;
    CREATE TABLE t (id int PRIMARY KEY, a int, code text);
    INSERT INTO t SELECT i, i, i::text FROM generate_series(1, 300) i;
    CREATE TABLE child () INHERITS (t);
    INSERT INTO child SELECT i, i, i::text FROM generate_series(301, 302) i;
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE q (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (1) TO (100);
    CREATE TABLE q2 PARTITION OF q FOR VALUES FROM (100) TO (1000);
    INSERT INTO q SELECT generate_series(1, 300);
    CREATE SCHEMA \"Far\"; CREATE TABLE \"Far\".\"Target\" (id int PRIMARY KEY);
    INSERT INTO \"Far\".\"Target\" SELECT generate_series(1, 300);
";

#[test]
fn forms() {
    let cases = vec![
        case("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES target"),
        case(
            "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target (id) ON DELETE CASCADE ON UPDATE SET NULL",
        ),
        case("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target NOT VALID"),
        case("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target DEFERRABLE INITIALLY DEFERRED"),
        case("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target MATCH FULL"),
        case("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (code) REFERENCES target (code)"),
        case("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target NOT ENFORCED").from(18),
        case("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES t"),
        case("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES t NOT VALID"),
        case("ALTER TABLE ONLY t ADD FOREIGN KEY (a) REFERENCES target"),
        case("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES \"Far\".\"Target\""),
        case(
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES target, ADD FOREIGN KEY (code) REFERENCES target (code) NOT VALID",
        ),
        case("ALTER TABLE child ADD FOREIGN KEY (a) REFERENCES target").given("DELETE FROM child"),
        case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target"),
        case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target NOT VALID").from(18),
        case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target NOT ENFORCED").from(18),
        case("ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES target"),
        case("ALTER TABLE p2 ADD FOREIGN KEY (b) REFERENCES target NOT VALID").if_possible(),
        case("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES q"),
        case("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES q NOT VALID"),
        case("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES q1").given("DELETE FROM t WHERE a > 99"),
        case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES q"),
        case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target")
            .given("ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES target"),
        case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target")
            .given("ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES target NOT VALID"),
        case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target NOT VALID")
            .given("ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES target")
            .from(18),
        case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target")
            .given("ALTER TABLE p2 ADD FOREIGN KEY (b) REFERENCES target"),
        case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target")
            .given("ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES target ON DELETE CASCADE"),
        case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES q").given("ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES q"),
        case("ALTER TABLE q ADD COLUMN up int, ADD FOREIGN KEY (up) REFERENCES q"),
        case("ALTER TABLE q ADD FOREIGN KEY (up) REFERENCES q").given("ALTER TABLE q ADD COLUMN up int"),
        case("ALTER TABLE ONLY p ADD FOREIGN KEY (b) REFERENCES target").if_possible(),
        case("ALTER TABLE e ADD FOREIGN KEY (a) REFERENCES target")
            .given("CREATE TABLE e (a bigint); INSERT INTO e SELECT generate_series(1, 300)"),
        case("ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target")
            .given("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target NOT VALID"),
        case("ALTER TABLE t ALTER CONSTRAINT k DEFERRABLE")
            .given("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target"),
        case("ALTER TABLE p ALTER CONSTRAINT k DEFERRABLE")
            .given("ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target"),
        case("ALTER TABLE t ALTER CONSTRAINT k ENFORCED")
            .given("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target NOT ENFORCED")
            .from(18),
        case("ALTER TABLE t DROP CONSTRAINT k")
            .given("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target NOT ENFORCED")
            .from(18),
        case("ALTER TABLE p DROP CONSTRAINT k")
            .given("ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target NOT ENFORCED")
            .from(18),
        case("ALTER TABLE t ALTER COLUMN a TYPE bigint, DROP CONSTRAINT k")
            .given("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target"),
        case("ALTER TABLE t ALTER CONSTRAINT k NOT ENFORCED")
            .given("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target")
            .from(18),
        case("ALTER TABLE t ADD FOREIGN KEY (room, PERIOD during) REFERENCES spans (room, PERIOD during)")
            .given(
                "CREATE TABLE spans (room int4range, during daterange, PRIMARY KEY (room, during WITHOUT OVERLAPS));
                 INSERT INTO spans SELECT int4range(i, i + 1), '[2020-01-01,2021-01-01)' FROM generate_series(1, 300) i;
                 ALTER TABLE t ADD room int4range DEFAULT '[1,2)', ADD during daterange DEFAULT '[2020-01-01,2020-02-01)'",
            )
            .from(18),
    ];
    run(BASE, cases);
}
