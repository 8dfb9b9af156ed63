"""Give the old orders a token, in batches."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shop", "safe_column")]

    operations = [
        migrations.RunSQL(
            "CALL interlock.safe_backfill('public.orders', 'token = gen_random_uuid()', 'token IS NULL')"
        ),
    ]
