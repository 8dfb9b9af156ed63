CREATE FUNCTION interlock._check_key(job interlock.backfill_job, part oid, key jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Its owner can write anything into a checkpoint, and somebody else may go on with the job: what a key names, types and
    -- operators too, becomes part of statements.
    IF interlock._by_place(key) AND key = interlock._place_key() AND job.condition IS NOT NULL
       OR key IN (SELECT k FROM interlock._keys(part, interlock._changed_columns(job)) AS k) THEN
        RETURN;
    ELSIF interlock._relation_text(part) IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = format('relation with OID %s does not exist', part);
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'IL010',
        MESSAGE = format('the key of table "%s" has changed since backfill job %s began', interlock._relation_text(part), job.id),
        DETAIL = format('The job walks along (%s), and no unique index with these columns, types and collations serves any longer.',
                        interlock._key_order(key, 'ASC')),
        HINT = format('Restore the key, or give the job up: SELECT interlock.cancel_backfill(%s).', job.id);
END
$$;

COMMENT ON FUNCTION interlock._check_key(interlock.backfill_job, oid, jsonb) IS
    'Raises an error if a table or partition cannot be walked along this key any longer.';
