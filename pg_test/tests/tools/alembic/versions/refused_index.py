"""Index the orders of a customer, as autogenerate writes it."""

from alembic import op

revision = "refused_index"
down_revision = None


def upgrade():
    op.create_index("orders_customer_id_idx", "orders", ["customer_id"])
