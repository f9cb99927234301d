"""Last step of a set-up: all of it in a few lines, before anybody but its author sees anything."""

from datetime import datetime
from typing import Any

from fmo_bot.domain.draft_screens import Screen
from fmo_bot.domain.draft_times import National, next_runs, told
from fmo_bot.domain.drafts import STEPS, SUMMARY, Draft
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import Duty, Role

_DUTIES = {
    Duty.ACCEPTOR.value: "{company}: {names} accepts what is finished",
    Duty.ESCALATION.value: "{company}: {names} is told when a blocker waits too long",
}


def screen(draft: Draft, at: datetime, national: National) -> Screen:
    """What is posted with the button, and who is asked then."""
    file = draft.file
    others = [side["organisation"] for side in draft.sides.values() if side["organisation"] != draft.own]
    named = {"team": file["team"], "channel": draft.name, "host": file["host"], "company": draft.own}
    return Screen(
        step=SUMMARY,
        title="Summary",
        number=len(STEPS),
        of=len(STEPS),
        said=(
            Notice(text="{team} in #{channel}; the server is run by {host}.", values=named),
            *(line for side in draft.sides for line in _side(draft, side)),
            *_board(draft),
            *_times(draft),
            *told(next_runs(draft, at, national)),
        ),
        after=(
            Notice(
                text="Post: #{channel} reads that {company} proposes this, and an admin of {others} is asked to "
                "accept. Until then nobody of {others} is asked anything, and nothing of their Jira is read.",
                values={**named, "others": ", ".join(others)},
            ),
        ),
        send="Post",
    )


def _side(draft: Draft, side: str) -> list[Notice]:
    said = draft.sides[side]
    members = said["members"]
    reads = [each["name"] for each in members if each.get("role") == Role.STAKEHOLDER]
    masters = [each["name"] for each in members if each.get("role") == Role.SCRUM_MASTER]
    calendar = said["calendar"]
    values = {
        "company": said["organisation"],
        "side": side,
        "n": len(members) - len(reads),
        "m": len(reads),
        "masters": ", ".join(masters) or "-",
        "zone": calendar["zone"],
        "country": calendar.get("country", "-"),
    }
    line = (
        "{company} ({side}): {n} take part, {m} only read; scrum masters: {masters}; "
        "works by the clocks of {zone}, holidays of {country}"
    )
    return [Notice(text=line, values=values), *_duties(said)]


def _duties(said: dict[str, Any]) -> list[Notice]:
    holders = {duty: [each["name"] for each in said["members"] if duty in each.get("duties", ())] for duty in _DUTIES}
    company = said["organisation"]
    return [
        Notice(text=_DUTIES[duty], values={"company": company, "names": ", ".join(names)})
        for duty, names in holders.items()
        if names
    ]


def _board(draft: Draft) -> list[Notice]:
    if draft.board is None:
        return []
    values = {"board": draft.board.name, "site": draft.board.site}
    return [Notice(text="Board: {board} on Jira site {site}", values=values)]


def _times(draft: Draft) -> list[Notice]:
    standup, digest = draft.file["standups"][0], draft.file["digests"][0]
    asked = {"at": standup["at"], "days": " ".join(standup["days"])}
    sent = {"at": digest["at"], "days": " ".join(digest["days"]), "zone": draft.file["zone"]}
    return [
        Notice(text="Stand-up: {days} at {at}, by each member's own clock", values=asked),
        Notice(text="Digest: {days} at {at} ({zone})", values=sent),
    ]
