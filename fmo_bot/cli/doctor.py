"""`doctor`: what is wrong, in one sentence each."""

import typer

from fmo_bot.cli.settings import settings_and_logging


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("doctor")(doctor)


def doctor() -> None:
    """Look at the database, the Slack apps and the Jira sites, and say what is wrong; ends with 1 if anything is."""
    from fmo_bot.bootstrap.doctor import look

    wrong = 0
    for looked in look(settings_and_logging()):
        print(f"{looked.what}: {'well' if not looked.faults else ''}".rstrip())
        for fault in looked.faults:
            print(f"  - {fault}")
        wrong += len(looked.faults)
    if wrong:
        print(f"{wrong} things are wrong." if wrong > 1 else "1 thing is wrong.")
        raise typer.Exit(1)
    print("All is well.")
