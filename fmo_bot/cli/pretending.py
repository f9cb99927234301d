"""A pretend world: `sandbox`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from fmo_bot.cli.options import Apps, Flavour, Transport, a_file


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("sandbox")(sandbox)


def _switched(told: str) -> str:
    """What there is no switch for is said as of any option."""
    import json

    from fmo_bot.sandbox.faults import Faults

    try:
        Faults().set(json.loads(told))
    except (ValueError, TypeError, AttributeError) as error:
        raise typer.BadParameter(str(error)) from error
    return told


def sandbox(
    apps: Annotated[Apps, typer.Option(help="One app in both workspaces, or one per company.")] = Apps.TWO,
    transport: Annotated[Transport, typer.Option(help="How Slack reaches the bot.")] = Transport.SOCKET,
    jira: Annotated[Flavour, typer.Option(help="Jira Cloud, or Data Center.")] = Flavour.CLOUD,
    second_jira: Annotated[Flavour | None, typer.Option(help="Another Jira site, `operator`, of this flavour.")] = None,
    issues: Annotated[Path | None, a_file("Issues as JSON lines, instead of the story.")] = None,
    sprints: Annotated[Path | None, a_file("Their sprints, as JSON.")] = None,
    board: Annotated[Path | None, a_file("Their board, as JSON.")] = None,
    manifest: Annotated[Path | None, a_file("The apps' manifest; without it they have every scope.")] = None,
    world: Annotated[Path | None, a_file("Who and what there is, in the form of the sandbox's world.yaml.")] = None,
    start: Annotated[datetime | None, typer.Option(help="The instant its clock starts at, in UTC.")] = None,
    faults: Annotated[
        str, typer.Option(callback=_switched, help="Faults from the start, as JSON: see docs/sandbox.md.")
    ] = "{}",
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 is any free one.")] = 0,
) -> None:
    """Serve a pretend Slack with two workspaces, and a pretend Jira, on 127.0.0.1."""
    import json
    from datetime import UTC

    from fmo_bot.sandbox.server import Options, serve
    from fmo_bot.sandbox.world import load

    begin = start.replace(tzinfo=UTC) if start is not None and start.tzinfo is None else start
    options = Options(
        apps=apps,
        transport=transport,
        jira=jira,
        second_jira=second_jira,
        issues=issues,
        sprints=sprints,
        board=board,
        manifest=manifest,
        cast=load(apps, manifest, world) if world else None,
        start=begin,
        port=port,
        faults=json.loads(faults),
    )
    serve(options, ready=lambda url: print(f"The sandbox is at {url}/", flush=True))
