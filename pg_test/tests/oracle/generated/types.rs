//! Column types, and values of them.

use super::random::Random;

/// A type, a value of it that follows a number `i`, and a default that is none of those.
pub struct Type {
    pub name: &'static str,
    pub value: &'static str,
    /// What keeps a default from being the same for every row.
    pub volatile: &'static str,
}

const fn of(name: &'static str, value: &'static str, volatile: &'static str) -> Type {
    Type { name, value, volatile }
}

/// Numbers and texts are there more than once: foreign keys and type changes want them.
pub const TYPES: &[Type] = &[
    of("int", "i", "(random() * 9)::int"),
    of("int", "i", "nextval('numbers')"),
    of("int", "i", "inlined()"),
    of("bigint", "i", "nextval('numbers')"),
    of("bigint", "i", "not_inlined()"),
    of("smallint", "i", "(random() * 9)::int"),
    of("numeric", "i", "random()"),
    of("numeric(10,2)", "i", "random()"),
    of("real", "i", "random()"),
    of("float8", "i", "random()"),
    of("text", "i::text", "random()::text"),
    of("text COLLATE \"C\"", "i::text", "clock_timestamp()::text"),
    of("varchar(12)", "i::text", "(random() * 9)::int::text"),
    of("varchar(12)", "i::text", "inlined()::text"),
    of("varchar(30)", "i::text", "(random() * 9)::int::text"),
    of("varchar", "i::text", "random()::text"),
    of("char(8)", "i::text", "(random() * 9)::int::text"),
    of("name", "i::text", "random()::text"),
    of("boolean", "i % 2 = 0", "random() < 0.5"),
    of("date", "date '2020-01-01' + i", "clock_timestamp()::date"),
    of(
        "timestamp",
        "timestamp '2020-01-01' + i * interval '1 hour'",
        "clock_timestamp()",
    ),
    of(
        "timestamp(3)",
        "timestamp '2020-01-01' + i * interval '1 hour'",
        "now()",
    ),
    of(
        "timestamptz",
        "timestamptz '2020-01-01' + i * interval '1 hour'",
        "clock_timestamp()",
    ),
    of(
        "timestamptz",
        "timestamptz '2020-01-01' + i * interval '1 hour'",
        "now()",
    ),
    of(
        "time",
        "time '00:00' + i * interval '1 minute'",
        "clock_timestamp()::time",
    ),
    of("interval", "i * interval '1 minute'", "random() * interval '1 hour'"),
    of("uuid", "lpad(i::text, 32, '0')::uuid", "gen_random_uuid()"),
    of("json", "to_json(i)", "to_json(random())"),
    of("jsonb", "to_jsonb(i)", "to_jsonb(random())"),
    of("bytea", "i::text::bytea", "random()::text::bytea"),
    of("int[]", "ARRAY[i]", "ARRAY[(random() * 9)::int]"),
    of("varchar(12)[]", "ARRAY[i::text]", "ARRAY[(random() * 9)::int::text]"),
    of(
        "int4range",
        "int4range(i, i + 1)",
        "int4range(1, 10 + (random() * 9)::int)",
    ),
    of("inet", "'10.0.0.0'::inet + i", "'10.0.0.0'::inet + (random() * 9)::int"),
    of("bit(8)", "(i % 200)::bit(8)", "(random() * 9)::int::bit(8)"),
    of("varbit(8)", "(i % 200)::bit(8)", "(random() * 9)::int::bit(8)"),
    of("oid", "i::oid", "(random() * 9)::int::oid"),
    of("point", "point(i, i)", "point(random(), 1)"),
    of("tsvector", "i::text::tsvector", "random()::text::tsvector"),
    of("mood", "'calm'::mood", "'wild'::mood"),
    of("positive", "i", "1 + (random() * 9)::int"),
    of("plain", "i::text", "random()::text"),
    of("defaulted", "i", "(random() * 9)::int"),
    of("stamped", "now()", "clock_timestamp()"),
    of("required", "i", "(random() * 9)::int"),
    of("nested", "i", "1 + (random() * 9)::int"),
    of("over_plain", "i::text", "random()::text"),
    of(
        "positive[]",
        "ARRAY[i]::positive[]",
        "ARRAY[1 + (random() * 9)::int]::positive[]",
    ),
    of("holder", "ROW(i, i)::holder", "ROW(1 + (random() * 9)::int, 1)::holder"),
    of("floats", "floats(i, i + 1)", "floats(1, 10 + random())"),
    of(
        "whole",
        "ROW(i, i::text)::whole",
        "ROW(1 + (random() * 9)::int, 'x')::whole",
    ),
    of("pair", "ROW(i, i::text)::pair", "ROW((random() * 9)::int, 'x')::pair"),
];

