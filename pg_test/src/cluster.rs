//! A throw-away cluster of the server under test.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use postgres::Config;

use crate::wait::{DEADLINE, poll};
use crate::{Client, Server, process, workspace};

/// The bootstrap superuser.
const SUPERUSER: &str = "postgres";
/// Sockets of different clusters are in different directories, so all may use one number.
const PORT: u16 = 5432;

/// A running server with an empty cluster of its own, listening on a unix socket only. Dropping it removes both.
pub struct Cluster {
    server: &'static Server,
    directory: PathBuf,
    postmaster: Option<Child>,
}

/// The ways to stop a server.
#[derive(Clone, Copy)]
pub enum Stop {
    /// Backends are ended, a checkpoint is written.
    Fast,
    /// Everything ends at once; the next start recovers from the log.
    Immediate,
}

impl Cluster {
    /// Starts a new cluster with pg_interlock preloaded and these settings besides; they may override that one too.
    pub fn start(settings: &[(&str, &str)]) -> Cluster {
        let server = Server::under_test();
        let mut cluster = Cluster {
            server,
            directory: workspace::new_directory(),
            postmaster: None,
        };
        cluster.initdb();
        cluster.configure(&[
            ("listen_addresses", ""),
            ("unix_socket_directories", &cluster.directory.display().to_string()),
            ("port", &PORT.to_string()),
            ("fsync", "off"), // a crash of PostgreSQL loses nothing by this, only one of the machine does
            ("shared_preload_libraries", "pg_interlock"),
            ("pg_interlock.backfill_max_workers", "48"),
            ("max_worker_processes", "64"), // many databases at once have a writer, and some have workers
        ]);
        cluster.configure(settings);
        cluster.start_again();
        cluster
    }

    /// Starts a standby of this server that streams from it, with these settings besides.
    pub fn standby(&self, settings: &[(&str, &str)]) -> Cluster {
        let mut standby = Cluster {
            server: self.server,
            directory: workspace::new_directory(),
            postmaster: None,
        };
        let output = process::as_server_user(&self.server.client_program("pg_basebackup"))
            .args([
                "--checkpoint=fast",
                "--write-recovery-conf",
                "--no-sync",
                "--username",
                SUPERUSER,
            ])
            .args(["--port", &PORT.to_string(), "--host"])
            .arg(&self.directory)
            .arg("--pgdata")
            .arg(standby.data())
            .current_dir(&standby.directory)
            .output()
            .expect("setpriv can be run");
        assert!(
            output.status.success(),
            "pg_basebackup: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        standby.configure(&[("unix_socket_directories", &standby.directory.display().to_string())]);
        standby.configure(settings);
        standby.start_again();
        standby
    }

    /// Appends settings to postgresql.conf; the last one of a name counts. To be followed by [`Cluster::restart`], or by
    /// `SELECT pg_reload_conf()`.
    pub fn configure(&self, settings: &[(&str, &str)]) {
        let path = self.data().join("postgresql.conf");
        let mut file = OpenOptions::new()
            .append(true)
            .open(path)
            .expect("postgresql.conf can be written");
        for (name, value) in settings {
            writeln!(file, "{name} = '{}'", value.replace('\'', "''")).expect("postgresql.conf can be written");
        }
    }

    /// Starts the server of a cluster that was stopped or killed, and waits until it accepts connections.
    pub fn start_again(&mut self) {
        self.start_again_with(&[]);
    }

    /// As [`Cluster::start_again`], with these arguments for the server.
    pub fn start_again_with(&mut self, arguments: &[&str]) {
        assert!(self.postmaster.is_none(), "the server is running already");
        // Backends of a killed postmaster must be gone before PostgreSQL starts anew.
        poll(DEADLINE, || {
            process::of_data_directory(&self.data()).is_empty().then_some(())
        })
        .unwrap_or_else(|| panic!("processes of the last server are still there\n{}", self.log()));
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_path())
            .expect("the log can be written");
        let mut command = process::server_command(&self.server.program("postgres"));
        command.arg("-D").arg(self.data()).args(arguments).stdin(Stdio::null());
        command
            .stdout(log.try_clone().expect("a file can be cloned"))
            .stderr(log);
        self.postmaster = Some(process::spawn(command).expect("setpriv can be run"));
        self.await_ready();
    }

