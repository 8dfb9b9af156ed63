"""Totals are not negative; from now on."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "initial")]

    operations = [
        AddConstraintNotValid(
            "order", models.CheckConstraint(condition=models.Q(total__gte=0), name="orders_total_check")
        ),
    ]