/// What a set-up begins with: types, and functions that defaults and indexes use.
pub const GROUND: &[&str] = &[
    "CREATE SCHEMA far",
    "SET search_path = app, far",
    "CREATE TYPE mood AS ENUM ('calm', 'wild')",
    "CREATE TYPE pair AS (a int, b text)",
    "CREATE TYPE row_type AS (id int, k int, note varchar(12), amount numeric(10,2))",
    "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
    "CREATE DOMAIN plain AS text",
    "CREATE DOMAIN defaulted AS int DEFAULT 7",
    "CREATE DOMAIN stamped AS timestamptz DEFAULT clock_timestamp()",
    "CREATE DOMAIN required AS int NOT NULL",
    "CREATE DOMAIN nested AS positive",
    "CREATE DOMAIN over_plain AS plain",
    "ALTER DOMAIN over_plain ADD CHECK (VALUE <> '') NOT VALID",
    "CREATE TYPE holder AS (a positive, b int)",
    "CREATE TYPE floats AS RANGE (subtype = float8)",
    "CREATE DOMAIN whole AS pair CHECK ((VALUE).a > 0)",
    "CREATE SEQUENCE numbers",
    "CREATE FUNCTION inlined() RETURNS int LANGUAGE sql AS 'SELECT 5'",
    "CREATE FUNCTION not_inlined() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 5; END'",
    "CREATE FUNCTION doubled(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2'",
    "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE FUNCTION fits(n int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT n IS NOT NULL'",
    "CREATE FOREIGN DATA WRAPPER nothing",
    "CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing",
    "SELECT nextval('numbers')",
];

/// A type.
pub fn any(random: &mut Random) -> &'static Type {
    &TYPES[random.number(0, TYPES.len() - 1)]
}

/// A default: mostly one that is the same for every row.
pub fn default(random: &mut Random, of: &Type) -> String {
    match random.number(0, 3) {
        0 => of.volatile.to_owned(),
        1 if !of.value.contains("ROW") => "NULL".to_owned(),
        _ => format!("({})", with_number(of.value, "3")),
    }
}

/// An expression of `i` with something in its place.
pub fn with_number(value: &str, number: &str) -> String {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut text = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('i') {
        let alone = !rest[..at].ends_with(is_name) && !rest[at + 1..].starts_with(is_name);
        text += &rest[..at];
        text += if alone { number } else { "i" };
        rest = &rest[at + 1..];
    }
    text + rest
}

/// The type of a name as the server shows it.
pub fn named(formatted: &str) -> Option<&'static Type> {
    let short = match formatted {
        "integer" => "int",
        "integer[]" => "int[]",
        "double precision" => "float8",
        "timestamp without time zone" => "timestamp",
        "timestamp(3) without time zone" => "timestamp(3)",
        "timestamp with time zone" => "timestamptz",
        "time without time zone" => "time",
        "bit varying(8)" => "varbit(8)",
        "character varying" => "varchar",
        "character varying(12)" => "varchar(12)",
        "character varying(30)" => "varchar(30)",
        "character varying(12)[]" => "varchar(12)[]",
        "character(8)" => "char(8)",
        other => other,
    };
    TYPES.iter().find(|known| known.name == short)
}
