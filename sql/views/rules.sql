CREATE VIEW interlock.rules AS
SELECT id, title, what_happens, why_it_hurts, safe_form, examples, default_action, action
FROM interlock._rules();

COMMENT ON FUNCTION interlock._rules() IS
'The rows of interlock.rules.';

COMMENT ON VIEW interlock.rules IS
'Every rule of pg_interlock: what the server does, why that hurts, the safe form, statements as examples, and the action the rule has in this session (pg_interlock.rule_actions overrides the default).';
