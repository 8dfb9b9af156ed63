//! `interlock.rules`.

use pgrx::iter::TableIterator;
use pgrx::{name, pg_extern};

use crate::advice::examples::examples;
use crate::advice::rules::words;
use crate::guard::session_settings;
use crate::model::rule::Rule;

#[pg_extern(stable, parallel_restricted)]
#[allow(clippy::type_complexity, reason = "the columns of a view")]
fn _rules() -> TableIterator<
    'static,
    (
        name!(id, &'static str),
        name!(title, &'static str),
        name!(what_happens, &'static str),
        name!(why_it_hurts, &'static str),
        name!(safe_form, &'static str),
        name!(examples, Vec<&'static str>),
        name!(default_action, &'static str),
        name!(action, &'static str),
    ),
> {
    let actions = session_settings().rule_actions;
    TableIterator::new(Rule::ALL.into_iter().map(move |rule| {
        let words = words(rule);
        (
            rule.id(),
            words.title,
            words.what_happens,
            words.why_it_hurts,
            words.safe_form,
            examples(rule).to_vec(),
            rule.default_action().name(),
            actions.action(rule).name(),
        )
    }))
}
