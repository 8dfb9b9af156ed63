"""The orders that the shop has had for long: migrate --fake-initial finds them there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            "Order",
            [
                ("id", models.BigIntegerField(primary_key=True)),
                ("customer_id", models.IntegerField()),
                ("total", models.IntegerField()),
                ("note", models.CharField(max_length=50, null=True)),
            ],
            options={"db_table": "orders"},
        ),
    ]
