exports.up = (pgm) => {
  pgm.addColumn('orders', { token: { type: 'uuid' } });
  pgm.alterColumn('orders', 'token', { default: pgm.func('gen_random_uuid()') });
};
