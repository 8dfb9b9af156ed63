//! ALTER COLUMN TYPE: what the new type alone makes of stored values. Pairs of types are generated in `type_pairs`.

use crate::case::{case, run};

const BASE: &str = "
    CREATE DOMAIN plain AS int;
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE DOMAIN plain_text AS text;
    CREATE DOMAIN short AS varchar(10);
    CREATE DOMAIN of_plain AS plain;
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE TABLE t (id int PRIMARY KEY, i int, p plain, q positive, x text, v varchar(10), n numeric(10, 2),
                    at timestamp, atz timestamptz, m mood, g int GENERATED ALWAYS AS (id + 1) STORED);
    INSERT INTO t SELECT i, i, i, i, 'x', 'x', i, '2020-01-01', '2020-01-01', 'good' FROM generate_series(1, 300) i;
    CREATE INDEX t_v ON t (v);
    CREATE INDEX t_at ON t (at);
    CREATE FUNCTION same(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
";

#[test]
fn expressions_and_settings() {
    let plain = [
        "i TYPE int",
        "i TYPE bigint",
        "i TYPE oid",
        "i TYPE bigint USING i",
        "i TYPE int USING i",
        "i TYPE int USING i + 1",
        "i TYPE int USING id",
        "i TYPE int USING same(i)",
        "i TYPE int USING (i)",
        "i TYPE oid USING i::oid",
        "i TYPE text USING i::text",
        "i TYPE int USING NULL",
        "i TYPE plain",
        "i TYPE positive",
        "i TYPE of_plain",
        "p TYPE int",
        "p TYPE positive",
        "q TYPE int",
        "q TYPE positive",
        "q TYPE plain",
        "x TYPE plain_text",
        "x TYPE varchar",
        "x TYPE varchar(10)",
        "x TYPE short",
        "x TYPE text COLLATE \"C\"",
        "x TYPE text COLLATE \"default\"",
        "x TYPE bytea USING x::bytea",
        "x TYPE xml USING x::xml",
        "x TYPE jsonb USING to_jsonb(x)",
        "v TYPE varchar(20)",
        "v TYPE varchar(10)",
        "v TYPE varchar(5)",
        "v TYPE varchar",
        "v TYPE text",
        "v TYPE text USING v",
        "v TYPE text COLLATE \"C\"",
        "v TYPE varchar(10) COLLATE \"POSIX\"",
        "v TYPE char(10)",
        "v TYPE short",
        "v TYPE text USING lower(v)",
        "n TYPE numeric(12, 2)",
        "n TYPE numeric(8, 2)",
        "n TYPE numeric(12, 4)",
        "n TYPE numeric",
        "n TYPE numeric(10, 2)",
        "m TYPE text",
        "m TYPE mood",
        "m TYPE text USING 'x'",
        "g TYPE bigint",
        "g TYPE int",
    ];
    let mut cases: Vec<_> = plain
        .iter()
        .map(|action| case(format!("ALTER TABLE t ALTER COLUMN {action}")).if_possible())
        .collect();
    for zone in ["UTC", "Etc/GMT", "Europe/Berlin", "Africa/Abidjan", "+00"] {
        for action in [
            "at TYPE timestamptz",
            "atz TYPE timestamp",
            "at TYPE timestamptz USING at AT TIME ZONE 'UTC'",
            "at TYPE timestamptz USING at",
            "at TYPE timestamptz(3)",
            "at TYPE timestamp(3)",
            "atz TYPE timestamptz(6)",
        ] {
            cases.push(case(format!("ALTER TABLE t ALTER COLUMN {action}")).set(&format!("SET timezone = '{zone}'")));
        }
    }
    cases.extend([
        case("ALTER TABLE t ALTER g TYPE bigint")
            .given("ALTER TABLE t DROP g, ADD g int GENERATED ALWAYS AS (id + 1) VIRTUAL")
            .from(18),
        case("ALTER TABLE t ALTER i TYPE bigint, ALTER v TYPE text"),
        case("ALTER TABLE t ALTER v TYPE text, ALTER x TYPE varchar"),
        case("ALTER TABLE t ALTER i SET DATA TYPE bigint, ALTER i SET DEFAULT 5"),
        case("ALTER TABLE t ALTER i TYPE bigint").given("ALTER TABLE t ALTER i SET DEFAULT 5"),
        case("ALTER TABLE t ALTER v TYPE varchar(20)").given("ALTER TABLE t ALTER v SET DEFAULT 'y'"),
        case("ALTER TABLE t ALTER i TYPE bigint").given("ALTER TABLE t ALTER i SET NOT NULL"),
        case("ALTER TABLE t ALTER v TYPE varchar(20)").given("ALTER TABLE t ALTER v SET NOT NULL"),
        case("ALTER TABLE s ALTER id TYPE bigint")
            .given("CREATE TABLE s (id serial PRIMARY KEY, a int); INSERT INTO s (a) SELECT generate_series(1, 300)"),
        case("ALTER TABLE s ALTER id TYPE bigint").given(
            "CREATE TABLE s (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int);
             INSERT INTO s (a) SELECT generate_series(1, 300)",
        ),
        case("ALTER TABLE \"S\" ALTER \"Id\" TYPE bigint")
            .given("CREATE TABLE \"S\" (\"Id\" int PRIMARY KEY); INSERT INTO \"S\" SELECT generate_series(1, 300)"),
        case("ALTER TABLE w ALTER v TYPE varchar(20)")
            .given("CREATE TABLE w (v varchar(10)); INSERT INTO w SELECT 'x'; CREATE VIEW seen AS SELECT id FROM t"),
        case("ALTER MATERIALIZED VIEW mv ALTER COLUMN id SET STATISTICS 10")
            .given("CREATE MATERIALIZED VIEW mv AS SELECT id FROM t"),
    ]);
    run(BASE, cases);
}
