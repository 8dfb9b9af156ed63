//! The states of a job, and what leads from one to the next.

/// The state after `action` in `state`; `None` where that makes no sense.
pub fn next(state: &str, action: &str) -> Option<&'static str> {
    match (action, state) {
        ("pause", "running") => Some("paused"),
        ("resume", "running" | "paused") => Some("running"),
        // A finished job may have skipped rows.
        ("retry", "failed" | "finished") => Some("running"),
        ("cancel", "running" | "paused" | "failed") => Some("cancelled"),
        ("change", "running") => Some("running"),
        ("change", "paused") => Some("paused"),
        ("change", "failed") => Some("failed"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [&str; 5] = ["running", "paused", "failed", "finished", "cancelled"];
    const ACTIONS: [&str; 5] = ["pause", "resume", "retry", "cancel", "change"];

    #[test]
    fn every_action_leads_to_a_state_or_nowhere() {
        for action in ACTIONS {
            for state in STATES {
                assert!(next(state, action).is_none_or(|next| STATES.contains(&next)));
            }
        }
    }

    #[test]
    fn what_is_cancelled_stays_cancelled_and_nothing_else_is_stuck() {
        for state in STATES {
            let ways = ACTIONS.iter().filter(|action| next(state, action).is_some()).count();
            assert_eq!(ways == 0, state == "cancelled", "{state}");
        }
    }

    #[test]
    fn an_unfinished_job_can_be_cancelled() {
        for state in ["running", "paused", "failed"] {
            assert_eq!(next(state, "cancel"), Some("cancelled"));
        }
        assert_eq!(next("finished", "cancel"), None);
        assert_eq!(next("nonsense", "cancel"), None);
        assert_eq!(next("running", "nonsense"), None);
    }
}
