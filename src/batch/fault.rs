//! What the failure of a batch says about trying it again.

/// The kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A lock was not to be had in time.
    Lock,
    /// A deadlock or a serialization failure.
    Conflict,
    /// The batch took longer than a batch may.
    Timeout,
    /// Disk, memory or connections: it may pass.
    Resource,
    /// Something about one of the rows: a constraint, a cast, a trigger's exception.
    Data,
    /// It would fail again, whichever row it is about.
    Lasting,
}

/// Classes of SQLSTATEs that no row is to blame for: transaction states, names, our own, internal errors.
const LASTING: [&str; 18] = [
    "03", "08", "0B", "0L", "0P", "24", "25", "26", "28", "2D", "34", "3D", "3F", "42", "57", "F0", "IL", "XX",
];

impl Fault {
    /// The kind of an error with this SQLSTATE. What is not known is taken for a fault of a row, since the search for the
    /// row does no harm, and triggers may raise whatever they like.
    pub fn of(sqlstate: &str) -> Fault {
        let class = sqlstate.get(..2).unwrap_or_default();
        match sqlstate {
            "55P03" => Fault::Lock,
            "57014" => Fault::Timeout,
            "40001" | "40P01" => Fault::Conflict,
            // The policies for new rows.
            "42501" => Fault::Data,
            _ if ["53", "58"].contains(&class) => Fault::Resource,
            _ if LASTING.contains(&class) => Fault::Lasting,
            _ => Fault::Data,
        }
    }

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Lock => "lock",
            Fault::Conflict => "conflict",
            Fault::Timeout => "timeout",
            Fault::Resource => "resource",
            Fault::Data => "data",
            Fault::Lasting => "lasting",
        }
    }

    /// The kind with this name.
    pub fn named(name: &str) -> Option<Fault> {
        [
            Fault::Lock,
            Fault::Conflict,
            Fault::Timeout,
            Fault::Resource,
            Fault::Data,
            Fault::Lasting,
        ]
        .into_iter()
        .find(|fault| fault.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlstates_are_told_apart() {
        for (sqlstate, fault) in [
            ("55P03", Fault::Lock),
            ("40P01", Fault::Conflict),
            ("40001", Fault::Conflict),
            ("57014", Fault::Timeout),
            ("53100", Fault::Resource),
            ("58030", Fault::Resource),
            ("23514", Fault::Data),
            ("22P02", Fault::Data),
            ("P0001", Fault::Data),
            ("54000", Fault::Data),
            ("44000", Fault::Data),
            ("ZZ123", Fault::Data),
            ("42703", Fault::Lasting),
            ("42501", Fault::Data),
            ("20000", Fault::Data),
            ("55000", Fault::Data),
            ("0A000", Fault::Data),
            ("P0004", Fault::Data),
            ("25006", Fault::Lasting),
            ("IL010", Fault::Lasting),
            ("XX001", Fault::Lasting),
            ("57P01", Fault::Lasting),
            ("", Fault::Data),
        ] {
            assert_eq!(Fault::of(sqlstate), fault, "{sqlstate}");
        }
    }

    #[test]
    fn names_lead_back() {
        for sqlstate in ["55P03", "40001", "57014", "53100", "23505", "42P01"] {
            let fault = Fault::of(sqlstate);
            assert_eq!(Fault::named(fault.name()), Some(fault));
        }
        assert_eq!(Fault::named("other"), None);
    }
}
