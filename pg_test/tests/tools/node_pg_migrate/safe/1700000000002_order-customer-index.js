exports.up = (pgm) => {
  pgm.noTransaction();
  pgm.createIndex('orders', 'customer_id', { concurrently: true });
};
