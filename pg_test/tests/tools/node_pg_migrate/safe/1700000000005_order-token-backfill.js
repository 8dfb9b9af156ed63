exports.up = (pgm) => {
  pgm.noTransaction();
  pgm.sql("CALL interlock.safe_backfill('public.orders', 'token = gen_random_uuid()', 'token IS NULL')");
};
