CREATE FUNCTION interlock._keys(relation regclass, changed_columns text[]) RETURNS SETOF jsonb
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    -- A column serves if ORDER BY and the comparison operators, written as we write them, use the index: the default
    -- operator class of the type, the column's own collation, and the usual names <, <=, =, >=, > in a single schema.
    SELECT jsonb_build_object(
               'columns', key.columns,
               'operators', key.operators,
               'nulls', CASE WHEN key.nulls_first THEN 'FIRST' ELSE 'LAST' END)
      FROM pg_index AS i
           JOIN pg_class AS c ON c.oid = i.indexrelid
           JOIN pg_am AS am ON am.oid = c.relam AND am.amname = 'btree'
           CROSS JOIN LATERAL (
               SELECT jsonb_agg(jsonb_build_object(
                                    'name', a.attname,
                                    -- With a type modifier of -1, as NULL would make "character" of char(n): one letter.
                                    'type', format_type(a.atttypid, -1),
                                    'collation', part.collation_oid::regcollation)
                                ORDER BY part.position) AS columns,
                      count(*) AS column_count,
                      sum(CASE WHEN a.attlen > 0 THEN a.attlen ELSE 100 END) AS width,
                      min(operators.schema) AS operators,
                      -- 0 is ASC NULLS LAST and 3 its mirror; 1 and 2 are the other pair. Any index is read both ways.
                      bool_or(part.option IN (1, 2)) AS nulls_first,
                      bool_and(a.attnotnull AND valid_not_null.yes
                               AND opclass.opcdefault
                               AND part.collation_oid = a.attcollation
                               AND a.attname <> ALL (changed_columns)
                               AND operators.complete)
                      AND min(part.option) = max(part.option)
                      AND min(operators.schema) = max(operators.schema) AS usable
                 FROM unnest(i.indkey, i.indclass, i.indcollation, i.indoption)
                          WITH ORDINALITY AS part (attnum, opclass, collation_oid, option, position)
                      JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = part.attnum
                      JOIN pg_opclass AS opclass ON opclass.oid = part.opclass
                      CROSS JOIN LATERAL (
                          -- Since PostgreSQL 18 a NOT NULL constraint can be there without having been validated.
                          SELECT NOT EXISTS (SELECT FROM pg_constraint AS con
                                              WHERE con.conrelid = i.indrelid AND con.contype = 'n'
                                                    AND con.conkey = ARRAY[a.attnum] AND NOT con.convalidated) AS yes
                      ) AS valid_not_null
                      CROSS JOIN LATERAL (
                          SELECT count(*) = 5 AND count(DISTINCT o.oprnamespace) = 1 AS complete,
                                 min(n.nspname::text) AS schema
                            FROM pg_amop AS member
                                 JOIN pg_operator AS o ON o.oid = member.amopopr
                                 JOIN pg_namespace AS n ON n.oid = o.oprnamespace
                           WHERE member.amopfamily = opclass.opcfamily AND member.amoppurpose = 's'
                                 AND member.amoplefttype = opclass.opcintype
                                 AND member.amoprighttype = opclass.opcintype
                                 AND o.oprname IN ('<', '<=', '=', '>=', '>')
                      ) AS operators
                WHERE part.position <= i.indnkeyatts
           ) AS key
     WHERE i.indrelid = relation AND i.indisunique AND i.indimmediate
           AND i.indisvalid AND i.indisready AND i.indislive
           AND i.indpred IS NULL AND i.indexprs IS NULL
           AND key.usable
     ORDER BY i.indisprimary DESC, key.column_count, key.width, c.relname
$$;

COMMENT ON FUNCTION interlock._keys(regclass, text[]) IS
    'The keys along which a backfill that changes the given columns can walk the table, the best one first.';
