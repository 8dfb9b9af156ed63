//! A backfill walks a table along any usable key, and changes each row once.

use pg_test::{Client, TestDatabase};

/// A table `t` of 25 rows whose key is computed from `g`, with counted changes in `n`.
fn table(client: &mut Client, key: &str, expressions: &str) {
    client.batch(&format!(
        "DROP TABLE IF EXISTS t;
         CREATE TABLE t (n int NOT NULL DEFAULT 0, {key});
         INSERT INTO t SELECT 0, {expressions} FROM generate_series(1, 25) AS g ORDER BY md5(g::text)"
    ));
}

/// How often the rows of `t` were changed, and how many batches that took.
fn backfilled(client: &mut Client) -> String {
    client.batch("CALL interlock.safe_backfill('t', 'n = n + 1', batch_size => 4)");
    client.text(
        "SELECT min(n), max(n), count(*), (SELECT sum(batch) FROM interlock.backfill_checkpoint GROUP BY job_id ORDER BY job_id DESC LIMIT 1) FROM t",
    )
}

#[test]
fn keys_of_every_type() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
         CREATE TYPE pair AS (x int, y text);
         CREATE DOMAIN code AS text COLLATE \"C\" CHECK (value <> '')",
    );
    for (key, expressions) in [
        ("id int PRIMARY KEY", "g"),
        ("id int PRIMARY KEY", "(13 - g) * 1000003"),
        ("id bigint PRIMARY KEY", "(g - 13) * 368934881474191032"),
        ("id smallint PRIMARY KEY", "g - 30"),
        ("id numeric(12,3) PRIMARY KEY", "(13 - g) / 7.0"),
        (
            "id float8 PRIMARY KEY",
            "CASE g WHEN 1 THEN 'NaN' WHEN 2 THEN '-infinity' ELSE 1.0::float8 / g END",
        ),
        ("id text PRIMARY KEY", "E'it''s \\\\ \"' || chr(96 + g)"),
        ("id varchar(40) COLLATE \"C\" PRIMARY KEY", "repeat(chr(96 + g), 30)"),
        ("id char(9) PRIMARY KEY", "'k' || g"),
        ("id name PRIMARY KEY", "'k' || g"),
        ("id uuid PRIMARY KEY", "md5(g::text)::uuid"),
        ("id bytea PRIMARY KEY", "decode(md5(g::text), 'hex')"),
        (
            "id date PRIMARY KEY",
            "CASE g WHEN 1 THEN 'infinity' ELSE date '2001-02-03' + g END",
        ),
        (
            "id timestamp PRIMARY KEY",
            "timestamp '1999-12-31 23:59:59.999999' + g * interval '1 microsecond'",
        ),
        (
            "id timestamptz PRIMARY KEY",
            "timestamptz '2024-10-27 00:30+00' + g * interval '10 minutes'",
        ),
        (
            "id interval PRIMARY KEY",
            "(g - 13) * interval '1 month -2 days 03:04:05.6'",
        ),
        ("id inet PRIMARY KEY", "inet '10.0.0.0/8' + g"),
        ("id int[] PRIMARY KEY", "ARRAY[g % 3, g]"),
        ("id int4range PRIMARY KEY", "int4range(g, g + 2)"),
        ("id pair PRIMARY KEY", "ROW(g % 3, 'a,\"' || g)::pair"),
        ("id code PRIMARY KEY", "'c' || g"),
        ("id bit(6) PRIMARY KEY", "g::bit(6)"),
        ("\"I d\" int PRIMARY KEY", "g"),
        ("a int, b text, PRIMARY KEY (a, b)", "g % 3, 'x' || g"),
        (
            "a uuid, b date, c int, PRIMARY KEY (a, b, c)",
            "md5((g % 2)::text)::uuid, date '2001-01-01' + g % 3, g",
        ),
        (
            "m mood, b int, PRIMARY KEY (m, b)",
            "(ARRAY['sad', 'ok', 'happy']::mood[])[g % 3 + 1], g",
        ),
    ] {
        table(&mut client, key, expressions);
        assert_eq!(backfilled(&mut client), "1|1|25|7", "{key}: {expressions}");
    }
}

#[test]
fn keys_without_primary_key_and_in_any_direction() {
    let database = TestDatabase::new();
    let mut client = database.client();
    for index in [
        "(id)",
        "(id DESC)",
        "(id NULLS FIRST)",
        "(id DESC NULLS LAST)",
        "(id) INCLUDE (n)",
        "(id DESC, b DESC)",
    ] {
        table(&mut client, "id int NOT NULL, b int NOT NULL", "g, g % 5");
        client.batch(&format!("CREATE UNIQUE INDEX ON t {index}"));
        assert_eq!(backfilled(&mut client), "1|1|25|7", "{index}");
    }
}

#[test]
fn the_index_is_walked_without_sorting() {
    let database = TestDatabase::new();
    let mut client = database.client();
    for index in [
        "(a, b)",
        "(a DESC, b DESC)",
        "(a NULLS FIRST, b NULLS FIRST)",
        "(a DESC NULLS LAST, b DESC NULLS LAST)",
    ] {
        table(&mut client, "a int NOT NULL, b text COLLATE \"C\" NOT NULL", "g, g");
        client.batch(&format!(
            "CREATE UNIQUE INDEX ON t {index}; SET enable_seqscan = off; SET enable_bitmapscan = off"
        ));
        for direction in ["ASC", "DESC"] {
            let query: String = client.one(&format!(
                "SELECT format('EXPLAIN SELECT a, b FROM t WHERE %s ORDER BY %s',
                               interlock._key_range(key, '[\"3\", \"3\"]', '[\"20\", \"20\"]'), interlock._key_order(key, '{direction}'))
                   FROM interlock._keys('t', '{{}}') AS key"
            ));
            let plan = client.text(&query);
            assert!(
                plan.contains("Index Cond: ") && !plan.contains("Sort"),
                "{index} {direction}\n{plan}"
            );
        }
    }
}

