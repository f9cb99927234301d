"""Taking part ends: what was planned is cancelled, doors are closed, duties go on, both sides hear of it.

What somebody said stays with the side they said it for. Nothing that is internal to that side goes with them: what was
still on its way to them is not sent, and App Home is emptied.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import JiraAccountRow
from fmo_bot.db.boards import BoardRow
from fmo_bot.db.ceremonies import CeremonyRow, PromptRow, RoundRow
from fmo_bot.db.ledger import OccurrenceRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, ParticipationRow, SideRow, takes_part
from fmo_bot.delivery import occurrences, outbox
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import Duty, Scope
from fmo_bot.services import account_rows, duties, participating, rounds
from fmo_bot.services.governance import audit
from fmo_bot.services.parties import scrum_masters


class Why(StrEnum):
    """Why somebody takes part no longer."""

    UNLISTED = "unlisted"  # the team file names them no more
    LEFT = "left"  # they left the joint channel
    DEACTIVATED = "deactivated"  # their Slack account was
    MOVED = "moved"  # to another company; their own has let them go


_TO_OWN: Mapping[Why, str] = {
    Why.UNLISTED: "{name} is not listed for {team} any more and takes part no longer.",
    Why.LEFT: "{name} has left the channel of {team} and takes part no longer.",
    Why.DEACTIVATED: "The Slack account of {name} was deactivated: they take part in {team} no longer.",
    Why.MOVED: "{name} takes part in {team} for {company} no longer. Another company is asked whether they do for it.",
}
_TO_OTHERS = "{name} ({company}) takes part in {team} no longer."
_AFTER = " What was planned for them is cancelled, and their link to Jira is removed."
_HEIR: Mapping[Duty, str] = {
    Duty.ACCEPTOR: "{name} is now the acceptor of {company} in {team}.",
    Duty.ESCALATION: "{name} is now the escalation contact of {company} in {team}.",
}
_NOBODY: Mapping[Duty, str] = {
    Duty.ACCEPTOR: "{company} has no acceptor in {team} any more. Name one in the team file.",
    Duty.ESCALATION: "{company} has no escalation contact in {team} any more. Name one in the team file.",
}
_HOME = "You take part in {team} no longer. If you are in other joint teams, open this tab again."


def leave(session: Session, part: ParticipationRow, why: Why, at: datetime, *, by: int | None = None) -> None:
    """End a participation with everything that follows from it; `by`: the member who decided it, if one did."""
    before = session.info["scope"]
    session.info["scope"] = Scope(team_id=part.team_id)
    member, team, side, number = part.member, part.team, part.side, part.id
    had = duties.held(session, side.id, member.id) if side is not None else []
    participating.end(session, part, at)
    _cancel(session, team, member, at)
    _close_doors(session, team, member, why, at)
    heirs = duties.pass_on(session, side.id, member.id, had) if side is not None else {}
    if side is not None:
        _tell(session, member, side, number, why, heirs, at)
    detail = {"who": member.id, "why": why.value, "side": side.name if side is not None else ""}
    audit(session, at=at, action="participation_ended", team_id=team.id, member_id=by, detail=detail)
    session.info["scope"] = before


def _cancel(session: Session, team: JointTeamRow, member: MemberRow, at: datetime) -> None:
    """What is planned for them, and what they were asked and have not answered."""
    theirs = select(CeremonyRow.id).where(CeremonyRow.team_id == team.id)
    planned = OccurrenceRow.subject == f"member:{member.id}", OccurrenceRow.state == occurrences.PLANNED
    cancelled = update(OccurrenceRow).where(OccurrenceRow.ceremony_id.in_(theirs), *planned)
    session.execute(cancelled.values(state=occurrences.CANCELLED))
    open_ = (
        select(PromptRow)
        .join(RoundRow, RoundRow.id == PromptRow.round_id)
        .where(PromptRow.member_id == member.id, RoundRow.ceremony_id.in_(theirs), RoundRow.closed_at.is_(None))
        .where(PromptRow.state.in_((rounds.PLANNED, rounds.ASKED)))
    )
    for prompt in session.scalars(open_.order_by(PromptRow.id)).all():
        rounds.hold(session, prompt.round, [prompt])
        was_asked, prompt.state = prompt.state == rounds.ASKED, rounds.AWAY
        if was_asked:
            rounds.owe_prompt_update(session, prompt, due=at)
        rounds.owe_round_update(session, prompt.round, due=at)


def _close_doors(session: Session, team: JointTeamRow, member: MemberRow, why: Why, at: datetime) -> None:
    """Nothing more is sent to them, their Home says nothing any more, and the bot does nothing as them in Jira."""
    for_good = why in (Why.DEACTIVATED, Why.MOVED)
    outbox.withdraw_all(session, member.person, team_id=team.id, answers=for_good)
    home = Notice(text=_HOME, values={"team": team.name})
    outbox.owe_home(session, person=member.person, message=home, due=at, language=member.language)
    still = (
        select(BoardRow.site_id)
        .join(ParticipationRow, ParticipationRow.team_id == BoardRow.team_id)
        .where(takes_part(), ParticipationRow.member_id == member.id)
    )
    links = select(JiraAccountRow).where(JiraAccountRow.member_id == member.id)
    unneeded = links if for_good else links.where(JiraAccountRow.site_id.not_in(still))
    for link in session.scalars(unneeded.order_by(JiraAccountRow.id).with_for_update()).all():
        account_rows.forget_ways(session, link)
        if link.account is not None:
            account_rows.release(session, link, at, why=why.value)


def _tell(
    session: Session,
    member: MemberRow,
    side: SideRow,
    number: int,
    why: Why,
    heirs: Mapping[Duty, MemberRow | None],
    at: datetime,
) -> None:
    """Every side's scrum masters; why is said to their own. Whoever has a duty now hears of it too."""
    named = {"name": member.name, "company": side.organisation.name, "team": side.team.name}
    for each in side.team.sides:
        text = (_TO_OWN[why] if each.organisation_id == side.organisation_id else _TO_OTHERS) + _AFTER
        for master in scrum_masters(session, side.team_id, each.id):
            _owe(session, master, f"left:{number}:{master.id}", Notice(text=text, values=named), at)
            for duty, heir in heirs.items():
                _owe(session, master, f"duty:{number}:{duty}:{master.id}", _of_duty(duty, heir, named), at)
    for duty, heir in heirs.items():
        if heir is not None:
            _owe(session, heir, f"duty:{number}:{duty}:{heir.id}", _of_duty(duty, heir, named), at)


def _of_duty(duty: Duty, heir: MemberRow | None, named: Mapping[str, str]) -> Notice:
    if heir is None:
        return Notice(text=_NOBODY[duty], values=dict(named))
    return Notice(text=_HEIR[duty], values={**named, "name": heir.name})


def _owe(session: Session, reader: MemberRow, name: str, notice: Notice, at: datetime) -> None:
    outbox.owe(session, name=name, message=notice, due=at, language=reader.language, person=reader.person)
