"""Many people of several companies in joint teams of ten, for the pretend Slack and for the bot alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.parties import MemberRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM, Person, Place
from fmo_bot.sandbox.world import App, Cast, Channel, User, Workspace, make_bot
from fmo_bot.services import setup

APP_KEY, APP_ID = "fmo", "A0FMO"
SITE = "shared"
_WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """`people` in joint teams of `size`, each of two neighbouring companies with a workspace of their own."""

    people: int
    workspaces: int = 3
    size: int = 10

    @property
    def teams(self) -> range:
        """The numbers of the joint teams."""
        return range(-(-self.people // self.size))

    def persons(self) -> Iterator[Person]:
        """Everybody."""
        return (self.person(number) for number in range(self.people))

    def person(self, number: int) -> Person:
        """One of them: the first half of a joint team is of its first company."""
        team, place = divmod(number, self.size)
        return Person(self.workspace(team + (place >= self.size // 2)), f"U0P{number:05d}")

    def workspace(self, number: int) -> str:
        """A workspace's id; they go round."""
        return f"T0C{number % self.workspaces}"

    def joint(self, team: int) -> Place:
        """A joint team's channel, as its first company posts there."""
        return Place(self.workspace(team), f"C0J{team:05d}")

    def direct(self, person: Person) -> Place:
        """The direct conversation with the app, named as the pretend Slack names it."""
        return Place(person.workspace, f"D{_bot(person.workspace)[1:]}{person.user[1:]}")

    def tokens(self) -> list[str]:
        """The bot tokens of all workspaces."""
        return [f"xoxb-sandbox-{APP_KEY}-{self.workspace(number)}" for number in range(self.workspaces)]

    # --- for the pretend Slack ---------------------------------------------------------------------------------------

    def cast(self) -> Cast:
        """Workspaces, people, channels and direct conversations, with one app in all of them."""
        workspaces = [self.workspace(number) for number in range(self.workspaces)]
        app = App(id=APP_ID, key=APP_KEY, name="FMO bot", installed={id: _bot(id) for id in workspaces})
        users = [User(id=p.user, team_id=p.workspace, name=p.user, real_name=p.user, tz="UTC") for p in self.persons()]
        users += [make_bot(app, team_id, user_id) for team_id, user_id in app.installed.items()]
        channels = [*map(self._joint_channel, self.teams), *map(self._direct_channel, self.persons())]
        return Cast(
            workspaces={id: Workspace(id=id, name=_company(id), domain=id.lower()) for id in workspaces},
            users={user.id: user for user in users},
            channels={channel.id: channel for channel in channels},
            apps={app.id: app},
        )

    def _joint_channel(self, team: int) -> Channel:
        teams = [self.workspace(team), self.workspace(team + 1)]
        members = [*(person.user for person in self._members(team)), *map(_bot, teams)]
        id = self.joint(team).channel
        return Channel(id=id, name=id.lower(), host=teams[0], team_ids=teams, members=members)

    def _direct_channel(self, person: Person) -> Channel:
        id, bot = self.direct(person).channel, _bot(person.workspace)
        members = [person.user, bot]
        return Channel(
            id=id, name=id, host=person.workspace, team_ids=[person.workspace], members=members, im=(person.user, bot)
        )

    def _members(self, team: int) -> list[Person]:
        first = team * self.size
        return [self.person(number) for number in range(first, min(first + self.size, self.people))]

    # --- for the bot -------------------------------------------------------------------------------------------------

    def set_up(self, store: Store, *, boards: int = 0, at: datetime) -> None:
        """Every joint team with its stand-up, direct conversations known; the first `boards` have a board to read."""
        for team in self.teams:
            unread = f"none_{self.workspace(team)}"  # a site belongs to one company
            setup.apply(store, self._team_file(team, SITE if team < boards else unread), at)
        with store.transaction(SYSTEM) as session:
            for row in session.scalars(select(MemberRow)):
                row.dm_channel = self.direct(row.person).channel

    def _team_file(self, team: int, site: str) -> dict[str, Any]:
        companies = [self.workspace(team), self.workspace(team + 1)]
        sides = zip(("vendor", "operator"), companies, strict=True)
        return {
            "team": f"Team {team}",
            "host": _company(companies[0]),
            "zone": "UTC",
            "organisations": [
                {"name": _company(id), "workspace": {"app": APP_KEY, "id": id, "name": _company(id)}}
                for id in companies
            ],
            "sides": {name: self._side(team, workspace) for name, workspace in sides},
            "channel": {"workspace": companies[0], "id": self.joint(team).channel},
            "board": {"site": site, "id": 1},
            "jira": [{"site": site, "owner": _company(companies[0]), "accepted_by": ["vendor", "operator"]}],
            "standups": [{"name": "Daily", "at": "09:00", "days": _WEEK}],
        }

    def _side(self, team: int, workspace: str) -> dict[str, Any]:
        here = [person for person in self._members(team) if person.workspace == workspace]
        return {
            "organisation": _company(workspace),
            "calendar": {"zone": "UTC", "days": _WEEK},
            "members": [{"user": person.user, "name": person.user, "zone": "UTC"} for person in here],
        }


def ask_at(store: Store, due: datetime) -> None:
    """Every stand-up at the wall time of `due`, a full minute in UTC."""
    with store.transaction(SYSTEM) as session:
        session.execute(update(CeremonyRow).values(at=f"{due:%H:%M}"))


def _bot(workspace: str) -> str:
    return f"U0B{workspace}"


def _company(workspace: str) -> str:
    return f"Company {workspace}"
