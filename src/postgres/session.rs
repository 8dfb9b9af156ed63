//! Who is speaking: the session, as the decision log keeps it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pgrx::pg_sys;

use super::node;

/// The session at the time of a decision.
#[derive(Clone, Debug)]
pub struct Session {
    /// Name of `session_user`.
    pub session_user: Option<String>,
    /// Name of `current_user`.
    pub current_user: Option<String>,
    /// `application_name`
    pub application_name: String,
    /// The client's address; `None` for a unix socket and for processes of the server.
    pub client_address: Option<IpAddr>,
    /// Process id.
    pub pid: i32,
    /// When the process began, in microseconds since 1970.
    pub started_at: i64,
}

/// Microseconds from 1970 to 2000, where the server's clock begins.
const EPOCH: i64 = 946_684_800_000_000;

/// The database that this process is connected to; 0: none.
pub fn database() -> u32 {
    // SAFETY: set once when the process connects.
    unsafe { pg_sys::MyDatabaseId }.to_u32()
}

/// The session of this process. It must be in a transaction: the names of the users are in the catalog.
pub fn current() -> Session {
    // SAFETY: variables of this process, and look-ups of the system cache.
    unsafe {
        Session {
            session_user: role_name(pg_sys::GetSessionUserId()),
            current_user: role_name(pg_sys::GetUserId()),
            application_name: node::text(pg_sys::application_name),
            client_address: client_address(),
            pid: pg_sys::MyProcPid,
            started_at: pg_sys::MyStartTimestamp + EPOCH,
        }
    }
}

/// The role on whose behalf this session acts, as far as the code that runs now may know: in a SECURITY DEFINER function
/// its owner, because such a function may not take its caller's role either; else the session user.
pub fn asker() -> u32 {
    // SAFETY: variables of this process.
    unsafe {
        if pg_sys::InLocalUserIdChange() || pg_sys::InSecurityRestrictedOperation() {
            pg_sys::GetUserId().to_u32()
        } else {
            pg_sys::GetSessionUserId().to_u32()
        }
    }
}

/// Which database of which cluster this is; a copy of either is another one.
pub fn origin() -> String {
    // SAFETY: reads a variable, and shared memory that is written at the server's start.
    unsafe { format!("{}/{}", pg_sys::GetSystemIdentifier(), pg_sys::MyDatabaseId.to_u32()) }
}

/// Microseconds since 1970.
pub fn now() -> i64 {
    // SAFETY: reads a clock.
    unsafe { pg_sys::GetCurrentTimestamp() + EPOCH }
}

/// The number of the transaction, with its epoch, if it has got one.
pub fn transaction_id() -> Option<u64> {
    // SAFETY: reads a variable; assigns none.
    let id = unsafe { pg_sys::GetTopFullTransactionIdIfAny() }.value;
    (id != 0).then_some(id)
}

/// How many messages about changed catalogs this process has received.
pub fn invalidations() -> u64 {
    // SAFETY: a plain variable.
    unsafe { pg_sys::SharedInvalidMessageCounter }
}

/// Whether the transaction may only read.
pub fn is_read_only() -> bool {
    // SAFETY: a plain variable.
    unsafe { pg_sys::XactReadOnly }
}

/// Whether the transaction goes on when the statement ends; true also inside the statements of one query string.
pub fn in_transaction_block() -> bool {
    // SAFETY: state of the transaction.
    unsafe { pg_sys::IsTransactionBlock() }
}

/// A place in this session's run of transactions, to ask later whether it has been left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    transaction: u32,
    subtransaction: u32,
    message: i64,
}

/// Here and now.
pub fn moment() -> Moment {
    // SAFETY: this process's own entry, and a variable.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        let transaction = (*pg_sys::MyProc).lxid;
        #[cfg(not(any(feature = "pg15", feature = "pg16")))]
        let transaction = (*pg_sys::MyProc).vxid.lxid;
        Moment {
            transaction,
            subtransaction: pg_sys::GetCurrentSubTransactionId(),
            message: pg_sys::GetCurrentStatementStartTimestamp(),
        }
    }
}

