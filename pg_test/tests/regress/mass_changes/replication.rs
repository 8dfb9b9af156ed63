//! Changes that come from another server are applied, whatever they and their triggers do.

use pg_test::{Cluster, until};

use super::{SHOP, refused};
use crate::support;

#[test]
fn the_apply_worker_is_not_held_up() {
    let directory = support::server_directory("PKGLIBDIR");
    if !directory.join("libpqwalreceiver.so").exists() {
        return; // some packages come without it
    }
    let cluster = Cluster::start(&[("wal_level", "logical")]);
    let mut publisher = cluster.connect("postgres");
    publisher.batch("CREATE DATABASE subscriber");
    let mut subscriber = cluster.connect("subscriber");
    for client in [&mut publisher, &mut subscriber] {
        client.batch("CREATE EXTENSION pg_interlock");
        client.batch(SHOP);
    }
    publisher.batch("CREATE PUBLICATION p FOR TABLE orders");
    publisher.batch("SELECT pg_create_logical_replication_slot('s', 'pgoutput')");
    let sockets: String = publisher.one("SHOW unix_socket_directories");
    let port: String = publisher.one("SHOW port");
    subscriber.batch(
        "CREATE FUNCTION each() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN UPDATE public.items SET price = -1 WHERE price <> -1; RETURN NULL; END';
         CREATE TRIGGER each AFTER DELETE ON orders FOR EACH ROW EXECUTE FUNCTION each();
         ALTER TABLE orders ENABLE ALWAYS TRIGGER each;
         ALTER DATABASE subscriber SET pg_interlock.dml_row_threshold = 100",
    );
    subscriber.batch(&format!(
        "CREATE SUBSCRIPTION s CONNECTION 'host={sockets} port={port} user=postgres dbname=postgres' PUBLICATION p
         WITH (create_slot = false, slot_name = 's', copy_data = false)"
    ));
    publisher.batch("DELETE FROM orders WHERE id > 5");
    until(&mut subscriber, "SELECT count(*) = 5 FROM orders");
    assert_eq!(subscriber.text("SELECT DISTINCT price FROM items"), "-1");
    // A session there is judged.
    let mut session = cluster.connect("subscriber");
    refused(&mut session, "UPDATE items SET price = 0 WHERE true");
    subscriber.batch("DROP SUBSCRIPTION s");
}
