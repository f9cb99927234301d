"""Second and third step of a set-up: who of each side takes part, and what they have to do for it."""

from typing import Any

from fmo_bot.domain.draft_screens import MOST, ONE, Field, Given, Screen, joined, literal, many, one
from fmo_bot.domain.drafts import DUTIES, PEOPLE, STEPS, Draft, LeftOut, SeenMember, took
from fmo_bot.domain.messages import Choice, Notice
from fmo_bot.domain.parties import OPERATOR, VENDOR, Duty, Role
from fmo_bot.errors import InvalidInput

_WHY = {
    "guest": "guests: {names}",
    "elsewhere": "of no company of the channel: {names}",
    "unknown": "not shown by Slack: {names}",
}
LEFT_OUT = "Not offered:"
NOBODY = "Choose somebody of {company}: it sets this up."
BOTH = "{name} is chosen twice: whoever only reads is not asked."
NO_MASTER = "Choose a scrum master of {company}: it sets this up."
ONE_MASTER = "Only {company} needs a scrum master now. Everybody else can be named later."
NO_HOLDER = "Choose whom they stand in for first."
SAME = "Choose somebody else to stand in."


def people(draft: Draft) -> Screen:
    """Everybody in the channel who is at home with a side's company takes part, unless it is said otherwise."""
    return Screen(
        step=PEOPLE,
        title="People",
        number=2,
        of=len(STEPS),
        said=(Notice(text="Whoever takes part is asked in the stand-up; whoever only reads never is.", values={}),),
        fields=tuple(each for side in draft.sides for each in _of_side(draft, side)),
        after=tuple(_left(draft.left)),
    )


def _of_side(draft: Draft, side: str) -> tuple[Field, ...]:
    here, named = draft.of_side(side), {"company": draft.sides[side]["organisation"]}
    choices = _choices(here)
    known = draft.sides[side].get("members")
    reads = tuple(each["user"] for each in known or () if each.get("role") == Role.STAKEHOLDER)
    takes = tuple(each["user"] for each in known if each["user"] not in reads) if known is not None else None
    chosen = takes if takes is not None else tuple(each.user for each in here)
    return (
        *many(f"in:{side}", "{company}: takes part", choices, chosen, values=named),
        *many(f"reads:{side}", "{company}: only reads", choices, reads, values=named),
    )


def _left(left: tuple[LeftOut, ...]) -> list[Notice]:
    kinds = {why: ", ".join(each.name for each in left if each.why == why) for why in _WHY}
    told = [Notice(text=_WHY[why], values={"names": names[:600]}) for why, names in kinds.items() if names]
    return [Notice(text=LEFT_OUT, values={}), *told] if told else []


def take_people(draft: Draft, given: Given) -> Draft:
    """Who takes part and who reads; a duty somebody was given before stays theirs. Raises InvalidInput."""
    sides: dict[str, Any] = {}
    for side, said in draft.sides.items():
        takes, reads = joined(given, f"in:{side}"), joined(given, f"reads:{side}")
        here = {each.user: each for each in draft.of_side(side)}
        if twice := next((each for each in reads if each in takes and each in here), None):
            raise InvalidInput({f"reads:{side}": BOTH}, name=here[twice].name)
        if said["organisation"] == draft.own and not takes:
            raise InvalidInput({f"in:{side}": NOBODY}, company=draft.own)
        before = {each["user"]: each for each in said.get("members", ())}
        members = [
            _member(here[user], before.get(user, {}), reads=user in reads) for user in here if user in {*takes, *reads}
        ]
        sides[side] = {**said, "members": members}
    return took(draft, PEOPLE, sides=sides)


def _member(seen: SeenMember, before: dict[str, Any], *, reads: bool) -> dict[str, Any]:
    told = {"user": seen.user, "name": seen.name, "zone": seen.zone, "language": seen.language, "workspace": seen.home}
    if reads:
        return {**told, "role": Role.STAKEHOLDER.value}
    kept = {key: before[key] for key in ("duties", "deputy") if key in before}
    role = before.get("role")
    return told | kept | ({"role": role} if role == Role.SCRUM_MASTER else {})


# --- roles and duties ---------------------------------------------------------------------------------------------

_ACCEPTS, _ESCALATES = Duty.ACCEPTOR.value, Duty.ESCALATION.value
_DUTIES = {
    _ACCEPTS: ("{company}: acceptor", "Accepts or returns what is finished.", "{company}: the acceptor's deputy"),
    _ESCALATES: (
        "{company}: escalation contact",
        "Is told when a blocker waits too long, and has agreed to that.",
        "{company}: the escalation contact's deputy",
    ),
}


