//! The rules: what pg_interlock can object to. Their words live in `advice::rules`.

/// What a rule does when it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nothing at all.
    Off,
    /// The statement runs; the decision log names the rule.
    Log,
    /// The statement runs with a WARNING.
    Warn,
    /// The statement is rejected.
    Reject,
}

impl Action {
    const ALL: [Self; 4] = [Self::Off, Self::Log, Self::Warn, Self::Reject];

    /// As `pg_interlock.rule_actions` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Log => "log",
            Self::Warn => "warn",
            Self::Reject => "reject",
        }
    }

    /// The action of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// A rule. Its id is stable for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "advice::rules has a title and a page of words for each")]
pub enum Rule {
    AddColumnVolatileDefault,
    AddColumnSerial,
    AddColumnStoredGenerated,
    AddColumnConstrainedDomain,
    AddColumnNotNull,
    AlterColumnType,
    SetExpression,
    SetLogged,
    SetAccessMethod,
    SetTablespace,
    Cluster,
    VacuumFull,
    RefreshMaterializedView,
    SetNotNull,
    AddCheck,
    AddForeignKey,
    ValidateConstraint,
    AlterDomain,
    AddPrimaryKey,
    AddUnique,
    AddExclusion,
    AttachPartition,
    DetachPartition,
    CreatePartition,
    CreateIndex,
    InvalidIndex,
    Reindex,
    Unpredicted,
    WorkUnderHeldLock,
    SeveralTablesLocked,
    ConcurrentlyInTransaction,
    LockWait,
    MassChange,
    ChangeWithoutWhere,
    RenameTable,
    RenameColumn,
    DropTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    Truncate,
}

impl Rule {
    /// Every rule, in the order `interlock.rules` shows them.
    pub const ALL: [Self; 41] = [
        Self::AddColumnVolatileDefault,
        Self::AddColumnSerial,
        Self::AddColumnStoredGenerated,
        Self::AddColumnConstrainedDomain,
        Self::AddColumnNotNull,
        Self::AlterColumnType,
        Self::SetExpression,
        Self::SetLogged,
        Self::SetAccessMethod,
        Self::SetTablespace,
        Self::Cluster,
        Self::VacuumFull,
        Self::RefreshMaterializedView,
        Self::SetNotNull,
        Self::AddCheck,
        Self::AddForeignKey,
        Self::ValidateConstraint,
        Self::AlterDomain,
        Self::AddPrimaryKey,
        Self::AddUnique,
        Self::AddExclusion,
        Self::AttachPartition,
        Self::DetachPartition,
        Self::CreatePartition,
        Self::CreateIndex,
        Self::InvalidIndex,
        Self::Reindex,
        Self::Unpredicted,
        Self::WorkUnderHeldLock,
        Self::SeveralTablesLocked,
        Self::ConcurrentlyInTransaction,
        Self::LockWait,
        Self::MassChange,
        Self::ChangeWithoutWhere,
        Self::RenameTable,
        Self::RenameColumn,
        Self::DropTable,
        Self::DropColumn,
        Self::DropConstraint,
        Self::DropIndex,
        Self::Truncate,
    ];

    /// Its id, as settings, messages and the decision log write it.
    pub fn id(self) -> &'static str {
        match self {
            Self::AddColumnVolatileDefault => "add-column-volatile-default",
            Self::AddColumnSerial => "add-column-serial",
            Self::AddColumnStoredGenerated => "add-column-stored-generated",
            Self::AddColumnConstrainedDomain => "add-column-constrained-domain",
            Self::AddColumnNotNull => "add-column-not-null",
            Self::AlterColumnType => "alter-column-type",
            Self::SetExpression => "set-expression",
            Self::SetLogged => "set-logged",
            Self::SetAccessMethod => "set-access-method",
            Self::SetTablespace => "set-tablespace",
            Self::Cluster => "cluster",
            Self::VacuumFull => "vacuum-full",
            Self::RefreshMaterializedView => "refresh-materialized-view",
            Self::SetNotNull => "set-not-null",
            Self::AddCheck => "add-check",
            Self::AddForeignKey => "add-foreign-key",
            Self::ValidateConstraint => "validate-constraint",
            Self::AlterDomain => "alter-domain",
            Self::AddPrimaryKey => "add-primary-key",
            Self::AddUnique => "add-unique",
            Self::AddExclusion => "add-exclusion",
            Self::AttachPartition => "attach-partition",
            Self::DetachPartition => "detach-partition",
            Self::CreatePartition => "create-partition",
            Self::CreateIndex => "create-index",
            Self::InvalidIndex => "invalid-index",
            Self::Reindex => "reindex",
            Self::Unpredicted => "unpredicted",
            Self::WorkUnderHeldLock => "work-under-held-lock",
            Self::SeveralTablesLocked => "several-tables-locked",
            Self::ConcurrentlyInTransaction => "concurrently-in-transaction",
            Self::LockWait => "lock-wait",
            Self::MassChange => "mass-change",
            Self::ChangeWithoutWhere => "change-without-where",
            Self::RenameTable => "rename-table",
            Self::RenameColumn => "rename-column",
            Self::DropTable => "drop-table",
            Self::DropColumn => "drop-column",
            Self::DropConstraint => "drop-constraint",
            Self::DropIndex => "drop-index",
            Self::Truncate => "truncate",
        }
    }

    /// The rule of this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.id() == id)
    }

    /// Whether it is about loss of data, structure or names and not about work under a lock.
    pub fn is_destructive(self) -> bool {
        matches!(
            self,
            Self::RenameTable
                | Self::RenameColumn
                | Self::DropTable
                | Self::DropColumn
                | Self::DropConstraint
                | Self::DropIndex
                | Self::Truncate
        )
    }

    /// What it does unless `pg_interlock.rule_actions` says otherwise.
    pub fn default_action(self) -> Action {
        match self {
            Self::RefreshMaterializedView => Action::Warn,
            // Of a small table it is often meant; of a large one, mass-change rejects it.
            Self::ChangeWithoutWhere => Action::Warn,
            // Each of the locks is held for a moment only, unless there is slow work or idleness, which have rules of their
            // own, and is waited for politely. What remains is the danger of a deadlock: no reason to refuse a migration.
            Self::SeveralTablesLocked => Action::Warn,
            rule if rule.is_destructive() => Action::Log,
            _ => Action::Reject,
        }
    }
}
