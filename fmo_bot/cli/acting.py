"""What others may do in a company's Jira: `site allow`, `site forbid`, `site approval`, in the name of its admin."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from fmo_bot.cli.deciding import opened, person_of
from fmo_bot.domain.acting import Act

if TYPE_CHECKING:
    from fmo_bot.services.acting import Acting

Key = Annotated[str, typer.Argument(help="The site's key.")]
Project = Annotated[str, typer.Option(help="The key of the project.")]
Company = Annotated[str, typer.Option(help="The company whose people it is about, by its name here.")]
Acts = Annotated[list[Act], typer.Option("--act", help="May be given several times.")]
Admin = Annotated[str, typer.Option(help="Who of the owner decided it: workspace:user, such as T0HUAWEI:U0LIWEI.")]
Off = Annotated[bool, typer.Option("--off", help="It is none any more.")]


def add(site: typer.Typer) -> None:
    """Add these commands to the group of a site's."""
    site.command("allow")(allow)
    site.command("forbid")(forbid)
    site.command("approval")(approval)


def allow(site: Key, project: Project, company: Company, act: Acts, admin: Admin) -> None:
    """Let a company's people act by the site's service account. In one project, these acts, each in their name."""
    _say(site, project, company, act, admin, yes=True)


def forbid(site: Key, project: Project, company: Company, act: Acts, admin: Admin) -> None:
    """The opposite: no more of these acts."""
    _say(site, project, company, act, admin, yes=False)


def approval(
    site: Key,
    project: Project,
    transition: Annotated[str, typer.Option(help="Jira's id of the transition.")],
    admin: Admin,
    off: Off = False,
) -> None:
    """Mark a transition of a project as an approval. The service account never takes it for anybody."""
    with _acting() as (acting, at):
        marked = acting.mark_approval(person_of(admin), site, project, transition, yes=not off, at=at)
    print(f"Approvals in {project}: {', '.join(sorted(marked)) or 'none'}.")


def _say(site: str, project: str, company: str, acts: list[Act], admin: str, *, yes: bool) -> None:
    with _acting() as (acting, at):
        left = acting.allow(person_of(admin), site, project, company, acts, yes=yes, at=at)
    print(f"{company} may do in {project}, by the service account: {', '.join(sorted(left)) or 'nothing'}.")


def _acting() -> AbstractContextManager[tuple["Acting", datetime]]:
    from fmo_bot.services.acting import Acting

    return opened(Acting)
