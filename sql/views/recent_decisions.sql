CREATE VIEW interlock.recent_decisions AS
SELECT log.decided_at::pg_catalog.timestamptz(0) AS decided_at,
       log.session_user_name AS user_name,
       CASE WHEN log.decision OPERATOR(pg_catalog.=) 'reject' THEN log.outcome
            ELSE pg_catalog.concat(log.decision, ', ', log.outcome)
       END AS decision,
       log.relation,
       log.rule,
       CASE WHEN pg_catalog.length(text.line) OPERATOR(pg_catalog.<=) 40 THEN text.line
            ELSE pg_catalog.concat(pg_catalog.left(text.line, 39), '…')
       END AS statement
  FROM interlock.decision_log AS log,
       LATERAL (SELECT pg_catalog.regexp_replace(pg_catalog.left(log.statement, 400), '\s+', ' ', 'g')) AS text(line)
 WHERE log.decided_at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) pg_catalog.make_interval(days => 7))
 ORDER BY log.decided_at DESC, log.id DESC;

COMMENT ON VIEW interlock.recent_decisions IS 'The decisions of the last seven days, newest first, for reading.';
