//! The words of a statement, for advice that repeats parts of it. Not a parser: where it does not find what it looks for
//! it says so.

use super::tokens::{Kind, Token, tokens};

/// A statement without the comments around it; those behind it would swallow what is appended.
pub fn without_comments_around(statement: &str) -> &str {
    let tokens = tokens(statement);
    let start = tokens.first().map_or(0, |token| token.start);
    &statement[start..tokens.last().map_or(start, Token::end)]
}

/// Puts a word after the first keyword `after` of a statement; unchanged if it has none.
pub fn after_word(statement: &str, after: &str, word: &str) -> String {
    let statement = without_comments_around(statement);
    match tokens(statement).iter().find(|token| token.is(after)) {
        Some(token) => format!("{} {word}{}", &statement[..token.end()], &statement[token.end()..]),
        None => statement.to_owned(),
    }
}

/// Text as a dollar-quoted literal.
pub fn dollar_quoted(text: &str) -> String {
    let tag = ["$$", "$sql$", "$interlock$"]
        .into_iter()
        .find(|tag| !text.contains(tag));
    tag.map_or_else(|| quoted_literal(text), |tag| format!("{tag}{text}{tag}"))
}

/// Text as a literal between single quotes.
pub fn quoted_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// An ALTER TABLE in its parts.
pub struct AlterTable<'a> {
    /// `ALTER TABLE IF EXISTS ONLY orders`, as written.
    pub head: &'a str,
    /// What is between the commas.
    pub subcommands: Vec<Subcommand<'a>>,
}

/// One subcommand of an ALTER TABLE.
pub struct Subcommand<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
}

impl<'a> AlterTable<'a> {
    /// Takes a statement apart; `None` if it is no ALTER TABLE.
    pub fn parse(statement: &'a str) -> Option<Self> {
        let statement = without_comments_around(statement);
        let all = tokens(statement);
        if !(all.first()?.is("ALTER") && all.get(1)?.is("TABLE")) {
            return None;
        }
        let optional = all[2..]
            .iter()
            .take_while(|token| ["IF", "EXISTS", "ONLY"].iter().any(|word| token.is(word)));
        let mut name = 2 + optional.count();
        while all.get(name + 1)?.text == "." {
            name += 2;
        }
        let name = name + usize::from(all.get(name + 1)?.text == "*");
        let commands: Vec<&[Token]> = all[name + 1..]
            .split(|token| token.depth == 0 && token.text == ",")
            .collect();
        let subcommands = commands
            .into_iter()
            .filter_map(|tokens| {
                let (first, last) = (tokens.first()?, tokens.last()?);
                let text = &statement[first.start..last.end()];
                Some(Subcommand::new(text))
            })
            .collect();
        Some(Self {
            head: &statement[all[0].start..all[name].end()],
            subcommands,
        })
    }

    /// The subcommand that adds this column.
    pub fn added_column(&self, column: &str) -> Option<&Subcommand<'a>> {
        self.subcommands
            .iter()
            .find(|each| each.added_column().as_deref() == Some(column))
    }
}

impl<'a> Subcommand<'a> {
    /// Takes it apart.
    pub fn new(text: &'a str) -> Self {
        let tokens = tokens(text);
        Self { text, tokens }
    }

