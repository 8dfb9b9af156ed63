CREATE TABLE interlock.backfill_event (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id   bigint NOT NULL REFERENCES interlock.backfill_job ON DELETE CASCADE,
    at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    event    text NOT NULL,
    detail   text,
    by_role  text NOT NULL DEFAULT session_user,
    pid      int NOT NULL DEFAULT pg_catalog.pg_backend_pid()
);

CREATE INDEX backfill_event_of_job ON interlock.backfill_event (job_id, id);

ALTER TABLE interlock.backfill_event ENABLE ROW LEVEL SECURITY;

CREATE POLICY with_its_job ON interlock.backfill_event
    USING (EXISTS (SELECT FROM interlock.backfill_job AS job WHERE job.id = job_id));

SELECT pg_catalog.pg_extension_config_dump('interlock.backfill_event', '');
SELECT pg_catalog.pg_extension_config_dump('interlock.backfill_event_id_seq', '');

COMMENT ON TABLE interlock.backfill_event IS 'What happened to each backfill: when it was created, held, paused, went on, ended.';
