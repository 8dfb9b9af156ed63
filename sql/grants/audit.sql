-- Only the owner writes; the writer process does so in the owner's name. Who may read the table, the owner decides.
REVOKE ALL ON interlock.decision_log, interlock.recent_decisions FROM PUBLIC;
GRANT SELECT ON interlock.recent_decisions TO pg_monitor;
