CREATE TABLE interlock.backfill_job (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text CHECK (name <> ''),
    owner           regrole NOT NULL DEFAULT pg_catalog.quote_ident(current_user)::regrole,
    -- The table is found by its OID, which a rename and a rewrite keep; the name tells a re-created table from it.
    relation        oid NOT NULL,
    relation_schema text NOT NULL,
    relation_name   text NOT NULL,
    assignments     text NOT NULL,
    condition       text,
    key             jsonb NOT NULL,
    batch_size      int CHECK (batch_size > 0),
    pause           interval NOT NULL,
    state           text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'failed', 'finished')),
    last_sqlstate   text,
    last_error      text,
    created_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    finished_at     timestamptz,
    CHECK ((state = 'finished') = (finished_at IS NOT NULL))
);

-- Two sessions that begin the same backfill at the same moment must meet, whoever they are: the second waits for the
-- first one's row and then finds it. The hashes keep long texts out of the index.
CREATE UNIQUE INDEX backfill_job_unfinished_definition
    ON interlock.backfill_job (relation, pg_catalog.md5(assignments), pg_catalog.md5(coalesce(condition, '')))
    WHERE state <> 'finished';
CREATE UNIQUE INDEX backfill_job_unfinished_name ON interlock.backfill_job (owner, name) WHERE state <> 'finished';

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
    'Backfills: what is changed where, by whom, and how it stands. A role sees the jobs of the roles whose privileges it has. Deleting an unfinished job gives it up; what it changed stays changed.';
COMMENT ON COLUMN interlock.backfill_job.key IS
    'The unique key along which the table is walked, as interlock._keys() describes it.';
COMMENT ON COLUMN interlock.backfill_job.batch_size IS 'Rows per batch as asked for; null lets the speed decide.';
COMMENT ON COLUMN interlock.backfill_job.state IS
    'running (also when interrupted: see interlock.backfill_progress), failed or finished.';
