//! `pg_interlock.rule_actions`: `rule=action, rule=action`.

use std::collections::BTreeMap;

use crate::model::rule::{Action, Rule};

/// The actions that differ from the rules' defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleActions(BTreeMap<Rule, Action>);

impl RuleActions {
    /// Reads the setting.
    ///
    /// # Errors
    /// The first item that is not `rule=action`, in words that follow "in".
    pub fn parse(setting: &str) -> Result<Self, String> {
        let mut actions = BTreeMap::new();
        for item in setting.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (rule, action) = item
                .split_once('=')
                .ok_or_else(|| format!("\"{item}\" is not of the form rule=action."))?;
            let (rule, action) = (rule.trim().to_ascii_lowercase(), action.trim().to_ascii_lowercase());
            let rule = Rule::from_id(&rule).ok_or_else(|| format!("There is no rule \"{rule}\"."))?;
            let action = Action::from_name(&action)
                .ok_or_else(|| format!("\"{action}\" is not an action; off, log, warn and reject are."))?;
            actions.insert(rule, action);
        }
        Ok(Self(actions))
    }

    /// What a rule does.
    pub fn action(&self, rule: Rule) -> Action {
        self.0.get(&rule).copied().unwrap_or_else(|| rule.default_action())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_defaults() {
        let actions = RuleActions::parse(" refresh-materialized-view = reject , truncate=warn,").unwrap();
        assert_eq!(actions.action(Rule::RefreshMaterializedView), Action::Reject);
        assert_eq!(actions.action(Rule::Truncate), Action::Warn);
        assert_eq!(actions.action(Rule::CreateIndex), Action::Reject);
        assert_eq!(RuleActions::parse("").unwrap(), RuleActions::default());
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(
            RuleActions::parse("truncate").unwrap_err(),
            "\"truncate\" is not of the form rule=action."
        );
        assert_eq!(
            RuleActions::parse("trunkate=warn").unwrap_err(),
            "There is no rule \"trunkate\"."
        );
        assert!(
            RuleActions::parse("truncate=never")
                .unwrap_err()
                .contains("\"never\" is not an action")
        );
    }
}
