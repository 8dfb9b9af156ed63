//! The words of a statement, for advice that repeats parts of it. Not a parser: where it does not find what it looks for
//! it says so.

use super::tokens::{Kind, Token, tokens};

/// A statement without the comments around it; those behind it would swallow what is appended.
pub fn without_comments_around(statement: &str) -> &str {
    let tokens = tokens(statement);
    let start = tokens.first().map_or(0, |token| token.start);
    let last = tokens.iter().rfind(|token| token.text != ";");
    &statement[start..last.map_or(start, Token::end)]
}

/// Puts a word after the first keyword of a statement that is one of `after`; unchanged if it has none.
pub fn after_word(statement: &str, after: &[&str], word: &str) -> String {
    let statement = without_comments_around(statement);
    let is_one = |token: &&Token| after.iter().any(|word| token.is(word));
    match tokens(statement).iter().find(is_one) {
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
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token<'a>>,
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

    pub(super) fn words(&self, at: usize, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(offset, word)| self.tokens.get(at + offset).is_some_and(|token| token.is(word)))
    }

    fn position(&self, words: &[&str]) -> Option<usize> {
        (0..self.tokens.len()).find(|at| self.words(*at, words))
    }

    /// The column of ADD [COLUMN] [IF NOT EXISTS].
    pub(super) fn added_column(&self) -> Option<String> {
        const OF_TABLE: [&str; 6] = ["CONSTRAINT", "CHECK", "UNIQUE", "PRIMARY", "FOREIGN", "NOT"];
        if OF_TABLE.iter().any(|word| self.words(0, &["ADD", word])) {
            return None;
        }
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

    /// What follows a keyword to the end of the subcommand.
    pub fn after(&self, word: &str) -> Option<&'a str> {
        let at = self.position(&[word])?;
        Some(self.text[self.tokens[at].end()..].trim_start())
    }

    /// What is in the parentheses that follow a keyword.
    pub fn group_after(&self, word: &str) -> Option<&'a str> {
        let opens = |at: &usize| self.tokens[*at].depth == 0 && self.tokens[*at].kind == Kind::Open;
        let open = (1..self.tokens.len()).find(|at| opens(at) && self.words(at - 1, &[word]))?;
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

    /// The names it gives to constraints.
    pub fn constraints(&self) -> Vec<String> {
        let pairs = self.tokens.windows(2).filter(|pair| pair[0].is("CONSTRAINT"));
        pairs.map(|pair| identifier(&pair[1])).collect()
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
                &["INDEX"],
                "CONCURRENTLY"
            ),
            "create /* index */ unique index CONCURRENTLY i on t (a)"
        );
        assert_eq!(
            after_word("CREATE INDEX ON t (a) -- now; really", &["INDEX"], "CONCURRENTLY"),
            "CREATE INDEX CONCURRENTLY ON t (a)"
        );
        assert_eq!(after_word("-- index", &["INDEX"], "CONCURRENTLY"), "");
        assert_eq!(after_word("create \"", &["INDEX"], "CONCURRENTLY"), "create \"");
        assert_eq!(
            after_word("create \"index\"", &["INDEX"], "CONCURRENTLY"),
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
        assert_eq!(
            of("ADD identity int GENERATED ALWAYS AS IDENTITY CHECK (identity > 0)").group_after("IDENTITY"),
            None
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
            after_word(&text[..], &["TABLE"], "x");
            for each in AlterTable::parse(&text).iter().flat_map(|alter| &alter.subcommands) {
                each.group_after("CHECK");
                each.after("SET");
                if let Some((_, definition)) = each.added_constraint(&["CHECK", "UNIQUE"]) {
                    definition.first_name_in_group();
                }
                if let Some(bare) = each.without_constraints(&[&["CHECK"], &["REFERENCES"], &["NOT", "NULL"]]) {
                    assert_eq!(
                        bare.text.len() < each.text().len(),
                        !bare.constraints.is_empty(),
                        "{text}"
                    );
                }
            }
        }
    }
}
