"""Index the orders of a customer beside the application."""

from alembic import op

revision = "safe_index"
down_revision = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("orders_customer_id_idx", "orders", ["customer_id"], postgresql_concurrently=True)
