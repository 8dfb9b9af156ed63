//! A fresh database for one test, on a cluster that all tests of the binary share.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Client, Cluster};

/// Has the extension, and is copied for each test.
const TEMPLATE: &str = "with_pg_interlock";

/// A database with the extension created, dropped at the end of the test.
pub struct TestDatabase {
    cluster: &'static Cluster,
    name: String,
    roles: Vec<String>,
}

impl TestDatabase {
    /// Creates one.
    #[expect(
        clippy::new_without_default,
        reason = "a default that talks to a server would surprise"
    )]
    pub fn new() -> TestDatabase {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let cluster = shared_cluster();
        cluster
            .connect("postgres")
            .batch(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"));
        TestDatabase {
            cluster,
            name,
            roles: Vec::new(),
        }
    }

    /// The cluster it is in. Others are using it too.
    pub fn cluster(&self) -> &'static Cluster {
        self.cluster
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new connection, as superuser.
    pub fn client(&self) -> Client {
        self.cluster.connect(&self.name)
    }

    /// A new connection as a role.
    pub fn client_as(&self, role: &str) -> Client {
        self.cluster.connect_as(role, &self.name)
    }

    /// Creates a role that may log in and nothing else, and is dropped with the database. Returns its name, which
    /// contains the database's because roles belong to the whole cluster.
    pub fn role(&mut self, name: &str) -> String {
        let role = format!("{}_{name}", self.name);
        self.client().batch(&format!("CREATE ROLE {role} LOGIN"));
        self.roles.push(role.clone());
        role
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let mut drops = vec![format!("DROP DATABASE {} WITH (FORCE)", self.name)];
        for role in &self.roles {
            // What it was granted on settings and other shared objects would keep it.
            drops.extend([format!("DROP OWNED BY {role}"), format!("DROP ROLE {role}")]);
        }
        let mut client = self.cluster.connect("postgres");
        for sql in drops {
            if let Err(error) = client.try_batch(&sql) {
                eprintln!("{sql}: {error}"); // the test has its verdict; a second panic would abort the others
            }
        }
    }
}

fn shared_cluster() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| {
        let cluster = Cluster::start(&[
            // Enough for tens of thousands of tables in one transaction.
            ("max_locks_per_transaction", "512"),
            // It would hold locks on tables that a test thinks are its own.
            ("autovacuum", "off"),
        ]);
        let mut client = cluster.connect("postgres");
        client.batch(&format!("CREATE DATABASE {TEMPLATE}"));
        cluster.connect(TEMPLATE).batch("CREATE EXTENSION pg_interlock");
        // A database that anybody is connected to cannot be copied, a background worker included.
        client.batch(&format!("ALTER DATABASE {TEMPLATE} ALLOW_CONNECTIONS false"));
        client.query(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = $1 AND pid IS NOT NULL",
            &[&TEMPLATE],
        );
        cluster
    })
}
