exports.up = (pgm) => {
  pgm.createIndex('orders', 'customer_id');
};
