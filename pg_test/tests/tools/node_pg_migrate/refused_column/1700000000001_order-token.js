exports.up = (pgm) => {
  // What comes before the refused statement must not stay behind either.
  pgm.createTable('couriers', { id: 'id' });
  pgm.addColumn('orders', { token: { type: 'uuid', default: pgm.func('gen_random_uuid()') } });
};
