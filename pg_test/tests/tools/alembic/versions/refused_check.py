"""Totals are not negative, and the old ones are read while everybody waits."""

from alembic import op

revision = "refused_check"
down_revision = None


def upgrade():
    op.create_check_constraint("orders_total_check", "orders", "total >= 0")
