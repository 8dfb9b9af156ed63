"""Give every order a token: the volatile default is computed for every row."""

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "initial")]

    operations = [
        # What comes before the refused statement must not stay behind either.
        migrations.CreateModel("Courier", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("order", "token", models.UUIDField(db_default=RandomUUID())),
    ]
