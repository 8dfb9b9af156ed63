//! How server processes are started, found and ended.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use crate::wait;

/// The user that servers run as.
#[derive(Clone, Copy)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
}

/// The account for servers when we are root, as whom PostgreSQL refuses to run; none when they run as ourselves.
pub fn server_account() -> Option<Account> {
    static ACCOUNT: OnceLock<Option<Account>> = OnceLock::new();
    *ACCOUNT.get_or_init(|| {
        // SAFETY: geteuid has no preconditions and cannot fail.
        if unsafe { libc::geteuid() } != 0 {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
        let account = |name: &str| {
            let fields: Vec<&str> = users
                .lines()
                .map(|l| l.split(':').collect())
                .find(|f: &Vec<&str>| f[0] == name)?;
            Some(Account {
                uid: fields[2].parse().ok()?,
                gid: fields[3].parse().ok()?,
            })
        };
        Some(
            account("postgres")
                .or_else(|| account("nobody"))
                .expect("there is a user postgres or nobody"),
        )
    })
}

/// A command that runs as the servers' user.
pub fn as_server_user(program: &Path) -> Command {
    setpriv(&[], program)
}

/// A command for a server: it runs as the servers' user, and is shut down when this process ends, however it ends.
/// To be started by [`spawn`].
pub fn server_command(program: &Path) -> Command {
    setpriv(&["--pdeathsig", "INT"], program) // SIGINT is PostgreSQL's fast shutdown
}

fn setpriv(options: &[&str], program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(options);
    if let Some(account) = server_account() {
        command.args([format!("--reuid={}", account.uid), format!("--regid={}", account.gid)]);
        command.arg("--clear-groups");
    } else if options.is_empty() {
        command.arg("--no-new-privs"); // setpriv wants something to do
    }
    command.arg("--").arg(program);
    command
}

/// Starts a process from a thread that lives as long as this process. The signal of `--pdeathsig` is sent when the
/// starting *thread* ends, and every test has a thread of its own.
pub fn spawn(command: Command) -> io::Result<Child> {
    type Request = (Command, Sender<io::Result<Child>>);
    static SPAWNER: OnceLock<Sender<Request>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (requests, inbox) = channel::<Request>();
        thread::spawn(move || {
            for (mut command, reply) in inbox {
                let _ = reply.send(command.spawn());
            }
        });
        requests
    });
    let (reply, answer) = channel();
    spawner.send((command, reply)).expect("the spawner lives");
    answer.recv().expect("the spawner answers")
}

/// Sends a signal; a process that has already ended is no error.
pub fn signal(pid: u32, signal: i32) {
    let pid = i32::try_from(pid).expect("a process id");
    // SAFETY: kill takes two numbers and touches no memory of ours.
    unsafe { libc::kill(pid, signal) };
}

/// Runs `hook` when this process exits by itself; the standard library drops no statics.
pub fn at_exit(hook: extern "C" fn()) {
    // SAFETY: the hook is a plain function that lives as long as the program.
    let registered = unsafe { libc::atexit(hook) };
    assert_eq!(registered, 0, "atexit refused");
}

/// The live processes of the server with this data directory, postmaster and backends alike: each has it as its working
/// directory. One that has ended but was not yet waited for has none.
pub fn of_data_directory(data: &Path) -> Vec<u32> {
    let Ok(data) = data.canonicalize() else {
        return Vec::new();
    };
    let processes = fs::read_dir("/proc").expect("/proc can be read").flatten();
    processes
        .filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == data))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Ends the server with this data directory, if there is one: by an immediate shutdown, which frees its shared memory,
/// and what outlives that by force.
pub fn end_server(data: &Path) {
    let postmaster: Option<u32> = fs::read_to_string(pid_file(data))
        .ok()
        .and_then(|text| text.lines().next()?.parse().ok());
    let running = of_data_directory(data);
    if let Some(postmaster) = postmaster.filter(|pid| running.contains(pid)) {
        signal(postmaster, libc::SIGQUIT);
        let _ = wait::poll(Duration::from_secs(10), || {
            of_data_directory(data).is_empty().then_some(())
        });
    }
    for pid in of_data_directory(data) {
        signal(pid, libc::SIGKILL);
    }
}

fn pid_file(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}