#[test]
fn a_batch_of_a_composite_key_never_reads_the_whole_table() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(
        "CREATE TABLE t (tenant int, id int, filler text DEFAULT repeat('x', 100), PRIMARY KEY (tenant, id));
         INSERT INTO t SELECT g % 3, g FROM generate_series(1, 30000) AS g ORDER BY md5(g::text);
         ANALYZE t",
    );
    // Within a tenant, and from one to the next.
    for (above, upto) in [
        (r#"["1", "10000"]"#, r#"["1", "13000"]"#),
        (r#"["0", "28000"]"#, r#"["1", "1000"]"#),
    ] {
        let query: String = client.one(&format!(
            "SELECT format('EXPLAIN SELECT FROM t WHERE %s', interlock._key_range(key, '{above}', '{upto}'))
               FROM interlock._keys('t', '{{}}') AS key"
        ));
        let plan = client.text(&query);
        assert!(!plan.contains("Seq Scan"), "{above} to {upto}\n{query}\n{plan}");
    }
}

#[test]
fn the_best_key_is_chosen() {
    let database = TestDatabase::new();
    let mut client = database.client();
    let chosen = "SELECT string_agg(part ->> 'name', ',')
                    FROM (SELECT key FROM interlock._keys('t', $1) AS key LIMIT 1) AS best, jsonb_array_elements(key -> 'columns') AS part";
    table(
        &mut client,
        "a text NOT NULL, b int NOT NULL, c bigint, d bigint NOT NULL",
        "g, g, g, g",
    );
    client.batch(
        "CREATE UNIQUE INDEX ON t (c);
         CREATE UNIQUE INDEX ON t (b) WHERE b > 0;
         CREATE UNIQUE INDEX ON t ((b + 1));
         CREATE INDEX ON t (b);
         CREATE UNIQUE INDEX ON t (a text_pattern_ops);
         CREATE UNIQUE INDEX ON t (a COLLATE \"POSIX\");
         CREATE UNIQUE INDEX ON t (b, d DESC);
         ALTER TABLE t ADD UNIQUE (b) DEFERRABLE",
    );
    let best =
        |client: &mut Client, changed: &[&str]| -> Option<String> { client.query(chosen, &[&changed])[0].get(0) };
    assert_eq!(best(&mut client, &[]), None, "none of these is usable");
    client.batch("CREATE UNIQUE INDEX ON t (a, b)");
    assert_eq!(best(&mut client, &[]).as_deref(), Some("a,b"));
    client.batch("CREATE UNIQUE INDEX ON t (a)");
    assert_eq!(best(&mut client, &[]).as_deref(), Some("a"));
    client.batch("CREATE UNIQUE INDEX ON t (d)");
    assert_eq!(best(&mut client, &[]).as_deref(), Some("d"), "narrower");
    client.batch("ALTER TABLE t ADD PRIMARY KEY (a, b)");
    assert_eq!(
        best(&mut client, &[]).as_deref(),
        Some("a,b"),
        "the primary key comes first"
    );
    assert_eq!(
        best(&mut client, &["b"]).as_deref(),
        Some("d"),
        "a key that is changed is no key"
    );
}

#[test]
fn partitioned_tables() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(
        "CREATE TABLE t (id int, region text, n int NOT NULL DEFAULT 0, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
         CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a', 'b');
         CREATE TABLE t_c PARTITION OF t FOR VALUES IN ('c') PARTITION BY RANGE (id);
         CREATE TABLE t_c1 PARTITION OF t_c FOR VALUES FROM (0) TO (10);
         CREATE TABLE t_c2 PARTITION OF t_c FOR VALUES FROM (10) TO (100);
         INSERT INTO t SELECT g, (ARRAY['a', 'b', 'c'])[g % 3 + 1] FROM generate_series(1, 25) AS g",
    );
    assert_eq!(backfilled(&mut client), "1|1|25|8", "17, 3 and 5 rows");
}

#[test]
fn no_key() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch("CREATE SCHEMA app; CREATE TABLE app.t (id int UNIQUE, n int)");
    let error = client.error("CALL interlock.safe_backfill('app.t', 'n = 1')");
    assert_eq!(error.code().code(), "IL011");
    assert_eq!(error.message(), "table \"app.t\" has no key to backfill by");
    assert!(error.detail().is_some_and(|detail| detail.contains("NOT NULL")));
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("CREATE UNIQUE INDEX CONCURRENTLY ON app.t"))
    );

    client.batch("ALTER TABLE app.t ADD PRIMARY KEY (id)");
    let error = client.error("CALL interlock.safe_backfill('app.t', 'id = id + 1')");
    assert_eq!(error.code().code(), "IL011");
    assert!(
        error.message().contains("that the assignments leave as it is"),
        "{}",
        error.message()
    );
}

#[test]
fn an_empty_table() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch("CREATE TABLE t (id int PRIMARY KEY, n int)");
    client.batch("CALL interlock.safe_backfill('t', 'n = 1')");
    client.batch("CALL interlock.safe_backfill('t', 'n = 1', 'n IS NULL')");
    assert_eq!(
        client.text("SELECT DISTINCT state, rows_changed FROM interlock.backfill_progress"),
        "finished|0"
    );
}
