exports.up = (pgm) => {
  pgm.alterColumn('orders', 'total', { type: 'bigint' });
};
