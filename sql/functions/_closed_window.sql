CREATE FUNCTION interlock._closed_window(time_window text) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('time of day: %s (window %s)', to_char(now, 'HH24:MI'), time_window)
      FROM clock_timestamp() AS now
     WHERE NOT interlock._window_is_open(time_window, (extract(hour FROM now) * 60 + extract(minute FROM now))::int)
$$;

COMMENT ON FUNCTION interlock._closed_window(text) IS
    'Why a backfill has to wait, if it is outside of its times of the day.';
