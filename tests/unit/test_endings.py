"""When an issue was open, done or given up, against what is said of each single instant."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.domain import lives
from fmo_bot.domain.endings import Endings
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.mappings import AnyWorkflow, DatedWorkflow
from fmo_bot.domain.stays import standing, stays
from tests.unit.lives import FLOW, at, life
from tests.unit.test_sprints import PLANS, Plan, lived

LATER = replace(
    FLOW,  # from hour 60 on Wait is done, Gone live is in no stage, and nothing gives up by its resolution
    stages=tuple(
        replace(stage, statuses={"Wait": (), "Done": ("F", "W")}.get(stage.name, stage.statuses))
        for stage in FLOW.stages
    ),
    abandoned_resolutions=(),
)
DATED = DatedWorkflow(((0, FLOW), (ms(at(60)), LATER), (ms(at(150)), FLOW)))


@given(PLANS, st.sampled_from([FLOW, DATED]))
def test_every_turn_is_what_the_stays_say_of_its_instants(plan: Plan, workflow: AnyWorkflow) -> None:
    issue = lives.of(lived(1, plan))
    turns = Endings(workflow).of(issue)
    assert [turn[1] for turn in turns[:-1]] == [turn[0] for turn in turns[1:]]
    for since, until, is_open, done in turns:
        for instant in {since, until - 1} if since < until else ():
            then = min(instant, ms(at(1000)))
            found = standing(issue, workflow, then, stays(issue, workflow, then))
            assert (not found.ended, found.finished) == (is_open, done)


def test_an_issue_of_no_stage_is_open() -> None:
    ((_, _, is_open, done),) = Endings(FLOW).of(lives.of(life("U", (3, "U"))))
    assert (is_open, done) == (True, None)
