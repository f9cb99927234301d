"""A pretend world: `sandbox`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("sandbox")(sandbox)


def sandbox(
    apps: Annotated[str, typer.Option(help="one app in both workspaces, or two, one per company.")] = "two",
    transport: Annotated[str, typer.Option(help="socket or http.")] = "socket",
    jira: Annotated[str, typer.Option(help="cloud or dc (Data Center).")] = "cloud",
    issues: Annotated[Path | None, typer.Option(help="Issues as JSON lines, instead of the story.")] = None,
    sprints: Annotated[Path | None, typer.Option(help="Their sprints, as JSON.")] = None,
    board: Annotated[Path | None, typer.Option(help="Their board, as JSON.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="The apps' manifest; without it they have every scope.")] = None,
    start: Annotated[datetime | None, typer.Option(help="The instant its clock starts at, in UTC.")] = None,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 is any free one.")] = 0,
) -> None:
    """Serve a pretend Slack with two workspaces, and a pretend Jira, on 127.0.0.1."""
    from datetime import UTC

    from fmo_bot.sandbox.server import Options, serve

    begin = start.replace(tzinfo=UTC) if start is not None and start.tzinfo is None else start
    options = Options(
        apps=apps,
        transport=transport,
        jira=jira,
        issues=issues,
        sprints=sprints,
        board=board,
        manifest=manifest,
        start=begin,
        port=port,
    )
    serve(options, ready=lambda url: print(f"The sandbox is at {url}/", flush=True))
