//! Catalog rows by index, through the catalog snapshot: never stale, no snapshot a user could notice, no SPI.
//!
//! Columns go by name, so one code serves every major; a column that a major does not have reads as null. All of it is
//! called inside [`super::subtransaction::reading`], whose rollback closes what an error leaves open.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::CString;
use std::rc::Rc;

use pgrx::{FromDatum, IntoDatum, pg_sys};

use super::node;

/// A way to look rows up: a catalog, one of its indexes, and the columns the look-up gives values for. Oids as fixed in
/// the headers under `catalog/`.
pub struct Path {
    catalog: u32,
    index: u32,
    columns: &'static [&'static str],
}

/// `pg_namespace`, `pg_proc` and `pg_publication_rel`, of which only the oids are needed.
pub const SCHEMA: u32 = 2615;
pub const FUNCTION: u32 = 1255;
pub const PUBLISHED_TABLE: u32 = 6106;

pub const CLASS: Path = Path {
    catalog: 1259,
    index: 2662,
    columns: &["oid"],
};
pub const TYPE: Path = Path {
    catalog: 1247,
    index: 2703,
    columns: &["oid"],
};
pub const ATTRIBUTES_OF_RELATION: Path = Path {
    catalog: 1249,
    index: 2659,
    columns: &["attrelid"],
};
pub const ATTRIBUTE_DEFAULT: Path = Path {
    catalog: 2604,
    index: 2657,
    columns: &["oid"],
};
pub const INDEX: Path = Path {
    catalog: 2610,
    index: 2679,
    columns: &["indexrelid"],
};
pub const INDEXES_OF_TABLE: Path = Path {
    catalog: 2610,
    index: 2678,
    columns: &["indrelid"],
};
pub const CHILDREN: Path = Path {
    catalog: 2611,
    index: 2187,
    columns: &["inhparent"],
};
pub const PARENTS: Path = Path {
    catalog: 2611,
    index: 2680,
    columns: &["inhrelid"],
};
pub const CONSTRAINT: Path = Path {
    catalog: 2606,
    index: 2667,
    columns: &["oid"],
};
pub const CONSTRAINTS_OF_TABLE: Path = Path {
    catalog: 2606,
    index: 2665,
    columns: &["conrelid", "contypid", "conname"],
};
pub const CONSTRAINTS_OF_PARENT: Path = Path {
    catalog: 2606,
    index: 2579,
    columns: &["conparentid"],
};
pub const REFERENCES_TO_OBJECT: Path = Path {
    catalog: 2608,
    index: 2674,
    columns: &["refclassid", "refobjid", "refobjsubid"],
};
pub const REFERENCES_OF_OBJECT: Path = Path {
    catalog: 2608,
    index: 2673,
    columns: &["classid", "objid", "objsubid"],
};
pub const TRIGGER: Path = Path {
    catalog: 2620,
    index: 2702,
    columns: &["oid"],
};
pub const TRIGGERS_OF_TABLE: Path = Path {
    catalog: 2620,
    index: 2701,
    columns: &["tgrelid"],
};
pub const RULES_OF_TABLE: Path = Path {
    catalog: 2618,
    index: 2693,
    columns: &["ev_class"],
};
pub const POLICIES_OF_TABLE: Path = Path {
    catalog: 3256,
    index: 3258,
    columns: &["polrelid"],
};
pub const OWNERS_OF_OBJECT: Path = Path {
    catalog: 1214,
    index: 1232,
    columns: &["dbid", "classid", "objid"],
};
pub const OBJECTS_OF_ROLE: Path = Path {
    catalog: 1214,
    index: 1233,
    columns: &["refclassid", "refobjid"],
};
pub const REWRITE_RULE: Path = Path {
    catalog: 2618,
    index: 2692,
    columns: &["oid"],
};
pub const POLICY: Path = Path {
    catalog: 3256,
    index: 3257,
    columns: &["oid"],
};
pub const EXTENDED_STATISTICS: Path = Path {
    catalog: 3381,
    index: 3380,
    columns: &["oid"],
};
pub const EXTENSION: Path = Path {
    catalog: 3079,
    index: 3080,
    columns: &["oid"],
};
pub const PARTITIONED_TABLE: Path = Path {
    catalog: 3350,
    index: 3351,
    columns: &["partrelid"],
};

