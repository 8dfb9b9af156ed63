"""Index the orders of a customer, as makemigrations writes it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "initial")]

    operations = [
        migrations.AddIndex("order", models.Index(fields=["customer_id"], name="orders_customer_id_idx")),
    ]
