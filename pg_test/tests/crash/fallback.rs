//! No row can be written: the statement is refused all the same, the server log takes the decision, and it is counted.

use pg_test::{Client, Cluster, until};

use crate::refusals::{cluster, create_database, in_server_log, refuse, rows, settle, statement};

fn causes(client: &mut Client) -> String {
    client.text("SELECT logged_to_server_log, server_log_causes FROM interlock.status()")
}

#[test]
fn no_worker_process_is_free() {
    let cluster = cluster(&[("max_worker_processes", "0"), ("max_logical_replication_workers", "0")]);
    let mut client = create_database(&cluster, "postgres");
    refuse(&mut client, "alone");
    assert_eq!(causes(&mut client), "1|{\"no writer\": 1}");
    let log = cluster.log();
    let line = log
        .lines()
        .find(|line| line.contains("pg_interlock decision: {"))
        .expect(&log);
    let record: serde_json::Value =
        serde_json::from_str(&line[line.find('{').expect("it is found by it")..]).expect(line);
    // The line has what the row would have had.
    let columns = client.query(
        "SELECT attname::text FROM pg_attribute
         WHERE attrelid = 'interlock.decision_log'::regclass AND attnum > 0 AND attname NOT IN ('id', 'boot_id', 'seq')",
        &[],
    );
    for column in columns.iter().map(|row| row.get::<_, String>(0)) {
        assert!(record.get(&column).is_some(), "{column} is missing from {line}");
    }
    assert_eq!(record["statement"], statement("alone"));
    assert_eq!(
        (&record["decision"], &record["outcome"]),
        (&"reject".into(), &"rejected".into())
    );
    assert_eq!(record["pid"], client.pid());
    // Statements that run are recorded there too.
    client.batch("ALTER TABLE big ADD COLUMN b int");
    assert_eq!(causes(&mut client), "2|{\"no writer\": 2}");
}

/// Breaks the log, has something refused, mends the log.
fn broken(cluster: &Cluster, client: &mut Client, mark: &str, breaking: &str, mending: &str) {
    client.batch(&format!(
        "SET pg_interlock.mode = 'off'; {breaking}; RESET pg_interlock.mode"
    ));
    refuse(client, mark);
    assert!(
        in_server_log(cluster).contains(&statement(mark)),
        "{mark} is not in the server log"
    );
    let log = cluster.log();
    assert!(
        log.contains("pg_interlock could not write to the decision log: "),
        "{log}"
    );
    client.batch(&format!(
        "SET pg_interlock.mode = 'off'; {mending}; RESET pg_interlock.mode"
    ));
    refuse(client, &format!("{mark}, mended"));
}

#[test]
fn the_log_is_broken() {
    let cluster = cluster(&[]);
    let mut client = create_database(&cluster, "postgres");
    client.batch("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'broken'; END$$");
    let breakings = [
        (
            "a column is gone",
            "ALTER TABLE interlock.decision_log RENAME reason TO reasons",
            "ALTER TABLE interlock.decision_log RENAME reasons TO reason",
        ),
        (
            "a column is missing",
            "ALTER TABLE interlock.decision_log DROP COLUMN lock_mode",
            "ALTER TABLE interlock.decision_log ADD COLUMN lock_mode text",
        ),
        (
            "a trigger fails",
            "CREATE TRIGGER fail BEFORE INSERT ON interlock.decision_log FOR EACH ROW EXECUTE FUNCTION fail()",
            "DROP TRIGGER fail ON interlock.decision_log",
        ),
        (
            "a constraint fails",
            "ALTER TABLE interlock.decision_log ADD CHECK (decision = 'allow') NOT VALID",
            "ALTER TABLE interlock.decision_log DROP CONSTRAINT decision_log_decision_check",
        ),
        (
            "the unique key is gone",
            "ALTER TABLE interlock.decision_log DROP CONSTRAINT decision_log_boot_id_seq_key",
            "ALTER TABLE interlock.decision_log ADD UNIQUE (boot_id, seq)",
        ),
        (
            "the table has another name",
            "ALTER TABLE interlock.decision_log RENAME TO moved",
            "ALTER TABLE interlock.moved RENAME TO decision_log",
        ),
    ];
    for (number, (mark, breaking, mending)) in (1..).zip(breakings) {
        broken(&cluster, &mut client, mark, breaking, mending);
        assert_eq!(causes(&mut client), format!("{number}|{{\"write failed\": {number}}}"));
    }
    let mended: Vec<String> = breakings
        .iter()
        .map(|(mark, ..)| statement(&format!("{mark}, mended")))
        .collect();
    let mut written: Vec<String> = rows(&mut client).into_keys().collect();
    written.sort();
    let mut expected = mended;
    expected.sort();
    assert_eq!(written, expected);
}

