"""What a set-up begins with: which companies a channel connects, and who of theirs is in it, as Slack shows them."""

from collections.abc import Sequence
from dataclasses import replace

from babel.core import get_global
from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, OrganisationRow, SideRow, WorkspaceRow
from fmo_bot.domain.draft_times import LANGUAGES
from fmo_bot.domain.drafts import Company, Draft, LeftOut, SeenMember, seen_again
from fmo_bot.domain.parties import Actor, Place
from fmo_bot.errors import Refusal, Undeliverable
from fmo_bot.ports import Crowd, Lookout, Profile
from fmo_bot.services.team_values import knows_zone

COMPANIES = 6  # of one joint team that can be set up in Slack
_SPOKEN = {code.partition("_")[0]: code for code, _ in LANGUAGES}


class NotInChannel(Refusal):
    """FMO bot is not in that channel, or Slack does not show it to it. Invite the app there, then try again."""


class NotShared(Refusal):
    """Only {company} is connected to #{channel}. Share it with the other company first, then try again."""


class TooMany(Refusal):
    """{n} companies are connected to #{channel}. Set this joint team up with a team file: fmo-bot setup."""


class Seeing:
    """Looking at a channel for a set-up."""

    def __init__(self, lookout: Lookout, crowd: Crowd) -> None:
        """`lookout` looks at channels, `crowd` at who is in them."""
        self._lookout, self._crowd = lookout, crowd

    def look(self, place: Place) -> "Look":
        """What Slack shows now. Raises NotInChannel, and a SendOutcome where it does not answer."""
        try:
            seen = self._lookout.channel(place)
            people = self._crowd.profiles(place)
        except Undeliverable as refused:
            raise NotInChannel from refused
        names = {each: self._lookout.company(place.workspace, each) for each in sorted(seen.workspaces)}
        return Look(place, seen.name, names, people)


class Look:
    """A channel as it was seen: the workspaces connected to it by name, and everybody in it."""

    def __init__(self, place: Place, name: str, workspaces: dict[str, str], people: Sequence[Profile]) -> None:
        """`workspaces`: id -> name."""
        self.place, self.name, self.workspaces, self.people = place, name, workspaces, people

    def introduce(self, session: Session, actor: Actor) -> None:
        """Somebody whom only the settings name is known from now on by their name, zone and language."""
        row = session.get_one(MemberRow, actor.member_id)
        profile = next((each for each in self.people if each.user == row.slack_user_id), None)
        if row.name == row.slack_user_id and profile is not None and profile.home == row.home_workspace:
            seen = member_of(session, profile)
            row.name, row.zone, row.language = seen.name, seen.zone, seen.language

    def draft(self, session: Session, actor: Actor, apps: dict[str, str], known: Draft | None = None) -> Draft:
        """A new draft of it, or one under way with what is seen now. `apps`: workspace -> key of our app there.

        Raises NotShared, TooMany.
        """
        own = session.get_one(OrganisationRow, actor.organisation_id)
        companies = self._companies(session, own, apps)
        if len(companies) < 2:
            raise NotShared(company=own.name, channel=self.name)
        if len(companies) > COMPANIES:
            raise TooMany(n=len(companies), channel=self.name)
        made = known or Draft(
            channel=self.place.channel,
            workspace=self.place.workspace,
            name=self.name,
            own=own.name,
            asker=actor.person.user,
            host=_host(session, own),
        )
        homes = {each.workspace for each in companies}
        again = replace(
            made,
            name=self.name,
            asker=actor.person.user,
            companies=companies,
            people=tuple(member_of(session, each) for each in self.people if _fits(each, homes)),
            left=tuple(_left(each) for each in self.people if not each.is_bot and not _fits(each, homes)),
        )
        return seen_again(again)

    def _companies(self, session: Session, own: OrganisationRow, apps: dict[str, str]) -> tuple[Company, ...]:
        """The company that sets up first; several workspaces of one company are one."""
        found: dict[str, Company] = {}
        for workspace, shown in self.workspaces.items():
            name = own.name if workspace == self.place.workspace else _named(session, workspace, shown)
            if name not in found or workspace == self.place.workspace:
                found[name] = Company(
                    name=name,
                    workspace=workspace,
                    app=apps.get(workspace, ""),
                    workspace_name=shown,
                    usual=_usual(session, own, name),
                    admin=has_admin(session, name),
                )
        return tuple(sorted(found.values(), key=lambda each: (each.name != own.name, each.name)))


