//! What a client is told: the fields of an error or a warning.

/// An error or warning with its fields, as the protocol carries them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// An error ends the statement, a warning does not.
    pub severity: Severity,
    /// Five letters: `IL001`.
    pub sqlstate: &'static str,
    /// The primary message.
    pub message: String,
    /// DETAIL
    pub detail: String,
    /// HINT
    pub hint: Option<String>,
    /// The schema the report is about.
    pub schema: Option<String>,
    /// The table it is about.
    pub table: Option<String>,
    /// The column it is about.
    pub column: Option<String>,
    /// The constraint it is about.
    pub constraint: Option<String>,
}

/// How grave a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// WARNING
    Warning,
    /// ERROR
    Error,
}
