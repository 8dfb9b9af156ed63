CREATE FUNCTION interlock._measured_rate(previous interlock.backfill_checkpoint, here interlock.backfill_checkpoint,
                                         rate float8, began timestamptz) RETURNS float8
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT interlock._smoothed_rate(rate, here.pass_rows_scanned - previous.pass_rows_scanned,
                                    1000 * extract(epoch FROM clock_timestamp() - began)::float8)
$$;

COMMENT ON FUNCTION interlock._measured_rate(interlock.backfill_checkpoint, interlock.backfill_checkpoint, float8, timestamptz) IS
    'The moving average of rows per second after the batch that began at that time and led from one checkpoint to the next.';
