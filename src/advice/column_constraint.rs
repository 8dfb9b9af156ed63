//! Constraints written with a new column, told apart from the rest of its definition: `ColConstraint` of `parser/gram.y`.

use super::sql::{Subcommand, identifier};
use super::tokens::{Kind, Token};

/// `CHECK (...)`
pub const CHECK: &[&str] = &["CHECK"];
/// `REFERENCES ...`
pub const REFERENCES: &[&str] = &["REFERENCES"];
/// `UNIQUE`
pub const UNIQUE: &[&str] = &["UNIQUE"];
/// `PRIMARY KEY`
pub const PRIMARY_KEY: &[&str] = &["PRIMARY", "KEY"];
/// `NOT NULL`
pub const NOT_NULL: &[&str] = &["NOT", "NULL"];

/// ADD COLUMN without some of the constraints written with the column.
pub struct BareColumn {
    /// The subcommand without them.
    pub text: String,
    /// They.
    pub constraints: Vec<ColumnConstraint>,
}

/// A constraint written with a new column.
pub struct ColumnConstraint {
    /// The column.
    pub column: String,
    /// Its name, if it is given one.
    pub name: Option<String>,
    /// The words it begins with.
    pub kind: &'static [&'static str],
    /// `CHECK (a > 0)`, `REFERENCES b`, ...
    pub definition: String,
}

