"""A joint team from a file. Applying it again updates and never doubles; who is no longer listed takes no part."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardIssueRow, BoardRow, JiraSiteRow, SprintRow
from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.ownership import SeveralBoardsRow, WithheldRow
from fmo_bot.db.parties import (
    AbsenceRow,
    ChannelRow,
    JointTeamRow,
    MemberRow,
    OrganisationRow,
    ParticipationRow,
    SideRow,
    WorkspaceRow,
    takes_part,
)
from fmo_bot.db.store import Store
from fmo_bot.db.workflows import WorkflowVersionRow
from fmo_bot.domain.parties import SYSTEM, Duty, Place
from fmo_bot.errors import FileWrong
from fmo_bot.services import accepting, calendars, channel_rows, duties, leaving, participating, setup_people, workflows
from fmo_bot.services.governance import audit
from fmo_bot.services.leaving import Why
from fmo_bot.services.parties import admins_of
from fmo_bot.services.setup_jira import set_up_jira
from fmo_bot.services.setup_own import Word, profile
from fmo_bot.services.team_checks import parse
from fmo_bot.services.team_spec import (
    BoardSpec,
    DigestSpec,
    MemberSpec,
    Name,
    OrganisationSpec,
    Side,
    SideSpec,
    StandupSpec,
    TeamSpec,
)
from fmo_bot.services.workflow_changes import put_to_others

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True)
class SetupResult:
    """What a team file came to. `removed`: names of members who take part no longer."""

    team: str
    team_ref: str
    team_id: int
    board_id: int
    created: bool
    sides: dict[str, str]  # side -> company
    members: int
    removed: tuple[str, ...]
    ceremonies: tuple[str, ...]
    workflow_given: bool
    workflow_proposed: bool
    asked: tuple[str, ...] = ()  # companies whose admin has to accept first
    without_admin: tuple[str, ...] = ()  # of these: nobody is known who could
    kept: tuple[str, ...] = ()  # what was not for `by` to say, a sentence each


def apply(
    store: Store,
    mapping: Mapping[str, Any],
    at: datetime,
    *,
    by: str | None = None,
    new: bool = False,
    then: Callable[[Session, SetupResult], None] | None = None,
    token: Callable[[int], str] = secrets.token_urlsafe,
) -> SetupResult:
    """Make the joint team of a team file, or bring it up to date, in one transaction.

    `by`: the company that proposes it; admins of the others are asked to accept, and what is theirs to say stays as
    it is. None: all of them have agreed.
    `new`: it must not be there yet, nor may any joint team have its channel. `then` goes on in the same transaction.
    Raises `FileWrong` with one line per fault, each `place: reason`; then nothing is changed.
    """
    spec = parse(mapping)
    with store.transaction(SYSTEM) as session:
        made = _Setup(session, spec, at, by, token, new=new).run()
        if then is not None:
            then(session, made)
        return made


class _Setup:
    """One application of one team file inside one transaction."""

    def __init__(
        self,
        session: Session,
        spec: TeamSpec,
        at: datetime,
        by: str | None,
        token: Callable[[int], str],
        *,
        new: bool,
    ) -> None:
        self.session, self.spec, self.at, self.by, self.token, self.new = session, spec, at, by, token, new
        self.word = Word(by)
        self.faults: list[str] = []
        self.asked: tuple[str, ...] = ()  # companies that have to accept
        self.proposed: list[tuple[BoardRow, WorkflowVersionRow, SideRow | None]] = []  # to the other sides

    def run(self) -> SetupResult:
        organisations = {o.name: self._organisation(o) for o in self.spec.organisations}
        self._workspaces(organisations)
        team, created = self._team(organisations[self.spec.host])
        sides = {name: self._side(team, name, side, organisations) for name, side in self.spec.sides.items()}
        members = self._people(team, sides)
        self.faults += setup_people.apply(self.session, self.spec, organisations, by=self.by, at=self.at)
        removed = self._remove_others(team, members)
        self._remove_sides(team, sides)
        self._channel(team)
        if self.faults:
            raise FileWrong("\n".join(self.faults))
        board = self._board(team)
        self.faults += set_up_jira(self.session, team, self.spec, organisations, sides, self.at, self.word)
        if self.faults:
            raise FileWrong("\n".join(self.faults))
        ceremonies = self._ceremonies(team, board)
        self._accepted(team, sides)
        for row, proposal, side in self.proposed:
            put_to_others(self.session, row, proposal, side, self.at)
        self._note(team, created, len(members), len(removed))
        return SetupResult(
            team=team.name,
            team_ref=team.ref,
            team_id=team.id,
            board_id=board.id,
            created=created,
            sides={name: side.organisation for name, side in self.spec.sides.items()},
            members=len(members),
            removed=removed,
            ceremonies=ceremonies,
            workflow_given=self.spec.board.workflow is not None,
            workflow_proposed=bool(self.proposed),
            asked=self.asked,
            without_admin=tuple(
                each for each in self.asked if not admins_of(self.session, organisations[Name(each)].id)
            ),
            kept=tuple(self.word.kept),
        )

    def _accepted(self, team: JointTeamRow, sides: Mapping[Side, SideRow]) -> None:
        if self.by is not None:
            self.asked = accepting.propose(self.session, team, self.by, self.at)
            return
        for side in sides.values():
            if side.accepted_at is None:
                accepting.accept(self.session, side, self.at, member_id=None)

    def _organisation(self, wanted: OrganisationSpec) -> OrganisationRow:
        row = self.session.scalar(select(OrganisationRow).where(OrganisationRow.name == wanted.name))
        return row or self._renamed(wanted) or self._new(OrganisationRow(name=wanted.name))

    def _renamed(self, wanted: OrganisationSpec) -> OrganisationRow | None:
        """The company that came by installing the app, under its workspace's name, as the file calls it.

        Only where all have agreed to the file, and no joint team knows it by the other name.
        """
        if self.by is not None or wanted.workspace is None:
            return None
        query = select(OrganisationRow).join(WorkspaceRow, WorkspaceRow.organisation_id == OrganisationRow.id)
        row = self.session.scalar(query.where(WorkspaceRow.slack_team_id == wanted.workspace.id).limit(1))
        if row is None or self.session.scalar(select(SideRow.id).where(SideRow.organisation_id == row.id).limit(1)):
            return None
        detail = {"organisation": row.id, "from": row.name, "to": wanted.name}
        audit(self.session, at=self.at, action="organisation_renamed", team_id=None, detail=detail)
        row.name = wanted.name
        self.session.flush()
        return row

    def _workspaces(self, organisations: Mapping[Name, OrganisationRow]) -> None:
        for index, organisation in enumerate(self.spec.organisations):
            if organisation.workspace is None:
                continue
            wanted, owner = organisation.workspace, organisations[organisation.name]
            rows = self.session.scalars(select(WorkspaceRow).where(WorkspaceRow.slack_team_id == wanted.id)).all()
            if any(row.organisation_id != owner.id for row in rows):
                self.faults.append(f"organisations[{index}].workspace.id: {self._taken(wanted.id, rows[0])}")
            elif rows and not self.word.is_of(owner.name):
                said, known = {"app": wanted.app, "name": wanted.name}, {"app": rows[0].app_key, "name": rows[0].name}
                self.word.differs(f"organisations[{index}].workspace", owner.name, said, known)
            elif rows:  # one installation speaks in a workspace: the one named last
                rows[0].app_key, rows[0].name = wanted.app, wanted.name
            else:
                values = {"app_key": wanted.app, "slack_team_id": wanted.id, "name": wanted.name}
                self._new(WorkspaceRow(organisation_id=owner.id, **values))

    def _taken(self, workspace: str, row: WorkspaceRow) -> str:
        """The other company is named to whoever runs the server, and to nobody else."""
        told = f"`{workspace}` belongs to another company here"
        return told if self.by is not None else f"{told}, {row.organisation.name}; write that name where it is the same"

    def _team(self, host: OrganisationRow) -> tuple[JointTeamRow, bool]:
        spec = self.spec
        row = self.session.scalar(select(JointTeamRow).where(JointTeamRow.name == spec.team))
        if row is None:
            row = JointTeamRow(
                name=spec.team, ref=self.token(12), host_id=host.id, language=spec.language, zone=spec.zone
            )
            row.unfurls = list(spec.unfurls)
            return self._new(row), True
        if self.new:  # not more is said: it may be a joint team of which this company is to know nothing
            raise FileWrong("team: this name cannot be used here; choose another one")
        if self.word.is_of(row.host.name):
            row.host_id, row.language, row.zone = host.id, spec.language, spec.zone
            row.unfurls = list(spec.unfurls)
        else:
            said = {"host": host.name, "language": spec.language, "zone": spec.zone}
            known = {"host": row.host.name, "language": row.language, "zone": row.zone}
            self.word.differs("team", row.host.name, said, known)
        return row, False

    def _side(
        self, team: JointTeamRow, name: str, side: SideSpec, organisations: Mapping[Name, OrganisationRow]
    ) -> SideRow:
        owner, calendar = organisations[side.organisation], side.calendar.mapping()
        row = self.session.scalar(select(SideRow).where(SideRow.team_id == team.id, SideRow.name == name))
        if row is None:
            return self._new(SideRow(team_id=team.id, name=name, organisation_id=owner.id, calendar=calendar))
        if row.organisation_id != owner.id:
            row.organisation_id, row.accepted_at, row.accepted_by = owner.id, None, None  # nobody of it has accepted
            self.session.flush()
            self.session.refresh(row)
        if self.word.forms(row):
            calendars.changed_in_file(self.session, row, calendar, self.at)
        return row

    def _people(self, team: JointTeamRow, sides: Mapping[Side, SideRow]) -> set[int]:
        """Who takes part according to the file, or to a side that has its own word."""
        return {
            id
            for name, side in self.spec.sides.items()
            for id in (
                self._people_of(team, side, sides[name])
                if self.word.forms(sides[name])
                else self._people_kept(side, sides[name])
            )
        }

    def _people_of(self, team: JointTeamRow, side: SideSpec, row: SideRow) -> set[int]:
        ids: set[int] = set()
        named: dict[Duty, list[int]] = {duty: [] for duty in Duty}
        for index, wanted in enumerate(side.members):
            place = f"sides.{row.name}.members[{index}]"
            member = self._member(place, side, wanted, row)
            self._participation(team, member, row, wanted)
            self._absences(place, member, wanted)
            ids.add(member.id)
            for duty in wanted.duties:
                named[duty].insert(0, member.id)
            for duty in wanted.deputy:
                named[duty].append(member.id)
        for duty, members in named.items():
            duties.name(self.session, row, duty, members)
        return ids

    def _people_kept(self, side: SideSpec, row: SideRow) -> set[int]:
        """Who takes part for a side that is not the file's to form; where it says otherwise, that is noted."""
        here = select(ParticipationRow).where(takes_part(), ParticipationRow.side_id == row.id)
        parts = {(part.member.home_workspace, part.member.slack_user_id): part for part in self.session.scalars(here)}
        said = {(self.spec.home_of(side, each), each.user): each for each in side.members}
        for index, wanted in enumerate(side.members):
            if part := parts.get((self.spec.home_of(side, wanted) or "", wanted.user)):
                place = f"sides.{row.name}.members[{index}]"
                self.word.differs(place, row.organisation.name, profile(wanted), profile(part.member))
        others: list[str] = [
            each.name for key, each in said.items() if key not in parts or parts[key].role != each.role
        ]
        others += [part.member.name for key, part in parts.items() if key not in said]
        if calendars.says_another(self.session, row, side.calendar.mapping()):
            others.append("calendar")
        self.word.differs_in_people(row, others)
        return {part.member_id for part in parts.values()}

    def _member(self, place: str, side: SideSpec, wanted: MemberSpec, row: SideRow) -> MemberRow:
        home = self.spec.home_of(side, wanted)
        assert home is not None  # parse() named it otherwise
        member = self.session.scalar(
            select(MemberRow).where(MemberRow.home_workspace == home, MemberRow.slack_user_id == wanted.user)
        )
        if member is None:
            return self._new(
                MemberRow(
                    organisation_id=row.organisation_id,
                    home_workspace=home,
                    slack_user_id=wanted.user,
                    name=wanted.name,
                    zone=wanted.zone,
                    language=wanted.language,
                )
            )
        if member.organisation_id != row.organisation_id:
            self.faults.append(f"{place}.user: `{wanted.user}` is known here as a member of another company")
        if self.word.is_of(row.organisation.name):
            member.name, member.zone, member.language = wanted.name, wanted.zone, wanted.language
        else:
            self.word.differs(place, row.organisation.name, profile(wanted), profile(member))
        member.dm_tried_at = None  # whatever kept the bot from them may have been mended
        return member

    def _participation(self, team: JointTeamRow, member: MemberRow, side: SideRow, wanted: MemberSpec) -> None:
        row = participating.of(self.session, team.id, member.id)
        if row is None:
            participating.begin(self.session, team.id, member, side_id=side.id, role=wanted.role, at=self.at)
        else:
            participating.move(self.session, row, side.id, self.at).role = wanted.role

    def _absences(self, place: str, member: MemberRow, wanted: MemberSpec) -> None:
        if wanted.away is None:
            return
        company = self.session.get_one(OrganisationRow, member.organisation_id).name
        if not self.word.is_of(company):
            rows = self.session.scalars(select(AbsenceRow).where(AbsenceRow.member_id == member.id)).all()
            said, known = {(days.first, days.last) for days in wanted.away}, {(r.first_day, r.last_day) for r in rows}
            self.word.differs(place, company, {"away": said}, {"away": known})
            return
        self.session.execute(delete(AbsenceRow).where(AbsenceRow.member_id == member.id))
        for days in wanted.away:
            self._new(AbsenceRow(member_id=member.id, first_day=days.first, last_day=days.last))

    def _remove_others(self, team: JointTeamRow, listed: set[int]) -> tuple[str, ...]:
        gone = self.session.scalars(
            select(ParticipationRow).where(
                takes_part(), ParticipationRow.team_id == team.id, ParticipationRow.member_id.not_in(listed)
            )
        ).all()
        names = tuple(row.member.name for row in gone)
        for row in gone:
            leaving.leave(self.session, row, Why.UNLISTED, self.at)
        return names

    def _remove_sides(self, team: JointTeamRow, listed: Mapping[Side, SideRow]) -> None:
        """A side of which a round still tells stays a row; it has nobody left in it."""
        known = self.session.scalars(select(SideRow.name).where(SideRow.team_id == team.id))
        for name in set(known).difference(listed):
            self.faults.append(f"sides: `{name}` took part so far; list it (its members may be empty)")

    def _channel(self, team: JointTeamRow) -> None:
        wanted = self.spec.channel
        taken = self.session.scalar(
            select(ChannelRow).where(ChannelRow.slack_channel_id == wanted.id, ChannelRow.team_id != team.id)
        )
        if taken is not None:
            self.faults.append(f"channel.id: `{wanted.id}` is the channel of another joint team here")
        row = self.session.scalar(select(ChannelRow).where(ChannelRow.team_id == team.id, ChannelRow.kind == "joint"))
        if row is None:
            self._new(ChannelRow(team_id=team.id, workspace=wanted.workspace, slack_channel_id=wanted.id))
        elif row.place != Place(wanted.workspace, wanted.id):
            row.workspace, row.slack_channel_id = wanted.workspace, wanted.id
            channel_rows.forget_look(row)

    def _board(self, team: JointTeamRow) -> BoardRow:
        """The board of record; beside it the other boards, and none but these."""
        known = self.session.scalars(select(BoardRow).where(BoardRow.team_id == team.id)).all()
        rows = [self._one_board(team, wanted, known) for wanted in (self.spec.board, *self.spec.other_boards)]
        self._count_together(team, rows)
        for other in known:
            if other not in rows:
                self._forget_board(other)
        return rows[0]

    def _count_together(self, team: JointTeamRow, rows: Sequence[BoardRow]) -> None:
        """How several boards are counted; of one there is nothing to say."""
        said = self.spec.counterparts
        rule = {said.kind: said.name} if said is not None else {}
        row = self.session.get(SeveralBoardsRow, team.id)
        if row is None:
            self._new(SeveralBoardsRow(team_id=team.id, record_board_id=rows[0].id, counterparts=rule))
        else:
            row.record_board_id, row.counterparts = rows[0].id, rule
            self.session.flush()

    def _one_board(self, team: JointTeamRow, wanted: BoardSpec, known: Sequence[BoardRow]) -> BoardRow:
        site = self.session.scalar(select(JiraSiteRow).where(JiraSiteRow.key == wanted.site))
        site = site or self._new(JiraSiteRow(key=wanted.site))
        row = next((row for row in known if (row.site_id, row.jira_board_id) == (site.id, wanted.id)), None)
        row = row or self._new(BoardRow(team_id=team.id, site_id=site.id, jira_board_id=wanted.id))
        host = select(SideRow).where(SideRow.team_id == team.id, SideRow.organisation_id == team.host_id)
        side = self.session.scalars(host.order_by(SideRow.id)).first()
        proposal = workflows.said_in_file(self.session, row, wanted.workflow, side.id if side else None, self.at)
        if proposal is not None:
            self.proposed.append((row, proposal, side))
        return row

    def _forget_board(self, board: BoardRow) -> None:
        self.session.execute(update(CeremonyRow).where(CeremonyRow.board_id == board.id).values(board_id=None))
        for rows in (BoardIssueRow, SprintRow, WithheldRow):
            self.session.execute(delete(rows).where(rows.board_id == board.id))
        self.session.delete(board)
        self.session.flush()

    def _ceremonies(self, team: JointTeamRow, board: BoardRow) -> tuple[str, ...]:
        wanted = [("standup", spec) for spec in self.spec.standups] + [("digest", spec) for spec in self.spec.digests]
        kept = {self._ceremony(team, board, kind, spec).id for kind, spec in wanted}
        self.session.execute(
            update(CeremonyRow).where(CeremonyRow.team_id == team.id, CeremonyRow.id.not_in(kept)).values(active=False)
        )
        return tuple(spec.name for _, spec in wanted)

    def _ceremony(self, team: JointTeamRow, board: BoardRow, kind: str, spec: StandupSpec | DigestSpec) -> CeremonyRow:
        row = self.session.scalar(
            select(CeremonyRow).where(
                CeremonyRow.team_id == team.id, CeremonyRow.kind == kind, CeremonyRow.name == spec.name
            )
        )
        if row is None:
            row = self._new(CeremonyRow(team_id=team.id, kind=kind, name=spec.name, days=[], at=spec.at))
        row.days, row.at, row.late_ok_minutes = list(spec.days), spec.at, spec.late_ok_minutes
        row.board_id, row.active = board.id, True
        if isinstance(spec, StandupSpec):
            row.window_minutes, row.spread_minutes = spec.window_minutes, spec.spread_minutes
            row.reminder_minutes = spec.reminder_minutes
        else:
            row.zone = spec.zone or self.spec.zone
        return row

    def _note(self, team: JointTeamRow, created: bool, members: int, removed: int) -> None:
        detail = {"created": created, "members": members, "removed": removed}
        audit(self.session, at=self.at, action="set_up", team_id=team.id, detail=detail)

    def _new(self, row: Row) -> Row:
        """Add a row and give it its id."""
        self.session.add(row)
        self.session.flush()
        return row