    /// As written.
    pub fn text(&self) -> &'a str {
        self.text
    }

    fn words(&self, at: usize, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(offset, word)| self.tokens.get(at + offset).is_some_and(|token| token.is(word)))
    }

    fn position(&self, words: &[&str]) -> Option<usize> {
        (0..self.tokens.len()).find(|at| self.words(*at, words))
    }

    /// The column of ADD [COLUMN] [IF NOT EXISTS].
    fn added_column(&self) -> Option<String> {
        let mut at = usize::from(self.words(0, &["ADD"])) + usize::from(self.words(0, &["ADD", "COLUMN"]));
        if self.words(at, &["IF", "NOT", "EXISTS"]) {
            at += 3;
        }
        (at > 0).then(|| self.tokens.get(at).map(identifier)).flatten()
    }

    /// The column of ALTER [COLUMN].
    pub fn altered_column(&self) -> Option<String> {
        let at = usize::from(self.words(0, &["ALTER"])) + usize::from(self.words(0, &["ALTER", "COLUMN"]));
        (at > 0).then(|| self.tokens.get(at).map(identifier)).flatten()
    }

    /// Whether these keywords are written in it, one after the other.
    pub fn says(&self, words: &[&str]) -> bool {
        self.position(words).is_some()
    }

    /// Whether NOT NULL is written in it.
    pub fn says_not_null(&self) -> bool {
        self.says(&["NOT", "NULL"])
    }

    /// As written, but for NOT NULL.
    pub fn without_not_null(&self) -> String {
        let Some(at) = self.position(&["NOT", "NULL"]) else {
            return self.text.to_owned();
        };
        let (before, after) = (
            &self.text[..self.tokens[at].start],
            &self.text[self.tokens[at + 1].end()..],
        );
        format!("{}{after}", before.trim_end())
    }

    /// What follows a keyword to the end of the subcommand.
    pub fn after(&self, word: &str) -> Option<&'a str> {
        let at = self.position(&[word])?;
        Some(self.text[self.tokens[at].end()..].trim_start())
    }

    /// What is in the first parentheses after a keyword.
    pub fn group_after(&self, word: &str) -> Option<&'a str> {
        let at = self.position(&[word])?;
        let open = at
            + self.tokens[at..]
                .iter()
                .position(|token| token.depth == 0 && token.kind == Kind::Open)?;
        let close = open
            + self.tokens[open..]
                .iter()
                .position(|token| token.depth == 0 && token.kind == Kind::Close)?;
        Some(&self.text[self.tokens[open].end()..self.tokens[close].start])
    }

    /// The name and the definition of ADD [CONSTRAINT name] with a definition that begins with one of `kinds`.
    pub fn added_constraint(&self, kinds: &[&str]) -> Option<(Option<String>, Subcommand<'a>)> {
        let named = self.words(0, &["ADD", "CONSTRAINT"]);
        let at = if named { 3 } else { 1 };
        let is_one = self.words(0, &["ADD"]) && kinds.iter().any(|kind| self.words(at, &[kind]));
        let name = named.then(|| self.tokens.get(2).map(identifier)).flatten();
        is_one.then(|| (name, Self::new(&self.text[self.tokens[at].start..])))
    }

    /// The first constraint of one of these `kinds` that is written with a new column.
    pub fn column_constraint(&self, kinds: &[&str]) -> Option<ColumnConstraint> {
        let column = self.added_column()?;
        let at = (2..self.tokens.len()).find(|at| kinds.iter().any(|kind| self.words(*at, &[kind])))?;
        let named = self.words(at - 2, &["CONSTRAINT"]);
        let start = if named { at - 2 } else { at };
        let last = self.end_of_constraint(at) - 1;
        let (before, after) = (
            &self.text[..self.tokens[start].start],
            &self.text[self.tokens[last].end()..],
        );
        Some(ColumnConstraint {
            column,
            name: named.then(|| identifier(&self.tokens[at - 1])),
            definition: self.text[self.tokens[at].start..self.tokens[last].end()].to_owned(),
            without: format!("{}{after}", before.trim_end()),
        })
    }

    /// The token after the constraint whose first word is the token `at`: `ColConstraintElem` of `parser/gram.y`.
    fn end_of_constraint(&self, at: usize) -> usize {
        let mut end = at + 1;
        if self.words(at, &["PRIMARY", "KEY"]) {
            end += 1;
        } else if self.words(at, &["REFERENCES"]) {
            end += 1;
            while self.tokens.get(end).is_some_and(|token| token.text == ".") {
                end += 2;
            }
        }
        end = self.end_of_group(end);
        const CLAUSES: [(&[&str], usize); 12] = [
            (&["NO", "INHERIT"], 2),
            (&["NULLS", "DISTINCT"], 2),
            (&["NULLS", "NOT", "DISTINCT"], 3),
            (&["MATCH"], 2),
            (&["ON", "DELETE"], 2),
            (&["ON", "UPDATE"], 2),
            (&["NO", "ACTION"], 2),
            (&["RESTRICT"], 1),
            (&["CASCADE"], 1),
            (&["SET"], 2),
            (&["DEFERRABLE"], 1),
            (&["INITIALLY"], 2),
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

    /// The first name in the first parentheses that is not one of a function.
    pub fn first_name_in_group(&self) -> Option<String> {
        let inner = self.tokens.iter().enumerate().filter(|(_, token)| token.depth > 0);
        inner
            .filter(|(_, token)| token.is_name())
            .find(|(at, _)| self.tokens.get(at + 1).is_none_or(|next| next.kind != Kind::Open))
            .map(|(_, token)| identifier(token))
    }
}

/// A constraint written with a new column.
pub struct ColumnConstraint {
    /// The column.
    pub column: String,
    /// Its name, if it is given one.
    pub name: Option<String>,
    /// `CHECK (a > 0)`, `REFERENCES b`, ...
    pub definition: String,
    /// The subcommand without it.
    pub without: String,
}

/// A name as the catalog has it.
pub fn identifier(token: &Token) -> String {
    match token.text.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').unwrap_or(quoted).replace("\"\"", "\""),
        None => token.text.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_after_the_keyword_and_not_into_comments() {
        assert_eq!(
            after_word(
                "/* an index */ create /* index */ unique index i on t (a)",
                "INDEX",
                "CONCURRENTLY"
            ),
            "create /* index */ unique index CONCURRENTLY i on t (a)"
        );
        assert_eq!(
            after_word("CREATE INDEX ON t (a) -- now; really", "INDEX", "CONCURRENTLY"),
            "CREATE INDEX CONCURRENTLY ON t (a)"
        );
        assert_eq!(after_word("-- index", "INDEX", "CONCURRENTLY"), "");
        assert_eq!(after_word("create \"", "INDEX", "CONCURRENTLY"), "create \"");
        assert_eq!(
            after_word("create \"index\"", "INDEX", "CONCURRENTLY"),
            "create \"index\""
        );
    }

    #[test]
    fn a_dollar_quote_is_none_of_the_text() {
        assert_eq!(dollar_quoted("a $$ b"), "$sql$a $$ b$sql$");
    }

    #[test]
    fn an_alter_table_is_taken_apart() {
        let alter = AlterTable::parse(
            "/* a, b */ ALTER TABLE IF EXISTS ONLY s . \"T,\" ADD CHECK (a IN (1, 2)), ADD b text DEFAULT $$,$$ || ',' -- , end",
        )
        .unwrap();
        assert_eq!(alter.head, "ALTER TABLE IF EXISTS ONLY s . \"T,\"");
        let texts: Vec<&str> = alter.subcommands.iter().map(Subcommand::text).collect();
        assert_eq!(texts, ["ADD CHECK (a IN (1, 2))", "ADD b text DEFAULT $$,$$ || ','"]);
        assert!(AlterTable::parse("ALTER INDEX i SET (fillfactor = 70)").is_none());
        assert!(AlterTable::parse("ALTER TABLE").is_none());
        assert!(AlterTable::parse("").is_none());
    }

    #[test]
    fn parts_of_subcommands_are_found() {
        let of = |text: &'static str| Subcommand::new(text);
        let add = of("ADD COLUMN IF NOT EXISTS \"A\"\"b\" int NOT NULL DEFAULT random()");
        assert_eq!(add.added_column().as_deref(), Some("A\"b"));
        assert_eq!(
            add.without_not_null(),
            "ADD COLUMN IF NOT EXISTS \"A\"\"b\" int DEFAULT random()"
        );
        assert_eq!(of("ADD Total int").added_column().as_deref(), Some("total"));
        let (name, check) = of("add constraint C check (lower(a) > 'x')")
            .added_constraint(&["CHECK"])
            .unwrap();
        assert_eq!((name.as_deref(), check.text()), (Some("c"), "check (lower(a) > 'x')"));
        assert_eq!(check.first_name_in_group().as_deref(), Some("a"));
        assert!(
            of("ADD COLUMN c int CHECK (c > 0)")
                .added_constraint(&["CHECK"])
                .is_none()
        );
        let change = of("ALTER a TYPE int USING (a::int + 1)");
        assert_eq!(change.after("USING"), Some("(a::int + 1)"));
        assert_eq!(
            of("ALTER a SET EXPRESSION AS (b * (c))").group_after("AS"),
            Some("b * (c)")
        );
    }

    #[test]
    fn constraints_of_a_new_column_are_found() {
        let split = |text: &str, kind: &str| {
            let found = Subcommand::new(text).column_constraint(&[kind]).unwrap();
            (found.name, found.definition, found.without)
        };
        assert_eq!(
            split(
                "ADD COLUMN c int CONSTRAINT n CHECK (c > (0)) NO INHERIT DEFAULT 1",
                "CHECK"
            ),
            (
                Some("n".to_owned()),
                "CHECK (c > (0)) NO INHERIT".to_owned(),
                "ADD COLUMN c int DEFAULT 1".to_owned()
            )
        );
        assert_eq!(
            split(
                "ADD c int REFERENCES s.t (a) ON DELETE SET NULL INITIALLY DEFERRED NOT NULL",
                "REFERENCES"
            ),
            (
                None,
                "REFERENCES s.t (a) ON DELETE SET NULL INITIALLY DEFERRED".to_owned(),
                "ADD c int NOT NULL".to_owned()
            )
        );
        assert_eq!(
            split("ADD c int DEFAULT 1 PRIMARY KEY", "PRIMARY"),
            (None, "PRIMARY KEY".to_owned(), "ADD c int DEFAULT 1".to_owned())
        );
        assert_eq!(split("ADD c int CHECK", "CHECK").2, "ADD c int");
        assert!(Subcommand::new("ADD c int").column_constraint(&["CHECK"]).is_none());
        assert!(
            Subcommand::new("ADD CHECK (c > 0)")
                .column_constraint(&["CHECK"])
                .is_none()
        );
    }

    #[test]
    fn no_text_is_too_strange() {
        const PIECES: [&str; 32] = [
            "ALTER",
            "TABLE",
            "IF",
            "EXISTS",
            "ONLY",
            "*",
            ".",
            ",",
            "(",
            ")",
            "ADD",
            "COLUMN",
            "CONSTRAINT",
            "CHECK",
            "REFERENCES",
            "PRIMARY",
            "UNIQUE",
            "NOT",
            "NULL",
            "SET",
            "ON",
            "DELETE",
            "\"",
            "'",
            "$$",
            "E'",
            "é",
            "/*",
            "*/",
            "--",
            "\n",
            "$1",
        ];
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let mut text = String::from("ALTER TABLE t ADD ");
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let random = (state >> 33) as usize;
                text += PIECES[random % PIECES.len()];
                text += ["", " "][random / PIECES.len() % 2];
            }
            after_word(&text[..], "TABLE", "x");
            for each in AlterTable::parse(&text).iter().flat_map(|alter| &alter.subcommands) {
                each.without_not_null();
                each.group_after("CHECK");
                each.after("SET");
                if let Some((_, definition)) = each.added_constraint(&["CHECK", "UNIQUE"]) {
                    definition.first_name_in_group();
                }
                if let Some(found) = each.column_constraint(&["CHECK", "REFERENCES", "PRIMARY", "UNIQUE"]) {
                    assert!(found.without.len() < each.text().len(), "{text}");
                }
            }
        }
    }
}
