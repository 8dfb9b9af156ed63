//! The extension arrives with its settings, and leaves nothing behind.

use pg_test::{Client, TestDatabase};

/// The objects in the extension's schema, as `\dx+` names them.
const OBJECTS: &str = "
    SELECT pg_describe_object(classid, objid, objsubid)
    FROM pg_depend
    WHERE refclassid = 'pg_namespace'::regclass AND refobjid = 'interlock'::regnamespace AND deptype = 'n'
      AND classid <> 'pg_extension'::regclass
    ORDER BY 1";

/// Those that a user can see and that have no COMMENT.
const UNCOMMENTED: &str = "
    SELECT pg_describe_object(classid, objid, 0)
    FROM (SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = 'interlock'::regnamespace
          UNION ALL
          SELECT 'pg_class'::regclass, oid FROM pg_class
          WHERE relnamespace = 'interlock'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
          UNION ALL
          SELECT 'pg_type'::regclass, oid FROM pg_type
          WHERE typnamespace = 'interlock'::regnamespace AND typtype IN ('d', 'e', 'r')) AS object (classid, objid)
    WHERE obj_description(objid, classid::name) IS NULL
    ORDER BY 1";

const SETTINGS: [(&str, &str); 26] = [
    ("mode", "enforce"),
    ("row_threshold", "100000"),
    ("size_threshold", "1GB"),
    ("dml_row_threshold", "-1"),
    ("rule_actions", ""),
    ("log_decisions", "all"),
    ("audit_timeout", "5s"),
    ("verify_profiles", "off"),
    ("polite_locks", "large"),
    ("lock_attempt_timeout", "200ms"),
    ("lock_wait_timeout", "30s"),
    ("idle_in_transaction_timeout", "1min"),
    ("backfill_batch_time", "500ms"),
    ("backfill_batch_timeout", "1min"),
    ("backfill_lock_timeout", "1s"),
    ("backfill_max_errors", "1000"),
    ("backfill_nice", "0"),
    ("backfill_max_replication_lag", "10s"),
    ("backfill_max_slot_wal", "10GB"),
    ("backfill_max_archive_backlog", "64"),
    ("backfill_max_wal_rate", "-1"),
    ("backfill_max_active_backends", "-1"),
    ("backfill_max_lock_waiters", "0"),
    ("backfill_max_dead_rows", "-1"),
    ("backfill_yield_to_wraparound", "1"),
    ("backfill_window", ""),
];

#[test]
fn settings_have_their_defaults() {
    let database = TestDatabase::new();
    let mut client = database.client();
    for (name, default) in SETTINGS {
        assert_eq!(
            client.one::<String>(&format!("SHOW pg_interlock.{name}")),
            default,
            "pg_interlock.{name}"
        );
    }
    // The tests' servers have more of them.
    assert_eq!(
        client.text("SELECT boot_val, context FROM pg_settings WHERE name = 'pg_interlock.backfill_max_workers'"),
        "4|sighup"
    );
    let names: i64 = client.one("SELECT count(*) FROM pg_settings WHERE name LIKE 'pg\\_interlock.%'");
    assert_eq!(
        names as usize,
        SETTINGS.len() + 1,
        "a setting is missing from this test's list"
    );
}

#[test]
fn unknown_settings_are_refused() {
    let error = TestDatabase::new().client().error("SET pg_interlock.modes = 'off'");
    assert_eq!(error.code().code(), "42602", "{error:?}");
}

#[test]
fn only_superusers_and_grantees_may_change_settings() {
    let mut database = TestDatabase::new();
    let role = database.role("app");
    let mut client = database.client_as(&role);
    for (name, default) in SETTINGS {
        let set = format!("SET pg_interlock.{name} = '{default}'");
        assert_eq!(client.error(&set).code().code(), "42501", "{set}");
    }
    database
        .client()
        .batch(&format!("GRANT SET ON PARAMETER pg_interlock.polite_locks TO {role}"));
    client.batch("SET pg_interlock.polite_locks = 'all'");
    assert_eq!(client.one::<String>("SHOW pg_interlock.polite_locks"), "all");
    let other = client.error("SET pg_interlock.row_threshold = -1");
    assert_eq!(other.code().code(), "42501", "the grant is for one setting only");
}

#[test]
fn settings_can_be_fixed_for_a_role_and_a_database() {
    let mut database = TestDatabase::new();
    let role = database.role("app");
    let name = database.name();
    database.client().batch(&format!(
        "ALTER ROLE {role} SET pg_interlock.mode = 'log'; ALTER DATABASE {name} SET pg_interlock.row_threshold = 7"
    ));
    let shown = database
        .client_as(&role)
        .text("SHOW pg_interlock.mode; SHOW pg_interlock.row_threshold");
    assert_eq!(shown, "log\n7");
}

#[test]
fn the_extension_is_in_its_schema_and_of_the_version_of_the_library() {
    let installed = TestDatabase::new().client().text(
        "SELECT extnamespace::regnamespace, extversion, extrelocatable FROM pg_extension WHERE extname = 'pg_interlock'",
    );
    assert_eq!(installed, format!("interlock|{}|f", env!("CARGO_PKG_VERSION")));
}

#[test]
fn drop_extension_leaves_nothing() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch("DROP EXTENSION pg_interlock");
    assert_eq!(client.text(OBJECTS), "");
    client.batch("CREATE EXTENSION pg_interlock");
}

#[test]
fn every_object_has_a_comment() {
    let database = TestDatabase::new();
    let mut client = database.client();
    assert_eq!(client.text(UNCOMMENTED), "");
    plant_objects(&mut client);
    assert_eq!(
        client.text(UNCOMMENTED),
        "function interlock.planted()\ntable interlock.planted_table"
    );
    assert!(client.text(OBJECTS).contains("function interlock.planted()"));
}

/// Objects that the queries above must find, lest they be satisfied by finding nothing.
fn plant_objects(client: &mut Client) {
    client.batch(
        "CREATE FUNCTION interlock.planted() RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE TABLE interlock.planted_table (a int);
         CREATE VIEW interlock.planted_view AS SELECT 1 AS a;
         COMMENT ON VIEW interlock.planted_view IS 'has one'",
    );
}
