"""Accepting a joint team with other people, roles and times of one's own side than were proposed.

Only an admin of the side's company; of the other sides, the board and the ceremonies nothing is changed.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.parties import MemberRow, ParticipationRow, SideRow, takes_part
from fmo_bot.db.proposals import ProposalRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox
from fmo_bot.domain import draft_people, draft_times
from fmo_bot.domain.draft_screens import Given, Screen
from fmo_bot.domain.drafts import Company, Draft, SeenMember
from fmo_bot.domain.parties import SYSTEM, Duty, Person, Place, Role, Scope
from fmo_bot.errors import InvalidInput, NotFound, Refusal, Undeliverable
from fmo_bot.ports import Crowd
from fmo_bot.services import accepting, calendars, duties, participating, team_export
from fmo_bot.services.accepting import OnlyTheirAdmin
from fmo_bot.services.proposals import OPEN, SET_UP
from fmo_bot.services.rounds import joint_place
from fmo_bot.services.wizard_seeing import member_of

CHANGE, TAKE = "side_change", "side_take"  # kinds of jobs; the first is also the step of the window


class NotTaken(Refusal):
    """It was not accepted, for something in the form needs another look. {why} Press Change once more."""


class SideChanging:
    """The window of an admin who is asked to accept, and what it comes to."""

    def __init__(self, store: Store, crowd: Crowd) -> None:
        """`crowd`: who is in the joint channel, as the admin's own workspace shows it."""
        self._store, self._crowd = store, crowd

    def later(self, person: Person, ref: str, view_id: str, workspace: str, at: datetime) -> None:
        """Have their window filled. Raises NotFound, OnlyTheirAdmin."""
        payload = {"ref": ref, "view": view_id, "workspace": workspace}
        self._record(person, CHANGE, f"{CHANGE}:{ref}:{view_id}", payload, at)

    def submit(self, person: Person, ref: str, given: Given, at: datetime) -> None:
        """Have it taken and the joint team accepted. Raises NotFound, OnlyTheirAdmin."""
        chosen = {name: list(values) for name, values in given.items()}
        self._record(person, TAKE, f"{TAKE}:{ref}:{at.timestamp()}", {"ref": ref, "given": chosen}, at)

    def shown(self, payload: Mapping[str, Any], at: datetime) -> tuple[str, int, Screen]:
        """What the job shows in their window: their side as it was proposed."""
        person = Person(payload["home"], payload["user"])
        draft, side = self._draft(person, payload["ref"], at)
        people, roles = draft_people.people(draft), draft_people.duties(draft)
        fields = (*people.fields, *roles.fields, *draft_times.side_fields(draft, side))
        screen = replace(people, step=CHANGE, number=1, of=1, fields=fields, send="Accept")
        return payload["ref"], 0, screen

    def take(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job: the side is as its admin says, and has accepted. Raises NotTaken, OnlyTheirAdmin, NotFound."""
        person = Person(payload["home"], payload["user"])
        given = {name: tuple(values) for name, values in payload["given"].items()}
        draft, name = self._draft(person, payload["ref"], at)
        try:
            chosen = draft_people.take_duties(draft_people.take_people(draft, given), given)
        except InvalidInput as wrong:
            why = next(iter(wrong.fields.values()))
            raise NotTaken(why=why.format(**wrong.values)) from wrong
        calendar = draft_times.chosen_calendar(chosen, name, given)
        with self._store.transaction(SYSTEM) as session:
            side, admin = _meant(session, person, payload["ref"], lock=True)
            session.info["scope"] = Scope(team_id=side.team_id)
            calendars.changed_in_file(session, side, calendar, at)
            _people(session, side, chosen.sides[name]["members"], at)
            accepting.agree(session, side, at, member_id=admin.id)

    def _record(self, person: Person, kind: str, key: str, payload: dict[str, Any], at: datetime) -> None:
        with self._store.transaction(SYSTEM) as session:
            _meant(session, person, payload["ref"])
            payload |= {"home": person.workspace, "user": person.user}
            inbox.record(session, event_key=key, kind=kind, payload=payload, at=at, asker=person)

    def _draft(self, person: Person, ref: str, at: datetime) -> tuple[Draft, str]:
        """The side as it stands, with everybody of the company who is in the channel; and its name."""
        with self._store.reading(SYSTEM) as session:
            side, _ = _meant(session, person, ref)
            team, company = side.team.name, side.organisation.name
            place = joint_place(session, side.team_id)
        said = team_export.exported(self._store, team, at)["sides"][side.name]
        try:
            profiles = self._crowd.profiles(Place(person.workspace, place.channel))
        except Undeliverable:  # the company's own app is not in the channel: then those who were proposed
            profiles = ()
        with self._store.reading(SYSTEM) as session:
            own = [each for each in profiles if each.home == person.workspace and not (each.is_bot or each.is_guest)]
            here = {each.user: member_of(session, each) for each in own}
        known = {each["user"]: _seen(each, person.workspace) for each in said["members"]}
        draft = Draft(
            channel=place.channel,
            workspace=person.workspace,
            name=team,
            own=company,
            asker=person.user,
            host="",
            companies=(Company(name=company, workspace=person.workspace),),
            people=tuple({**known, **here}.values()),
            file={"sides": {side.name: said}},
        )
        return draft, side.name


def _seen(member: Mapping[str, Any], home: str) -> SeenMember:
    named = {"name": member["name"], "zone": member["zone"], "language": member["language"]}
    return SeenMember(user=member["user"], home=home, **named)


def _meant(session: Session, person: Person, ref: str, *, lock: bool = False) -> tuple[SideRow, MemberRow]:
    """The side that an open proposal of a joint team asks, and the person as an admin of its company."""
    query = select(ProposalRow).where(ProposalRow.ref == ref, ProposalRow.kind == SET_UP, ProposalRow.state == OPEN)
    if (row := session.scalar(query.with_for_update() if lock else query)) is None:
        raise NotFound
    side = session.get_one(SideRow, row.number)
    if (admin := accepting.admin_of(session, person, side)) is None:
        raise OnlyTheirAdmin(company=side.organisation.name)
    return side, admin


def _people(session: Session, side: SideRow, wanted: list[dict[str, Any]], at: datetime) -> None:
    """Exactly these take part on the side. Who was proposed and is not among them was never asked anything."""
    listed = {each["user"]: each for each in wanted}
    here = select(ParticipationRow).where(takes_part(), ParticipationRow.side_id == side.id)
    parts = {part.member.slack_user_id: part for part in session.scalars(here).all()}
    for user, part in parts.items():
        if user not in listed:
            participating.end(session, part, at)
    named: dict[Duty, list[int]] = {duty: [] for duty in Duty}
    for user, said in listed.items():
        role = Role(said.get("role", Role.PARTICIPANT))
        if user in parts:
            parts[user].role = role
            member = parts[user].member
        else:
            member = _member(session, side, said)
            participating.begin(session, side.team_id, member, side_id=side.id, role=role, at=at)
        for duty in said.get("duties", ()):
            named[Duty(duty)].insert(0, member.id)
        for duty in said.get("deputy", ()):
            named[Duty(duty)].append(member.id)
    for duty, members in named.items():
        duties.name(session, side, duty, members)


def _member(session: Session, side: SideRow, said: dict[str, Any]) -> MemberRow:
    them = MemberRow.home_workspace == said["workspace"], MemberRow.slack_user_id == said["user"]
    row = session.scalar(select(MemberRow).where(*them))
    if row is None:
        row = MemberRow(
            organisation_id=side.organisation_id,
            home_workspace=said["workspace"],
            slack_user_id=said["user"],
            name=said["name"],
            zone=said["zone"],
            language=said["language"],
        )
        session.add(row)
        session.flush()
    if row.organisation_id != side.organisation_id:
        raise NotTaken(why=f"{row.name} is known here as somebody of another company.")
    return row
