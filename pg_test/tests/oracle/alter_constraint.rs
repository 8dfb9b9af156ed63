//! ALTER CONSTRAINT: deferrable, since 18 enforced and inherited or not.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE target (id int PRIMARY KEY); INSERT INTO target SELECT generate_series(1, 300);
    CREATE TABLE whole (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE whole1 PARTITION OF whole FOR VALUES FROM (1) TO (1000);
    INSERT INTO whole SELECT generate_series(1, 300);
    CREATE TABLE t (a int, b int);
    INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE parent (a int, b int);
    CREATE TABLE child () INHERITS (parent);
    CREATE TABLE grandchild () INHERITS (child);
    INSERT INTO parent SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO child SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO grandchild SELECT i, i FROM generate_series(1, 300) i;
";

#[test]
fn foreign_keys() {
    let mut cases = vec![];
    for (table, referenced) in [("t", "target"), ("t", "whole"), ("p", "target"), ("p", "whole")] {
        let key = format!("ALTER TABLE {table} ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES {referenced}");
        for (more, wanted, from) in [
            ("", "NOT DEFERRABLE", 15),
            ("", "DEFERRABLE", 15),
            ("", "DEFERRABLE INITIALLY DEFERRED", 15),
            (" DEFERRABLE", "DEFERRABLE", 15),
            ("", "ENFORCED", 18),
            ("", "NOT ENFORCED", 18),
            (" NOT ENFORCED", "ENFORCED", 18),
            (" NOT ENFORCED", "NOT ENFORCED", 18),
            ("", "ENFORCED DEFERRABLE", 18),
            (" NOT ENFORCED", "ENFORCED DEFERRABLE", 18),
        ] {
            for only in ["", "ONLY "] {
                let statement = format!("ALTER TABLE {only}{table} ALTER CONSTRAINT k {wanted}");
                cases.push(case(statement).given(format!("{key}{more}")).from(from).if_possible());
            }
        }
    }
    run(BASE, cases);
}

#[test]
fn not_null() {
    let own = "ALTER TABLE parent ADD CONSTRAINT n NOT NULL a NO INHERIT";
    let inherited = "ALTER TABLE parent ADD CONSTRAINT n NOT NULL a";
    let cases = vec![
        case("ALTER TABLE t ALTER a SET NOT NULL"),
        case("ALTER TABLE parent ALTER CONSTRAINT n INHERIT")
            .given(own)
            .from(18),
        case("ALTER TABLE ONLY parent ALTER CONSTRAINT n INHERIT")
            .given(own)
            .from(18),
        case("ALTER TABLE parent ALTER CONSTRAINT n INHERIT")
            .given(format!("{own}; ALTER TABLE child ALTER a SET NOT NULL"))
            .from(18),
        case("ALTER TABLE parent ALTER CONSTRAINT n INHERIT")
            .given(format!("{own}; ALTER TABLE child ADD CHECK (a IS NOT NULL)"))
            .from(18),
        case("ALTER TABLE parent ALTER CONSTRAINT n INHERIT")
            .given(inherited)
            .from(18),
        case("ALTER TABLE parent ALTER CONSTRAINT n NO INHERIT")
            .given(inherited)
            .from(18),
        case("ALTER TABLE parent ALTER CONSTRAINT n NO INHERIT")
            .given(own)
            .from(18),
        case("ALTER TABLE p ALTER CONSTRAINT n INHERIT")
            .given("ALTER TABLE p ADD CONSTRAINT n NOT NULL b")
            .from(18),
    ];
    run(BASE, cases);
}