def _named(session: Session, workspace: str, shown: str) -> str:
    """The company whose workspace it is; of one that nobody knows the workspace's name.

    A name that somebody else has already gives no rights over what is theirs: it is told apart by the id.
    """
    known = session.scalar(select(WorkspaceRow).where(WorkspaceRow.slack_team_id == workspace))
    if known is not None:
        return known.organisation.name
    shown = " ".join(shown.split())[:60] or workspace
    taken = session.scalar(select(OrganisationRow).where(OrganisationRow.name == shown))
    theirs = select(MemberRow.id).where(MemberRow.home_workspace == workspace)
    if taken is None or session.scalar(theirs.where(MemberRow.organisation_id == taken.id).limit(1)) is not None:
        return shown
    return f"{shown} ({workspace})"


def has_admin(session: Session, company: str) -> bool:
    """Whether somebody is known here who may accept for a company."""
    query = select(AdminRow.member_id).join(MemberRow, MemberRow.id == AdminRow.member_id)
    named = query.join(OrganisationRow, OrganisationRow.id == MemberRow.organisation_id)
    return session.scalars(named.where(OrganisationRow.name == company).limit(1)).first() is not None


def _usual(session: Session, own: OrganisationRow, name: str) -> str:
    """The side a company has in joint teams of the one that sets up; nothing of any other is looked at."""
    ours = select(SideRow.team_id).where(SideRow.organisation_id == own.id)
    query = select(SideRow.name).join(OrganisationRow, OrganisationRow.id == SideRow.organisation_id)
    found = session.scalars(query.where(OrganisationRow.name == name, SideRow.team_id.in_(ours)).order_by(SideRow.id))
    return next((side for side in found if ":" not in side), "")


def _host(session: Session, own: OrganisationRow) -> str:
    """Who runs the server, as the company's other joint teams say."""
    ours = select(SideRow.team_id).where(SideRow.organisation_id == own.id)
    row = session.scalars(select(JointTeamRow).where(JointTeamRow.id.in_(ours)).order_by(JointTeamRow.id)).first()
    return row.host.name if row is not None else own.name


def _fits(profile: Profile, homes: set[str]) -> bool:
    """Whether somebody is surely of one of these companies: guests are never taken for that."""
    return not profile.is_bot and not profile.is_guest and profile.home in homes


def _left(profile: Profile) -> LeftOut:
    why = "unknown" if not profile.home else "guest" if profile.is_guest else "elsewhere"
    return LeftOut(name=profile.name or profile.user, why=why)


def member_of(session: Session, profile: Profile) -> SeenMember:
    """As the bot knows them, if it does: name, zone and language are theirs to say."""
    them = MemberRow.home_workspace == profile.home, MemberRow.slack_user_id == profile.user
    row = session.scalar(select(MemberRow).where(*them))
    if row is not None and row.name == row.slack_user_id:  # an admin named in the settings: nothing else is known yet
        row = None
    zone = row.zone if row is not None else profile.zone if knows_zone(profile.zone) else "UTC"
    told = " ".join(profile.name.split())[:80]
    return SeenMember(
        user=profile.user,
        home=profile.home,
        name=row.name if row is not None else told or profile.user,
        zone=zone,
        language=row.language if row is not None else _SPOKEN.get(profile.locale[:2], "en"),
        country=_country(zone),
    )


def _country(zone: str) -> str:
    found = str(get_global("zone_territories").get(zone, ""))
    return found if len(found) == 2 and found.isalpha() else ""