impl Subcommand<'_> {
    /// ADD COLUMN without the constraints of these kinds.
    pub fn without_constraints(&self, kinds: &[&'static [&'static str]]) -> Option<BareColumn> {
        let column = self.added_column()?;
        let (mut text, mut copied, mut constraints) = (String::new(), 0, vec![]);
        let (mut at, mut last) = (2, 0);
        while at < self.tokens.len() {
            let Some(kind) = kinds.iter().find(|kind| self.words(at, kind)) else {
                at += 1;
                continue;
            };
            let named = at >= last + 2 && self.words(at - 2, &["CONSTRAINT"]);
            let start = if named { at - 2 } else { at };
            let end = self.end_of_constraint(at);
            let (from, until) = (self.tokens[at].start, self.tokens[end - 1].end());
            text += self.text[copied..self.tokens[start].start].trim_end();
            copied = until;
            constraints.push(ColumnConstraint {
                column: column.clone(),
                name: named.then(|| identifier(&self.tokens[at - 1])),
                kind,
                definition: self.text[from..until].to_owned(),
            });
            (at, last) = (end, end);
        }
        text += &self.text[copied..];
        Some(BareColumn { text, constraints })
    }

    /// `COLLATE "C"` as it is written with a new column, after a blank; nothing if it is not.
    pub fn collation(&self) -> String {
        let Some(at) = (2..self.tokens.len()).find(|at| self.words(*at, &["COLLATE"])) else {
            return String::new();
        };
        let mut end = at + 2;
        while self.tokens.get(end).is_some_and(|token| token.text == ".") {
            end += 2;
        }
        let end = self.tokens[end.min(self.tokens.len()) - 1].end();
        format!(" {}", &self.text[self.tokens[at].start..end])
    }

    /// The token after the constraint whose first word is the token `at`: `ColConstraintElem` of `parser/gram.y`, and what
    /// is said of it behind it.
    fn end_of_constraint(&self, at: usize) -> usize {
        let mut end = at + 1;
        if self.words(at, PRIMARY_KEY) || self.words(at, NOT_NULL) {
            end += 1;
        } else if self.words(at, REFERENCES) {
            end += 1;
            while self.tokens.get(end).is_some_and(|token| token.text == ".") {
                end += 2;
            }
        }
        end = self.end_of_group(end);
        const CLAUSES: [(&[&str], usize); 17] = [
            (&["NO", "INHERIT"], 2),
            (&["NULLS", "DISTINCT"], 2),
            (&["NULLS", "NOT", "DISTINCT"], 3),
            (&["WITH"], 1),
            (&["USING", "INDEX", "TABLESPACE"], 4),
            (&["MATCH"], 2),
            (&["ON", "DELETE"], 2),
            (&["ON", "UPDATE"], 2),
            (&["NO", "ACTION"], 2),
            (&["RESTRICT"], 1),
            (&["CASCADE"], 1),
            (&["SET"], 2),
            (&["DEFERRABLE"], 1),
            (&["NOT", "DEFERRABLE"], 2),
            (&["INITIALLY"], 2),
            (&["ENFORCED"], 1),
            (&["NOT", "ENFORCED"], 2),
        ];
        while let Some((_, length)) = CLAUSES.iter().find(|(words, _)| self.words(end, words)) {
            end = self.end_of_group(end + length);
        }
        end.min(self.tokens.len())
    }

    /// The token after the parentheses that open at the token `at`; `at` if none do.
    fn end_of_group(&self, at: usize) -> usize {
        let closes = |token: &Token| token.depth == 0 && token.kind == Kind::Close;
        match self.tokens.get(at) {
            Some(token) if token.kind == Kind::Open => {
                let rest = self.tokens[at..].iter().position(closes);
                rest.map_or(self.tokens.len(), |rest| at + rest + 1)
            }
            _ => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collation_is_kept() {
        for (text, collation) in [
            ("ADD COLUMN c text COLLATE \"C\" DEFAULT f()", " COLLATE \"C\""),
            (
                "ADD c text DEFAULT (a COLLATE x) collate s . \"d e\" NOT NULL",
                " collate s . \"d e\"",
            ),
            ("ADD c text DEFAULT (a COLLATE x)", ""),
            ("ADD c text COLLATE", " COLLATE"),
        ] {
            assert_eq!(Subcommand::new(text).collation(), collation, "{text}");
        }
    }

    #[test]
    fn constraints_of_a_new_column_are_found() {
        let split = |text: &str, kinds: &[&'static [&'static str]]| {
            let bare = Subcommand::new(text).without_constraints(kinds).unwrap();
            let found = bare.constraints.into_iter().map(|found| match found.name {
                Some(name) => format!("{name}: {}", found.definition),
                None => found.definition,
            });
            (found.collect::<Vec<_>>().join(", "), bare.text)
        };
        for (text, kinds, found, without) in [
            (
                "ADD COLUMN c int CONSTRAINT n CHECK (c > (0)) NO INHERIT DEFAULT 1",
                vec![CHECK],
                "n: CHECK (c > (0)) NO INHERIT",
                "ADD COLUMN c int DEFAULT 1",
            ),
            (
                "ADD c int REFERENCES s.t (a) ON DELETE SET NULL INITIALLY DEFERRED NOT NULL",
                vec![REFERENCES],
                "REFERENCES s.t (a) ON DELETE SET NULL INITIALLY DEFERRED",
                "ADD c int NOT NULL",
            ),
            (
                "ADD c int REFERENCES t NOT DEFERRABLE NOT NULL CHECK (c > 0)",
                vec![CHECK, REFERENCES, NOT_NULL],
                "REFERENCES t NOT DEFERRABLE, NOT NULL, CHECK (c > 0)",
                "ADD c int",
            ),
            (
                "ADD c int DEFAULT 1 PRIMARY KEY",
                vec![PRIMARY_KEY],
                "PRIMARY KEY",
                "ADD c int DEFAULT 1",
            ),
            (
                "ADD c int UNIQUE WITH (fillfactor = 70) USING INDEX TABLESPACE x DEFAULT 1",
                vec![UNIQUE],
                "UNIQUE WITH (fillfactor = 70) USING INDEX TABLESPACE x",
                "ADD c int DEFAULT 1",
            ),
            (
                "ADD c int CHECK (c > 0) NOT ENFORCED CHECK (c < 9) ENFORCED NOT NULL",
                vec![CHECK],
                "CHECK (c > 0) NOT ENFORCED, CHECK (c < 9) ENFORCED",
                "ADD c int NOT NULL",
            ),
            ("ADD c int CHECK", vec![CHECK], "CHECK", "ADD c int"),
            ("ADD c int", vec![CHECK], "", "ADD c int"),
        ] {
            assert_eq!(split(text, &kinds), (found.to_owned(), without.to_owned()), "{text}");
        }
        for text in [
            "ADD CHECK (c > 0)",
            "ADD CONSTRAINT n UNIQUE (c)",
            "ALTER c SET NOT NULL",
        ] {
            assert!(
                Subcommand::new(text)
                    .without_constraints(&[CHECK, UNIQUE, NOT_NULL])
                    .is_none()
            );
        }
    }
}
