"""Values survive a JSON column unchanged."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.db import values
from fmo_bot.domain.issues import STATUS, Change, Issue
from fmo_bot.domain.messages import Message, Notice, Proposal
from fmo_bot.domain.parties import Person

# In UTC, as all our instants are: in other zones Python finds instants within a repeated hour unequal to themselves.
_INSTANTS = st.datetimes(timezones=st.just(UTC))
st.register_type_strategy(datetime, _INSTANTS)
_ANYTHING = st.none() | st.booleans() | st.integers() | st.text() | _INSTANTS | st.dates() | st.builds(Person)
_VALUES = st.dictionaries(st.text(), _ANYTHING | st.lists(_ANYTHING))
_WITH_VALUES = (Notice, Proposal)  # messages that hold anything a sentence may be filled with


def through_a_column(stored: dict[str, Any]) -> dict[str, Any]:
    back: dict[str, Any] = json.loads(json.dumps(stored, allow_nan=False))
    return back


def _messages() -> st.SearchStrategy[Message]:
    others = [cls for cls in Message.__args__ if cls not in _WITH_VALUES]
    numbers = st.floats(allow_nan=False, allow_infinity=False)
    st.register_type_strategy(float, numbers)
    filled = [st.builds(cls, values=_VALUES) for cls in _WITH_VALUES]
    return st.one_of(*filled, *map(st.from_type, others))


@given(_messages())
def test_every_message_comes_back_as_it_was(message: Message) -> None:
    assert values.message_from_json(through_a_column(values.message_to_json(message))) == message


def test_an_issue_comes_back_with_its_history() -> None:
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    change = Change(at, 7, STATUS, "1", "3", "To Do", "In Progress")
    issue = Issue(
        site="shared",
        id="10001",
        key="CORE-1",
        summary="UPF drops packets",
        issue_type="Bug",
        subtask=False,
        created=at,
        updated=at,
        status="3",
        status_name="In Progress",
        status_category="indeterminate",
        sprints=(12,),
        changes=(change,),
    )
    assert values.from_json(Issue, through_a_column(values.to_json(issue))) == issue


def test_instants_are_stored_in_utc() -> None:
    madrid_winter = timezone(timedelta(hours=1))
    notice = Notice(text="x", values={"at": datetime(2026, 11, 16, 9, tzinfo=madrid_winter), "on": date(2026, 11, 16)})
    stored = values.message_to_json(notice)["values"]
    assert stored == {"at": {"$instant": "2026-11-16T08:00:00+00:00"}, "on": {"$date": "2026-11-16"}}


def test_a_value_stored_before_a_field_was_added_takes_its_default() -> None:
    stored = values.message_to_json(Notice(text="x", values={})) | {"no_longer_known": 1}
    assert values.message_from_json(stored) == Notice(text="x", values={})


# What a column must not hold -> the error it is refused with.
REFUSED = {
    "an instant without a zone": (datetime(2026, 11, 16, 9), ValueError),  # noqa: DTZ001
    "an object nobody can read back": (object(), TypeError),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_not_come_back_is_refused(case: str) -> None:
    value, error = REFUSED[case]
    with pytest.raises(error):
        values.message_to_json(Notice(text="x", values={"it": value}))
