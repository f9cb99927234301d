"""Slack's rules of blocks and elements, tried with values rather than over the wire."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.sandbox.slack import blocks, elements

KEYS: tuple[str, ...] = (
    "type",
    "text",
    "elements",
    "element",
    "accessory",
    "fields",
    "options",
    "option_groups",
    "label",
    "rows",
)
KEYS += ("block_id", "action_id", "value", "chart", "title", "caption", "axis_config", "series", "segments", "confirm")
WORDS = (*blocks.RULES, *elements.INPUTS, "button", "plain_text", "mrkdwn", "pie", "line")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=30,
)
INSIDE = st.dictionaries(st.sampled_from(KEYS[1:]), JSON, max_size=4)
BLOCK = st.builds(lambda kind, inside: {"type": kind, **inside}, st.sampled_from(list(blocks.RULES)), INSIDE)
ELEMENT = st.builds(lambda kind, inside: {"type": kind, **inside}, st.sampled_from(WORDS), INSIDE)
HOLDER = st.builds(
    lambda kind, element: (
        {"type": kind, "text": plain("x"), "label": plain("x"), "accessory": element}
        | {"element": element, "elements": [element]}
    ),
    st.sampled_from(["section", "input", "actions", "context"]),
    ELEMENT,
)


@given(st.lists(BLOCK | HOLDER | JSON, min_size=1, max_size=3), st.sampled_from(["message", "modal", "home"]))
def test_junk_is_explained_and_never_breaks_the_rules(junk: Any, surface: str) -> None:
    assert all("[json-pointer:/blocks" in explanation for explanation in blocks.problems(junk, surface))


@pytest.mark.parametrize("junk", [None, 5, "x", {}, [None]])
def test_blocks_have_to_be_a_list_of_objects(junk: Any) -> None:
    assert blocks.problems(junk, "message")


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def chosen(value: str) -> dict[str, Any]:
    return {"text": plain(value.upper()), "value": value}


TAKEN = [
    # blocks that Slack takes, on which surface
    ({"type": "section", "fields": [plain("a"), plain("b")]}, "message"),
    ({"type": "section", "text": {"type": "mrkdwn", "text": "x", "verbatim": True}}, "home"),
    (
        {"type": "context", "elements": [plain("a"), {"type": "image", "image_url": "https://x", "alt_text": "x"}]},
        "modal",
    ),
    ({"type": "actions", "elements": [{"type": "overflow", "action_id": "o", "options": [chosen("a")]}]}, "message"),
    ({"type": "input", "label": plain("L"), "element": {"type": "plain_text_input", "action_id": "t"}}, "modal"),
    ({"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}, "message"),
    ({"type": "data_table", "caption": "c", "rows": [[{"type": "raw_text", "text": "a"}]] * 2}, "home"),
    (
        {
            "type": "data_visualization",
            "title": "t",
            "chart": {
                "type": "line",
                "series": [{"name": "n", "data": [{"label": "a", "value": 1}]}],
                "axis_config": {"categories": ["a"]},
            },
        },
        "message",
    ),
    ({"type": "image", "slack_file": {"id": "F1"}, "alt_text": "x"}, "message"),
]


@pytest.mark.parametrize(("block", "surface"), TAKEN)
def test_what_slack_takes_is_taken(block: dict[str, Any], surface: str) -> None:
    assert blocks.problems([block], surface) == []


SELECT = {"type": "static_select", "action_id": "s", "options": [chosen("a"), chosen("b")]}
STATES = [
    # element, what the person put in, what Slack reports
    ({"type": "plain_text_input"}, "hi", {"type": "plain_text_input", "value": "hi"}),
    ({"type": "plain_text_input"}, "", {"type": "plain_text_input", "value": None}),
    ({"type": "number_input"}, 3, {"type": "number_input", "value": "3"}),
    (SELECT, "b", {"type": "static_select", "selected_option": chosen("b")}),
    (SELECT, None, {"type": "static_select", "selected_option": None}),
    ({**SELECT, "type": "checkboxes"}, ["a"], {"type": "checkboxes", "selected_options": [chosen("a")]}),
    ({"type": "datepicker"}, "2026-11-19", {"type": "datepicker", "selected_date": "2026-11-19"}),
    ({"type": "users_select"}, "U1", {"type": "users_select", "selected_user": "U1"}),
    ({"type": "multi_users_select"}, "U1", {"type": "multi_users_select", "selected_users": ["U1"]}),
]


@pytest.mark.parametrize(("element", "put_in", "state"), STATES)
def test_input_becomes_state_by_the_kind_of_element(element: Any, put_in: Any, state: dict[str, Any]) -> None:
    assert elements.state_of(element, put_in) == state


def test_an_option_that_was_not_offered_cannot_be_chosen() -> None:
    with pytest.raises(ValueError, match="has no option 'z'"):
        elements.state_of(SELECT, "z")
