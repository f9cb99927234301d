"""Setting up: `setup` a joint team from a file, `manifest` for a Slack app."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fmo_bot.cli.backfilling import watched
from fmo_bot.cli.options import Address, AppKey, Grid, JiraHosts, Profile, Speaking
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
    for sentence in result.kept:
        print(f"Not changed: {sentence}")
    if done.board_error is not None:
        print(f"The board could not be read yet; the bot tries again by itself. {done.board_error}")
    if result.workflow_proposed:
        print("Figures have been shared already, so the changed workflow is a proposal: the other side confirms it.")
    for company in result.asked:
        how = (
            "nobody is known here as its admin, so nobody can be asked. Its first admin is whoever completes the"
            " install in its Slack, or whom FMO_ADMINS names"
            if company in result.without_admin
            else "its admins are asked in Slack"
        )
        print(
            f"{company} has to accept first: {how}. Until then nobody of {company} is asked"
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
    transport: Speaking = "socket",
    profile: Profile = "minimal",
    url: Address = None,
    app_key: AppKey = "fmo",
    jira: JiraHosts = None,
    grid: Grid = False,
) -> None:
    """Print the manifest from which a company creates its Slack app (api.slack.com/apps, From a manifest)."""
    import yaml

    found = manifest_of(transport, profile, url, app_key, jira, grid=grid)
    print(yaml.safe_dump(found, allow_unicode=True, sort_keys=False), end="")


def manifest_of(
    transport: str, profile: str, url: str | None, app_key: str, jira: list[str] | None, *, grid: bool
) -> dict[str, Any]:
    """The manifest of these options; typer's BadParameter where they do not fit together."""
    from config.manifests import manifest as made

    try:
        return made(transport=transport, profile=profile, url=url, key=app_key, jira=jira or (), grid=grid)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
