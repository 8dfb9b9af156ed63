CREATE FUNCTION interlock._split_range(victim interlock.backfill_checkpoint, slot int, middle jsonb, second bigint,
                                       first_aside boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rest bigint := greatest(0, second);
BEGIN
    UPDATE interlock.backfill_checkpoint AS c
       SET holder = CASE WHEN middle IS NULL THEN slot ELSE c.holder END,
           upper_key = coalesce(middle, c.upper_key),
           aside = c.aside OR first_aside,
           estimated_rows = c.estimated_rows - CASE WHEN middle IS NULL THEN 0 ELSE rest END
     WHERE c.job_id = victim.job_id AND c.pass = victim.pass AND c.range = victim.range;
    IF middle IS NOT NULL THEN
        INSERT INTO interlock.backfill_checkpoint (job_id, pass, range, part, part_name, key, above_key, upper_key, holder, estimated_rows,
                                                   batch_size, rows_per_second)
        SELECT victim.job_id, victim.pass,
               (SELECT max(c.range) + 1 FROM interlock.backfill_checkpoint AS c WHERE c.job_id = victim.job_id AND c.pass = victim.pass),
               victim.part, victim.part_name, victim.key, middle, victim.upper_key, slot, rest, victim.batch_size, victim.rows_per_second;
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._split_range(interlock.backfill_checkpoint, int, jsonb, bigint, boolean) IS
    'Cuts a range in two and gives the second part, of about so many rows, to a worker; without a middle, gives it all. The first part may be a row that is set aside.';
