CREATE TABLE interlock.backfill_checkpoint (
    job_id              bigint NOT NULL REFERENCES interlock.backfill_job ON DELETE CASCADE,
    pass                int NOT NULL,
    range               int NOT NULL,
    part                oid NOT NULL,
    part_name           text NOT NULL,
    key                 jsonb NOT NULL,
    above_key           jsonb,
    last_key            jsonb,
    upper_key           jsonb,
    done                boolean NOT NULL DEFAULT false,
    holder              int,
    batch               bigint NOT NULL DEFAULT 0,
    batch_size          int NOT NULL CHECK (batch_size > 0),
    rows_per_second     float8,
    estimated_rows      bigint NOT NULL DEFAULT 0,
    rows_scanned        bigint NOT NULL DEFAULT 0,
    rows_changed        bigint NOT NULL DEFAULT 0,
    rows_unchanged      bigint NOT NULL DEFAULT 0,
    rows_still_matching bigint NOT NULL DEFAULT 0,
    rows_skipped        bigint NOT NULL DEFAULT 0,
    attempts            int NOT NULL DEFAULT 0,
    problem             text,
    aside               boolean NOT NULL DEFAULT false,
    not_before          timestamptz,
    entries             int NOT NULL DEFAULT 0,
    updated_at          timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (job_id, pass, range)
) WITH (fillfactor = 20);   -- few rows, each updated with every batch: room for HOT updates

ALTER TABLE interlock.backfill_checkpoint ENABLE ROW LEVEL SECURITY;

-- The sub-select sees the jobs that the policies of backfill_job let the role see.
CREATE POLICY with_its_job ON interlock.backfill_checkpoint
    USING (EXISTS (SELECT FROM interlock.backfill_job AS job WHERE job.id = job_id));

SELECT pg_catalog.pg_extension_config_dump('interlock.backfill_checkpoint', '');

COMMENT ON TABLE interlock.backfill_checkpoint IS
    'Where each backfill stands: one row per pass and range of keys. A batch commits together with its checkpoint.';
COMMENT ON COLUMN interlock.backfill_checkpoint.part IS 'The table, or the partition of it, that is walked.';
COMMENT ON COLUMN interlock.backfill_checkpoint.part_name IS 'Its name, by which it is found in a copy of the database.';
COMMENT ON COLUMN interlock.backfill_checkpoint.key IS
    'The unique key along which it is walked, as interlock._keys() describes it; or ctid, where its rows lie.';
COMMENT ON COLUMN interlock.backfill_checkpoint.above_key IS
    'The range begins above this key, each column as text; null: at the start. The same as upper_key: this very key.';
COMMENT ON COLUMN interlock.backfill_checkpoint.last_key IS 'The key up to which the range is done.';
COMMENT ON COLUMN interlock.backfill_checkpoint.upper_key IS
    'The range ends here. The last one''s is the highest key when the pass began.';
COMMENT ON COLUMN interlock.backfill_checkpoint.holder IS 'The worker that walks it, counted from 0.';
COMMENT ON COLUMN interlock.backfill_checkpoint.batch IS
    'Batches done. Each batch checks that this is the number it began with, so that two runners can never both advance.';
COMMENT ON COLUMN interlock.backfill_checkpoint.batch_size IS 'Rows that the next batch takes.';
COMMENT ON COLUMN interlock.backfill_checkpoint.rows_unchanged IS
    'Rows that matched the condition but that the UPDATE left out, because of a trigger, say. Counted from the second pass.';
COMMENT ON COLUMN interlock.backfill_checkpoint.rows_still_matching IS
    'Changed rows that match the condition still. If there are any, it cannot tell rows done from rows to do.';
COMMENT ON COLUMN interlock.backfill_checkpoint.rows_skipped IS
    'Rows that could not be changed and are in interlock.backfill_error.';
COMMENT ON COLUMN interlock.backfill_checkpoint.attempts IS 'Failures in a row.';
COMMENT ON COLUMN interlock.backfill_checkpoint.problem IS 'Why the last of them failed.';
COMMENT ON COLUMN interlock.backfill_checkpoint.aside IS 'It is one row that somebody has locked, cut out of its range.';
COMMENT ON COLUMN interlock.backfill_checkpoint.not_before IS 'After a failure, when it is tried again.';
COMMENT ON COLUMN interlock.backfill_checkpoint.entries IS
    'Workers that began with this range and were gone before a batch of it was done.';
