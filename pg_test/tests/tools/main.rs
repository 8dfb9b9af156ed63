//! Real migration tools, driven by their own command lines: caught, and then satisfied.
//!
//! `scripts/migration-tools` installs them. The migrations are beside this file, as a user would keep them.

use std::path::PathBuf;
use std::process::Command;

use pg_test::{Client, TestDatabase, until};

mod alembic;
mod django;
mod node_pg_migrate;
mod under_load;

/// What a migration changes, all of it.
const SCHEMA: &str = "
    SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid)
    FROM pg_class c
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname !~ 'alembic_version|django_migrations|pgmigrations'
    UNION ALL
    SELECT conname, contype, conrelid::regclass::text, pg_get_constraintdef(oid), NULL
    FROM pg_constraint WHERE conrelid = 'public.orders'::regclass
    ORDER BY 1, 2, 3, 4";

/// A shop's database that is in use: its orders are many, for its threshold, and belong to an ordinary role.
struct Shop {
    database: TestDatabase,
    owner: String,
    admin: Client,
}

/// What a run of a tool has printed, and whether it was content.
struct Outcome {
    success: bool,
    output: String,
}

impl Shop {
    fn open() -> Shop {
        let mut database = TestDatabase::new();
        let owner = database.role("shop");
        let mut admin = database.client();
        admin.batch(&format!(
            "ALTER DATABASE {name} SET pg_interlock.row_threshold = 1000;
             GRANT CREATE ON SCHEMA public TO {owner};
             SET ROLE {owner};
             CREATE TABLE public.orders (
                 id bigint PRIMARY KEY, customer_id int NOT NULL, total int NOT NULL, note varchar(50));
             INSERT INTO public.orders SELECT n, n % 100, n % 1000, 'nothing' FROM generate_series(1, 2000) n;
             RESET ROLE;
             ANALYZE public.orders",
            name = database.name()
        ));
        Shop { database, owner, admin }
    }

    /// A command of the tool `name`, run by the owner of the shop against its database.
    fn command(&self, program: &str) -> Command {
        let mut command = self.database.cluster().client_program(program, self.database.name());
        command.env("PGUSER", &self.owner);
        command
    }

    fn schema(&mut self) -> String {
        self.admin.text(SCHEMA)
    }

    /// The migrations that the tool thinks are done.
    fn versions(&mut self, table: &str, column: &str) -> Vec<String> {
        let exists = self
            .admin
            .one::<bool>(&format!("SELECT to_regclass('{table}') IS NOT NULL"));
        let versions = if exists {
            self.admin
                .query(&format!("SELECT {column}::text FROM {table} ORDER BY 1"), &[])
        } else {
            Vec::new()
        };
        versions.iter().map(|row| row.get(0)).collect()
    }

    /// Nobody but this test and pg_interlock's own processes is connected any more, so nobody holds a lock.
    fn await_silence(&mut self) {
        until(
            &mut self.admin,
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity
                                WHERE datname = current_database() AND pid <> pg_backend_pid()
                                  AND backend_type = 'client backend')",
        );
        let locks = self.admin.text(
            "SELECT l.locktype, l.mode, l.relation::regclass
             FROM pg_locks l JOIN pg_database d ON d.oid = l.database LEFT JOIN pg_stat_activity a USING (pid)
             WHERE d.datname = current_database() AND l.pid IS DISTINCT FROM pg_backend_pid()
               AND (a.pid IS NULL OR a.backend_type = 'client backend')
               AND l.relation >= 16384 AND l.relation::regclass::text !~ '^interlock'",
        );
        assert_eq!(locks, "", "a lock is left behind");
    }

    /// The decisions on statements of `application`, oldest first: decision, outcome, SQLSTATE, relation, who, statement.
    fn decisions(&mut self, application: &str, condition: &str) -> Vec<String> {
        let rows = self.admin.query(
            &format!(
                "SELECT concat_ws(' | ', decision, outcome, sqlstate, relation, session_user_name, statement)
                 FROM interlock.decision_log WHERE application_name = $1 AND ({condition}) ORDER BY id"
            ),
            &[&application],
        );
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Waits until the outcome of a statement that ran is in the log: those rows come after the commit.
    fn await_committed(&mut self, application: &str, statement: &str) {
        until(
            &mut self.admin,
            &format!(
                "SELECT EXISTS (SELECT FROM interlock.decision_log WHERE application_name = '{application}'
                   AND statement LIKE '{statement}' AND decision = 'allow' AND outcome = 'committed')"
            ),
        );
    }

    /// What a refused migration must leave: nothing but the refusal in the log and in the tool's own words.
    fn assert_refused(&mut self, application: &str, outcome: &Outcome, refusal: &Refusal, before: &str) {
        let Outcome { success, output } = outcome;
        assert!(!success, "the tool was content:\n{output}");
        for part in [refusal.message, refusal.detail, refusal.hint] {
            assert!(output.contains(part), "{part:?} is missing from:\n{output}");
        }
        assert_eq!(self.schema(), before, "something of the migration is left");
        let decisions = self.decisions(application, "decision = 'reject'");
        let expected = format!(
            "reject | rejected | {} | public.orders | {} | {}",
            refusal.sqlstate, self.owner, refusal.statement
        );
        assert_eq!(decisions, [expected]);
        self.await_silence();
    }
}

/// A refusal as the tool and the log must show it.
struct Refusal {
    sqlstate: &'static str,
    message: &'static str,
    detail: &'static str,
    hint: &'static str,
    statement: &'static str,
}

/// Where `scripts/migration-tools` has put a program.
fn installed(path: &str) -> String {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = top.join("target/tools").join(path);
    assert!(
        program.exists(),
        "{} is missing; scripts/migration-tools installs it",
        program.display()
    );
    program.display().to_string()
}

/// A directory of this room.
fn room(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tools").join(path)
}

fn run(mut command: Command) -> Outcome {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
    Outcome {
        success: output.status.success(),
        output: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
    }
}
