//! A statement in pieces: words, quoted things, comments and parentheses told apart.

/// What a piece of a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a plain name.
    Word,
    /// A literal or a quoted name.
    Quoted,
    /// A comment.
    Comment,
    /// White space.
    Space,
    /// `(`
    Open,
    /// `)`
    Close,
    /// Anything else, letter by letter.
    Other,
}

/// A piece of a statement.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// As written.
    pub text: &'a str,
    /// Where it begins.
    pub start: usize,
    /// The parentheses that are open around it.
    pub depth: usize,
}

impl Token<'_> {
    /// Where it ends.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this keyword, outside all parentheses.
    pub fn is(&self, word: &str) -> bool {
        self.depth == 0 && self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it can be a name.
    pub fn is_name(&self) -> bool {
        self.kind == Kind::Word || self.text.starts_with('"')
    }
}

/// The pieces of a statement that mean something: no space, no comments.
pub fn tokens(statement: &str) -> Vec<Token<'_>> {
    let (mut found, mut at, mut depth) = (vec![], 0_usize, 0_usize);
    while let Some(first) = statement[at..].chars().next() {
        let rest = &statement[at..];
        let (kind, length) = piece(rest, first);
        depth = depth.saturating_sub(usize::from(kind == Kind::Close));
        if !matches!(kind, Kind::Comment | Kind::Space) {
            found.push(Token {
                kind,
                text: &rest[..length],
                start: at,
                depth,
            });
        }
        depth += usize::from(kind == Kind::Open);
        at += length;
    }
    found
}

fn piece(rest: &str, first: char) -> (Kind, usize) {
    let until = |from: usize, end: &str| {
        rest[from..]
            .find(end)
            .map_or(rest.len(), |found| from + found + end.len())
    };
    let word = |part: fn(char) -> bool| rest.find(|c: char| !part(c)).unwrap_or(rest.len());
    match first {
        _ if rest.starts_with("--") => (Kind::Comment, until(2, "\n")),
        _ if rest.starts_with("/*") => (Kind::Comment, comment(rest)),
        '\'' | '"' => (Kind::Quoted, quoted(rest, first, false)),
        'e' | 'E' if rest[1..].starts_with('\'') => (Kind::Quoted, 1 + quoted(&rest[1..], '\'', true)),
        '$' => match dollar_tag(rest) {
            Some(tag) => (Kind::Quoted, until(tag.len(), tag)),
            None => (Kind::Other, 1),
        },
        '(' => (Kind::Open, 1),
        ')' => (Kind::Close, 1),
        _ if first.is_whitespace() => (Kind::Space, word(char::is_whitespace)),
        _ if first.is_alphabetic() || first == '_' => {
            (Kind::Word, word(|c| c.is_alphanumeric() || c == '_' || c == '$'))
        }
        _ => (Kind::Other, first.len_utf8()),
    }
}

/// Length of a comment, with those inside it.
fn comment(rest: &str) -> usize {
    let (mut open, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            (open, at) = (open + 1, at + 2);
        } else if here.starts_with(b"*/") {
            (open, at) = (open - 1, at + 2);
            if open == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// Length of a quoted thing; a doubled quote does not end it.
fn quoted(rest: &str, quote: char, backslashes: bool) -> usize {
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' && backslashes {
            letters.next();
        } else if letter == quote && letters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    rest.len()
}

/// `$$` or `$tag$`, if the text begins with one.
fn dollar_tag(rest: &str) -> Option<&str> {
    let length = rest[1..].find('$')? + 2;
    let tag = &rest[1..length - 1];
    let is_tag = tag.chars().all(|c| c.is_alphanumeric() || c == '_') && !tag.starts_with(|c: char| c.is_ascii_digit());
    is_tag.then(|| &rest[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_end_where_the_server_ends_them() {
        for text in [
            "'it''s; -- '",
            "E'\\'('",
            "$a$ ' $$ $a$",
            "\"x\"\"(\"",
            "/* /* ( */ ( */ 1",
        ] {
            let all = format!("{text},");
            assert_eq!(
                tokens(&all).last().map(|token| (token.text, token.depth)),
                Some((",", 0)),
                "{text}"
            );
        }
    }
}
