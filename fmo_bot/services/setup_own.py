"""Whose word a team file is: the company that proposes it changes what is its own, and nothing that is another's.

Another company's people are introduced by it where nobody knows them yet, and proposed for a side that has not
accepted. What it says beyond that is left as it is, and told in a sentence: never with what is known instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fmo_bot.db.parties import MemberRow, SideRow
from fmo_bot.services.team_spec import MemberSpec

_KEPT = (
    "{place} ({what}): stays as it is, for only {company} says that. A file that {company} has agreed to changes it: "
    "add --agreed where it has."
)
_PEOPLE = (
    "sides.{side}: {company} has accepted already, so its people, roles, duties and calendar stay as they are; the "
    "file says otherwise of: {what}. An admin of {company} changes that; or add --agreed where {company} has agreed to "
    "this file."
)


@dataclass(frozen=True)
class Word:
    """The word of `by`; None: of all companies, who have agreed. `kept`: what was not its to say, a sentence each."""

    by: str | None
    kept: list[str] = field(default_factory=list)

    def is_of(self, company: str) -> bool:
        """Whether it may say what is this company's alone."""
        return self.by in (None, company)

    def forms(self, side: SideRow) -> bool:
        """Whether it may say who takes part for a side: one's own, or one that has not accepted yet."""
        return self.is_of(side.organisation.name) or side.accepted_at is None

    def differs(self, place: str, company: str, said: Mapping[str, object], known: Mapping[str, object]) -> None:
        """Note which of these keys stay as they are known."""
        if what := [key for key, value in said.items() if known[key] != value]:
            self.kept.append(_KEPT.format(place=place, what=", ".join(what), company=company))

    def differs_in_people(self, side: SideRow, what: Iterable[str]) -> None:
        """Note that a side which has accepted keeps its people; `what` stands otherwise in the file."""
        if listed := ", ".join(what):
            self.kept.append(_PEOPLE.format(side=side.name, company=side.organisation.name, what=listed))


def profile(of: MemberRow | MemberSpec) -> dict[str, object]:
    """What a company says of one of its people, wherever they take part."""
    return {"name": of.name, "zone": of.zone, "language": of.language}
