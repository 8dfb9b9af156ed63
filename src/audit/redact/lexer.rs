//! The lexical structure of SQL, as far as it decides where a literal begins and ends.

use std::str::Chars;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// White space.
    Space,
    /// `-- …` or `/* … */`
    Comment,
    /// A keyword, an unquoted name, a number.
    Word,
    /// `"…"`, `U&"…"`
    QuotedName,
    /// A string literal with all its continuations on following lines.
    Literal(Literal),
    /// One other character.
    Other,
}

/// How a literal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `'…'`, `B'…'`, `X'…'`, `N'…'`
    Plain,
    /// `E'…'`, or `'…'` where standard_conforming_strings is off.
    Escaped,
    /// `U&'…'`
    Unicode,
    /// `$tag$…$tag$`
    Dollar,
}

/// A piece of text.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// The piece, as written.
    pub text: &'a str,
}

/// Cuts a text into pieces that add up to it.
#[derive(Clone)]
pub struct Lexer<'a> {
    rest: &'a str,
    standard_strings: bool,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

impl<'a> Lexer<'a> {
    /// A lexer for a text.
    pub fn new(text: &'a str, standard_strings: bool) -> Self {
        Self {
            rest: text,
            standard_strings,
        }
    }

    /// Kind and length of the piece that the rest begins with.
    fn piece(&self, first: char) -> (Kind, usize) {
        let rest = self.rest;
        let prefix = |prefix: &str| {
            rest.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if first.is_ascii_whitespace() || first == '\u{b}' {
            let end = rest.find(|c: char| !c.is_ascii_whitespace() && c != '\u{b}');
            return (Kind::Space, end.unwrap_or(rest.len()));
        }
        if rest.starts_with("--") {
            return (Kind::Comment, rest.find(['\n', '\r']).unwrap_or(rest.len()));
        }
        if rest.starts_with("/*") {
            return (Kind::Comment, comment(rest));
        }
        if prefix("u&'") {
            return (Kind::Literal(Literal::Unicode), self.literal(2, false));
        }
        if prefix("u&\"") {
            return (
                Kind::QuotedName,
                2 + quoted(rest.get(2..).unwrap_or_default(), '"', false),
            );
        }
        if prefix("e'") {
            return (Kind::Literal(Literal::Escaped), self.literal(1, true));
        }
        if prefix("b'") || prefix("x'") || prefix("n'") {
            return (self.plain(), self.literal(1, !self.standard_strings));
        }
        match first {
            '\'' => (self.plain(), self.literal(0, !self.standard_strings)),
            '"' => (Kind::QuotedName, quoted(rest, '"', false)),
            '$' => match dollar_tag(rest) {
                Some(tag) => {
                    let body = rest.get(tag.len()..).unwrap_or_default();
                    let end = body.find(tag).map_or(rest.len(), |end| end + 2 * tag.len());
                    (Kind::Literal(Literal::Dollar), end)
                }
                None => (Kind::Other, 1),
            },
            c if is_word(c) => (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            c => (Kind::Other, c.len_utf8()),
        }
    }

    fn plain(&self) -> Kind {
        Kind::Literal(if self.standard_strings {
            Literal::Plain
        } else {
            Literal::Escaped
        })
    }

    /// Length of a quoted literal that begins after a prefix, with what continues it: white space with a newline in it,
    /// then a quote.
    fn literal(&self, prefix: usize, backslash: bool) -> usize {
        let mut end = prefix;
        loop {
            end += quoted(self.rest.get(end..).unwrap_or_default(), '\'', backslash);
            let after = self.rest.get(end..).unwrap_or_default();
            let Some(gap) = continuation(after) else { return end };
            end += gap;
        }
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let (kind, length) = self.piece(self.rest.chars().next()?);
        let (text, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(Token { kind, text })
    }
}

/// Length of a quoted text, both quotes included; to the end where the closing one is missing.
fn quoted(text: &str, quote: char, backslash: bool) -> usize {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' && backslash {
            letters.next();
        } else if letter == quote {
            if letters.peek().is_some_and(|(_, next)| *next == quote) {
                letters.next();
            } else {
                return at + 1;
            }
        }
    }
    text.len()
}

/// Length of a comment; comments nest.
fn comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0);
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"/*" => (at, depth) = (at + 2, depth + 1),
            b"*/" => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Length of what stands between a literal and its continuation.
