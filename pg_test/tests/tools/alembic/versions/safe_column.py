"""Give every order a token: new rows by the default, old ones in batches."""

import sqlalchemy as sa
from alembic import op

revision = "safe_column"
down_revision = None


def upgrade():
    op.add_column("orders", sa.Column("token", sa.UUID))
    op.alter_column("orders", "token", server_default=sa.text("gen_random_uuid()"))
    with op.get_context().autocommit_block():
        op.execute("CALL interlock.safe_backfill('public.orders', 'token = gen_random_uuid()', 'token IS NULL')")
