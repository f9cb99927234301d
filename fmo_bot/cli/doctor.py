"""`doctor`: what is wrong, in one sentence each."""

import logging
import shutil
import sys
import textwrap

import typer

from fmo_bot.cli.settings import settings_and_logging


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("doctor")(doctor)


def doctor() -> None:
    """Look at the database, the Slack apps and the Jira sites, and say what is wrong; ends with 1 if anything is."""
    from fmo_bot.bootstrap.doctor import look

    settings, wrong = settings_and_logging(), 0
    logging.getLogger("slack_sdk").setLevel(logging.CRITICAL)  # what it would log is said here, as a sentence
    for looked in look(settings):
        print(f"{looked.what}: {'well' if not looked.faults else ''}".rstrip())
        for fault in looked.faults:
            print(_item(fault))
        wrong += len(looked.faults)
    if wrong:
        print(f"{wrong} things are wrong." if wrong > 1 else "1 thing is wrong.")
        raise typer.Exit(1)
    print("All is well.")


def _item(fault: str) -> str:
    """One fault; in a terminal between words, never within a command or an address. In a pipe it is one line."""
    if not sys.stdout.isatty():
        return f"  - {fault}"
    width = max(40, min(shutil.get_terminal_size().columns, 100))
    paragraph = textwrap.TextWrapper(width, initial_indent="  - ", subsequent_indent="    ")
    paragraph.break_long_words = paragraph.break_on_hyphens = False
    return paragraph.fill(fault)
