"""Totals are not negative; from now on."""

from alembic import op

revision = "safe_check"
down_revision = None


def upgrade():
    op.create_check_constraint("orders_total_check", "orders", "total >= 0", postgresql_not_valid=True)
