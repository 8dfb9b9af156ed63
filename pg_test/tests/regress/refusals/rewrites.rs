//! Statements that write a table anew.

use super::{CASE, Case, Hint, WayOut};

pub fn cases() -> Vec<Case> {
    vec![
        Case {
            rule: "add-column-volatile-default",
            statement: "ALTER TABLE shop.orders ADD COLUMN token uuid DEFAULT gen_random_uuid()",
            column: Some("token"),
            detail: "The default of column \"token\", gen_random_uuid(), is volatile and is computed for every row: \
                     EXTENT are rewritten and 2 indexes rebuilt under AccessExclusiveLock.",
            reached: "SELECT count(DISTINCT token) = 200 FROM shop.orders",
            ..CASE
        },
        Case {
            rule: "add-column-volatile-default",
            statement: "ALTER TABLE shop.\"Odd 'table'\" ADD \"the 'time'\" text NOT NULL DEFAULT clock_timestamp()::text || '$$'",
            table: "Odd 'table'",
            column: Some("the 'time'"),
            detail: "The default of column \"the 'time'\", ((clock_timestamp())::text || '$$'::text), is volatile and is \
                     computed for every row: EXTENT are rewritten and 1 index rebuilt under AccessExclusiveLock.",
            reached: "SELECT count(\"the 'time'\") = 200 FROM shop.\"Odd 'table'\"",
            ..CASE
        },
        Case {
            rule: "add-column-volatile-default",
            statement:
                "ALTER TABLE shop.orders ADD COLUMN token uuid DEFAULT gen_random_uuid() CONSTRAINT present NOT NULL
                        CHECK (token IS NOT NULL) UNIQUE USING INDEX TABLESPACE pg_default CHECK (token <> NULL)",
            column: Some("token"),
            detail: "The default of column \"token\", gen_random_uuid(), is volatile and is computed for every row: \
                     EXTENT are rewritten and 2 indexes rebuilt under AccessExclusiveLock.",
            reached: "SELECT string_agg(conname || contype::text, ' ' ORDER BY conname) =
                             'orders_token_checkc orders_token_check1c orders_token_keyu' AND bool_and(convalidated)
                             AND (SELECT attnotnull FROM pg_attribute
                                  WHERE attrelid = 'shop.orders'::regclass AND attname = 'token')
                      FROM pg_constraint WHERE conname LIKE 'orders_token%' AND contype <> 'n'",
            ..CASE
        },
        Case {
            rule: "add-column-serial",
            before: "ALTER TABLE shop.orders DROP CONSTRAINT orders_pkey",
            statement: "ALTER TABLE shop.orders ADD COLUMN number bigserial PRIMARY KEY",
            column: Some("number"),
            detail: "Serial column \"number\" takes a number from its sequence for every row: \
                     EXTENT are rewritten and 1 index rebuilt under AccessExclusiveLock.",
            reached: "SELECT conname = 'orders_pkey' FROM pg_constraint
                      WHERE conrelid = 'shop.orders'::regclass AND contype = 'p'",
            ..CASE
        },
        Case {
            rule: "add-column-stored-generated",
            statement: "ALTER TABLE shop.orders ADD COLUMN twice int GENERATED ALWAYS AS (total * 2) STORED NOT NULL
                        CONSTRAINT even CHECK (twice % 2 = 0) NO INHERIT CONSTRAINT one_each UNIQUE DEFERRABLE",
            column: Some("twice"),
            detail: "Generated column \"twice\" is stored, so it is computed for every row: \
                     EXTENT are rewritten and 2 indexes rebuilt under AccessExclusiveLock.",
            reached: "SELECT count(*) = 2 AND bool_and(convalidated) AND bool_or(condeferrable)
                             AND (SELECT attnotnull FROM pg_attribute
                                  WHERE attrelid = 'shop.orders'::regclass AND attname = 'twice')
                      FROM pg_constraint WHERE conname IN ('even', 'one_each')",
            ..CASE
        },
        Case {
            rule: "add-column-serial",
            statement: "ALTER TABLE shop.orders ADD COLUMN number bigserial",
            column: Some("number"),
            detail: "Serial column \"number\" takes a number from its sequence for every row: \
                     EXTENT are rewritten and 2 indexes rebuilt under AccessExclusiveLock.",
            reached: "SELECT count(DISTINCT number) = 200 FROM shop.orders",
            ..CASE
        },
        Case {
            rule: "add-column-serial",
            statement: "ALTER TABLE shop.\"Odd 'table'\" ADD COLUMN \"to\" int
                        GENERATED ALWAYS AS IDENTITY (START 1000 INCREMENT BY 10) CHECK (\"to\" > 0)",
            table: "Odd 'table'",
            column: Some("to"),
            detail: "Identity column \"to\" takes a number from its sequence for every row: \
                     EXTENT are rewritten and 1 index rebuilt under AccessExclusiveLock.",
            reached: "SELECT count(DISTINCT \"to\") = 200 AND min(\"to\") = 1000 AND max(\"to\") = 2990 FROM shop.\"Odd 'table'\"",
            ..CASE
        },
        Case {
            rule: "add-column-stored-generated",
            statement: "ALTER TABLE shop.orders ADD COLUMN twice int GENERATED ALWAYS AS (total * 2) STORED",
            column: Some("twice"),
            detail: "Generated column \"twice\" is stored, so it is computed for every row: \
                     EXTENT are rewritten and 2 indexes rebuilt under AccessExclusiveLock.",
            reached: "SELECT bool_and(twice = total * 2) FROM shop.orders",
            ..CASE
        },
        Case {
            rule: "add-column-constrained-domain",
            statement: "ALTER TABLE shop.orders ADD COLUMN rank shop.positive DEFAULT 1",
            column: Some("rank"),
            detail: "Column \"rank\" is of domain shop.positive, whose constraints are checked for every row: \
                     EXTENT are rewritten and 2 indexes rebuilt under AccessExclusiveLock.",
            reached: "SELECT bool_and(rank = 1) AND pg_typeof(max(rank)) = 'integer'::regtype
                             AND (SELECT convalidated FROM pg_constraint WHERE conname = 'orders_rank_check')
                      FROM shop.orders",
            ..CASE
        },
        Case {
            rule: "add-column-constrained-domain",
            statement: "ALTER TABLE shop.orders ADD COLUMN rank shop.positive DEFAULT 1 + random()::int NOT NULL",
            column: Some("rank"),
            detail: "Column \"rank\" is of domain shop.positive, whose constraints are checked for every row: \
                     EXTENT are rewritten and 2 indexes rebuilt under AccessExclusiveLock.",
            reached: "SELECT bool_and(rank BETWEEN 1 AND 2)
                             AND (SELECT convalidated FROM pg_constraint WHERE conname = 'orders_rank_check')
                             AND (SELECT attnotnull FROM pg_attribute
                                  WHERE attrelid = 'shop.orders'::regclass AND attname = 'rank')
                      FROM shop.orders",
            ..CASE
        },
        Case {
            rule: "alter-column-type",
            statement: "ALTER TABLE shop.orders ALTER COLUMN total TYPE shop.positive USING abs(total) + 1",
            column: Some("total"),
            detail: "Column \"total\" changes from integer to shop.positive: \
                     EXTENT are rewritten and 2 indexes rebuilt under AccessExclusiveLock.",
            reached: "SELECT bool_and(total > 0) AND pg_typeof(max(total)) = 'integer'::regtype
                             AND (SELECT convalidated FROM pg_constraint WHERE conname = 'orders_total_check')
                      FROM shop.orders",
            ..CASE
        },
        Case {
            rule: "alter-column-type",
            statement: "ALTER TABLE shop.orders ALTER COLUMN total TYPE bigint",
            column: Some("total"),
            detail: "Column \"total\" changes from integer to bigint: \
                     EXTENT are rewritten and 2 indexes rebuilt under AccessExclusiveLock.",
            reached: "SELECT bool_and(total = id) AND pg_typeof(max(total)) = 'bigint'::regtype FROM shop.orders",
            ..CASE
        },
        Case {
            rule: "set-logged",
            statement: "ALTER TABLE shop.orders SET UNLOGGED",
            detail: "The table becomes unlogged: EXTENT are rewritten and 2 indexes rebuilt under AccessExclusiveLock.",
            way_out: WayOut::None("There is no form of it that does not block"),
            ..CASE
        },
        Case {
            rule: "set-access-method",
            before: "CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler",
            statement: "ALTER TABLE shop.orders SET ACCESS METHOD heap_too",
            detail: "The table moves to access method \"heap_too\": EXTENT are rewritten and 2 indexes rebuilt under \
                     AccessExclusiveLock.",
            way_out: WayOut::None("There is no form of it that does not block"),
            ..CASE
        },
        Case {
            rule: "cluster",
            statement: "CLUSTER shop.orders USING orders_total_idx",
            detail: "The table is written anew in the order of an index: EXTENT are rewritten and 2 indexes rebuilt under \
                     AccessExclusiveLock.",
            way_out: WayOut::None("Use pg_repack or pg_squeeze, which rebuild shop.orders beside its users"),
            ..CASE
        },
        Case {
            rule: "vacuum-full",
            statement: "VACUUM (FULL) shop.orders",
            detail: "The table is written anew without its dead rows: EXTENT are rewritten and 2 indexes rebuilt under \
                     AccessExclusiveLock.",
            way_out: WayOut::None("Use pg_repack or pg_squeeze, which rebuild shop.orders beside its users"),
            ..CASE
        },
    ]
}

/// From 17 on.
pub fn set_expression() -> Case {
    Case {
        rule: "set-expression",
        statement: "ALTER TABLE shop.orders ALTER COLUMN total_price SET EXPRESSION AS (price * 3)",
        column: Some("total_price"),
        detail: "Generated column \"total_price\" is stored, so its new expression is computed for every row: \
                 EXTENT are rewritten and 2 indexes rebuilt under AccessExclusiveLock.",
        way_out: Hint(&[]),
        reached: "SELECT bool_and(total_price = price * 3) FROM shop.orders",
        ..CASE
    }
}
