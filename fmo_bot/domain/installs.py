"""Installations: a Slack app in one workspace, or in those of an Enterprise Grid organisation that let it in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

# Why an installation ended, as people read it.
UNINSTALLED = "the app was removed from the workspace"
REVOKED = "its token was revoked"
NOT_NAMED = "its token is no longer in the settings, or Slack does not take it any more"
NOT_RENEWED = "its token ended and could not be renewed"


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One app in one workspace (`team_id`), or in those of an organisation (`team_id` None, `teams` names them).

    `token` stands in the settings; where it is empty the database holds a sealed one. `id` is 0 where no row is behind.
    """

    app_key: str
    team_id: str | None
    team_name: str
    bot_id: str
    bot_user_id: str
    token: str = field(default="", repr=False)
    id: int = 0
    version: int = 0  # another one: its token may be another
    app_id: str | None = None
    enterprise_id: str | None = None
    teams: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    expires_at: float | None = None  # of a token that is renewed: machine time
    trouble: str | None = None  # why it could not be renewed
    ended_at: datetime | None = None
    ended_why: str | None = None

    @property
    def workspaces(self) -> tuple[str, ...]:
        """The workspaces it speaks in."""
        return self.teams if self.team_id is None else (self.team_id,)

    @property
    def is_live(self) -> bool:
        """Whether anything is sent by it."""
        return self.ended_at is None


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What Slack gave for a code: an installation with its token, and who installed it."""

    installation: Installation
    token: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    installed_by: str
    home: str | None = None  # the workspace they are a full member of; None: a guest, or Slack does not say
    name: str = ""
    zone: str = "UTC"


def by_workspace(installs: Iterable[Installation]) -> dict[str, list[Installation]]:
    """Those that serve each workspace: a workspace's own before an organisation's, live ones before ended ones."""
    found: dict[str, list[Installation]] = {}
    for each in sorted(installs, key=lambda install: (not install.is_live, install.team_id is None, install.id)):
        for workspace in each.workspaces:
            found.setdefault(workspace, []).append(each)
    return found
