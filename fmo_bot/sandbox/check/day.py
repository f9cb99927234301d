"""Playing the script: everybody does, at their own time, what a person would do at their screen."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from fmo_bot.sandbox.check.play import Human, Json, Stuck, World
from fmo_bot.sandbox.check.script import ASKER, BLOCKED, JOINT_CHANNEL, SAID, Member, Script

ANSWERS_AFTER = timedelta(minutes=12)
WAITED_ON = "Huawei"
MISSING = "The test SIM profiles for the roaming case"


def play(world: World, script: Script) -> list[str]:
    """Play the whole script; what somebody could not do comes back as complaints."""
    complaints: list[str] = []
    for at, act in sorted(_acts(world, script), key=lambda entry: entry[0]):
        world.step_to(at)
        try:
            act()
        except Stuck as stuck:
            complaints.append(str(stuck))
    world.settle()
    return complaints


Act = tuple[datetime, Callable[[], None]]


def _acts(world: World, script: Script) -> list[Act]:
    def nothing() -> None:
        """The clock reaches this instant; the bot does what it owes."""

    acts: list[Act] = [(script.due(member), nothing) for member in script.asked]
    for member in script.answering:
        acts.append((script.due(member) + ANSWERS_AFTER, lambda member=member: _answer(world, member)))  # type: ignore[misc]
    asked_at = script.sprint_over or script.closes
    acts += [(script.closes, nothing), (script.digest, nothing)]
    acts.append((asked_at + timedelta(minutes=5), lambda: _ask_for_the_sprint(world, script.sprint)))
    return acts


def _answer(world: World, member: Member) -> None:
    human = world.person(member.user)
    channel, prompt = _last_prompt(human)
    human.press(channel, prompt, lambda button: button["text"]["text"] == "Answer")
    world.settle()
    if member.user == BLOCKED:
        _say_who_is_waited_on(world, human)
    view = human.form()
    answer = human.submit(view, _filled(view, member))
    if answer.get("errors"):
        raise Stuck(f"{member.user} filled the form in and was refused: {answer['errors']}")
    world.settle()


def _last_prompt(human: Human) -> tuple[str, Json]:
    found = [(conversation["id"], message) for conversation, message in human.direct_messages()]
    if not found:
        raise Stuck(f"{human.user} was to answer and finds no prompt")
    return found[-1]


def _say_who_is_waited_on(world: World, human: Human) -> None:
    view = human.form()
    for block in _inputs(view, "radio_buttons"):
        for option in block["element"]["options"]:
            if WAITED_ON in option["text"]["text"]:
                human.choose(view, block, option["value"], {})
                world.settle()
                return
    raise Stuck(f"{human.user} cannot say that {WAITED_ON} is waited on")


def _filled(view: Json, member: Member) -> Json:
    """The questions answered in turn, every choice left as it stands, an issue picked where one is asked for."""
    values: Json = {}
    said = iter(SAID[member.user])
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        if element["type"] == "plain_text_input":
            text = MISSING if "missing" in block["label"]["text"].lower() else next(said, "")
            values[block["block_id"]] = {element["action_id"]: text}
        elif element["type"] == "static_select":
            values[block["block_id"]] = {element["action_id"]: element["options"][0]["value"]}
        elif element.get("initial_option"):
            values[block["block_id"]] = {element["action_id"]: element["initial_option"]["value"]}
    return values


def _inputs(view: Json, kind: str) -> list[Any]:
    return [block for block in view["blocks"] if block["type"] == "input" and block["element"]["type"] == kind]


def _ask_for_the_sprint(world: World, sprint: Json | None) -> None:
    """By name, since the next sprint may have begun within the minute."""
    human = world.person(ASKER)
    human.command(JOINT_CHANNEL, f"/fmo sprint {sprint['name'] if sprint else ''}")
    world.settle()
    if sprint is None:
        return
    reports = [(place["id"], found) for place, found in human.direct_messages() if "Sprint report" in found["text"]]
    if not reports:
        raise Stuck(f"{ASKER} asked for the sprint report and got none")
    channel, report = reports[-1]
    human.press(channel, report, lambda button: "Share" in button["text"]["text"])
    world.settle()
