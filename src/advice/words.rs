//! How numbers, names and lists are put into sentences.

use crate::model::relation::Relation;

/// Bytes as `pg_size_pretty` puts them.
pub fn size(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (bytes, 0);
    while value >= 10 * 1024 && unit < UNITS.len() - 1 {
        value = (value + 512) / 1024;
        unit += 1;
    }
    format!("{value} {}", UNITS[unit])
}

/// `table "public.orders"`
pub fn relation(relation: &Relation) -> String {
    format!("{} \"{}.{}\"", relation.kind.noun(), relation.schema, relation.name)
}

/// `1 index`, `3 indexes`
pub fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {many}")
    }
}

/// `about 1200 rows (96 kB)`
pub fn extent(rows: i64, bytes: i64) -> String {
    format!(
        "about {rows} {} ({})",
        if rows == 1 { "row" } else { "rows" },
        size(bytes)
    )
}

/// A statement or query in one line of bearable length.
pub fn line(text: &str) -> String {
    const LETTERS: usize = 100;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LETTERS {
        return line;
    }
    line.chars().take(LETTERS - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_like_pg_size_pretty() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(10239), "10239 bytes");
        assert_eq!(size(8192 * 16), "128 kB");
        assert_eq!(size(6_442_450_944), "6144 MB");
    }

    #[test]
    fn counts_agree_with_their_nouns() {
        assert_eq!(count(1, "index", "indexes"), "1 index");
        assert_eq!(count(3, "index", "indexes"), "3 indexes");
        assert_eq!(extent(1, 8192), "about 1 row (8192 bytes)");
    }
}
