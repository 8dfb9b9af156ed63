"""One end for all of the above, which Django insists on. Nobody runs it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "refused_check"),
        ("shop", "refused_column"),
        ("shop", "refused_index"),
        ("shop", "refused_type"),
        ("shop", "safe_backfill"),
        ("shop", "safe_index"),
        ("shop", "safe_validation"),
    ]
