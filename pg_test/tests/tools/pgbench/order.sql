-- An order is looked at and changed, and the client that did it counts it in the same transaction.
\set id random(1, 2000)
BEGIN;
SELECT note FROM orders WHERE id = :id;
UPDATE orders SET total = total + 1 WHERE id = :id;
UPDATE changes SET number = number + 1 WHERE client = :client_id;
COMMIT;
