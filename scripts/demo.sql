-- What make demo shows. Each statement is printed before it runs; what follows is what the server says.
\set ECHO queries
\pset pager off
\pset null ''

\echo
\echo == 1. Three statements that would stop the application ==
\echo A column with a volatile default: every row would be written anew, and every query would wait.
ALTER TABLE pgbench_accounts ADD COLUMN lucky double precision DEFAULT random();
\echo
\echo An index built the plain way: every write would wait.
CREATE INDEX accounts_bid_idx ON pgbench_accounts (bid);
\echo
\echo A wider type: every row would be written anew.
ALTER TABLE pgbench_accounts ALTER COLUMN abalance TYPE bigint;

\echo
\echo == 2. Why: what each would lock and do ==
\x on
SELECT statement, command_tag, relation, lock_mode, blocks, rewrites, scans, builds_indexes, estimated_rows,
       pg_size_pretty(total_bytes) AS size, decision, rule
FROM interlock.explain_lock_profile($$
    ALTER TABLE pgbench_accounts ADD COLUMN lucky double precision DEFAULT random();
    CREATE INDEX accounts_bid_idx ON pgbench_accounts (bid);
    ALTER TABLE pgbench_accounts ALTER COLUMN abalance TYPE bigint;
$$);
\x off

\echo
\echo == 3. The same goals, reached safely ==
\echo The column without a default is a change of the catalog only, and so is a default for new rows.
ALTER TABLE pgbench_accounts ADD COLUMN lucky double precision;
ALTER TABLE pgbench_accounts ALTER COLUMN lucky SET DEFAULT random();
\echo
\echo Old rows are filled in batches, each in a transaction of its own, while everybody goes on working.
CALL interlock.safe_backfill('pgbench_accounts', $$lucky = random()$$, $$lucky IS NULL$$, pause => '20 ms');
\echo
\echo The index is built beside the writers.
CREATE INDEX CONCURRENTLY accounts_bid_idx ON pgbench_accounts (bid);
\echo
\echo The wider type goes into a new column, kept up to date for new rows, filled in batches, and swapped in at the end.
ALTER TABLE pgbench_accounts ADD COLUMN abalance_new bigint;
CREATE FUNCTION keep_abalance_new() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.abalance_new := NEW.abalance; RETURN NEW; END';
CREATE TRIGGER keep_abalance_new BEFORE INSERT OR UPDATE ON pgbench_accounts
    FOR EACH ROW EXECUTE FUNCTION keep_abalance_new();
CALL interlock.safe_backfill('pgbench_accounts', $$abalance_new = abalance$$, $$abalance_new IS NULL$$);
BEGIN;
DROP TRIGGER keep_abalance_new ON pgbench_accounts;
ALTER TABLE pgbench_accounts DROP COLUMN abalance;
ALTER TABLE pgbench_accounts RENAME COLUMN abalance_new TO abalance;
COMMIT;
\d pgbench_accounts

\echo
\echo == 4. What the backfills did ==
\x on
SELECT job_id, relation, assignments, state, rows_changed, percentage, batch_size FROM interlock.backfill_progress;
\x off

\echo
\echo == 5. Every decision is on record, the refused ones too ==
SELECT decision, rule, statement FROM interlock.recent_decisions;