fn continuation(text: &str) -> Option<usize> {
    let mut rest = text;
    let mut newline = false;
    loop {
        let trimmed = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
        newline |= rest.get(..rest.len() - trimmed.len())?.contains(['\n', '\r']);
        rest = trimmed;
        if !rest.starts_with("--") {
            break;
        }
        rest = rest.get(rest.find(['\n', '\r'])?..)?;
    }
    (newline && rest.starts_with('\'')).then_some(text.len() - rest.len())
}

/// The tag that opens a dollar-quoted literal, both dollars included.
fn dollar_tag(text: &str) -> Option<&str> {
    let inner = text.get(1..)?;
    let end = inner.find('$')?;
    let tag = inner.get(..end)?;
    let valid = tag.chars().all(|c| is_word(c) && c != '$') && !tag.starts_with(|c: char| c.is_ascii_digit());
    valid.then(|| text.get(..end + 2)).flatten()
}

impl Literal {
    /// What the literal says. Escapes that are wrong stand for themselves.
    pub fn decode(self, text: &str) -> String {
        if self == Self::Dollar {
            let tag = dollar_tag(text).unwrap_or_default();
            let body = text.get(tag.len()..).unwrap_or_default();
            return body.strip_suffix(tag).unwrap_or(body).to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let start = text.find('\'').map_or(text.len(), |quote| quote + 1);
        let mut letters = text.get(start..).unwrap_or_default().chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\'' if take(&mut letters, '\'') => out.push('\''),
                '\'' => match continuation(letters.as_str()) {
                    Some(gap) => letters = letters.as_str().get(gap + 1..).unwrap_or_default().chars(),
                    None => break,
                },
                '\\' if self == Self::Escaped => match letters.next() {
                    Some('x') => out.push(code(&mut letters, 0, 16, 2)),
                    Some('u') => out.push(code(&mut letters, 0, 16, 4)),
                    Some('U') => out.push(code(&mut letters, 0, 16, 8)),
                    Some(c @ '0'..='7') => out.push(code(&mut letters, c.to_digit(8).unwrap_or(0), 8, 2)),
                    Some('n') => out.push('\n'),
                    Some('r') => out.push('\r'),
                    Some('t') => out.push('\t'),
                    Some('b') => out.push('\u{8}'),
                    Some('f') => out.push('\u{c}'),
                    Some(other) => out.push(other),
                    None => {}
                },
                '\\' if self == Self::Unicode => {
                    if take(&mut letters, '\\') {
                        out.push('\\');
                    } else {
                        let digits = if take(&mut letters, '+') { 6 } else { 4 };
                        out.push(code(&mut letters, 0, 16, digits));
                    }
                }
                other => out.push(other),
            }
        }
        out
    }

    /// Writes a literal that says `content`, in the manner of the original.
    pub fn encode(self, content: &str, original: &str, out: &mut String) {
        match self {
            Self::Dollar => {
                let tag = dollar_tag(original).unwrap_or("$$");
                out.push_str(tag);
                out.push_str(content);
                out.push_str(tag);
            }
            Self::Escaped => {
                out.push_str("E'");
                out.push_str(&content.replace('\\', "\\\\").replace('\'', "''"));
                out.push('\'');
            }
            Self::Plain | Self::Unicode => {
                out.push('\'');
                out.push_str(&content.replace('\'', "''"));
                out.push('\'');
            }
        }
    }
}

/// Goes past this letter, if it is the next.
fn take(letters: &mut Chars, letter: char) -> bool {
    let rest = letters.as_str().strip_prefix(letter);
    if let Some(rest) = rest {
        *letters = rest.chars();
    }
    rest.is_some()
}

/// The character of a number, of which `code` is read already and at most so many digits follow.
fn code(letters: &mut Chars, mut code: u32, radix: u32, digits: usize) -> char {
    for _ in 0..digits {
        let Some(digit) = letters.clone().next().and_then(|c| c.to_digit(radix)) else {
            break;
        };
        code = code * radix + digit;
        letters.next();
    }
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}
