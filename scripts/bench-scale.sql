-- What judging costs where there is much to judge: each statement runs in a transaction that is rolled back, with the guard
-- and without it in turn; shown is the ratio of the two best times. psql variables: rounds.
SET client_min_messages = warning;
CREATE SCHEMA scale;
SET search_path = scale;

CREATE FUNCTION elapsed(statement text, mode text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    begun timestamptz;
    milliseconds float8;
BEGIN
    PERFORM pg_catalog.set_config('pg_interlock.mode', mode, true);
    BEGIN
        begun := pg_catalog.clock_timestamp();
        EXECUTE statement;
        milliseconds := 1000 * EXTRACT(epoch FROM pg_catalog.clock_timestamp() - begun);
        RAISE EXCEPTION USING ERRCODE = 'UNDO1';
    EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
        RETURN milliseconds;
    END;
END $$;

CREATE FUNCTION ratio(statement text, rounds int, OUT alone float8, OUT guarded float8, OUT ratio float8) LANGUAGE plpgsql AS $$
BEGIN
    FOR round IN 1 .. rounds LOOP
        alone := least(alone, elapsed(statement, 'off'));
        guarded := least(guarded, elapsed(statement, 'log'));
    END LOOP;
    ratio := guarded / alone;
END $$;

CREATE PROCEDURE tree(name text, leaves int) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_catalog.set_config('pg_interlock.mode', 'off', true);
    EXECUTE pg_catalog.format('CREATE TABLE %I (id bigint PRIMARY KEY, a int, b text) PARTITION BY RANGE (id)', name);
    FOR leaf IN 1 .. leaves LOOP
        EXECUTE pg_catalog.format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)',
                                  name || leaf, name, leaf * 1000, (leaf + 1) * 1000);
    END LOOP;
    EXECUTE pg_catalog.format('INSERT INTO %I SELECT g, g, g FROM pg_catalog.generate_series(1000, %s, 10) AS g',
                              name, leaves * 1000);
END $$;
CALL tree('small', 250);
CALL tree('big', 1000);

SET pg_interlock.mode = off;
CREATE TABLE referenced (id int PRIMARY KEY, code varchar(10) UNIQUE);
INSERT INTO referenced SELECT g, g FROM pg_catalog.generate_series(1, 1000) AS g;
DO $$BEGIN
    FOR n IN 1 .. 200 LOOP
        EXECUTE pg_catalog.format('CREATE TABLE referencing%s (id int REFERENCES referenced)', n);
    END LOOP;
END$$;
RESET pg_interlock.mode;
ANALYZE;

\echo
\echo 'Judging at scale (time with the guard : time without it)'
SELECT pg_catalog.rpad(what, 72) || pg_catalog.to_char((ratio(statement, :rounds)).ratio, '990.999')
FROM (VALUES ('ADD COLUMN, 1,000 leaves', 'ALTER TABLE big ADD COLUMN c int'),
             ('DROP COLUMN, 1,000 leaves', 'ALTER TABLE big DROP COLUMN b'),
             ('SET NOT NULL, 1,000 leaves of 100 rows', 'ALTER TABLE big ALTER a SET NOT NULL'),
             ('CREATE INDEX, 1,000 leaves of 100 rows', 'CREATE INDEX ON big (a)'),
             ('ALTER TYPE that rewrites, 1,000 leaves of 100 rows', 'ALTER TABLE big ALTER a TYPE bigint'),
             ('DROP TABLE, 1,000 leaves', 'DROP TABLE big'),
             ('ADD COLUMN, 200 foreign keys pointing at the table', 'ALTER TABLE referenced ADD COLUMN c int'),
             ('DROP TABLE … CASCADE, 200 foreign keys', 'DROP TABLE referenced CASCADE'),
             ('ALTER TYPE of the key, 200 foreign keys', 'ALTER TABLE referenced ALTER id TYPE bigint')
     ) AS cases (what, statement);

SELECT pg_catalog.rpad('judging ADD COLUMN: 1,000 leaves : 250 leaves (4 is linear)', 72)
       || pg_catalog.to_char((big.guarded - big.alone) / (small.guarded - small.alone), '990.999')
FROM ratio('ALTER TABLE big ADD COLUMN c int', :rounds) AS big,
     ratio('ALTER TABLE small ADD COLUMN c int', :rounds) AS small;

SET pg_interlock.mode = off;
DROP TABLE small, big, referenced CASCADE;
DO $$BEGIN
    FOR n IN 1 .. 20000 LOOP
        EXECUTE pg_catalog.format('CREATE TABLE t%s (a int)', n);
        IF n % 1000 = 0 THEN COMMIT; END IF;
    END LOOP;
END$$;
RESET pg_interlock.mode;
SELECT pg_catalog.rpad('ADD COLUMN to one of 20,000 tables', 72)
       || pg_catalog.to_char((ratio('ALTER TABLE t7 ADD COLUMN c int', 20 * :rounds)).ratio, '990.999');

-- One transaction with a migration of every table: the more it holds, the more each statement stands among.
CREATE FUNCTION migration(tables int) RETURNS text LANGUAGE sql AS $$
    SELECT pg_catalog.format('DO $x$BEGIN FOR n IN 1 .. %s LOOP
                                  EXECUTE pg_catalog.format(''ALTER TABLE t%%s ADD COLUMN c int'', n);
                              END LOOP; END$x$', tables) $$;
SELECT pg_catalog.rpad('ADD COLUMN to 4,000 tables in one transaction', 72) || pg_catalog.to_char(ratio, '990.999')
FROM ratio(migration(4000), :rounds);
SELECT pg_catalog.rpad('judging them: 4,000 tables : 1,000 tables (4 is linear)', 72)
       || pg_catalog.to_char((many.guarded - many.alone) / (few.guarded - few.alone), '990.999')
FROM ratio(migration(4000), :rounds) AS many, ratio(migration(1000), :rounds) AS few;
