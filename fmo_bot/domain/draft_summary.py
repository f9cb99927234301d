"""Last step of a set-up: all of it in a few lines, before anybody but its author sees anything."""

from datetime import datetime
from typing import Any

from fmo_bot.domain.draft_accepting import who_accepts
from fmo_bot.domain.draft_screens import Screen
from fmo_bot.domain.draft_times import National, days_told, next_runs, told
from fmo_bot.domain.drafts import STEPS, SUMMARY, Draft
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import Duty, Role

NO_BOARD = "Board: {company} has been asked for one; once it has chosen, this can be posted."
PACK = "What the security department of {company} asks for before it approves the app: `fmo-bot export pack`."
_END = Notice(text="", values={})  # of a paragraph
_DUTIES = {Duty.ACCEPTOR.value: "Acceptor: {names}", Duty.ESCALATION.value: "Escalation contact: {names}"}


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
            Notice(text="*{team}* in #{channel}; the server is run by {host}.", values=named),
            *(line for side in draft.sides for line in (_END, *_side(draft, side))),
            _END,
            *_pending(draft),
            *_board(draft),
            *_times(draft),
            _END,
            *told(next_runs(draft, at, national)),
        ),
        send="Close" if draft.asked else "Post",
        after=(
            Notice(text="Post: #{channel} reads that {company} proposes this.", values=named),
            who_accepts((each for each in draft.companies if each.name in others), file["host"]),
        ),
    )


def _pending(draft: Draft) -> list[Notice]:
    """The companies whose Slack has no app yet; approvals take weeks, and the others need not wait for them."""
    theirs = {side["organisation"] for side in draft.sides.values()}
    names = [each.name for each in draft.companies if not each.app and each.name in theirs]
    return [line for name in names for line in (Notice(text=PACK, values={"company": name}), _END)]


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
        "masters": ", ".join(masters),
        "zone": calendar["zone"],
        "country": calendar.get("country", ""),
    }
    lines = [
        "*{company}*, {side}: {n} take part, {m} only read",
        "Scrum masters: {masters}" if masters else "No scrum master yet",
        "Works by {zone}, holidays of {country}"
        if calendar.get("country")
        else "Works by {zone}, no national holidays",
    ]
    return [*(Notice(text=line, values=values) for line in lines), *_duties(said)]


def _duties(said: dict[str, Any]) -> list[Notice]:
    holders = {duty: [each["name"] for each in said["members"] if duty in each.get("duties", ())] for duty in _DUTIES}
    return [Notice(text=_DUTIES[duty], values={"names": ", ".join(names)}) for duty, names in holders.items() if names]


def _board(draft: Draft) -> list[Notice]:
    if draft.board is None:
        return [Notice(text=NO_BOARD, values={"company": draft.asked})]
    values = {"board": draft.board.name, "site": draft.board.site}
    return [Notice(text="Board: {board} on Jira site {site}", values=values)]


def _times(draft: Draft) -> list[Notice]:
    standup, digest = draft.file["standups"][0], draft.file["digests"][0]
    asked = {"at": standup["at"], "days": days_told(standup["days"])}
    sent = {"at": digest["at"], "days": days_told(digest["days"]), "zone": draft.file["zone"]}
    return [
        Notice(text="Stand-up: {days} at {at}, by each member's own clock", values=asked),
        Notice(text="Digest: {days} at {at} ({zone})", values=sent),
    ]
