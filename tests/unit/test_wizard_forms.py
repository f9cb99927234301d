"""The windows of a set-up: within Slack's limits, read back as they were filled, and shown where one is waited for."""

from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from fmo_bot.domain import draft_boards, draft_people, draft_sides, draft_stages, draft_summary, draft_times
from fmo_bot.domain.draft_boards import Found
from fmo_bot.domain.draft_screens import Screen
from fmo_bot.domain.drafts import BOARD, DUTIES, PEOPLE, SIDES, STAGES, SUMMARY, TIMES, SeenBoard, SeenStatus
from fmo_bot.errors import NotFound
from fmo_bot.sandbox.slack import blocks as block_rules
from fmo_bot.slack import wizard_forms
from fmo_bot.slack.wizard_forms import SlackWizardWindow
from tests.unit.test_drafts import AT, DRAFT, ordinary, person, until

HOSTILE = "<!channel> *x* & {company} " + "n" * 200
CROWD = tuple(person(f"U{number}", "T0HUAWEI", "Asia/Shanghai") for number in range(120))
LARGE = replace(DRAFT, people=(*DRAFT.people, *CROWD, replace(CROWD[0], user="UEVIL", name=HOSTILE[:80])), name=HOSTILE)
STATUSES = tuple(SeenStatus(id=str(n), name=HOSTILE, column=HOSTILE, guess="done") for n in range(150))
BOARDS = tuple(SeenBoard(site="shared", id=n, name=HOSTILE, project="CORE") for n in range(300))


def screens() -> dict[str, Screen]:
    draft, large = until(SUMMARY), until(DUTIES, LARGE)
    assert draft.board is not None
    wide = replace(until(STAGES), board=replace(draft.board, statuses=STATUSES, name=HOSTILE))
    return {
        SIDES: draft_sides.screen(LARGE),
        PEOPLE: draft_people.people(until(PEOPLE, LARGE)),
        DUTIES: draft_people.duties(large),
        BOARD: draft_boards.screen(until(BOARD, LARGE), Found(words=HOSTILE, boards=BOARDS, sites=("shared",))),
        STAGES: draft_stages.screen(wide),
        TIMES: draft_times.screen(until(TIMES, LARGE), AT, ordinary),
        SUMMARY: draft_summary.screen(until(SUMMARY, LARGE), AT, ordinary),
    }


SCREENS = screens()


@pytest.mark.parametrize("step", SCREENS)
def test_every_screen_is_a_window_that_slack_takes(step: str) -> None:
    view = wizard_forms.form("ref", 3, SCREENS[step], "en")
    assert list(block_rules.problems(view["blocks"], "modal")) == []
    assert len(view["title"]["text"]) <= 24
    assert len(view["private_metadata"]) <= 3000
    filled = wizard_forms.read(view)
    assert (filled.ref, filled.revision, filled.step) == ("ref", 3, step)


def test_a_status_is_asked_about_with_its_column_and_a_guess_with_its_company() -> None:
    view = wizard_forms.form("ref", 1, draft_stages.screen(until(STAGES)), "en")
    rows = {
        each["label"]["text"]: each["element"]["initial_option"]["text"]["text"]
        for each in view["blocks"]
        if "label" in each
    }
    assert rows["In progress"] == "Being worked on"
    assert rows["Waiting for customer"] == "Waiting on Telefonica"


@pytest.mark.parametrize("metadata", ["", "[]", "nonsense", '["a","b","c"]', "{}"])
def test_metadata_that_nobody_of_us_wrote_names_no_set_up(metadata: str) -> None:
    assert wizard_forms.read({"private_metadata": metadata}).ref == ""


class FakeViews:
    """A Slack that has not heard of a view for its first `late` updates."""

    def __init__(self, late: int) -> None:
        self.late, self.updates = late, list[dict[str, Any]]()

    def client_of(self, workspace: str) -> "FakeViews":
        return self

    def views_update(self, **told: Any) -> None:
        if self.late:
            self.late -= 1
            raise SlackApiError("", FakeAnswer())  # type: ignore[no-untyped-call]
        self.updates.append(told)


class FakeAnswer:
    data = {"error": "not_found"}  # noqa: RUF012 - as slack_sdk's own answer has it
    status_code = 200
    headers: dict[str, str] = {}  # noqa: RUF012

    def get(self, name: str) -> str | None:
        return self.data.get(name)


def test_a_window_is_filled_though_its_job_is_faster_than_the_acknowledgement_that_makes_it() -> None:
    slept = list[float]()
    slack = FakeViews(late=2)
    name, view = wizard_forms.waiting("en")
    assert view["external_id"] == name
    SlackWizardWindow(slack, slept.append).show("T0HUAWEI", name, NotFound(), "en")  # type: ignore[arg-type]
    assert [each["external_id"] for each in slack.updates] == [name]
    assert slept == [0.0, 0.2, 0.2]
    closed = FakeViews(late=1)
    SlackWizardWindow(closed, slept.append).show("T0HUAWEI", "V1", NotFound(), "en")  # type: ignore[arg-type]
    assert closed.updates == []
