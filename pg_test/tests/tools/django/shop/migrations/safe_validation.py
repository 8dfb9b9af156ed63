"""Totals are not negative; none ever was."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "safe_check")]

    operations = [ValidateConstraint("order", "orders_total_check")]
