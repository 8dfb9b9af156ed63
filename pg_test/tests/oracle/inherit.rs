//! INHERIT and NO INHERIT, OF and NOT OF.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE parent (a int, b int); INSERT INTO parent VALUES (1, 1);
    CREATE TABLE other (a int); INSERT INTO other VALUES (1);
    CREATE TABLE child () INHERITS (parent); INSERT INTO child VALUES (1, 1);
    CREATE TABLE grandchild () INHERITS (child); INSERT INTO grandchild VALUES (1, 1);
    CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 1);
    CREATE TYPE pair AS (a int, b int);
    CREATE TABLE typed OF pair; INSERT INTO typed VALUES (1, 1);
";

#[test]
fn inherit() {
    let cases = vec![
        case("ALTER TABLE t INHERIT parent"),
        case("ALTER TABLE t INHERIT app.grandchild"),
        case("ALTER TABLE child INHERIT other"),
        case("ALTER TABLE ONLY child INHERIT other"),
        case("ALTER TABLE t INHERIT parent, INHERIT other"),
        case("ALTER TABLE t INHERIT parent").given(
            "ALTER TABLE parent ADD CONSTRAINT c CHECK (a > 0), ALTER a SET NOT NULL;
             ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0), ALTER a SET NOT NULL",
        ),
        case("ALTER TABLE t INHERIT parent").given("CREATE INDEX ON parent (a); ALTER TABLE parent ADD PRIMARY KEY (b); ALTER TABLE t ALTER b SET NOT NULL"),
        case("ALTER TABLE t INHERIT parent, ALTER a SET DEFAULT 1, ADD UNIQUE (a)"),
        case("ALTER TABLE child NO INHERIT parent"),
        case("ALTER TABLE grandchild NO INHERIT child"),
        case("ALTER TABLE child NO INHERIT parent, INHERIT parent"),
        case("ALTER TABLE IF EXISTS absent INHERIT parent"),
        case("ALTER TABLE ft INHERIT parent").given(
            "DROP FOREIGN DATA WRAPPER IF EXISTS w CASCADE; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;
             CREATE FOREIGN TABLE ft (a int, b int) SERVER far",
        ),
        case("ALTER FOREIGN TABLE ft NO INHERIT parent").given(
            "DROP FOREIGN DATA WRAPPER IF EXISTS w CASCADE; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;
             CREATE FOREIGN TABLE ft () INHERITS (parent) SERVER far",
        ),
    ];
    run(BASE, cases);
}

#[test]
fn of() {
    let cases = vec![
        case("ALTER TABLE t OF pair"),
        case("ALTER TABLE typed OF pair"),
        case("ALTER TABLE typed NOT OF"),
        case("ALTER TABLE typed NOT OF, ALTER a SET NOT NULL"),
    ];
    run(BASE, cases);
}
