"""Totals are not negative; none ever was."""

from alembic import op

revision = "safe_validation"
down_revision = "safe_check"


def upgrade():
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check")
