exports.up = (pgm) => {
  // A change of type that keeps the stored values is no matter of size.
  pgm.alterColumn('orders', 'note', { type: 'text' });
};
