//! Floor 4: decision records, from the session that decided to the table.
