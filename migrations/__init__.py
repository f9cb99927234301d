"""The schema of the database, as Alembic revisions. `fmo_bot.db.schema.migrate` runs them."""