impl Path {
    /// The catalog's oid: the `classid` of its objects in `pg_depend`.
    pub const fn catalog(&self) -> u32 {
        self.catalog
    }

    /// The server's own cache of the rows that this index finds, where it has one.
    fn cache(&self) -> Option<pg_sys::SysCacheIdentifier::Type> {
        use pg_sys::SysCacheIdentifier::*;
        match self.index {
            index if index == CLASS.index => Some(RELOID),
            index if index == TYPE.index => Some(TYPEOID),
            index if index == CONSTRAINT.index => Some(CONSTROID),
            index if index == INDEX.index => Some(INDEXRELID),
            index if index == PARTITIONED_TABLE.index => Some(PARTRELID),
            _ => None,
        }
    }
}

/// The value a look-up gives for a column of its path.
pub enum Value {
    Oid(u32),
    Int(i32),
    Name(CString),
}

/// One row of a catalog, copied out of the scan.
pub struct Row {
    names: Rc<Vec<String>>,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

impl Row {
    fn datum(&self, column: &str) -> Option<pg_sys::Datum> {
        let index = self.names.iter().position(|name| name == column)?;
        (!self.nulls[index]).then(|| self.values[index])
    }

    fn get<T: FromDatum>(&self, column: &str) -> Option<T> {
        // SAFETY: the catalogs fix the type of each column, and the accessors below are named after those types.
        self.datum(column)
            .and_then(|datum| unsafe { T::from_datum(datum, false) })
    }

    /// An `oid` column; 0 if null.
    pub fn oid(&self, column: &str) -> u32 {
        self.get::<pg_sys::Oid>(column).map_or(0, |oid| oid.to_u32())
    }

    /// A `name` column.
    pub fn name(&self, column: &str) -> String {
        let Some(datum) = self.datum(column) else {
            return String::new();
        };
        // A name is a NUL-terminated array inside the copied tuple.
        node::text(datum.cast_mut_ptr())
    }

    /// A `"char"` column; 0 if null.
    pub fn letter(&self, column: &str) -> u8 {
        self.get::<i8>(column).unwrap_or(0) as u8
    }

    /// A `boolean` column; `None` if null or unknown to this major.
    pub fn flag(&self, column: &str) -> Option<bool> {
        self.get(column)
    }

    /// A `smallint` column, or an `integer` one (the counts of parents before 17) whose numbers are small.
    pub fn int2(&self, column: &str) -> i16 {
        self.get(column).unwrap_or(0)
    }

    /// An `integer` column.
    pub fn int4(&self, column: &str) -> i32 {
        self.get(column).unwrap_or(0)
    }

    /// A `smallint[]` or `int2vector` column: attribute numbers.
    pub fn attnums(&self, column: &str) -> Vec<i16> {
        self.get(column).unwrap_or_default()
    }

    /// An `oid[]` or `oidvector` column.
    pub fn oids(&self, column: &str) -> Vec<u32> {
        self.get::<Vec<pg_sys::Oid>>(column)
            .unwrap_or_default()
            .into_iter()
            .map(|oid| oid.to_u32())
            .collect()
    }

