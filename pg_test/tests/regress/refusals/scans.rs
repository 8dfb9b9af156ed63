//! Statements that read a table from end to end.

use super::{CASE, Case, Hint, WayOut, Words};

const SCAN: Case = Case {
    sqlstate: "IL002",
    would: "scan TABLE while blocking reads and writes",
    ..CASE
};

pub fn cases() -> Vec<Case> {
    vec![
        Case {
            rule: "add-column-not-null",
            statement: "ALTER TABLE shop.orders ADD COLUMN state int NOT NULL",
            column: Some("state"),
            detail: "Column \"state\" is NOT NULL and has no default, so every row is checked: \
                     EXTENT are read under AccessExclusiveLock.",
            way_out: Hint(&["1"]),
            reached: "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'shop.orders'::regclass AND attname = 'state'",
            ..SCAN
        },
        Case {
            rule: "set-not-null",
            statement: "ALTER TABLE shop.orders ALTER COLUMN total SET NOT NULL",
            column: Some("total"),
            detail: "Column \"total\" is checked for nulls in every row: EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'shop.orders'::regclass AND attname = 'total'",
            ..SCAN
        },
        Case {
            rule: "set-not-null",
            statement: "ALTER TABLE shop.\"Odd 'table'\" ALTER \"from\" SET NOT NULL",
            table: "Odd 'table'",
            column: Some("from"),
            detail: "Column \"from\" is checked for nulls in every row: EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'shop.\"Odd ''table''\"'::regclass AND attname = 'from'",
            ..SCAN
        },
        Case {
            rule: "add-check",
            statement: "ALTER TABLE shop.orders ADD CONSTRAINT total_check CHECK (total > 0) -- as agreed; really",
            constraint: Some("total_check"),
            detail: "Constraint \"total_check\" is checked for every row: EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT convalidated FROM pg_constraint WHERE conname = 'total_check'",
            ..SCAN
        },
        Case {
            rule: "add-check",
            statement: "/* add */ alter table shop.orders add check (total > 0 and note <> 'a;b')",
            detail: "The constraint is checked for every row: EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT convalidated FROM pg_constraint WHERE conrelid = 'shop.orders'::regclass AND contype = 'c'",
            ..SCAN
        },
        Case {
            rule: "add-check",
            statement: "ALTER TABLE shop.orders ADD CONSTRAINT total_check CHECK (total > 0), ALTER total SET DEFAULT 1",
            constraint: Some("total_check"),
            detail: "Constraint \"total_check\" is checked for every row: EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT convalidated FROM pg_constraint WHERE conname = 'total_check'",
            ..SCAN
        },
        Case {
            rule: "add-foreign-key",
            statement: "ALTER TABLE shop.orders ADD CONSTRAINT customer_fkey FOREIGN KEY (customer) REFERENCES shop.customers",
            constraint: Some("customer_fkey"),
            would: "scan TABLE while blocking writes",
            detail: "The foreign key on (customer) is checked for every row: EXTENT are read under ShareRowExclusiveLock.",
            reached: "SELECT convalidated FROM pg_constraint WHERE conname = 'customer_fkey'",
            ..SCAN
        },
        Case {
            rule: "add-foreign-key",
            statement: "ALTER TABLE shop.orders ADD FOREIGN KEY (customer) REFERENCES shop.customers (id) ON DELETE CASCADE",
            would: "scan TABLE while blocking writes",
            detail: "The foreign key on (customer) is checked for every row: EXTENT are read under ShareRowExclusiveLock.",
            reached: "SELECT convalidated AND confdeltype = 'c' FROM pg_constraint
                      WHERE conrelid = 'shop.orders'::regclass AND contype = 'f'",
            ..SCAN
        },
        Case {
            rule: "add-check",
            statement: "ALTER TABLE shop.orders ADD COLUMN payer int DEFAULT 1 CHECK (payer > 0)
                        CONSTRAINT payer_fkey REFERENCES shop.customers ON DELETE SET NULL NOT NULL",
            detail: "The constraint is checked for every row: EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT count(*) = 2 AND bool_and(convalidated) FROM pg_constraint
                      WHERE conname IN ('payer_fkey', 'orders_payer_check')",
            ..SCAN
        },
        Case {
            rule: "add-check",
            statement: "ALTER TABLE shop.orders ADD CHECK (total > 0), ADD CHECK (note <> ''), ADD CONSTRAINT \"To\"
                        FOREIGN KEY (customer) REFERENCES shop.customers, ADD FOREIGN KEY (total) REFERENCES shop.customers",
            detail: "The constraint is checked for every row: EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT count(*) = 4 AND bool_and(convalidated) FROM pg_constraint
                      WHERE conrelid = 'shop.orders'::regclass AND contype IN ('c', 'f')",
            ..SCAN
        },
        Case {
            rule: "add-check",
            statement: "ALTER TABLE shop.orders ADD CHECK (total > 0), ADD CHECK (total < 100000),
                        ADD CONSTRAINT orders_total_check1 CHECK (total <> 7000)",
            constraint: Some("orders_total_check1"),
            detail: "Constraint \"orders_total_check1\" is checked for every row: EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT string_agg(conname, ' ' ORDER BY conname) =
                             'orders_total_check orders_total_check1 orders_total_check2' AND bool_and(convalidated)
                      FROM pg_constraint WHERE conrelid = 'shop.orders'::regclass AND contype = 'c'",
            ..SCAN
        },
        Case {
            rule: "add-check",
            statement: "ALTER TABLE shop.orders ADD COLUMN payer int DEFAULT 1 CHECK (payer > 0) CHECK (payer < 9)
                        CONSTRAINT payer_fkey REFERENCES shop.customers NOT DEFERRABLE, ADD CHECK (total > 0) NOT VALID",
            detail: "The constraint is checked for every row: EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT count(*) = 3 AND bool_and(convalidated) FROM pg_constraint
                      WHERE conname IN ('payer_fkey', 'orders_payer_check', 'orders_payer_check1')",
            ..SCAN
        },
        Case {
            rule: "add-column-not-null",
            statement: "ALTER TABLE shop.orders ADD COLUMN state int CHECK (state > 0) CONSTRAINT stated NOT NULL
                        CHECK (state < 9)",
            column: Some("state"),
            detail: "Column \"state\" is NOT NULL and has no default, so every row is checked: \
                     EXTENT are read under AccessExclusiveLock.",
            way_out: Hint(&["1"]),
            reached: "SELECT count(*) = 2 AND bool_and(convalidated)
                             AND (SELECT attnotnull FROM pg_attribute
                                  WHERE attrelid = 'shop.orders'::regclass AND attname = 'state')
                      FROM pg_constraint WHERE conname IN ('orders_state_check', 'orders_state_check1')",
            ..SCAN
        },
        Case {
            rule: "validate-constraint",
            before: "ALTER TABLE shop.orders ADD CONSTRAINT total_check CHECK (total > 0) NOT VALID",
            statement: "ALTER TABLE shop.orders VALIDATE CONSTRAINT total_check, ALTER total SET DEFAULT 1",
            constraint: Some("total_check"),
            detail: "Constraint \"total_check\" is validated under a stronger lock than it needs: \
                     EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT convalidated FROM pg_constraint WHERE conname = 'total_check'",
            ..SCAN
        },
        Case {
            rule: "alter-domain",
            before: "CREATE DOMAIN shop.amount AS int; ALTER TABLE shop.orders ADD COLUMN amount shop.amount",
            statement: "ALTER DOMAIN shop.amount ADD CONSTRAINT small CHECK (VALUE < 1000)",
            constraint: Some("small"),
            would: "scan TABLE while blocking writes",
            detail: "Constraint \"small\" is checked for every value of domain shop.amount: EXTENT are read under ShareLock.",
            way_out: Words("Hold new values to it", &["ALTER DOMAIN shop.amount ADD CONSTRAINT small CHECK (VALUE < 1000) NOT VALID"]),
            reached: "SELECT count(*) = 1 FROM pg_constraint WHERE conname = 'small'",
            ..SCAN
        },
        Case {
            rule: "alter-domain",
            before: "CREATE DOMAIN shop.amount AS int; ALTER TABLE shop.orders ADD COLUMN amount shop.amount",
            statement: "ALTER DOMAIN shop.amount ADD CONSTRAINT small CHECK (VALUE < 1000) -- bound",
            constraint: Some("small"),
            would: "scan TABLE while blocking writes",
            detail: "Constraint \"small\" is checked for every value of domain shop.amount: EXTENT are read under ShareLock.",
            way_out: Words(
                "blocks writes too: ALTER DOMAIN shop.amount ADD CONSTRAINT small CHECK (VALUE < 1000) NOT VALID;",
                &["ALTER DOMAIN shop.amount ADD CONSTRAINT small CHECK (VALUE < 1000) NOT VALID"],
            ),
            reached: "SELECT count(*) = 1 FROM pg_constraint WHERE conname = 'small'",
            ..SCAN
        },
        Case {
            rule: "alter-domain",
            before: "CREATE DOMAIN shop.amount AS int; ALTER TABLE shop.orders ADD COLUMN amount shop.amount DEFAULT 1",
            statement: "ALTER DOMAIN shop.amount SET NOT NULL",
            would: "scan TABLE while blocking writes",
            detail: "Every value of domain shop.amount is checked for nulls: EXTENT are read under ShareLock.",
            way_out: Words("Hold new values to it", &["ALTER DOMAIN shop.amount ADD CHECK (VALUE IS NOT NULL) NOT VALID"]),
            reached: "SELECT count(*) = 1 FROM pg_constraint WHERE contypid = 'shop.amount'::regtype",
            ..SCAN
        },
        Case {
            rule: "alter-domain",
            before: "CREATE DOMAIN shop.amount AS int; ALTER TABLE shop.orders ADD COLUMN amount shop.amount DEFAULT 1;
                     ALTER DOMAIN shop.amount ADD CONSTRAINT small CHECK (VALUE < 1000) NOT VALID",
            statement: "ALTER DOMAIN shop.amount VALIDATE CONSTRAINT small",
            constraint: Some("small"),
            would: "scan TABLE while blocking writes",
            detail: "Constraint \"small\" is checked for every value of domain shop.amount: EXTENT are read under ShareLock.",
            way_out: WayOut::None("Leave it NOT VALID, which new values are held to"),
            reached: "SELECT true",
            ..SCAN
        },
        Case {
            rule: "alter-column-type",
            before: "ALTER TABLE shop.orders ADD CONSTRAINT note_check CHECK (note <> '') NOT VALID;
                     ALTER TABLE shop.orders VALIDATE CONSTRAINT note_check",
            statement: "ALTER TABLE shop.orders ALTER note TYPE text",
            column: Some("note"),
            constraint: Some("note_check"),
            detail: "Column \"note\" changes, so constraint \"note_check\" is checked for every row: \
                     EXTENT are read under AccessExclusiveLock.",
            way_out: Words(
                "Drop constraint note_check, change the type",
                &[
                    "ALTER TABLE shop.orders DROP CONSTRAINT note_check",
                    "ALTER TABLE shop.orders ALTER note TYPE text",
                    "ALTER TABLE shop.orders ADD CONSTRAINT note_check CHECK (note <> '') NOT VALID",
                    "ALTER TABLE shop.orders VALIDATE CONSTRAINT note_check",
                ],
            ),
            reached: "SELECT convalidated FROM pg_constraint WHERE conname = 'note_check'",
            ..SCAN
        },
    ]
}

/// From 18 on.
pub fn not_enforced() -> Case {
    Case {
        rule: "add-check",
        statement:
            "ALTER TABLE shop.orders ADD COLUMN payer int DEFAULT 1 CHECK (payer > 5) NOT ENFORCED CHECK (payer > 0),
                    ADD CHECK (total < 0) NOT ENFORCED",
        detail: "The constraint is checked for every row: EXTENT are read under AccessExclusiveLock.",
        reached:
            "SELECT count(*) = 3 AND count(*) FILTER (WHERE conenforced) = 1 AND bool_and(convalidated = conenforced)
                  FROM pg_constraint WHERE conrelid = 'shop.orders'::regclass AND contype = 'c'",
        ..SCAN
    }
}
