-- Its data is no part of a dump: it tells what happened in this cluster, to whom it belongs, and names people and
-- addresses that have no business in a copy made for tests. pg_upgrade carries it over, as it does every table's files;
-- who moves to another cluster and wants to keep it copies it with COPY.
CREATE TABLE interlock.decision_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    decided_at timestamptz NOT NULL,
    decision text NOT NULL,
    outcome text NOT NULL,
    rule text,
    sqlstate text,
    mode text NOT NULL,
    command_tag text NOT NULL,
    relation text,
    lock_mode text,
    estimated_rows bigint,
    total_bytes bigint,
    effects text[] NOT NULL,
    reason text,
    statement text NOT NULL,
    session_user_name text,
    current_user_name text,
    application_name text,
    client_addr inet,
    pid int NOT NULL,
    backend_start timestamptz NOT NULL,
    transaction_id xid8,
    duration_ms double precision NOT NULL,
    mismatches text[] NOT NULL,
    blockers jsonb,
    profile jsonb NOT NULL,
    boot_id uuid NOT NULL,
    seq bigint NOT NULL,
    UNIQUE (boot_id, seq)
);

CREATE INDEX decision_log_decided_at_idx ON interlock.decision_log (decided_at);

COMMENT ON TABLE interlock.decision_log IS 'Every decision on a statement that locks an existing relation, rejected ones included.';
COMMENT ON COLUMN interlock.decision_log.id IS 'Order of writing';
COMMENT ON COLUMN interlock.decision_log.decided_at IS 'When the decision was made, before the statement ran';
COMMENT ON COLUMN interlock.decision_log.decision IS 'allow, warn or reject';
COMMENT ON COLUMN interlock.decision_log.outcome IS 'rejected, committed, rolled back, or prepared (for two-phase commit)';
COMMENT ON COLUMN interlock.decision_log.rule IS 'The rule that objected, even where its action or the mode let the statement run';
COMMENT ON COLUMN interlock.decision_log.sqlstate IS 'SQLSTATE of a rejection';
COMMENT ON COLUMN interlock.decision_log.mode IS 'pg_interlock.mode at the time';
COMMENT ON COLUMN interlock.decision_log.command_tag IS 'Kind of statement';
COMMENT ON COLUMN interlock.decision_log.relation IS 'The relation that decided, else the one the statement names first';
COMMENT ON COLUMN interlock.decision_log.lock_mode IS 'Strongest lock on that relation, as pg_locks shows it';
COMMENT ON COLUMN interlock.decision_log.estimated_rows IS 'Estimated rows of that relation';
COMMENT ON COLUMN interlock.decision_log.total_bytes IS 'Bytes of that relation, indexes and TOAST included';
COMMENT ON COLUMN interlock.decision_log.effects IS 'What the statement does to it: rewrites, scans, builds indexes; or unmodelled, or unknown';
COMMENT ON COLUMN interlock.decision_log.reason IS 'The decision in words';
COMMENT ON COLUMN interlock.decision_log.statement IS 'The statement, passwords replaced, long ones cut';
COMMENT ON COLUMN interlock.decision_log.session_user_name IS 'Who connected';
COMMENT ON COLUMN interlock.decision_log.current_user_name IS 'Whose rights the statement had';
COMMENT ON COLUMN interlock.decision_log.application_name IS 'application_name of the session';
COMMENT ON COLUMN interlock.decision_log.client_addr IS 'Address of the client, null for a unix socket';
COMMENT ON COLUMN interlock.decision_log.pid IS 'Process id of the session';
COMMENT ON COLUMN interlock.decision_log.backend_start IS 'When the session began; with pid it identifies the session';
COMMENT ON COLUMN interlock.decision_log.transaction_id IS 'Transaction id, if one was assigned';
COMMENT ON COLUMN interlock.decision_log.duration_ms IS 'Time the statement ran; of a rejected one, the time to decide';
COMMENT ON COLUMN interlock.decision_log.mismatches IS 'What the profile got wrong, where pg_interlock.verify_profiles had it compared with what the statement did';
COMMENT ON COLUMN interlock.decision_log.blockers IS 'Who was in the way of its locks, as interlock.blockers() shows them';
COMMENT ON COLUMN interlock.decision_log.profile IS 'The whole lock profile, as interlock.lock_profile() shows it';
COMMENT ON COLUMN interlock.decision_log.boot_id IS 'One start of the server; seq is unique within it';
COMMENT ON COLUMN interlock.decision_log.seq IS 'Number of the record within one start of the server, over all databases';
