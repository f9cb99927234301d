"""Holidays and make-up days as countries decree them, and the years of which they are not known yet."""

import gc
import json
from datetime import UTC, date, datetime
from pathlib import Path

import holidays
import pytest

from fmo_bot.cli.report.reading import read
from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.domain.intervals import ms
from fmo_bot.errors import FileWrong
from fmo_bot.services.national_days import MakeUpGap, make_up_gap, with_national_days
from tests.unit.test_exports import line

CHINA = SideCalendar("Asia/Shanghai", country="CN")
HOUR = 3_600_000


def test_a_make_up_day_has_the_same_hours_and_what_a_side_wrote_wins() -> None:
    own = SideCalendar(
        "Asia/Shanghai", opens=480, closes=720, country="CN", off=frozenset({date(2026, 10, 10)}),
        extra_working=frozenset({date(2026, 10, 1)}),
    )  # fmt: skip

    def decreed(calendar: SideCalendar) -> SideCalendar:
        return with_national_days(calendar, first=date(2026, 1, 1), last=date(2026, 12, 31))

    saturday = ms(datetime(2026, 10, 9, 16, tzinfo=UTC)), ms(datetime(2026, 10, 10, 16, tzinfo=UTC))
    assert decreed(CHINA).working_ms(*saturday) == 9 * HOUR
    # the side is off on that Saturday, and works on the national day
    assert decreed(own).working_ms(*saturday) == 0
    assert decreed(own).is_working_day(date(2026, 10, 1))
    assert not decreed(own).is_working_day(date(2026, 10, 2))


def test_days_of_a_year_hold_that_is_decreed_with_the_next_one() -> None:
    russia = with_national_days(
        SideCalendar("Europe/Moscow", country="RU"), first=date(2014, 1, 1), last=date(2014, 12, 31)
    )
    assert not russia.is_working_day(date(2014, 12, 28))
    decreed = with_national_days(
        SideCalendar("Asia/Shanghai", country="CN"), first=date(2006, 1, 1), last=date(2006, 12, 31)
    )
    assert decreed.is_working_day(date(2006, 12, 30))  # a Saturday, for New Year 2007


KNOWN_UNTIL = max(day.year for day in holidays.country_holidays("CN", years=range(2024, 2031)).weekend_workdays)


@pytest.mark.parametrize(
    ("calendar", "first", "last", "missing"),
    [
        # known
        (CHINA, KNOWN_UNTIL - 1, KNOWN_UNTIL, ()),
        # the next year is not known yet
        (CHINA, KNOWN_UNTIL, KNOWN_UNTIL + 1, (KNOWN_UNTIL + 1,)),
        # ... unless the side named a day of it
        (SideCalendar("Asia/Shanghai", country="CN", extra_working=frozenset({date(KNOWN_UNTIL + 1, 2, 6)})),
         KNOWN_UNTIL, KNOWN_UNTIL + 2, (KNOWN_UNTIL + 2,)),
        # a country that has none, one that gave them up long ago, and none at all
        (SideCalendar("Europe/Madrid", country="ES", region="MD"), 2024, KNOWN_UNTIL + 2, ()),
        (SideCalendar("Europe/Sofia", country="BG"), 2015, KNOWN_UNTIL + 2, ()),
        (SideCalendar("Europe/Madrid"), 2024, KNOWN_UNTIL + 2, ()),
    ],
)  # fmt: skip
def test_years_without_make_up_days_are_named(
    calendar: SideCalendar, first: int, last: int, missing: tuple[int, ...]
) -> None:
    gap = make_up_gap(calendar, first=date(first, 1, 1), last=date(last, 12, 31), today=date(KNOWN_UNTIL, 12, 1))
    assert (gap.years if gap else ()) == missing


def test_the_gap_is_said_with_the_next_step() -> None:
    assert MakeUpGap(country="CN", years=(2027, 2028), known_until=2026).sentence("Huawei") == (
        "The make-up working days of CN are known up to 2026 only, so the calendar of Huawei lacks those of 2027, 2028:"
        " list them there under `extra_working`, and further days off under `off`."
    )


def test_a_report_on_the_command_line_says_which_days_its_calendars_lack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    issues, workflow = tmp_path / "issues.jsonl", tmp_path / "workflow.yaml"
    issues.write_text(json.dumps(line()) + "\n", "utf-8")
    workflow.write_text(
        """{commitment: Build, stages: [{name: Build, kind: active, side: vendor, statuses: ["3"]}],
            calendars: {vendor: {zone: Asia/Shanghai, country: CN}, operator: {zone: Europe/Madrid, country: ES}}}""",
        "utf-8",
    )
    given = read(issues, workflow, datetime(KNOWN_UNTIL + 1, 6, 1, tzinfo=UTC))
    assert not given.calendars["vendor"].is_working_day(date(KNOWN_UNTIL + 2, 1, 1))  # a year ahead, for forecasts
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(
        f"{workflow}: calendars.vendor: The make-up working days of CN are known up to {KNOWN_UNTIL}"
    )
    read(issues, workflow, datetime(KNOWN_UNTIL, 6, 1, tzinfo=UTC))
    assert capsys.readouterr().err == ""
    gc.enable()  # which a command that reads and ends does without


def test_an_unknown_country_or_region_is_refused_by_place() -> None:
    for country, region in (("XX", None), ("ES", "ZZ")):
        wrong = SideCalendar("UTC", country=country, region=region)
        with pytest.raises(FileWrong, match=r"calendars.vendor: (XX|ES with region ZZ) is not known"):
            with_national_days(wrong, first=date(2026, 1, 1), last=date.max, where="calendars.vendor")
