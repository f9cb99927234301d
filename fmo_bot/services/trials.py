"""The stand-up's form to be tried by whoever has set a joint team up: nothing of it is kept, nobody else sees it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.parties import MemberRow, OrganisationRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience, outbox
from fmo_bot.domain.calendars import local_date
from fmo_bot.domain.messages import AnswerPost, Message, Notice, Question, Said, StandupForm
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Scope
from fmo_bot.domain.visibility import visible
from fmo_bot.errors import InvalidInput
from fmo_bot.services import standup_choices as choices
from fmo_bot.services.governance import Action, may
from fmo_bot.services.parties import Parties

PREFIX = "try:"  # of the ref of such a form; what follows is the joint team's
TRIED = "This is how the joint channel would read it. Nothing of it is kept, and nobody else has seen it."


class Trials:
    """Forms that lead to nothing."""

    def __init__(self, store: Store, parties: Parties, questions: tuple[Question, ...]) -> None:
        """`questions`: those of the stand-ups."""
        self._store, self._parties, self._questions = store, parties, questions

    def form(self, person: Person, ref: str, at: datetime) -> StandupForm:
        """The form as everybody gets it. Raises NotFound, NotAllowed."""
        actor = self._actor(person, ref, at)
        with self._store.reading(Scope(team_id=actor.team_id)) as session:
            query = select(CeremonyRow).where(CeremonyRow.team_id == actor.team_id, CeremonyRow.kind == "standup")
            ceremony = session.scalars(query.where(CeremonyRow.active).order_by(CeremonyRow.id)).first()
            member = session.get_one(MemberRow, actor.member_id)
            standpoint = audience.of_person(session, person)
            form = StandupForm(
                prompt_ref=ref,
                team=actor.team,
                ceremony=ceremony.name if ceremony is not None else "",
                round_date=local_date(at, member.zone),
                deadline=at + timedelta(minutes=ceremony.window_minutes if ceremony is not None else 0),
                questions=self._questions,
                given={},
                sides=choices.sides(session, actor),
                issues=choices.open_issues(session, actor.team_id, standpoint),
                blocked={},
            )
            return visible(form, standpoint)  # type: ignore[return-value]  # only figures may become a notice

    def submit(
        self,
        person: Person,
        ref: str,
        answers: Mapping[str, str | None],
        blocked: Mapping[str, str | None],
        at: datetime,
    ) -> None:
        """Show them what the channel would read. Raises NotFound, NotAllowed, InvalidInput."""
        actor = self._actor(person, ref, at)
        said = {question.key: choices.storable(answers.get(question.key)) for question in self._questions}
        if wrong := dict(choices.text_faults(self._questions, said)):
            raise InvalidInput(wrong, length=max(map(len, said.values())), limit=choices.MAX_ANSWER)
        labels = {question.key: question.label for question in self._questions}
        with self._store.transaction(SYSTEM) as session:
            member = session.get_one(MemberRow, actor.member_id)
            shown = AnswerPost(
                author=person,
                author_name=actor.name,
                company=session.get_one(OrganisationRow, member.organisation_id).name,
                zone=member.zone,
                answered_at=at,
                said=tuple(Said(label=labels[key], text=text) for key, text in said.items() if text),
                blocker=None,
                edited=False,
                late=False,
            )
            told: tuple[Message, ...] = (Notice(text=TRIED, values={}), shown)
            for number, message in enumerate(told):
                name = f"trial:{actor.team_id}:{actor.member_id}:{at.timestamp()}:{number}"
                outbox.owe(session, name=name, message=message, due=at, language=actor.language, person=person)

    def _actor(self, person: Person, ref: str, at: datetime) -> Actor:
        actor = self._parties.actor(person, team_ref=ref.removeprefix(PREFIX), at=at)
        may(actor, Action.ANSWER, Scope(team_id=actor.team_id))
        return actor
