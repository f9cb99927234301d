"""`python -m migrations.revise 2026-11-23 "what changes"`: write the revision that brings the schema up to the tables.

A second one of a day is `2026-11-23b`. Read what was written, then `ruff format migrations`.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command

from fmo_bot.db.schema import configuration, migrate
from fmo_bot.db.store import open_engine


def revise(day: str, meaning: str) -> None:
    """Compare a new database at the newest revision with the tables in code; the difference becomes a revision."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder, 'new.db')}"
        migrate(url)
        engine = open_engine(url, foreign_keys=False)
        with engine.begin() as connection:
            config = configuration(connection)
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            command.revision(config, meaning, rev_id=day.replace("-", "_"), autogenerate=True)
        engine.dispose()


if __name__ == "__main__":
    revise(*sys.argv[1:])
