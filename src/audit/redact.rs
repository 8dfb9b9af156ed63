//! Secrets are taken out of a statement's text before anybody stores it.
//!
//! Two forms are known. A word that names a secret, followed by a string literal: `PASSWORD 'x'` of a role, `password 'x'`
//! in OPTIONS, `password = 'x'`. And `password=x` or `scheme://user:x@host` inside a literal: the connection string of a
//! subscription, of dblink. Literals are looked into as SQL too: the body of a DO block, a command for EXECUTE. All of
//! PostgreSQL's string syntaxes are read as its lexer (`parser/scan.l`) reads them. In doubt more is masked, not less; a
//! literal without an end is masked to the end of the text where it may be a secret.

mod lexer;

use lexer::{Kind, Lexer, Literal};

/// What stands in a secret's place.
const MASK: &str = "***";

/// Parts of a word that names a secret.
const SECRET: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passfile",
    "pwd",
    "secret",
    "token",
    "credential",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
];

/// Literals within literals within literals are read so deep; below, all is masked.
const MAX_DEPTH: u8 = 6;

/// The statement without its secrets. `standard_strings`: the setting `standard_conforming_strings` of the session.
pub fn redact(statement: &str, standard_strings: bool) -> String {
    redact_sql(statement, standard_strings, 0)
}

fn names_secret(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word == "pass" || SECRET.iter().any(|secret| word.contains(secret))
}

/// A cheap look whether there is anything to do. Escapes, and a literal that goes on in the next line, may spell what it
/// does not see.
fn may_hold_secret(text: &str) -> bool {
    let has = |needle: &str| {
        text.as_bytes()
            .windows(needle.len())
            .any(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
    };
    has("pass")
        || text.contains("://")
        || text.contains(['\\', '\n', '\r'])
        || has("uescape")
        || SECRET.iter().any(|secret| has(secret))
}

fn redact_sql(text: &str, standard_strings: bool, depth: u8) -> String {
    if !may_hold_secret(text) {
        return text.to_owned();
    }
    if depth > MAX_DEPTH {
        return MASK.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    // Whether the words before this one name a secret whose literal comes now.
    let mut expected = false;
    let mut lexer = Lexer::new(text, standard_strings);
    while let Some(token) = lexer.next() {
        match token.kind {
            Kind::Space | Kind::Comment => out.push_str(token.text),
            Kind::Word | Kind::QuotedName => {
                // `ENCRYPTED PASSWORD`, `TO` of SET … TO: only the word itself decides, and TO keeps the expectation.
                let kept = ["to", "uescape"]
                    .iter()
                    .any(|word| token.text.eq_ignore_ascii_case(word));
                expected = names_secret(token.text)
                    || (expected && kept)
                    || (token.kind == Kind::QuotedName && (token.text.contains('\\') || is_escaped_by(&lexer)));
                out.push_str(token.text);
            }
            Kind::Literal(literal) if expected || (literal == Literal::Unicode && is_escaped_by(&lexer)) => {
                out.push('\'');
                out.push_str(MASK);
                out.push('\'');
                if depth > 0 && ends_in_escaped_quote(token.text) {
                    return out;
                }
            }
            Kind::Literal(literal) => {
                let content = literal.decode(token.text);
                let redacted = redact_content(&content, standard_strings, depth + 1);
                if redacted == content {
                    out.push_str(token.text);
                } else {
                    literal.encode(&redacted, token.text, &mut out);
                }
            }
            Kind::Other => {
                expected &= matches!(token.text, "=" | ":" | ">");
                out.push_str(token.text);
            }
        }
    }
    out
}

/// Whether UESCAPE comes next: nobody here reads escapes of other characters than the backslash.
fn is_escaped_by(lexer: &Lexer) -> bool {
    let mut tokens = lexer
        .clone()
        .filter(|token| !matches!(token.kind, Kind::Space | Kind::Comment));
    tokens
        .next()
        .is_some_and(|token| token.text.eq_ignore_ascii_case("uescape"))
}

/// Whether a literal ends in `\'`: in a connection string that is not its end, and where its end is nobody knows who
/// reads it as SQL.
fn ends_in_escaped_quote(literal: &str) -> bool {
    let body = literal.strip_suffix('\'').unwrap_or_default();
    body.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}

/// The content of a literal: perhaps SQL, perhaps a connection string.
fn redact_content(content: &str, standard_strings: bool, depth: u8) -> String {
    if !may_hold_secret(content) {
        return content.to_owned();
    }
    redact_uri(&redact_pairs(&redact_sql(content, standard_strings, depth)))
}

/// `password=x`, `password = 'x y'` as libpq reads them.
fn redact_pairs(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(equals) = rest.find('=') {
        let (before, after) = rest.split_at(equals);
        out.push_str(before);
        out.push('=');
        let after = after.get(1..).unwrap_or_default();
        let name = before
            .trim_end()
            .rsplit(|c: char| !c.is_alphanumeric() && c != '_' && c != '%')
            .next()
            .unwrap_or_default();
        let value = after.trim_start();
        let masked = value.trim_start_matches('\'').starts_with(MASK);
        if !(names_secret(name) || names_secret(&percent_decoded(name))) || value.is_empty() || masked {
            rest = after;
            continue;
        }
        out.push_str(after.get(..after.len() - value.len()).unwrap_or_default());
        let quoted = value.starts_with('\'');
        let mut end = value.len();
        let mut letters = value.char_indices().skip(usize::from(quoted));
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => {
                    letters.next();
                }
                '\'' if quoted => {
                    end = at + 1;
                    break;
                }
                c if !quoted && c.is_whitespace() => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        out.push_str(if quoted { "'***'" } else { MASK });
        rest = value.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// A name as it is written in the query of a URI: `p%61ssword`.
fn percent_decoded(name: &str) -> String {
    let mut pieces = name.split('%');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece
            .split_at_checked(2)
            .map(|(code, rest)| (u8::from_str_radix(code, 16), rest))
        {
            Some((Ok(code), rest)) => {
                out.push(char::from(code));
                out.push_str(rest);
            }
            _ => out.push_str(piece),
        }
    }
    out
}

/// `scheme://user:x@host`: what stands between the colon and the last `@` before the path.
fn redact_uri(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(scheme) = rest.find("://") {
        let (before, after) = rest.split_at(scheme + 3);
        out.push_str(before);
        rest = after;
        let authority = after.split(|c: char| c.is_whitespace()).next().unwrap_or_default();
        let Some(at) = authority.rfind('@') else { continue };
        let user = authority.get(..at).unwrap_or_default();
        if let Some(colon) = user.find(':') {
            out.push_str(user.get(..=colon).unwrap_or_default());
            out.push_str(MASK);
            rest = after.get(at..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
