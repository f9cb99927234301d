"""What a person sees of a set-up, one screen a step, as values: `slack.render.wizard` makes windows of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fmo_bot.domain.messages import Choice, Notice

Given = Mapping[str, tuple[str, ...]]  # field -> what was put in or chosen; an empty field is not in it

TEXT, ONE, MANY, TIME = "text", "one", "many", "time"
MOST = 100  # choices of one field (Slack's limit)


@dataclass(frozen=True, kw_only=True)
class Field:
    """One question: `label` and `hint` are msgids, `values` fill both.

    `acts`: the window changes as soon as it is chosen, or as Enter is pressed in a text.
    """

    key: str
    label: str
    kind: str
    chosen: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    hint: str = ""
    optional: bool = False
    acts: bool = False


@dataclass(frozen=True, kw_only=True)
class Screen:
    """One step. `said` stands above the questions, `after` below them; `send` is the msgid of its button."""

    step: str
    title: str
    number: int
    of: int
    said: tuple[Notice, ...] = ()
    fields: tuple[Field, ...] = ()
    after: tuple[Notice, ...] = ()
    send: str = "Next"


def literal(value: str, text: str) -> Choice:
    """A choice in somebody's own words."""
    return Choice(value=value, text=text, literal=True)


def one(given: Given, key: str) -> str:
    """What a field with one value came to; "" for nothing."""
    return (*given.get(key, ()), "")[0]


def many(key: str, label: str, choices: tuple[Choice, ...], chosen: tuple[str, ...], **more: Any) -> tuple[Field, ...]:
    """A field of any number of choices: as many fields as Slack needs for it, the later ones with a number."""
    parts = [choices[start : start + MOST] for start in range(0, len(choices), MOST)]
    made = []
    for number, part in enumerate(parts):
        offered = {each.value for each in part}
        name = f"{key}~{number}" if number else key
        kept = tuple(each for each in chosen if each in offered)
        made.append(Field(key=name, label=label, kind=MANY, choices=part, chosen=kept, **{"optional": True, **more}))
    return tuple(made)


def joined(given: Given, key: str) -> tuple[str, ...]:
    """What was chosen in all parts of such a field."""
    parts = (values for name, values in given.items() if name.partition("~")[0] == key)
    return tuple(value for values in parts for value in values)
