CREATE FUNCTION interlock._captured_settings() RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    SELECT pg_catalog.jsonb_object_agg(s.name, pg_catalog.current_setting(s.name))
      FROM (VALUES ('search_path'), ('DateStyle'), ('IntervalStyle'), ('TimeZone'), ('timezone_abbreviations'),
                   ('bytea_output'), ('extra_float_digits'), ('lc_monetary'), ('lc_numeric'), ('lc_time'),
                   ('default_text_search_config'), ('array_nulls'), ('backslash_quote'), ('standard_conforming_strings'),
                   ('transform_null_equals'), ('quote_all_identifiers'), ('xmlbinary'), ('xmloption'),
                   ('default_toast_compression'), ('row_security'), ('session_replication_role')) AS s (name)
$$;

COMMENT ON FUNCTION interlock._captured_settings() IS
    'The settings of this session that give the text of an expression its meaning.';
