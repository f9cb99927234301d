"""Setting up: `setup` a joint team from a file, `manifest` for a Slack app."""

from pathlib import Path
from typing import Annotated

import typer

from fmo_bot.cli.backfilling import watched
from fmo_bot.cli.settings import settings_and_logging


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("setup")(setup)
    app.command("manifest")(manifest)


def setup(
    team: Annotated[Path, typer.Argument(help="The team file; config/team.example.yaml shows one.")],
    write_workflow: Annotated[
        Path | None, typer.Option(help="Write the board's stages, given or guessed, to this file.")
    ] = None,
    agreed: Annotated[
        bool, typer.Option("--agreed", help="Every company has agreed to it; nobody is asked to accept in Slack.")
    ] = False,
) -> None:
    """Set up a joint team from a file, or bring it up to date; read its board once and say what was found."""
    import yaml

    from fmo_bot.bootstrap.setting_up import set_up

    with watched() as progress:
        done = set_up(settings_and_logging(), team, agreed=agreed, progress=progress)
    result = done.result
    sides = ", ".join(f"{company} ({side})" for side, company in result.sides.items())
    print(f"{result.team}: {sides}; {result.members} members; {', '.join(result.ceremonies)}.")
    for name in result.removed:
        print(f"No longer in the team: {name}.")
    if done.board_error is not None:
        print(f"The board could not be read yet; the bot tries again by itself. {done.board_error}")
    if result.workflow_proposed:
        print("Figures have been shared already, so the changed workflow is a proposal: the other side confirms it.")
    for company in result.asked:
        print(
            f"{company} has to accept first: its admins are asked in Slack. Until then nobody of {company} is asked"
            " for a stand-up, and nothing of its Jira is read. Where it has agreed already, add --agreed."
        )
    for sentence in done.to_do:
        print(sentence)
    shown = yaml.safe_dump(done.workflow, allow_unicode=True, sort_keys=False)
    if done.workflow and not result.workflow_given:
        print(
            f"The board's stages were guessed from its columns. Correct them in a file where they are wrong:\n\n{shown}"
        )
    if write_workflow is not None:
        write_workflow.write_text(shown, "utf-8")


def manifest(
    transport: Annotated[str, typer.Option(help="socket (Socket Mode) or http.")] = "socket",
    profile: Annotated[str, typer.Option(help="minimal (reads no channel history) or full.")] = "minimal",
    url: Annotated[
        str | None,
        typer.Option(envvar="FMO_PUBLIC_URL", help="For http: the address under which Slack reaches the bot."),
    ] = None,
    app_key: Annotated[str, typer.Option("--app", help="The app's key in FMO_SLACK_APPS.")] = "fmo",
    jira: Annotated[
        list[str] | None, typer.Option(help="The host of a Jira site whose links may be shown; up to five times.")
    ] = None,
) -> None:
    """Print the manifest from which a company creates its Slack app (api.slack.com/apps, From a manifest)."""
    import yaml

    from config.manifests import manifest as made

    try:
        found = made(transport=transport, profile=profile, url=url, key=app_key, jira=jira or ())
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
    print(yaml.safe_dump(found, allow_unicode=True, sort_keys=False), end="")
