"""The keys of secrets in the database: `new-key`, `rotate-keys`."""

import sys

import typer

from fmo_bot.cli.settings import settings_and_logging


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("new-key")(new_key)
    app.command("rotate-keys")(rotate_keys)


def new_key() -> None:
    """Print a new key for FMO_SECRET_KEYS."""
    from fmo_bot.db import secrets

    print(secrets.new_key())


def rotate_keys() -> None:
    """Encrypt every secret of the database with the first key of FMO_SECRET_KEYS; may be run again at any time."""
    from fmo_bot.bootstrap.opening import open_store
    from fmo_bot.db.rotating import rotate
    from fmo_bot.db.secrets import Vault

    settings = settings_and_logging()
    store = open_store(settings)
    try:
        rotated = rotate(store, Vault(settings.secret_keys))
    finally:
        store.close()
    print(f"{rotated.changed} secrets encrypted with the newest key; {rotated.already} were before.")
    for sentence in rotated.locked:
        print(sentence, file=sys.stderr)
    if rotated.locked:
        raise typer.Exit(1)
