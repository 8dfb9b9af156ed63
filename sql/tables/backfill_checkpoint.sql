CREATE TABLE interlock.backfill_checkpoint (
    job_id              bigint PRIMARY KEY REFERENCES interlock.backfill_job ON DELETE CASCADE,
    batch               bigint NOT NULL DEFAULT 0,
    pass                int NOT NULL DEFAULT 0,
    last_key            jsonb,
    upper_key           jsonb,
    estimated_rows      bigint NOT NULL DEFAULT 0,
    pass_rows_scanned   bigint NOT NULL DEFAULT 0,
    pass_rows_changed   bigint NOT NULL DEFAULT 0,
    pass_rows_unchanged bigint NOT NULL DEFAULT 0,
    rows_changed        bigint NOT NULL DEFAULT 0,
    rows_still_matching bigint NOT NULL DEFAULT 0,
    batch_size          int NOT NULL,
    rows_per_second     float8,
    updated_at          timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
) WITH (fillfactor = 20);   -- one row per job, updated with every batch: room for HOT updates

ALTER TABLE interlock.backfill_checkpoint ENABLE ROW LEVEL SECURITY;

-- The sub-select sees the jobs that the policies of backfill_job let the role see.
CREATE POLICY with_its_job ON interlock.backfill_checkpoint
    USING (EXISTS (SELECT FROM interlock.backfill_job AS job WHERE job.id = job_id));

SELECT pg_catalog.pg_extension_config_dump('interlock.backfill_checkpoint', '');

COMMENT ON TABLE interlock.backfill_checkpoint IS
    'Where each backfill stands. A batch commits together with its checkpoint.';
COMMENT ON COLUMN interlock.backfill_checkpoint.batch IS
    'Batches done. Each batch checks that this is the number it began with, so that two runners can never both advance.';
COMMENT ON COLUMN interlock.backfill_checkpoint.pass IS
    'Walks through the table: 1 changes the rows, later ones read again and change what concurrent transactions left matching. 0 before the first.';
COMMENT ON COLUMN interlock.backfill_checkpoint.last_key IS 'The key up to which this pass is done, each column as text.';
COMMENT ON COLUMN interlock.backfill_checkpoint.upper_key IS 'The highest key when this pass began: it ends there.';
COMMENT ON COLUMN interlock.backfill_checkpoint.pass_rows_unchanged IS
    'Rows that matched the condition in this pass but that the UPDATE left out, because of a trigger, say.';
COMMENT ON COLUMN interlock.backfill_checkpoint.rows_still_matching IS
    'Changed rows that match the condition still. If there are any, it cannot tell rows done from rows to do.';
