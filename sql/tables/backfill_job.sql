CREATE TABLE interlock.backfill_job (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text CHECK (name <> ''),
    owner           regrole NOT NULL DEFAULT pg_catalog.quote_ident(current_user)::regrole,
    asker           regrole NOT NULL DEFAULT interlock._asker()::oid::regrole,
    -- The table is found by its OID, which a rename and a rewrite keep; the name tells a re-created table from it, and the
    -- origin another database, where OIDs mean nothing.
    origin          text NOT NULL DEFAULT interlock._origin(),
    relation        oid NOT NULL,
    relation_schema text NOT NULL,
    relation_name   text NOT NULL,
    relation_file   oid NOT NULL,
    assignments     text NOT NULL,
    condition       text,
    batch_size      int CHECK (batch_size > 0),
    pause           interval NOT NULL DEFAULT '0',
    workers         int NOT NULL DEFAULT 1 CHECK (workers BETWEEN 1 AND 64),
    on_error        text NOT NULL DEFAULT 'stop' CHECK (on_error IN ('stop', 'skip')),
    options         jsonb NOT NULL DEFAULT '{}',
    hold_query      text CHECK (hold_query <> ''),
    settings        jsonb NOT NULL DEFAULT '{}',
    background      boolean NOT NULL DEFAULT false,
    state           text NOT NULL DEFAULT 'running'
                    CHECK (state IN ('running', 'paused', 'failed', 'finished', 'cancelled')),
    pass            int NOT NULL DEFAULT 0,
    held_by         text,
    starts          int NOT NULL DEFAULT 0,
    start_after     timestamptz,
    last_sqlstate   text,
    last_error      text,
    last_error_key  text,
    outcome         text,
    verified        boolean,
    created_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    finished_at     timestamptz,
    CHECK ((state IN ('finished', 'cancelled')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 50);

-- Two sessions that begin the same backfill at the same moment must meet, whoever they are: the second waits for the
-- first one's row and then finds it. The hashes keep long texts out of the index.
CREATE UNIQUE INDEX backfill_job_unfinished_definition
    ON interlock.backfill_job (origin, relation, pg_catalog.md5(assignments), pg_catalog.md5(coalesce(condition, '')))
    WHERE state NOT IN ('finished', 'cancelled');
CREATE UNIQUE INDEX backfill_job_unfinished_name ON interlock.backfill_job (owner, name)
    WHERE state NOT IN ('finished', 'cancelled');

ALTER TABLE interlock.backfill_job ENABLE ROW LEVEL SECURITY;

-- A job belongs to its owner and to the roles that have the owner's privileges. Who begins one must be able to update
-- the table, so that nobody can bar the way of others with jobs on tables that are not theirs.
CREATE POLICY owner_selects ON interlock.backfill_job FOR SELECT
    USING (pg_catalog.pg_has_role(owner, 'USAGE'));
CREATE POLICY owner_inserts ON interlock.backfill_job FOR INSERT
    WITH CHECK (pg_catalog.pg_has_role(owner, 'USAGE') AND pg_catalog.has_any_column_privilege(relation, 'UPDATE'));
CREATE POLICY owner_updates ON interlock.backfill_job FOR UPDATE
    USING (pg_catalog.pg_has_role(owner, 'USAGE'));
CREATE POLICY owner_deletes ON interlock.backfill_job FOR DELETE
    USING (pg_catalog.pg_has_role(owner, 'USAGE'));

SELECT pg_catalog.pg_extension_config_dump('interlock.backfill_job', '');
SELECT pg_catalog.pg_extension_config_dump('interlock.backfill_job_id_seq', '');

COMMENT ON TABLE interlock.backfill_job IS
    'Backfills: what is changed where, by whom, and how it stands. A role sees the jobs of the roles whose privileges it has. Deleting a job forgets it; what it changed stays changed.';
COMMENT ON COLUMN interlock.backfill_job.owner IS 'The role as which the job runs: the current user of who asked for it.';
COMMENT ON COLUMN interlock.backfill_job.asker IS 'The session user of who asked for it.';
COMMENT ON COLUMN interlock.backfill_job.origin IS
    'The cluster and the database in which the job runs. In a copy of them it goes on when it is resumed there, at the table of this name.';
COMMENT ON COLUMN interlock.backfill_job.relation_file IS
    'The file of the table when the job last looked, so that a rewrite is noticed.';
COMMENT ON COLUMN interlock.backfill_job.batch_size IS 'Rows per batch as asked for; null lets the speed decide.';
COMMENT ON COLUMN interlock.backfill_job.hold_query IS 'A query of the user''s; while it returns true the job waits.';
COMMENT ON COLUMN interlock.backfill_job.settings IS
    'Settings of the asking session that give the assignments and the condition their meaning.';
COMMENT ON COLUMN interlock.backfill_job.background IS
    'Whether background workers run it; else a session that called interlock.safe_backfill().';
COMMENT ON COLUMN interlock.backfill_job.state IS
    'running (also when interrupted: see interlock.backfill_progress), paused, failed, finished or cancelled.';
COMMENT ON COLUMN interlock.backfill_job.pass IS
    'Walks through the table: 1 changes the rows, later ones read again and change what concurrent transactions left matching.';
COMMENT ON COLUMN interlock.backfill_job.held_by IS 'Why it waits at the moment, with figures.';
COMMENT ON COLUMN interlock.backfill_job.last_error_key IS
    'The row that made it fail, if it was one: (id) = (25).';
COMMENT ON COLUMN interlock.backfill_job.starts IS
    'How often workers were started for it in vain; not tried again before start_after.';
COMMENT ON COLUMN interlock.backfill_job.outcome IS 'What was found when it ended.';
COMMENT ON COLUMN interlock.backfill_job.verified IS
    'Whether the table was read again at the end and no row matched the condition; null without a condition that could tell.';
