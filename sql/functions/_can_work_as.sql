CREATE FUNCTION interlock._can_work_as(owner regrole, asker regrole) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    -- A worker connects as the owner: its session then has no right that he has not. Before PostgreSQL 17 that takes a role
    -- that may log in. Else it connects as the asker and sets the role, as he did; but not as a superuser, because then
    -- a trigger of somebody else's could reset the role.
    SELECT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = owner AND (r.rolcanlogin OR interlock._server_major() >= 17))
           OR EXISTS (SELECT FROM pg_roles AS r
                       WHERE r.oid = asker AND r.rolcanlogin AND NOT r.rolsuper AND pg_has_role(r.oid, owner, 'MEMBER'))
$$;

COMMENT ON FUNCTION interlock._can_work_as(regrole, regrole) IS
    'Whether a background worker can run as the first role, which the second one asked for.';
