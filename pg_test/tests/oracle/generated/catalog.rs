//! What a random schema has become: the names that statements can be made of.

use std::collections::BTreeMap;

use pg_test::Client;

/// A relation of schema `app`. All names are as SQL writes them.
#[derive(Default, Debug)]
pub struct Relation {
    pub name: String,
    pub kind: char,
    pub columns: Vec<Column>,
    pub constraints: Vec<Constraint>,
    pub indexes: Vec<Index>,
    pub triggers: Vec<String>,
    pub rules: Vec<String>,
    pub policies: Vec<String>,
    /// What it inherits from, or is a partition of.
    pub parents: Vec<String>,
    /// FOR VALUES … of a partition.
    pub bound: Option<String>,
    /// How a partitioned table is partitioned.
    pub way: Option<String>,
    /// The composite type it is OF.
    pub of_type: Option<String>,
}

#[derive(Debug)]
pub struct Column {
    pub name: String,
    pub kind: String,
    pub generated: bool,
    pub identity: bool,
}

#[derive(Debug)]
pub struct Constraint {
    pub name: String,
    pub kind: char,
    pub valid: bool,
}

#[derive(Debug)]
pub struct Index {
    pub name: String,
    pub unique: bool,
    pub constraint: bool,
    pub partitioned: bool,
}

/// A domain.
pub struct Domain {
    pub name: String,
    pub constraints: Vec<String>,
}

/// Everything there is.
#[derive(Default)]
pub struct Catalog {
    pub relations: Vec<Relation>,
    pub domains: Vec<Domain>,
    pub statistics: Vec<String>,
}

/// The schemas of the search path.
const OURS: &str = "relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('app', 'far')
                                    OR oid = pg_my_temp_schema())";

impl Catalog {
    /// Looks. The order does not depend on oids, so that a seed leads to the same statements again.
    pub fn read(client: &mut Client) -> Self {
        let mut all: BTreeMap<String, Relation> = BTreeMap::new();
        for row in client.query(
            &format!(
                "SELECT quote_ident(relname), relkind::text FROM pg_class
                 WHERE {OURS} AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"
            ),
            &[],
        ) {
            let relation = Relation {
                name: row.get(0),
                kind: row.get::<_, String>(1).chars().next().unwrap_or(' '),
                ..Relation::default()
            };
            all.insert(row.get(0), relation);
        }
        let mut with = |sql: &str, add: &mut dyn FnMut(&mut Relation, &pg_test::postgres::Row)| {
            for row in client.query(&sql.replace("OURS", OURS), &[]) {
                if let Some(relation) = all.get_mut(&row.get::<_, String>(0)) {
                    add(relation, &row);
                }
            }
        };
        with(
            "SELECT quote_ident(relname), quote_ident(attname), format_type(atttypid, atttypmod),
                    attgenerated <> '', attidentity <> ''
             FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
             WHERE OURS AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'm', 'f')
             ORDER BY relname, attnum",
            &mut |relation, row| {
                relation.columns.push(Column {
                    name: row.get(1),
                    kind: row.get(2),
                    generated: row.get(3),
                    identity: row.get(4),
                });
            },
        );
        with(
            "SELECT quote_ident(relname), quote_ident(conname), contype::text, convalidated
             FROM pg_constraint JOIN pg_class c ON c.oid = conrelid WHERE OURS ORDER BY relname, conname",
            &mut |relation, row| {
                relation.constraints.push(Constraint {
                    name: row.get(1),
                    kind: row.get::<_, String>(2).chars().next().unwrap_or(' '),
                    valid: row.get(3),
                });
            },
        );
        with(
            "SELECT quote_ident(t.relname), quote_ident(x.relname), indisunique,
                    EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')),
                    x.relkind = 'I'
             FROM pg_index JOIN pg_class t ON t.oid = indrelid JOIN pg_class x ON x.oid = indexrelid
             WHERE t.OURS ORDER BY t.relname, x.relname",
            &mut |relation, row| {
                relation.indexes.push(Index {
                    name: row.get(1),
                    unique: row.get(2),
                    constraint: row.get(3),
                    partitioned: row.get(4),
                });
            },
        );
        with(
            "SELECT quote_ident(relname), quote_ident(tgname) FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
             WHERE OURS AND NOT tgisinternal ORDER BY relname, tgname",
            &mut |relation, row| relation.triggers.push(row.get(1)),
        );
        with(
            "SELECT quote_ident(relname), quote_ident(rulename) FROM pg_rewrite JOIN pg_class c ON c.oid = ev_class
             WHERE OURS AND rulename <> '_RETURN' ORDER BY relname, rulename",
            &mut |relation, row| relation.rules.push(row.get(1)),
        );
        with(
            "SELECT quote_ident(relname), quote_ident(polname) FROM pg_policy JOIN pg_class c ON c.oid = polrelid
             WHERE OURS ORDER BY relname, polname",
            &mut |relation, row| relation.policies.push(row.get(1)),
        );
        with(
            "SELECT quote_ident(c.relname), quote_ident(p.relname), pg_get_expr(c.relpartbound, c.oid)
             FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid JOIN pg_class p ON p.oid = inhparent
             WHERE c.OURS AND c.relkind IN ('r', 'p', 'f') ORDER BY c.relname, inhseqno",
            &mut |relation, row| {
                relation.parents.push(row.get(1));
                relation.bound = row.get(2);
            },
        );
        with(
            "SELECT quote_ident(relname), CASE WHEN relkind = 'p' THEN pg_get_partkeydef(oid) END,
                    quote_ident((SELECT typname FROM pg_type t WHERE t.oid = reloftype))
             FROM pg_class c WHERE OURS AND relkind IN ('r', 'p')",
            &mut |relation, row| {
                relation.way = row.get(1);
                relation.of_type = row.get(2);
            },
        );
        let domains = client.query(
            "SELECT quote_ident(typname), array(SELECT quote_ident(conname) FROM pg_constraint
                 WHERE contypid = t.oid AND contype = 'c' ORDER BY conname)
             FROM pg_type t WHERE typtype = 'd' AND pg_type_is_visible(oid) AND oid > 16383 ORDER BY typname",
            &[],
        );
        let statistics = client.query(
            "SELECT quote_ident(stxname) FROM pg_statistic_ext WHERE stxnamespace = 'app'::regnamespace ORDER BY stxname",
            &[],
        );
        Self {
            relations: all.into_values().collect(),
            domains: domains
                .iter()
                .map(|row| Domain {
                    name: row.get(0),
                    constraints: row.get(1),
                })
                .collect(),
            statistics: statistics.iter().map(|row| row.get(0)).collect(),
        }
    }

    /// Tables and materialized views without a row, as DROP names them.
    pub fn empty_tables(client: &mut Client) -> Vec<String> {
        let sql = format!(
            "SELECT CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW ' ELSE 'TABLE ' END || quote_ident(relname)
             FROM pg_class WHERE {OURS} AND relkind IN ('r', 'm') AND pg_relation_size(oid) = 0 ORDER BY relname"
        );
        client.query(&sql, &[]).iter().map(|row| row.get(0)).collect()
    }

    /// Relations of some kinds.
    pub fn of(&self, kinds: &str) -> Vec<&Relation> {
        self.relations
            .iter()
            .filter(|relation| kinds.contains(relation.kind))
            .collect()
    }

    /// The names of all tables.
    pub fn tables(&self) -> Vec<String> {
        self.of("rp").iter().map(|table| table.name.clone()).collect()
    }
}
