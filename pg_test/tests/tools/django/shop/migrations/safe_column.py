"""Give every new order a token."""

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "initial")]

    operations = [
        migrations.AddField("order", "token", models.UUIDField(null=True)),
        migrations.AlterField("order", "token", models.UUIDField(null=True, db_default=RandomUUID())),
    ]
