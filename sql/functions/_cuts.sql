-- No SET clause: the table is read as the caller would.
CREATE FUNCTION interlock._cuts(part oid, target text[], key jsonb, upper jsonb, pieces int) RETURNS SETOF jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    bound text;
    cut jsonb;
    last jsonb;
BEGIN
    IF interlock._by_place(key) THEN
        RETURN QUERY SELECT DISTINCT ON (b.block) pg_catalog.jsonb_build_array(pg_catalog.format('(%s,65535)', b.block))
                       FROM (SELECT interlock._block(upper) OPERATOR(pg_catalog.*) piece OPERATOR(pg_catalog./) pieces
                               FROM pg_catalog.generate_series(1, pieces OPERATOR(pg_catalog.-) 1) AS piece) AS b (block)
                      WHERE b.block OPERATOR(pg_catalog.<) interlock._block(upper)
                      ORDER BY b.block;
    ELSIF pieces OPERATOR(pg_catalog.>) 1 THEN
        FOREACH bound IN ARRAY interlock._histogram(part, key OPERATOR(pg_catalog.#>>) '{columns,0,name}', pieces) LOOP
            -- The last row up to there has a value in every column of the key.
            cut := interlock._read_key(target, key,
                pg_catalog.format('%s AND %I OPERATOR(%I.<=) %L::%s', interlock._key_range(key, NULL, upper),
                                  key OPERATOR(pg_catalog.#>>) '{columns,0,name}', key OPERATOR(pg_catalog.->>) 'operators', bound, interlock._type_text(key OPERATOR(pg_catalog.#>>) '{columns,0,type}')), 'DESC', 1);
            IF cut IS DISTINCT FROM last AND cut OPERATOR(pg_catalog.<>) upper THEN
                RETURN NEXT cut;
                last := cut;
            END IF;
        END LOOP;
    END IF;
    RETURN NEXT upper;
END
$$;

COMMENT ON FUNCTION interlock._cuts(oid, text[], jsonb, jsonb, int) IS
    'Where the ranges end into which a table is cut, the last one at its upper key.';
