import os

INSTALLED_APPS = ["shop"]
# Where to connect is in libpq's environment variables; Django only asks for a name.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["PGDATABASE"],
        "OPTIONS": {"application_name": "django"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
