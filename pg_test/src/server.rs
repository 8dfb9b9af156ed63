//! The PostgreSQL server under test, and the client programs to use with it.
//!
//! `PG_INTERLOCK_TEST_SERVERS` lists the `pg_config` of each server, separated as in `PATH`. The first one is tested; the
//! others only lend the client programs that the first came without. `scripts/test` runs all tests once per major.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// An installed PostgreSQL.
pub struct Server {
    /// Its major version.
    pub major: u32,
    bindir: PathBuf,
    /// Where the headers are that extensions in C include.
    pub headers: PathBuf,
}

impl Server {
    /// The server that this run of the tests is about.
    pub fn under_test() -> &'static Server {
        &all()[0]
    }

    /// The path of a program of the server itself (`postgres`, `initdb`).
    pub fn program(&self, name: &str) -> PathBuf {
        self.bindir.join(name)
    }

    /// The path of a client program (`psql`, `pgbench`, `pg_dump`): this server's own; else that of the nearest newer
    /// major, because pg_dump refuses servers newer than itself; else that of the newest older one.
    pub fn client_program(&self, name: &str) -> PathBuf {
        let mut lenders: Vec<&Server> = all().iter().filter(|s| s.program(name).exists()).collect();
        lenders.sort_by_key(|s| (s.major < self.major, s.major.abs_diff(self.major)));
        match lenders.first() {
            Some(lender) => lender.program(name),
            None => panic!("no server of PG_INTERLOCK_TEST_SERVERS has {name}"),
        }
    }

    fn of(pg_config: &Path) -> Server {
        let version = ask(pg_config, "--version");
        let major = version
            .trim_start_matches("PostgreSQL ")
            .chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>();
        Server {
            major: major
                .parse()
                .unwrap_or_else(|_| panic!("{} says {version:?}", pg_config.display())),
            bindir: ask(pg_config, "--bindir").into(),
            headers: ask(pg_config, "--includedir-server").into(),
        }
    }
}

fn all() -> &'static [Server] {
    static ALL: OnceLock<Vec<Server>> = OnceLock::new();
    ALL.get_or_init(|| {
        let list = std::env::var_os("PG_INTERLOCK_TEST_SERVERS")
            .expect("PG_INTERLOCK_TEST_SERVERS is not set; run the tests by `make test`, or set it to a pg_config");
        std::env::split_paths(&list)
            .map(|pg_config| Server::of(&pg_config))
            .collect()
    })
}

fn ask(pg_config: &Path, option: &str) -> String {
    let output = Command::new(pg_config)
        .arg(option)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", pg_config.display()));
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}
