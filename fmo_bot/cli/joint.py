"""Which Jira projects are joint: `joint list`, `propose`, `accept`, `withdraw`; whose they are: `owner`."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from fmo_bot.cli.deciding import opened, person_of

if TYPE_CHECKING:
    from fmo_bot.services.ownership import Ownership, Standing

Team = Annotated[str, typer.Argument(help="The joint team, by its name.")]
Site = Annotated[str, typer.Argument(help="The site's key.")]
Project = Annotated[str, typer.Option(help="The key of the project; without it the whole site.")]
Admin = Annotated[str, typer.Option(help="A scrum master of the side that decides: workspace:user, T0HUAWEI:U0LIWEI.")]


def register(app: typer.Typer) -> None:
    """Add these commands, all under `joint`."""
    joint = typer.Typer(help="Which Jira projects are joint in a joint team.", no_args_is_help=True)
    joint.command("list")(list_)
    joint.command("propose")(propose)
    joint.command("accept")(accept)
    joint.command("withdraw")(withdraw)
    joint.command("owner")(owner)
    app.add_typer(joint, name="joint")


def list_(team: Team, admin: Admin) -> None:
    """Show every project of which something was said: whose it is, who accepts, who is missing."""
    with _ownership() as (ownership, at):
        for standing in ownership.standings(ownership.actor(person_of(admin), team, at)):
            _show(standing)


def propose(team: Team, site: Site, admin: Admin, project: Project = "") -> None:
    """The owner's side wants a project to be joint."""
    with _ownership() as (ownership, at):
        _show(ownership.propose_joint(ownership.actor(person_of(admin), team, at), site, project, at))


def accept(team: Team, site: Site, admin: Admin, project: Project = "") -> None:
    """Another side agrees."""
    with _ownership() as (ownership, at):
        _show(ownership.accept_joint(ownership.actor(person_of(admin), team, at), site, project, at))


def withdraw(team: Team, site: Site, admin: Admin, project: Project = "") -> None:
    """A side wants a project to be joint no longer; from now on it is not."""
    with _ownership() as (ownership, at):
        _show(ownership.withdraw_joint(ownership.actor(person_of(admin), team, at), site, project, at))


def owner(
    team: Team,
    site: Site,
    admin: Admin,
    to: Annotated[str, typer.Option(help="The company whose it is to be; its owner's own name takes back.")],
    project: Project = "",
) -> None:
    """Agree that a site or project belongs to another company: done once its owner and that company did."""
    from fmo_bot.services.owner_change import agree

    with _ownership() as (ownership, at):
        done = agree(ownership.store, ownership.actor(person_of(admin), team, at), site, project, to, at)
        state = f"to be {done.to}'s, {', '.join(done.missing)} to agree" if done.missing else "agreed"
        print(f"{done.site} {done.key}".strip() + f": {done.company}'s, {state}.")


def _show(standing: "Standing") -> None:
    what = f"{standing.site} {standing.key}".strip() if standing.key else f"{standing.site} (all other projects)"
    state = f"internal, {', '.join(standing.missing)} to accept" if standing.missing else "joint"
    accepted = f"; accepted by {', '.join(standing.accepted)}" if standing.accepted else ""
    print(f"{what}: {standing.company or 'nobody'}'s, {state}{accepted}.")


def _ownership() -> AbstractContextManager[tuple["Ownership", datetime]]:
    from fmo_bot.services.ownership import Ownership

    return opened(Ownership)
