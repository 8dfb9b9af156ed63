from logging.config import fileConfig

from alembic import context
from sqlalchemy import engine_from_config, pool

fileConfig(context.config.config_file_name)

engine = engine_from_config(context.config.get_section("alembic"), poolclass=pool.NullPool)
with engine.connect() as connection:
    # One transaction for each migration: a constraint is validated after the lock of adding it has gone.
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