    /// A `text` or `pg_node_tree` column.
    pub fn text(&self, column: &str) -> Option<String> {
        self.get(column)
    }
}

/// The rows that have these values in the first columns of `path`.
pub fn rows(path: &Path, values: &[Value]) -> Vec<Row> {
    scan(path, values, std::ptr::null_mut())
}

/// Every row of a catalog.
pub fn all(path: &Path) -> Vec<Row> {
    scan(path, &[], std::ptr::null_mut())
}

/// A row that the current command has just made and that other look-ups cannot see yet.
pub fn uncommitted_row(path: &Path, values: &[Value]) -> Option<Row> {
    scan(path, values, &raw mut pg_sys::SnapshotSelfData).into_iter().next()
}

/// With no snapshot given, the catalog snapshot.
fn scan(path: &Path, values: &[Value], snapshot: pg_sys::Snapshot) -> Vec<Row> {
    let mut found = Vec::new();
    // SAFETY: the scan keys name columns of this catalog with the equality function of their type, the scan is closed
    // before its table, and every tuple is copied before the scan moves on.
    unsafe {
        let relation = pg_sys::table_open(path.catalog.into(), pg_sys::AccessShareLock as i32);
        let descriptor = (*relation).rd_att;
        let names = column_names(path.catalog, descriptor);
        let mut keys: Vec<pg_sys::ScanKeyData> = values.iter().map(|_| std::mem::zeroed()).collect();
        for ((key, value), column) in keys.iter_mut().zip(values).zip(path.columns) {
            let (equals, argument) = match value {
                Value::Oid(value) => (pg_sys::F_OIDEQ, pg_sys::Oid::from(*value).into_datum()),
                Value::Int(value) => (pg_sys::F_INT4EQ, (*value).into_datum()),
                Value::Name(value) => (pg_sys::F_NAMEEQ, value.as_c_str().into_datum()),
            };
            let attnum = names
                .iter()
                .position(|name| name == column)
                .map_or(0, |index| index + 1);
            pg_sys::ScanKeyInit(
                key,
                attnum as pg_sys::AttrNumber,
                pg_sys::BTEqualStrategyNumber as pg_sys::StrategyNumber,
                equals.into(),
                argument.unwrap_or(pg_sys::Datum::null()),
            );
        }
        let (count, keys) = (keys.len() as i32, keys.as_mut_ptr());
        let scan = pg_sys::systable_beginscan(relation, path.index.into(), !values.is_empty(), snapshot, count, keys);
        loop {
            let tuple = pg_sys::systable_getnext(scan);
            if tuple.is_null() {
                break;
            }
            found.push(copied(tuple, descriptor, &names));
        }
        pg_sys::systable_endscan(scan);
        pg_sys::table_close(relation, pg_sys::AccessShareLock as i32);
    }
    found
}

/// # Safety
/// `tuple` must be one of the catalog whose descriptor and column names these are.
unsafe fn copied(tuple: pg_sys::HeapTuple, descriptor: pg_sys::TupleDesc, names: &Rc<Vec<String>>) -> Row {
    let mut row = Row {
        names: names.clone(),
        values: vec![pg_sys::Datum::null(); names.len()],
        nulls: vec![true; names.len()],
    };
    // SAFETY: as the caller promises; both arrays have an element for each column.
    unsafe {
        let copy = pg_sys::heap_copytuple(tuple);
        pg_sys::heap_deform_tuple(copy, descriptor, row.values.as_mut_ptr(), row.nulls.as_mut_ptr());
    }
    row
}

/// The one row with this oid (or other single key), if there is one.
pub fn row(path: &Path, oid: u32) -> Option<Row> {
    match path.cache() {
        Some(cache) => cached(path, cache, oid),
        None => rows(path, &[Value::Oid(oid)]).into_iter().next(),
    }
}

fn cached(path: &Path, cache: pg_sys::SysCacheIdentifier::Type, oid: u32) -> Option<Row> {
    // SAFETY: the cache is one of this catalog with a single oid for its key; the tuple is copied before it is let go.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(cache as i32, pg_sys::Datum::from(oid));
        if tuple.is_null() {
            return None;
        }
        let relation = pg_sys::table_open(path.catalog.into(), pg_sys::AccessShareLock as i32);
        let descriptor = (*relation).rd_att;
        let row = copied(tuple, descriptor, &column_names(path.catalog, descriptor));
        pg_sys::table_close(relation, pg_sys::AccessShareLock as i32);
        pg_sys::ReleaseSysCache(tuple);
        Some(row)
    }
}

thread_local! {
    /// The column names of catalogs that have been read: they are the same as long as the server runs.
    static COLUMN_NAMES: RefCell<BTreeMap<u32, Rc<Vec<String>>>> = const { RefCell::new(BTreeMap::new()) };
}

/// # Safety
/// `descriptor` must be the catalog's tuple descriptor.
unsafe fn column_names(catalog: u32, descriptor: pg_sys::TupleDesc) -> Rc<Vec<String>> {
    COLUMN_NAMES.with_borrow_mut(|known| {
        let names = known.entry(catalog).or_insert_with(|| {
            // SAFETY: as the caller promises; attributes are numbered from 1, and SPI_fname needs no SPI connection.
            let name = |attnum| node::text(unsafe { pg_sys::SPI_fname(descriptor, attnum) });
            // SAFETY: as the caller promises.
            Rc::new((1..=unsafe { (*descriptor).natts }).map(name).collect())
        });
        names.clone()
    })
}
