"""What a sprint report says beside the sprint's own sets: time by side, the days before it, and what grew old."""

from sqlalchemy.orm import Session

from fmo_bot.domain import flow, sprints
from fmo_bot.domain.flow import COMPARED_MS, cycle_times
from fmo_bot.domain.intervals import instant, ms
from fmo_bot.domain.messages import AgeingItem, Spread
from fmo_bot.domain.ownership import Counted
from fmo_bot.domain.shown import SideTime
from fmo_bot.domain.side_times import side_times
from fmo_bot.domain.timelines import timeline
from fmo_bot.services import calendars, waits
from fmo_bot.services.ageing import ageing_item
from fmo_bot.services.boards import BoardView


def time_by_side(session: Session, team_id: int, figures: sprints.SprintFigures) -> tuple[SideTime, ...]:
    """Of the completed issues' spans, which may have begun long before the sprint."""
    since = instant(min((each.started for each in figures.finished if each.started), default=ms(figures.start)))
    known = calendars.of_team(session, team_id, first=since.date(), last=figures.end.date())
    recorded = waits.recorded(session, team_id, since=since, until=figures.end)
    return side_times(figures.finished, recorded, known)


def cycle_time_before(view: BoardView, figures: sprints.SprintFigures, found: Counted) -> Spread:
    """Cycle times of what was finished in the 90 days before the sprint's start, as known at as_of."""
    until, as_of = ms(figures.start), ms(figures.as_of)
    lives = view.facts.of_window(until - COMPARED_MS, until, as_of, found.origins)
    lines = (timeline(life, view.workflow, as_of) for life in lives)
    return cycle_times(line for line in lines if line.finished and until - COMPARED_MS <= line.finished <= until)


def old_at_the_end(view: BoardView, figures: sprints.SprintFigures, found: Counted) -> tuple[AgeingItem, ...]:
    """What was carried over and at the sprint's end older than the P85 of its stage, the oldest first."""
    end, left = ms(figures.end), frozenset(figures.carried_over.keys)
    if not left:
        return ()
    lives = view.facts.of_window(end - COMPARED_MS, end, end, found.origins)
    aged = flow.ageing((timeline(life, view.workflow, end) for life in lives), end)
    old = [each for each in aged if each.over_p85 and each.timeline.life.key in left]
    names = view.facts.names([(each.timeline.life.site, each.timeline.life.id) for each in old])
    return tuple(ageing_item(each, names[each.timeline.life.site, each.timeline.life.id].summary) for each in old)
