//! The clauses of an UPDATE or DELETE, cut out of its text as `UpdateStmt` and `DeleteStmt` of `parser/gram.y` have them.
//!
//! The text begins with the name of the table and has been parsed: its keywords stand where they must.

use super::sql::identifier;
use super::tokens::{Kind, Token, tokens};
use crate::model::change::Written;
use crate::model::relation::quote_identifier;

/// What can be said of one table alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Clauses {
    /// What follows SET; nothing in a DELETE.
    pub assignments: Option<String>,
    /// What follows WHERE.
    pub condition: Option<String>,
}

/// The clauses, with `table` in place of an alias; `None` where that could change what they mean.
pub fn clauses(written: &Written, table: &str) -> Option<Clauses> {
    let all = tokens(&written.text);
    let name = end_of_name(&all).min(all.len());
    let all = &all[..name + end(&all[name..])];
    let find = |from: usize, words: &[&str]| {
        (from..all.len())
            .find(|at| words.iter().any(|word| all[*at].is(word)) && !(*at > 0 && all[at - 1].is("DISTINCT")))
            .unwrap_or(all.len())
    };
    let set = find(name, &["SET", "WHERE", "RETURNING"]);
    let has_set = all.get(set).is_some_and(|token| token.is("SET"));
    let after_set = find(set.min(all.len()), &["FROM", "WHERE", "RETURNING"]);
    let condition = find(after_set, &["WHERE", "RETURNING"]);
    let has_condition = all.get(condition).is_some_and(|token| token.is("WHERE"));
    let piece = |from: usize, until: usize| {
        let piece = all.get(from..until).filter(|piece| !piece.is_empty())?;
        renamed(&written.text, piece, written.alias.as_deref(), table)
    };
    let assignments = has_set.then(|| piece(set + 1, after_set));
    let condition = has_condition.then(|| piece(condition + 1, find(condition + 1, &["RETURNING"])));
    Some(Clauses {
        assignments: optional(assignments)?,
        condition: optional(condition)?,
    })
}

/// Turns "there is one, and it cannot be read" into `None`.
fn optional(piece: Option<Option<String>>) -> Option<Option<String>> {
    match piece {
        Some(None) => None,
        Some(text) => Some(text),
        None => Some(None),
    }
}

/// Where the statement ends: at a semicolon, or at the end of parentheses that it stands in.
fn end(all: &[Token]) -> usize {
    let mut open = 0_usize;
    let ends = all.iter().position(|token| {
        open += usize::from(token.kind == Kind::Open);
        let closes = token.kind == Kind::Close;
        let ends = open == 0 && (closes || token.text == ";");
        open -= usize::from(closes && open > 0);
        ends
    });
    ends.unwrap_or(all.len())
}

/// The token after `schema.table * AS`.
fn end_of_name(all: &[Token]) -> usize {
    let is = |at: usize, text: &str| all.get(at).is_some_and(|token| token.text == text);
    let mut at = 1;
    while is(at, ".") {
        at += 2;
    }
    // What closes ONLY (table).
    while is(at, "*") || is(at, ")") {
        at += 1;
    }
    // An alias may be called anything.
    at + if all.get(at).is_some_and(|token| token.is("AS")) {
        2
    } else {
        0
    }
}

fn renamed(text: &str, piece: &[Token], alias: Option<&str>, table: &str) -> Option<String> {
    let (start, end) = (piece.first()?.start, piece.last()?.end());
    let Some(alias) = alias.filter(|alias| *alias != table) else {
        return Some(text[start..end].to_owned());
    };
    let is_alias = |token: &Token| token.is_name() && identifier(token) == alias;
    // A query inside may call something else by the alias, or by the name of the table.
    let inner = piece
        .iter()
        .any(|token| token.kind == Kind::Word && token.text.eq_ignore_ascii_case("SELECT"));
    let (mut result, mut copied) = (String::new(), start);
    for (at, token) in piece.iter().enumerate().filter(|(_, token)| is_alias(token)) {
        let next = |text: &str| piece.get(at + 1).is_some_and(|next| next.text == text);
        if at > 0 && piece[at - 1].text == "." {
            continue;
        }
        if inner || !next(".") {
            return None;
        }
        result += &text[copied..token.start];
        result += &quote_identifier(table);
        copied = token.end();
    }
    Some(result + &text[copied..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, alias: Option<&str>) -> Option<(Option<String>, Option<String>)> {
        let written = Written {
            text: text.to_owned(),
            alias: alias.map(str::to_owned),
            joins: false,
            only: false,
            inside: false,
            parameters: false,
        };
        clauses(&written, "orders").map(|found| (found.assignments, found.condition))
    }

    fn both(assignments: &str, condition: &str) -> Option<(Option<String>, Option<String>)> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Some((some(assignments), some(condition)))
    }

    #[test]
    fn clauses_are_cut_where_they_end() {
        for (text, assignments, condition) in [
            ("orders SET a = 1", "a = 1", ""),
            ("orders SET a = 1 WHERE b", "a = 1", "b"),
            ("orders set a=1 where b returning *", "a=1", "b"),
            ("orders SET a = 1 RETURNING a", "a = 1", ""),
            (
                "s.\"set\" * SET a = 'x; WHERE' -- WHERE\n, b = 2;SELECT 1",
                "a = 'x; WHERE' -- WHERE\n, b = 2",
                "",
            ),
            (
                "orders SET a = b IS DISTINCT FROM c WHERE (SELECT d FROM e WHERE f)",
                "a = b IS DISTINCT FROM c",
                "(SELECT d FROM e WHERE f)",
            ),
            (
                "orders SET (a, b) = (1, 2) FROM x WHERE c = d",
                "(a, b) = (1, 2)",
                "c = d",
            ),
            ("orders WHERE a IS NOT DISTINCT FROM b", "", "a IS NOT DISTINCT FROM b"),
            ("orders", "", ""),
            ("orders RETURNING (SELECT 1 WHERE false)", "", ""),
            ("orders) SET a = 1 WHERE b", "a = 1", "b"),
            ("orders WHERE a) SELECT * FROM x WHERE y", "", "a"),
        ] {
            assert_eq!(of(text, None), both(assignments, condition), "{text}");
        }
    }

    #[test]
    fn an_alias_becomes_the_name_where_it_stands_for_the_table() {
        assert_eq!(
            of("orders AS set SET a = set.a + x.set WHERE SET . b", Some("set")),
            both("a = orders.a + x.set", "orders . b")
        );
        assert_eq!(
            of("orders \"O\" SET a = \"O\".a, b = o.b", Some("O")),
            both("a = orders.a, b = o.b", "")
        );
        assert_eq!(of("orders o SET a = 1 WHERE b", Some("o")), both("a = 1", "b"));
        assert_eq!(of("orders o SET a = f(o)", Some("o")), None);
        assert_eq!(of("orders o WHERE EXISTS (SELECT FROM x o WHERE o.a)", Some("o")), None);
        assert_eq!(of("x orders WHERE orders.a", Some("orders")), both("", "orders.a"));
    }
}