def _duties_of_side(draft: Draft, side: str) -> list[str]:
    """Finished work is accepted by whom it is delivered to."""
    receives = side == OPERATOR or (OPERATOR not in draft.sides and side != VENDOR)
    return [_ACCEPTS, _ESCALATES] if receives else [_ESCALATES]


def duties(draft: Draft) -> Screen:
    """Scrum masters, and who has which duty, with who stands in; whoever sets up is a scrum master at first."""
    return Screen(
        step=DUTIES,
        title="Roles and duties",
        number=3,
        of=len(STEPS),
        said=(
            Notice(
                text="Only {company} needs a scrum master now. Everybody else can be named later.",
                values={"company": draft.own},
            ),
        ),
        fields=tuple(each for side in draft.sides for each in _duties_of(draft, side)),
    )


def _duties_of(draft: Draft, side: str) -> tuple[Field, ...]:
    members, company = _asked(draft, side), draft.sides[side]["organisation"]
    if not members:
        return ()
    named, choices = {"company": company}, _names(members)
    masters = tuple(each["user"] for each in members if each.get("role") == Role.SCRUM_MASTER)
    if not masters and company == draft.own and DUTIES not in draft.done:
        masters = tuple(each["user"] for each in members if each["user"] == draft.asker)
    needed = company == draft.own and len(choices) <= MOST
    label = "{company}: scrum masters"
    made: list[Field] = [*many(f"master:{side}", label, choices, masters, values=named, optional=not needed)]
    told: dict[str, Any] = {"kind": ONE, "choices": choices[:MOST], "values": named, "optional": True}
    for duty in _duties_of_side(draft, side):
        label, hint, stands_in = _DUTIES[duty]
        holder, deputy = (_holder(members, kind, duty) for kind in ("duties", "deputy"))
        made.append(Field(key=f"{duty}:{side}", label=label, hint=hint, chosen=holder, **told))
        made.append(Field(key=f"{duty}2:{side}", label=stands_in, chosen=deputy, **told))
    return tuple(made)


def take_duties(draft: Draft, given: Given) -> Draft:
    """Roles and duties as they were chosen. Raises InvalidInput."""
    sides: dict[str, Any] = {}
    for side, said in draft.sides.items():
        masters = joined(given, f"master:{side}")
        if said["organisation"] == draft.own and not masters:
            raise InvalidInput({f"master:{side}": NO_MASTER}, company=draft.own)
        for duty in _DUTIES:
            holder, deputy = one(given, f"{duty}:{side}"), one(given, f"{duty}2:{side}")
            if deputy and (not holder or holder == deputy):
                raise InvalidInput({f"{duty}2:{side}": SAME if holder else NO_HOLDER})
        members = [_with_duties(each, side, given, masters) for each in said.get("members", ())]
        sides[side] = {**said, "members": members}
    return took(draft, DUTIES, sides=sides)


def _with_duties(member: dict[str, Any], side: str, given: Given, masters: tuple[str, ...]) -> dict[str, Any]:
    if member.get("role") == Role.STAKEHOLDER:
        return member
    user = member["user"]
    plain = {key: value for key, value in member.items() if key not in ("role", "duties", "deputy")}
    had = [duty for duty in _DUTIES if one(given, f"{duty}:{side}") == user]
    stands = [duty for duty in _DUTIES if one(given, f"{duty}2:{side}") == user]
    said = {"role": Role.SCRUM_MASTER.value if user in masters else None, "duties": had, "deputy": stands}
    return plain | {key: value for key, value in said.items() if value}


def _asked(draft: Draft, side: str) -> list[dict[str, Any]]:
    return [each for each in draft.sides[side].get("members", ()) if each.get("role") != Role.STAKEHOLDER]


def _holder(members: list[dict[str, Any]], kind: str, duty: str) -> tuple[str, ...]:
    return tuple(each["user"] for each in members if duty in each.get(kind, ()))[:1]


def _names(members: list[dict[str, Any]]) -> tuple[Choice, ...]:
    return tuple(literal(each["user"], each["name"]) for each in members)


def _choices(people: tuple[SeenMember, ...]) -> tuple[Choice, ...]:
    return tuple(literal(each.user, each.name) for each in people)
