//! Where the clusters of this process live, and how nothing of them stays behind.
//!
//! One directory per test process, which holds a lock on a file in it while it lives. It is removed when the process
//! exits; what a killed process left is removed by the next one, which recognises it by the lock being free.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::process;

/// A socket's path may have 107 bytes; the server adds its file name to that of the cluster's directory.
const LONGEST_SOCKET_DIRECTORY: usize = 107 - "/.s.PGSQL.5432.lock".len();
/// With the process id it makes the name of a directory.
const PREFIX: &str = "pg_interlock-";
const LOCK: &str = "lock";

struct Workspace {
    path: PathBuf,
    _lock: File,
}

static WORKSPACE: OnceLock<Workspace> = OnceLock::new();

/// A new empty directory, owned by the servers' user and closed to others. A cluster's is removed by [`remove_cluster`],
/// others with the workspace.
pub fn new_directory() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let workspace = WORKSPACE.get_or_init(open);
    let path = workspace.path.join(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
    create_for_server(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}

/// The data directory within a cluster's directory.
pub fn data_directory(cluster: &Path) -> PathBuf {
    cluster.join("data")
}

/// Ends the server in this directory, if one runs, and removes the directory.
pub fn remove_cluster(cluster: &Path) {
    process::end_server(&data_directory(cluster));
    // A backend that is just ending may still write a file; what stays is removed with the whole workspace.
    let _ = fs::remove_dir_all(cluster);
}

fn create_for_server(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    match process::server_account() {
        Some(account) => chown(path, Some(account.uid), Some(account.gid)),
        None => Ok(()),
    }
}

fn open() -> Workspace {
    let parents = candidates();
    for parent in &parents {
        sweep(parent);
    }
    let path = parents
        .iter()
        .map(|parent| parent.join(format!("{PREFIX}{}", std::process::id())))
        .find(|path| usable(path))
        .unwrap_or_else(|| panic!("the servers' user can reach none of {parents:?}"));
    process::at_exit(remove_workspace);
    Workspace {
        _lock: lock_new(&path).expect("a new file can be locked"),
        path,
    }
}

/// The build directory first: it is on a disk meant for such things. The servers' user may be unable to reach it, for
/// instance under root's home.
fn candidates() -> Vec<PathBuf> {
    let program = std::env::current_exe().expect("this program has a path");
    // <target>/debug/deps/<program>
    let target = program
        .ancestors()
        .nth(3)
        .expect("test programs are in a build directory");
    vec![target.into(), std::env::temp_dir(), "/tmp".into()]
}

/// Creates the directory; whether sockets in it have short enough names, and whether the servers' user can reach it.
fn usable(path: &Path) -> bool {
    let longest = path.as_os_str().len() + "/1000".len();
    let reachable = || {
        DirBuilder::new().create(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o711))?; // whatever the umask
        process::as_server_user(Path::new("test")).arg("-x").arg(path).status()
    };
    if longest > LONGEST_SOCKET_DIRECTORY {
        return false;
    }
    let usable = reachable().is_ok_and(|status| status.success());
    if !usable {
        let _ = fs::remove_dir(path); // only if empty: it may be another process's of that number
    }
    usable
}

/// The file gets its name only when it is locked, so that no sweep of another process can take it for an abandoned one.
fn lock_new(workspace: &Path) -> io::Result<File> {
    let unnamed = workspace.join("lock.new");
    let file = File::create(&unnamed)?;
    file.lock()?;
    fs::rename(unnamed, workspace.join(LOCK))?;
    Ok(file)
}

/// Removes what killed test processes left.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours && File::open(entry.path().join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok()) {
            remove_all(&entry.path());
        }
    }
}

extern "C" fn remove_workspace() {
    if let Some(workspace) = WORKSPACE.get() {
        remove_all(&workspace.path);
    }
}

fn remove_all(workspace: &Path) {
    for entry in fs::read_dir(workspace).into_iter().flatten().flatten() {
        remove_cluster(&entry.path());
    }
    let _ = fs::remove_dir_all(workspace);
}
