use super::redact;

fn check(statement: &str, expected: &str) {
    assert_eq!(redact(statement, true), expected, "{statement}");
}

#[test]
fn what_holds_no_secret_stays_as_it_is() {
    for statement in [
        "ALTER TABLE t ADD COLUMN c text DEFAULT 'x'",
        "ALTER TABLE t ADD COLUMN password text NOT NULL DEFAULT 'x'",
        "COMMENT ON COLUMN t.token IS 'the token'",
        "CREATE ROLE bob PASSWORD NULL",
        "ALTER TABLE t ADD CHECK (url LIKE 'https://%')",
        "ALTER TABLE t ADD COLUMN c text DEFAULT E'a\\'b' || 'it''s' || $x$ $$ $x$ || U&'\\0041'",
        "SELECT 1 /* ' */ -- '\n, 'x'",
        "ALTER TABLE \"pass'word\" ADD c int",
        "",
    ] {
        check(statement, statement);
    }
}

#[test]
fn every_string_syntax_is_masked() {
    for literal in [
        "'geheim'",
        "'ge''heim'",
        "''",
        "E'ge\\'heim'",
        "e'ge\\\\'",
        "$$geheim$$",
        "$q$ge$$heim'$q$",
        "U&'ge\\0068eim'",
        "u&'geheim' ",
        "N'geheim'",
        "'ge'\n  'heim'",
        "'ge' -- not the end\n 'heim'",
        "E'ge'\n'h\\'eim'",
    ] {
        let masked = redact(&format!("ALTER ROLE bob PASSWORD {literal} LOGIN"), true);
        assert!(masked.starts_with("ALTER ROLE bob PASSWORD '***'"), "{masked}");
        assert!(masked.ends_with(" LOGIN"), "{masked}");
        assert!(!masked.contains("ge") && !masked.contains("heim"), "{masked}");
    }
}

#[test]
fn words_and_comments_around_do_not_matter() {
    check(
        "create user u encrypted PassWord 'x'",
        "create user u encrypted PassWord '***'",
    );
    check(
        "ALTER ROLE u PASSWORD/* here */'x'",
        "ALTER ROLE u PASSWORD/* here */'***'",
    );
    check(
        "ALTER ROLE u PASSWORD -- 'no'\n'x'",
        "ALTER ROLE u PASSWORD -- 'no'\n'***'",
    );
    check(
        "ALTER ROLE u PASSWORD /* a /* nested */ one */ 'x'",
        "ALTER ROLE u PASSWORD /* a /* nested */ one */ '***'",
    );
    check(
        "CREATE ROLE a PASSWORD 'x'; CREATE ROLE b PASSWORD 'y' VALID UNTIL 'infinity'",
        "CREATE ROLE a PASSWORD '***'; CREATE ROLE b PASSWORD '***' VALID UNTIL 'infinity'",
    );
}

#[test]
fn options_are_masked() {
    check(
        "CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'bob', password 'x')",
        "CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'bob', password '***')",
    );
    check(
        "ALTER USER MAPPING FOR u SERVER s OPTIONS (SET \"Password\" 'x', ADD sslpassword $$y$$)",
        "ALTER USER MAPPING FOR u SERVER s OPTIONS (SET \"Password\" '***', ADD sslpassword '***')",
    );
    check(
        "ALTER ROLE u SET my.secret_key TO 'x'",
        "ALTER ROLE u SET my.secret_key TO '***'",
    );
    check(
        "UPDATE u SET password = 'x', name = 'y'",
        "UPDATE u SET password = '***', name = 'y'",
    );
    check("SELECT f(token => 'x', n => 'y')", "SELECT f(token => '***', n => 'y')");
}

#[test]
fn connection_strings_are_masked() {
    check(
        "CREATE SUBSCRIPTION s CONNECTION 'host=h password=x dbname=d' PUBLICATION p",
        "CREATE SUBSCRIPTION s CONNECTION 'host=h password=*** dbname=d' PUBLICATION p",
    );
    check(
        "ALTER SUBSCRIPTION s CONNECTION 'PASSWORD = ''it\\''s x'' host=h'",
        "ALTER SUBSCRIPTION s CONNECTION 'PASSWORD = ''***'''",
    );
    check(
        "ALTER SUBSCRIPTION s CONNECTION E'password=\\'x y\\' host=h'",
        "ALTER SUBSCRIPTION s CONNECTION E'password=''***'' host=h'",
    );
    check(
        "ALTER SUBSCRIPTION s CONNECTION U&'pass\\0077ord=x host=h'",
        "ALTER SUBSCRIPTION s CONNECTION 'password=*** host=h'",
    );
    check(
        "ALTER SUBSCRIPTION s CONNECTION $$password=x\\ y host=h$$",
        "ALTER SUBSCRIPTION s CONNECTION $$password=*** host=h$$",
    );
    check(
        "SELECT dblink_connect('postgresql://bob:x:y@h/d?sslpassword=z')",
        "SELECT dblink_connect('postgresql://bob:***@h/d?sslpassword=***')",
    );
    check("SELECT 'postgresql://bob@h/d'", "SELECT 'postgresql://bob@h/d'");
}

