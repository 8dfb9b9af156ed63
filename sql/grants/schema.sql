-- The functions of the schema are for everybody; what may be read or written in it is granted object by object.
GRANT USAGE ON SCHEMA interlock TO PUBLIC;
GRANT SELECT ON interlock.rules, interlock.invalid_indexes TO PUBLIC;
