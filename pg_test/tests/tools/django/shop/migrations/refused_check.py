"""Totals are not negative, and the old ones are read while everybody waits."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "initial")]

    operations = [
        migrations.AddConstraint(
            "order", models.CheckConstraint(condition=models.Q(total__gte=0), name="orders_total_check")
        ),
    ]
