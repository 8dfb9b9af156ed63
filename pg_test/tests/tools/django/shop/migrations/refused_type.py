"""Totals outgrow an integer, and every order is written anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "initial")]

    operations = [migrations.AlterField("order", "total", models.BigIntegerField())]