    /// Stops the server and waits for its end.
    pub fn stop(&mut self, mode: Stop) {
        self.end_postmaster(match mode {
            Stop::Fast => libc::SIGINT,
            Stop::Immediate => libc::SIGQUIT,
        });
    }

    /// Stops the server and starts it again.
    pub fn restart(&mut self, mode: Stop) {
        self.stop(mode);
        self.start_again();
    }

    /// Kills the postmaster as the kernel would when memory runs out. Its backends end when they notice.
    pub fn kill_postmaster(&mut self) {
        self.end_postmaster(libc::SIGKILL);
    }

    /// Kills one backend or worker likewise. The postmaster then ends all others and recovers; returns when connections
    /// are accepted again.
    pub fn kill_backend(&mut self, pid: i32) {
        let pid = u32::try_from(pid).expect("a process id");
        let postmaster = self.postmaster.as_ref().expect("the server is running").id();
        let mut before = process::of_data_directory(&self.data());
        before.retain(|&process| process != postmaster);
        assert!(before.contains(&pid), "{pid} is no backend of this cluster");
        process::signal(pid, libc::SIGKILL);
        // Until the postmaster has noticed, it goes on accepting connections.
        poll(DEADLINE, || {
            let now = process::of_data_directory(&self.data());
            (!before.iter().any(|process| now.contains(process))).then_some(())
        })
        .unwrap_or_else(|| panic!("the other backends do not end\n{}", self.log()));
        self.await_ready();
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Connects as the bootstrap superuser.
    pub fn connect(&self, database: &str) -> Client {
        self.connect_as(SUPERUSER, database)
    }

    /// Connects as a role.
    pub fn connect_as(&self, role: &str, database: &str) -> Client {
        Client::connect(&self.config(role, database)).unwrap_or_else(|error| panic!("{error:?}\n{}", self.log()))
    }

    /// A client program (`psql`, `pgbench`, `pg_dump`, or any other given by its path), set to connect here by libpq's
    /// environment variables.
    pub fn client_program(&self, name: &str, database: &str) -> Command {
        let path = if name.contains('/') {
            name.into()
        } else {
            self.server.client_program(name)
        };
        let mut command = Command::new(path);
        command
            .stdin(Stdio::null())
            .env("PGHOST", &self.directory)
            .env("PGPORT", PORT.to_string());
        command.env("PGUSER", SUPERUSER).env("PGDATABASE", database);
        command
    }

    fn initdb(&self) {
        let output = process::as_server_user(&self.server.program("initdb"))
            .args([
                "--no-sync",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--username",
                SUPERUSER,
                "--pgdata",
            ])
            .arg(self.data())
            .current_dir(&self.directory)
            .output()
            .expect("setpriv can be run");
        assert!(
            output.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn await_ready(&mut self) {
        let config = self.config(SUPERUSER, "postgres");
        let postmaster = self.postmaster.as_mut().expect("the server is running");
        let ready = poll(DEADLINE, || {
            let ended = postmaster.try_wait().expect("a child can be waited for");
            match ended {
                Some(status) => Some(Err(format!("the server ended: {status}"))),
                None => Client::connect(&config).ok().map(|_| Ok(())),
            }
        });
        ready
            .unwrap_or_else(|| Err("the server does not accept connections".to_string()))
            .unwrap_or_else(|message| panic!("{message}\n{}", self.log()));
    }

    fn end_postmaster(&mut self, signal: i32) {
        let mut postmaster = self.postmaster.take().expect("the server is running");
        process::signal(postmaster.id(), signal);
        poll(DEADLINE, || postmaster.try_wait().expect("a child can be waited for"))
            .unwrap_or_else(|| panic!("the server does not stop\n{}", self.log()));
    }

    fn config(&self, role: &str, database: &str) -> Config {
        let mut config = Config::new();
        config
            .host_path(&self.directory)
            .port(PORT)
            .user(role)
            .dbname(database)
            .application_name("pg_test");
        config
    }

    fn data(&self) -> PathBuf {
        workspace::data_directory(&self.directory)
    }

    fn log_path(&self) -> PathBuf {
        self.directory.join("log")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        workspace::remove_cluster(&self.directory);
        if let Some(postmaster) = &mut self.postmaster {
            let _ = postmaster.wait();
        }
    }
}