#[test]
fn literals_are_read_as_sql_too() {
    check(
        "DO $do$ BEGIN EXECUTE 'ALTER ROLE u PASSWORD ''x'''; END $do$",
        "DO $do$ BEGIN EXECUTE 'ALTER ROLE u PASSWORD ''***'''; END $do$",
    );
    check(
        "DO $do$ BEGIN PERFORM dblink('password=''x'' host=h'); END $do$",
        "DO $do$ BEGIN PERFORM dblink('password=''***'' host=h'); END $do$",
    );
    check(
        "DO $do$ BEGIN UPDATE u SET password = 'it''s x'; END $do$",
        "DO $do$ BEGIN UPDATE u SET password = '***'; END $do$",
    );
}

/// However a name is spelt that PostgreSQL or libpq will read.
#[test]
fn a_secret_cannot_be_spelt_differently() {
    for statement in [
        "CREATE SUBSCRIPTION s CONNECTION 'host=h pass'\n 'word=geheim' PUBLICATION p",
        "CREATE SUBSCRIPTION s CONNECTION 'host=h pa' -- it's not the end\n 'ssword=geheim' PUBLICATION p",
        "CREATE SUBSCRIPTION s CONNECTION 'host=h '\r\n 'password=''ge '\n 'heim'''",
        "DO $$ BEGIN EXECUTE 'CREATE SUBSCRIPTION s CONNECTION ''pa''\n''ssword=geheim'''; END $$",
        "ALTER SUBSCRIPTION s CONNECTION U&'p!0061ssword=geheim' UESCAPE '!'",
        "ALTER SUBSCRIPTION s CONNECTION U&'p!0061ssword=geheim' /* a */ uescape '!'",
        "ALTER FOREIGN TABLE t OPTIONS (SET U&\"p\\0061ssword\" 'geheim')",
        "ALTER FOREIGN TABLE t OPTIONS (SET U&\"p!0061ssword\" UESCAPE '!' 'geheim')",
        "ALTER SUBSCRIPTION s CONNECTION 'postgresql://u@h/d?p%61ssword=geheim'",
        "ALTER SUBSCRIPTION s CONNECTION 'postgresql://u@h/d?application_name=a%20b&pass%77ord=geheim'",
    ] {
        let masked = redact(statement, true);
        assert!(
            masked.contains("***") && !masked.contains("heim"),
            "{statement}\n{masked}"
        );
    }
    // Escapes and continuations as such are nothing to hide.
    for statement in [
        "ALTER TABLE t ADD c text DEFAULT 'a'\n 'b' || E'\\x41' || U&'\\0041'",
        "SELECT 100 %x = 1, 'https://h/?q=a%20b=c'",
    ] {
        check(statement, statement);
    }
}

#[test]
fn what_has_no_end_is_masked_to_the_end() {
    check("ALTER ROLE u PASSWORD 'x LOGIN; more", "ALTER ROLE u PASSWORD '***'");
    check(
        "ALTER ROLE u PASSWORD $a$x LOGIN $$ more",
        "ALTER ROLE u PASSWORD '***'",
    );
    check("ALTER ROLE u PASSWORD E'x\\' LOGIN", "ALTER ROLE u PASSWORD '***'");
}

#[test]
fn backslashes_count_where_strings_are_not_standard() {
    assert_eq!(
        redact("ALTER ROLE u PASSWORD 'a\\'x' LOGIN", false),
        "ALTER ROLE u PASSWORD '***' LOGIN"
    );
    assert_eq!(
        redact("ALTER ROLE u PASSWORD 'a\\' LOGIN", true),
        "ALTER ROLE u PASSWORD '***' LOGIN"
    );
}

#[test]
fn redacting_twice_changes_nothing() {
    for statement in [
        "CREATE SUBSCRIPTION s CONNECTION 'host=h password=x'",
        "ALTER ROLE u PASSWORD U&'x'",
        "SELECT 'postgresql://bob:x@h/d'",
        "DO $$ BEGIN PERFORM dblink('password=''x''') $$",
    ] {
        let once = redact(statement, true);
        assert_eq!(redact(&once, true), once);
    }
}

#[test]
fn no_text_is_too_strange() {
    let pieces = [
        "'", "\"", "$", "$a$", "--", "/*", "*/", "\\", "E'", "U&'", "password", "=", " ", "\n", "ü", "://", "@", ":",
        "%", "UESCAPE",
    ];
    let mut random = 7u32;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(pieces[(random >> 16) as usize % pieces.len()]);
        }
        redact(&text, true);
        redact(&text, false);
    }
}
