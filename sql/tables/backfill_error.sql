CREATE TABLE interlock.backfill_error (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id          bigint NOT NULL REFERENCES interlock.backfill_job ON DELETE CASCADE,
    part            oid NOT NULL,
    walk            jsonb NOT NULL,
    key             jsonb NOT NULL,
    key_text        text NOT NULL,
    sqlstate        text NOT NULL,
    message         text NOT NULL,
    detail          text,
    hint            text,
    schema_name     text,
    table_name      text,
    column_name     text,
    constraint_name text,
    context         text,
    skipped         boolean NOT NULL,
    at              timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

CREATE INDEX backfill_error_of_job ON interlock.backfill_error (job_id, id);

ALTER TABLE interlock.backfill_error ENABLE ROW LEVEL SECURITY;

CREATE POLICY with_its_job ON interlock.backfill_error
    USING (EXISTS (SELECT FROM interlock.backfill_job AS job WHERE job.id = job_id));

SELECT pg_catalog.pg_extension_config_dump('interlock.backfill_error', '');
SELECT pg_catalog.pg_extension_config_dump('interlock.backfill_error_id_seq', '');

COMMENT ON TABLE interlock.backfill_error IS
    'The rows that a backfill could not change, by their keys, and why. interlock.retry_backfill() tries them again.';
COMMENT ON COLUMN interlock.backfill_error.part IS 'The table or partition that the row is in.';
COMMENT ON COLUMN interlock.backfill_error.walk IS 'The key along which that was walked.';
COMMENT ON COLUMN interlock.backfill_error.key IS 'The key of the row, each column as text.';
COMMENT ON COLUMN interlock.backfill_error.skipped IS 'Whether the job went on behind the row; else it stopped at it.';
COMMENT ON COLUMN interlock.backfill_error.key_text IS 'The same for reading: (id) = (25).';