/// One record that the table does not take does not take its neighbours along.
#[test]
fn one_record_is_poison() {
    let cluster = cluster(&[]);
    let mut client = create_database(&cluster, "postgres");
    client.batch(
        "SET pg_interlock.mode = 'off';
         ALTER TABLE interlock.decision_log ADD CHECK (statement !~ 'poison');
         RESET pg_interlock.mode",
    );
    // In a transaction of its own: one that has locked two tables is warned of.
    client.batch(
        "BEGIN;
         ALTER TABLE big ALTER COLUMN a SET DEFAULT 1;
         ALTER TABLE big ALTER COLUMN a SET DEFAULT /* poison */ 2;
         ALTER TABLE big ALTER COLUMN a SET DEFAULT 3;
         COMMIT",
    );
    refuse(&mut client, "after");
    let written =
        client.text("SELECT right(statement, 1) FROM interlock.decision_log WHERE decision = 'allow' ORDER BY id");
    assert_eq!(written, "1\n3");
    assert_eq!(causes(&mut client), "1|{\"write failed\": 1}");
    assert_eq!(
        in_server_log(&cluster),
        ["ALTER TABLE big ALTER COLUMN a SET DEFAULT /* poison */ 2"]
    );
}

/// What takes too long is tried again; nobody waits for it, and the shutdown does not either.
#[test]
fn a_trigger_takes_for_ever() {
    let mut cluster = cluster(&[("pg_interlock.audit_timeout", "10min")]);
    let mut client = create_database(&cluster, "postgres");
    client.batch(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
             $$BEGIN PERFORM pg_sleep(3600); RETURN NEW; END$$;
         SET pg_interlock.mode = 'off';
         CREATE TRIGGER wait BEFORE INSERT ON interlock.decision_log FOR EACH ROW EXECUTE FUNCTION wait();
         RESET pg_interlock.mode",
    );
    refuse(&mut client, "slow");
    assert_eq!(
        client.text("SELECT late, queued, writer_state FROM interlock.status()"),
        "1|1|blocked"
    );
    client.batch("SET pg_interlock.mode = 'off'; DROP TRIGGER wait ON interlock.decision_log; RESET pg_interlock.mode");
    until(&mut client, "SELECT queued = 0 FROM interlock.status()");
    assert_eq!(rows(&mut client), [(statement("slow"), 1)].into());

    client.batch(
        "SET pg_interlock.mode = 'off';
         CREATE TRIGGER wait BEFORE INSERT ON interlock.decision_log FOR EACH ROW EXECUTE FUNCTION wait();
         RESET pg_interlock.mode",
    );
    refuse(&mut client, "slow at the end");
    cluster.restart(pg_test::Stop::Fast);
    assert_eq!(in_server_log(&cluster), [statement("slow at the end")]);
}

/// More than shared memory holds, and nobody to take it away: what does not fit is in the server log.
#[test]
fn the_queue_is_full() {
    let cluster = cluster(&[]);
    let mut client = create_database(&cluster, "postgres");
    let mut holder = cluster.connect("postgres");
    holder.batch("BEGIN; SET LOCAL pg_interlock.mode = 'off'; LOCK interlock.decision_log");
    client.batch(
        "DO $$BEGIN
             FOR n IN 1..5000 LOOP
                 EXECUTE format('ALTER TABLE big ALTER COLUMN a SET DEFAULT %s', n);
             END LOOP;
         END$$",
    );
    refuse(&mut client, "meanwhile");
    holder.batch("COMMIT");
    settle(&mut client);
    let mut found = in_server_log(&cluster);
    let logged = found.len();
    assert!(logged > 0, "the queue was never full: more statements are needed");
    assert_eq!(causes(&mut client), format!("{logged}|{{\"queue full\": {logged}}}"));
    let written = client.query("SELECT statement FROM interlock.decision_log", &[]);
    found.extend(written.iter().map(|row| row.get::<_, String>(0)));
    found.sort();
    let mut expected: Vec<String> = (1..=5000)
        .map(|n| format!("ALTER TABLE big ALTER COLUMN a SET DEFAULT {n}"))
        .collect();
    expected.push(statement("meanwhile"));
    expected.sort();
    assert!(found == expected, "{} found of {}", found.len(), expected.len());
}
