"""First step of a set-up: what the joint team is called, which company is which side, who runs the server."""

import re
from typing import Any

from fmo_bot.domain.draft_screens import ONE, TEXT, Field, Given, Screen, literal, one
from fmo_bot.domain.drafts import SIDES, STEPS, Company, Draft, took
from fmo_bot.domain.messages import Choice, Notice
from fmo_bot.domain.parties import OPERATOR, VENDOR
from fmo_bot.errors import InvalidInput

PARTNER, NONE = "partner", "none"
_SIDES = (
    Choice(value=VENDOR, text="Vendor: delivers"),
    Choice(value=OPERATOR, text="Operator: is delivered to"),
    Choice(value=PARTNER, text="Partner of one of them"),
    Choice(value=NONE, text="Takes no part"),
)
_VENDORS = re.compile(r"huawei|ericsson|nokia|zte|samsung|cisco|amdocs|netcracker|fiberhome", re.IGNORECASE)
_NO_PARTNER = re.compile(r"[^\w .&-]")
TWO = "A joint team needs two companies: give each its side."
OWN = "{company} sets this up, so it has a side."
TWICE = "Only one company is vendor, and only one operator; others are partners."
NEITHER = "One company has to be the vendor or the operator."
NO_APP = (
    "FMO bot is not in the Slack of {company} yet. The joint team works without it: people of {company} are asked once "
    "the app is installed there and an admin of {company} has accepted."
)


def screen(draft: Draft) -> Screen:
    """What was recognised from who is in the channel, to be corrected."""
    said, guessed = draft.sides, guess(draft)
    known = {side["organisation"]: _kind(name) for name, side in said.items()}
    companies = [
        Field(
            key=f"side:{each.workspace}",
            label="{company}",
            values={"company": each.name},
            kind=ONE,
            choices=_SIDES,
            chosen=(known.get(each.name, NONE) if said else guessed[each.name],),
        )
        for each in draft.companies
    ]
    hosts = tuple(literal(each.workspace, each.name) for each in draft.companies)
    host = next(
        (each for each in draft.companies if each.name == draft.file.get("host", draft.host)), draft.companies[0]
    )
    waits = (each for each in draft.companies if not each.app)
    return Screen(
        step=SIDES,
        title="Joint team",
        number=1,
        of=len(STEPS),
        said=(
            Notice(
                text="In #{channel} FMO bot sees these companies. Correct what is not so.",
                values={"channel": draft.name},
            ),
        ),
        fields=(
            Field(key="team", label="Name of the joint team", kind=TEXT, chosen=(draft.file.get("team", draft.name),)),
            *companies,
            Field(
                key="host",
                label="Which company runs the server of FMO bot?",
                hint="Named wherever data is asked for: whoever runs the server can read its database.",
                kind=ONE,
                choices=hosts,
                chosen=(host.workspace,),
            ),
        ),
        after=tuple(Notice(text=NO_APP, values={"company": each.name}) for each in waits),
    )


def guess(draft: Draft) -> dict[str, str]:
    """Company -> its side: as in its other joint teams, else by its name; the one that sets up is vendor otherwise."""
    found: dict[str, str] = {}
    for each in sorted(draft.companies, key=lambda company: _sureness(company, draft)):
        wanted = each.usual or (VENDOR if _VENDORS.search(each.name) else "")
        free = [side for side in (VENDOR, OPERATOR) if side not in found.values()]
        found[each.name] = wanted if wanted in free else (*free, PARTNER)[0]
    return found


def _sureness(company: Company, draft: Draft) -> tuple[bool, bool, bool, int]:
    """What is guessed first: of others than the author's company, the one with most people in the channel."""
    people = sum(each.home == company.workspace for each in draft.people)
    return not company.usual, not _VENDORS.search(company.name), company.name != draft.own, -people


def take(draft: Draft, given: Given) -> Draft:
    """The sides as they were chosen; people and times of a side that stays stay. Raises InvalidInput."""
    chosen = {each: one(given, f"side:{each.workspace}") or NONE for each in draft.companies}
    sides = {_side(each, kind): each.name for each, kind in chosen.items() if kind != NONE}
    _judge(draft, chosen, sides)
    known = {side["organisation"]: side for side in draft.sides.values()}
    said: dict[str, Any] = {side: {**known.get(name, {}), "organisation": name} for side, name in sides.items()}
    host = next((each.name for each in draft.companies if each.workspace == one(given, "host")), draft.own)
    return took(draft, SIDES, team=one(given, "team").strip(), host=host, sides=said)


def _judge(draft: Draft, chosen: dict[Company, str], sides: dict[str, str]) -> None:
    first = f"side:{draft.companies[0].workspace}"
    kinds = [kind for kind in chosen.values() if kind != NONE]
    own = draft.company(draft.own)
    if chosen[own] == NONE:
        raise InvalidInput({f"side:{own.workspace}": OWN}, company=own.name)
    if len(kinds) < 2:
        raise InvalidInput({first: TWO})
    if kinds.count(VENDOR) > 1 or kinds.count(OPERATOR) > 1 or len(sides) < len(kinds):
        raise InvalidInput({first: TWICE})
    if not {VENDOR, OPERATOR} & set(kinds):
        raise InvalidInput({first: NEITHER})


def _side(company: Company, kind: str) -> str:
    return f"partner:{_NO_PARTNER.sub('', company.name)[:60] or company.workspace}" if kind == PARTNER else kind


def _kind(side: str) -> str:
    return PARTNER if side.startswith(f"{PARTNER}:") else side