impl Moment {
    /// Whether the client has sent nothing since.
    pub fn same_message(self) -> bool {
        self.message == moment().message
    }

    /// Whether its transaction and subtransaction are still under way.
    pub fn lasts(self) -> bool {
        // SAFETY: looks at the stack of open subtransactions.
        self.transaction == moment().transaction && unsafe { pg_sys::SubTransactionIsActive(self.subtransaction) }
    }
}

/// Whether plain string literals of this session know no backslash escapes.
pub fn standard_conforming_strings() -> bool {
    // SAFETY: a plain variable.
    unsafe { pg_sys::standard_conforming_strings }
}

/// Whether this process must leave no trace: in recovery there can be none, and single-user mode, pg_upgrade and parallel
/// workers are not sessions of anybody.
pub fn is_exempt() -> bool {
    // SAFETY: plain variables, and a flag in shared memory.
    unsafe {
        !pg_sys::IsUnderPostmaster
            || pg_sys::IsBinaryUpgrade
            || pg_sys::ParallelWorkerNumber >= 0
            || pg_sys::RecoveryInProgress()
    }
}

/// Major and minor version of the server, as `SHOW server_version` says it.
pub fn server_version() -> String {
    // SAFETY: a setting that always exists; the string is the server's.
    node::text(unsafe { pg_sys::GetConfigOption(c"server_version".as_ptr(), true, false) })
}

/// Whether the extension is created in this database.
///
/// Its schema is looked for first, through the system cache, which remembers also that there is none: a database without
/// the extension pays one look-up in a hash table.
pub fn extension_exists() -> bool {
    // SAFETY: look-ups of the catalog inside a transaction.
    unsafe {
        pg_sys::get_namespace_oid(c"interlock".as_ptr(), true) != pg_sys::InvalidOid
            && pg_sys::get_extension_oid(c"pg_interlock".as_ptr(), true) != pg_sys::InvalidOid
    }
}

/// Whether the extension is created in this database, and no script of its own is running.
pub fn extension_guards() -> bool {
    // SAFETY: variables of this process, and a look-up of the catalog inside a transaction.
    extension_exists()
        && unsafe {
            !(pg_sys::creating_extension
                && pg_sys::CurrentExtensionObject == pg_sys::get_extension_oid(c"pg_interlock".as_ptr(), true))
        }
}

fn role_name(role: pg_sys::Oid) -> Option<String> {
    // SAFETY: a look-up of the system cache that may find nothing; the copy it makes is freed.
    unsafe {
        let name = pg_sys::GetUserNameFromId(role, true);
        let copy = node::optional_text(name);
        if !name.is_null() {
            pg_sys::pfree(name.cast());
        }
        copy
    }
}

fn client_address() -> Option<IpAddr> {
    const AF_INET: i32 = 2;
    #[cfg(target_os = "linux")]
    const AF_INET6: i32 = 10;
    #[cfg(not(target_os = "linux"))]
    const AF_INET6: i32 = 30;
    // SAFETY: null, or this process's own entry in the table of backends, which only it writes. A socket address of these families
    // has the address at these offsets (struct sockaddr_in, sockaddr_in6), and sockaddr_storage is larger than both.
    unsafe {
        let address = pg_sys::MyBEEntry.as_ref()?.st_clientaddr.addr;
        let bytes = (&raw const address).cast::<u8>();
        match i32::from(address.ss_family) {
            AF_INET => Some(Ipv4Addr::from(bytes.add(4).cast::<[u8; 4]>().read()).into()),
            AF_INET6 => {
                let address = Ipv6Addr::from(bytes.add(8).cast::<[u8; 16]>().read());
                Some(address.to_canonical())
            }
            _ => None,
        }
    }
}
