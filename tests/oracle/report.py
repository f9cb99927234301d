"""The flow report of the command line, made from slices."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.clocks import Clock
from tests.oracle.flows import Flow
from tests.oracle.rows import Raw, Row, iso, ms, read
from tests.oracle.slices import Life, Recorded

_NINETY_DAYS = 90 * 86_400_000
_LEAST = 20


def nearest_rank(values: list[int], percent: int) -> int:
    """The smallest value that at least `percent` per cent of all values do not exceed."""
    return min(v for v in values if 100 * sum(other <= v for other in values) >= percent * len(values))


def statistic(values: list[int]) -> dict[str, Any]:
    named = {f"p{p}_s": nearest_rank(values, p) / 1000 if values else None for p in (50, 85, 95)}
    return {"n": len(values), **named}


def midnight(day: date, zone: str) -> int:
    return round(datetime.combine(day, time(), ZoneInfo(zone)).timestamp() * 1000)


def local_date(instant: int, zone: str) -> date:
    return datetime.fromtimestamp(instant / 1000, UTC).astimezone(ZoneInfo(zone)).date()


@dataclass
class Asked:
    """What one reads and how it is looked at; `since` and `until` are dates in `zone`."""

    raws: Sequence[Raw]
    content: dict[str, Any]
    as_of: int
    since: date | None = None
    until: date | None = None
    zone: str = "UTC"
    later: tuple[tuple[int, dict[str, Any]], ...] = ()  # versions of the workflow after `content`
    recorded: Mapping[str, Sequence[Recorded]] = field(default_factory=dict)  # by key
    flow: Flow = field(init=False)
    clocks: dict[str, Clock] = field(init=False)
    rows: list[Row] = field(init=False)
    lives: list[Life] = field(init=False)

    def __post_init__(self) -> None:
        self.flow = Flow(self.content, tuple((since, Flow(content)) for since, content in self.later))
        self.clocks = {side: Clock(each) for side, each in (self.content.get("calendars") or {}).items()}
        self.rows = [read(raw, self.flow.ids) for raw in self.raws]
        self.lives = [
            Life(row, self.flow, self.as_of, self.recorded.get(row.key, ()))
            for row in self.rows
            if row.created <= self.as_of
        ]

    def inside(self, instant: int | None) -> bool:
        """In the window: from the first day's 00:00 to the last day's end."""
        if instant is None:
            return False
        day = local_date(instant, self.zone)
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def edges(self) -> tuple[int, int]:
        """The first instant of a window that has both dates, and the first one after it."""
        assert self.since
        assert self.until
        return midnight(self.since, self.zone), midnight(self.until + timedelta(days=1), self.zone)


def flow_report(asked: Asked) -> dict[str, Any]:
    finished = [life for life in asked.lives if asked.inside(life.finished)]
    return {
        "as_of": iso(asked.as_of),
        "issues": {life.row.key: of_issue(life, asked) for life in asked.lives if life.started or life.finished},
        "cycle_time": statistic([life.cycle for life in finished if life.cycle is not None]),
        "lead_time": statistic([lead for life in finished if (lead := lead_time(life, asked)) is not None]),
        "time_to_recover": statistic([r - s for s, r in incidents(asked) if asked.inside(r) and r is not None]),
        "wip": sum(life.in_progress for life in asked.lives),
        "ageing": ageing(asked),
        "flow_efficiency": efficiency(finished),
        "data_quality": quality(asked),
    }


def of_issue(life: Life, asked: Asked) -> dict[str, Any]:
    def seconds(sides: dict[str, int]) -> dict[str, float]:
        return {side: value / 1000 for side, value in sides.items()}

    lead = lead_time(life, asked)
    return {
        "key": life.row.key,
        "started": life.started,
        "finished": life.finished,
        "abandoned": life.abandoned,
        "cycle_time_s": None if life.cycle is None else life.cycle / 1000,
        "lead_time_s": None if lead is None else lead / 1000,
        "work_span_s": None if life.work_span is None else life.work_span / 1000,
        "blocked_s": life.blocked_time / 1000,
        "blocked_by_side_s": seconds(life.blocked()),
        "active_s": seconds(life.by_side("active")),
        "waiting_s": seconds(life.by_side("waiting")),
        "active_working_s": seconds(life.by_side_working("active", asked.clocks)),
        "waiting_working_s": seconds(life.by_side_working("waiting", asked.clocks)),
        "done_s": life.done_time / 1000,
        "unmapped_s": life.unmapped_time / 1000,
    }


def lead_time(life: Life, asked: Asked) -> int | None:
    """Value date - created (definition 4); an issue with versions of which none is out yet has no value yet."""
    versions = life.row.raw["fields"].get("fixVersions") if asked.content.get("value") == "release" else None
    if life.finished is None or not versions:
        return None if life.finished is None else life.finished - life.row.created
    days = [date.fromisoformat(v["releaseDate"]) for v in versions if v["released"] and v.get("releaseDate")]
    ends = [midnight(day + timedelta(days=1), asked.zone) for day in days]
    out = [end for end in ends if end <= asked.as_of]
    if not out:
        return None
    return min([end for end in out if end >= life.finished], default=life.finished) - life.row.created


def weeks(asked: Asked, first: int, last: int) -> list[dict[str, Any]]:
    """Finished issues of each ISO week that touches the window [first, last), both known."""
    ends = [life.finished for life in asked.lives if life.finished is not None and first <= life.finished < last]
    return [
        {
            "week": name,
            "finished": sum(begin <= at < end for at in ends),
            "partial": begin < first or end > min(last, asked.as_of),
        }
        for name, begin, end in iso_weeks(asked.zone, first, last)
    ]


def iso_weeks(zone: str, first: int, last: int) -> Iterator[tuple[str, int, int]]:
    """(name, begin, end) of each ISO week that touches [first, last)."""
    monday = local_date(first, zone)
    monday -= timedelta(days=monday.weekday())
    while midnight(monday, zone) < last:
        following = monday + timedelta(days=7)
        year, week, _ = monday.isocalendar()
        yield f"{year}-W{week:02d}", midnight(monday, zone), midnight(following, zone)
        monday = following


def ageing(asked: Asked) -> dict[str, dict[str, Any]]:
    recent = [x for x in asked.lives if x.finished is not None and x.finished >= asked.as_of - _NINETY_DAYS]
    found = {}
    for life in asked.lives:
        if life.in_progress and life.started is not None and life.mapped[-1].stage is not None:
            stage, age = life.mapped[-1].stage.name, asked.as_of - life.started
            left = [passed for passed in (other.left(stage) for other in recent) if passed is not None]
            share = None if len(left) < _LEAST else 100 * sum(each <= age for each in left) / len(left)
            found[life.row.key] = {"key": life.row.key, "age_s": age / 1000, "stage": stage, "percentile": share}
    return found


def efficiency(finished: list[Life]) -> dict[str, Any]:
    pairs = [(worked, whole) for worked, whole in (life.efficiency() for life in finished) if whole]
    shares = sorted(worked / whole for worked, whole in pairs)
    return {
        "n": len(pairs),
        "total": sum(w for w, _ in pairs) / sum(b for _, b in pairs) if pairs else None,
        "median": shares[(len(shares) - 1) // 2] if shares else None,
    }


def incidents(asked: Asked) -> list[tuple[int, int | None]]:
    """Start and restoration (None: open) of every incident; a later reopening is ignored (definition 11)."""
    rules = asked.content.get("incidents") or {}
    found = []
    for life in asked.lives:
        if life.row.type in (rules.get("issue_types") or []):
            named = rules.get("started_field") and life.row.raw["fields"].get(rules["started_field"])
            start = ms(named) if named else life.row.created
            wanted = rules.get("restored_statuses")
            entries = (p.start for p in life.slices if (p.status in wanted if wanted else p.done))
            restored = next(entries, None)
            if not wanted and restored is not None and life.abandoned is not None and life.abandoned <= restored:
                restored = None  # closed as given up: in a done stage, and not done
            found.append((start, restored))
    return found


def quality(asked: Asked) -> dict[str, Any]:
    seconds: dict[str, int] = defaultdict(int)
    issues: dict[str, set[str]] = defaultdict(set)
    for life in asked.lives:
        for piece in life.slices:
            if piece.stage is None:
                seconds[piece.status] += piece.long
                issues[piece.status].add(life.row.key)
    names = {status: name for row in asked.rows for status, name in row.names.items()}
    return {
        "unmapped": {s: {"name": names[s], "issues": len(issues[s]), "seconds": seconds[s] / 1000} for s in seconds},
        "gaps": sum(name == "status" and at <= asked.as_of for row in asked.rows for name, at in row.gaps),
        "negative_durations": sum(row.early for row in asked.rows if row.created <= asked.as_of),
        "never_started": sum(life.started is None for life in asked.lives),
        "back_before_commitment": sum(life.back_before_commitment for life in asked.lives),
    }
