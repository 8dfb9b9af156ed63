"""Index the orders of a customer beside the application."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shop", "initial")]

    operations = [
        AddIndexConcurrently("order", models.Index(fields=["customer_id"], name="orders_customer_id_idx")),
    ]
