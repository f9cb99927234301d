"""Moving an installation: `migrate-db`."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("migrate-db")(migrate_db)


def migrate_db(
    source: Annotated[str, typer.Argument(help="The SQLite database, such as sqlite:///fmo.db.")],
    target: Annotated[str, typer.Argument(help="An empty PostgreSQL, such as postgresql://fmo@host/fmo.")],
) -> None:
    """Move an installation from SQLite to PostgreSQL. Stop the bot first; the source stays as it is."""
    from fmo_bot.db.moving import move

    moved = move(source, target)
    for table, n in moved.items():
        print(f"{table}: {n}")
    print(f"{sum(moved.values())} rows in {len(moved)} tables, the same on both sides.")
    print("Now set FMO_DATABASE_URL to the target, run `fmo-bot migrate`, and start the bot.")
