"""What the bot says, as Slack gets it: within the limits, complete as text, and calling nobody."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmo_bot.domain import charts as c
from fmo_bot.domain import checks, quality
from fmo_bot.domain import messages as m
from fmo_bot.domain.basis import Basis, BoardUsed, CalendarUsed
from fmo_bot.domain.names import IssueName, ProjectName, internal
from fmo_bot.domain.parties import Person
from fmo_bot.domain.shown import Foreseen, Recovered, SideTime, StatusInNoStage, WeekFlow
from fmo_bot.sandbox.slack.blocks import problems
from fmo_bot.services import board_quality
from fmo_bot.services.digests import EXCLUDED
from fmo_bot.services.team_boards import MIRRORS
from fmo_bot.slack import forms
from fmo_bot.slack.actions import SPRINT_SHARE
from fmo_bot.slack.render import RENDERERS, render, trust
from fmo_bot.slack.text import clip, escape
from tests import charts_made as made

AT = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
DAY = date(2026, 11, 16)
PERSON = Person("T0HUAWEI", "U0LIWEI")
HOSTILE = "<!channel> <@U0LIWEI> @here &amp; *b* <http://evil|Slack> {x} \x00\ud800 ```"


def based(words: str) -> Basis:
    """What a report stands on, with a person's words in it."""
    board = BoardUsed(board=words, synced_at=AT, mapping="0123456789abcdef", guessed=True, stages=(words,) * 9)
    calendar = CalendarUsed(
        company=words, zone="Asia/Shanghai", days=(0, 1), opens=540, closes=1440, holidays="CN", unknown=(2027,)
    )
    return Basis(boards=(board,) * 9, calendars=(calendar, replace(calendar, off=2, since=DAY)), zone="UTC", rules=1)


def waited(words: str, label: str) -> c.WaitingWeek:
    """A week in which two sides were waited for, one of them with a person's words for a name."""
    waits = (
        c.SideWait(side="vendor", waited_s=7200.0, alone_s=3600.0, working_s=1800.0),
        c.SideWait(side=words, waited_s=3600.0, alone_s=0.0),
    )
    return c.WaitingWeek(label=label, partial=False, waits=waits, both_s=3600.0)


def a_week(words: str) -> WeekFlow:
    """Every figure of a week's flow."""
    spread = m.Spread(n=2, p50_s=90000.0, p85_s=200000.0, p95_s=3.0)
    return WeekFlow(
        lead_time=spread,
        by_release=True,
        expected_n=40,
        expected_s=90000.0,
        attainment=0.86,
        efficiency_configured=True,
        efficiency_n=2,
        efficiency=0.4,
        efficiency_median=0.5,
        unmapped=0.1,
        waiting=(waited(words, "2026-W46"), waited(words, "2026-W47")),
        companies={"vendor": words},
        recovery=Recovered(took=spread, open=1, oldest_s=90000.0),
        forecast=Foreseen(
            items=7, n_days=63, seed=18446744073709551615, generator="numpy 2", by=DAY, chance=1.0, p50=DAY, p85=DAY
        ),
    )


def faults(words: str) -> tuple[checks.Fault, ...]:
    """Every sentence of a self-check."""
    values = {"host", "gone", "strangers", "company", "ours", "theirs"}
    texts = (*checks.HELD.values(), checks.OWN_APP_OUT, checks.MAY_POST_ONLY, checks.OTHER_ZONE, checks.GONE)
    return tuple(checks.Fault(text=text, values=tuple((name, words) for name in sorted(values))) for text in texts)


def every_message(words: str) -> list[m.Message]:
    """One of each message value, with `words` wherever a person's words may stand."""
    told = _told(words)
    reports = [m.SprintDetail(report=each) for each in told if isinstance(each, m.SprintReport)]
    return [*told, *reports, *(m.DigestDetail(digest=each) for each in told if isinstance(each, m.Digest))]


def _told(words: str) -> list[m.Message]:
    named = IssueName(project=ProjectName(site=words), id="1", key=words)
    line = m.BlockerLine(ref="b", what=words, issue=named, waiting=words, waited_on=words, since=AT)
    lines = (line, replace(line, issue=internal(words))) * 30
    side = m.SideCount(company=words, asked=3, answered=1, away=1)
    found = m.SprintSet(issues=2, points=3.5, keys=(words, "CORE-2"))
    spread = m.Spread(n=2, p50_s=90000.0, p85_s=200000.0, p95_s=3.0)
    prompt = m.Prompt(
        ref="p", team=words, ceremony=words, round_date=DAY, deadline=AT, zone="Asia/Shanghai", state="open"
    )
    burn_up = (m.BurnUpPoint(at=AT, scope=3, done=1),)
    undelivered = m.UndeliveredLine(ref=words, what="a digest", whom=words, due=AT, why="For {code}.", code=words)
    return [
        m.Notice(text="It is {what} since {when}.", values={"what": words, "when": AT}),
        prompt,
        m.RoundPost(
            team=words, ceremony=words, round_date=DAY, sides=(side,), closes_at=AT, closed=False, team_ref="t"
        ),
        m.AnswerPost(
            author=PERSON,
            author_name=words,
            company=words,
            zone="UTC",
            answered_at=AT,
            said=(m.Said(label="Label", text=words), m.Said(label=words, text=words * 3)),
            blocker=line,
            edited=True,
            late=True,
        ),
        m.RoundSummary(
            team=words,
            ceremony=words,
            round_date=DAY,
            sides=(side,),
            new_blockers=lines,
            open_blockers=60,
        ),
        m.SprintReport(
            ref="r",
            team=words,
            board=words,
            sprint=words,
            goal=words,
            start=AT,
            end=AT,
            provisional=True,
            as_of=AT,
            committed=found,
            added=found,
            removed=found,
            completed=found,
            carried_over=found,
            completed_outside=found,
            re_estimated=-2.0,
            unestimated=1,
            cycle_time=spread,
            never_started=1,
            split_s=(("active:vendor", 3.0), ("waiting:operator", 1.0), ("done", 1.0), (words, 1.0)),
            companies={"vendor": words, "operator": words},
            sides=(
                SideTime(side="vendor", active_s=36000.0, waiting_s=7200.0, blocked_s=3600.0, active_working_s=18000.0),
                SideTime(side=words, active_s=0.0, waiting_s=0.0, blocked_s=3600.0),
            ),
            cycle_time_before=spread,
            blockers=(line,) * 30,
            flagged=(words,) * 300,
            burn_up=burn_up,
            data_quality=((words, 3), ("unmapped_statuses", 1)),
            in_no_stage=(StatusInNoStage(words, 2, 7200.0),),
            workflow_guessed=True,
            basis=based(words),
            differences=(m.SprintDifference(key=words, theirs="removed", ours="completed", why="it was given up"),)
            * 30,
            ageing=(m.AgeingItem(issue=named, summary=words, stage=words, age_s=9e5, over_p85=True),) * 30,
        ),
        *(made.named(chart, words) for chart in made.EVERY),
        m.WaitsReport(
            ref="w",
            team=words,
            team_ref="t",
            board=words,
            since=AT,
            as_of=AT,
            zone="Europe/Madrid",
            open=(
                m.OpenWait(
                    waiting=words,
                    waited_on="not chosen yet",
                    open=2,
                    oldest_since=AT,
                    oldest_s=90000.0,
                    oldest_working_s=18000.0,
                ),
            )
            * 30,
            weeks=a_week(words).waiting,
            companies={"vendor": words},
            data_quality=((words, 3), ("unmapped_statuses", 1)),
            in_no_stage=(StatusInNoStage(words, 2, 7200.0),),
            workflow_guessed=True,
            basis=based(words),
        ),
        m.Digest(
            team=words,
            team_ref="t",
            ref="d",
            basis=based(words),
            flow=a_week(words),
            board=words,
            since=AT,
            until=AT,
            zone="Europe/Madrid",
            finished=1,
            finished_before=(1, 2, 3, 4),
            cycle_time=spread,
            cycle_time_before=replace(spread, n=0),
            wip=3,
            ageing=(m.AgeingItem(issue=named, summary=words, stage=words, age_s=9e5, over_p85=True),) * 30,
            left_out=(words, ""),
            waits=(m.WaitsOn(waiting=words, waited_on=words, open=2, oldest_since=AT),),
            data_quality=((words, 1), ("unmapped_statuses", 1)),
            in_no_stage=(StatusInNoStage(words, 2, 7200.0),),
            workflow_guessed=True,
            stale=True,
        ),
        m.NewStatus(
            ref="s",
            team=words,
            board=words,
            status=words,
            since=AT,
            guess=words,
            stages=tuple(f"{words}{n}" for n in range(30)),
            wanted=((words, words), (words, "")),
        ),
        m.ReplyTaken(taken=((1, words),), unanswered=((2, words),)),
        *(
            m.PersonQuestion(ref="x", kind=kind, team=words, name=words, company=words, answer=answer, by=words)
            for kind in ("joined", "side")
            for answer in ("", "participant", "stakeholder", "yes", "no", "over")
        ),
        m.StrangerInChannel(ref="x", team=words, channel=words, company=words, agreed=(words,), missing=(words,)),
        m.Proposal(
            ref="p",
            team=words,
            company=words,
            text="{company} proposes {what}.",
            values={"what": words},
            asked=(words, words),
            may="decide",
        ),
        m.Undelivered(team=words, team_ref="t", lines=(undelivered,) * 15, more=3, note="Dropped."),
        m.WhichIssue(key=words, choices=tuple(choice(n, words) for n in range(30))),
        m.Help(commands=(("/fmo help", "what can be typed"),), unknown=words),
        m.Home(name=words, prompts=(prompt,), teams=((words, "t"),) * 120, blockers=(line,), host=words),
    ]


def test_every_doubt_about_a_figure_is_said_in_words() -> None:
    assert set(trust.NOTES) == {*quality.QUALITY, MIRRORS, EXCLUDED, *board_quality.NAMES}


@pytest.mark.parametrize(
    ("state", "reminder", "says", "button"),
    [
        ("open", False, "Three short questions", "Answer"),
        ("open", True, "A reminder", "Answer"),
        ("answered", True, "can be changed until", "Change the answer"),
        ("kept", False, "Your answer is in.", None),
        ("closed", True, "This round has closed.", None),
    ],
)
def test_a_prompt_says_what_can_be_done_and_has_the_button_for_it(
    state: str, reminder: bool, says: str, button: str | None
) -> None:
    about: dict[str, Any] = {
        "ref": "p",
        "team": "5G",
        "ceremony": "Daily",
        "round_date": AT.date(),
        "deadline": AT,
        "zone": "UTC",
    }
    shown = render(m.Prompt(**about, state=state, reminder=reminder), "en")
    buttons = [each["text"]["text"] for block in shown.blocks for each in block.get("elements", ())]
    assert says in shown.text
    assert buttons == ([button] if button else [])


def choice(number: int, words: str) -> m.IssueChoice:
    """An issue to choose."""
    named = IssueName(project=ProjectName(site="shared"), id=str(number), key=words)
    return m.IssueChoice(value=f"CORE-{number}", issue=named, summary=words, site=words)


def form(words: str) -> m.StandupForm:
    """A stand-up form full of `words`."""
    return m.StandupForm(
        prompt_ref="p",
        team=words,
        ceremony=words,
        round_date=DAY,
        deadline=AT,
        questions=(m.Question(key="today", label=words, hint=words),),
        given={"today": words},
        sides=(m.Choice(value="operator", text=words, literal=True),) * 20,
        issues=tuple(choice(n, words) for n in range(150)),
        blocked={"side": "operator", "issue": "CORE-3", "what": words},
    )


def texts_of(value: Any) -> Iterator[dict[str, Any]]:
    """Every text object in a payload."""
    if isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text", "text"):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from texts_of(item)


def judge(blocks: list[dict[str, Any]], limit: int) -> None:
    """Assert Slack's limits of slack.md 1.2, and that no text can call or link anybody."""
    assert 1 <= len(blocks) <= limit
    for block in blocks:
        if block["type"] == "header":
            assert len(block["text"]["text"]) <= 150
        if block["type"] == "context":
            assert 1 <= len(block["elements"]) <= 10
        if block["type"] == "section":
            assert len(block.get("fields", ())) <= 10
            assert all(len(field["text"]) <= 2000 for field in block.get("fields", ()))
        if block["type"] == "data_visualization":
            assert problems([block], "message") == []
        if block["type"] == "input":
            assert len(block["block_id"]) <= 255
            options = block["element"].get("options", ())
            assert len(options) <= (10 if block["element"]["type"] == "radio_buttons" else 100)
            assert all(1 <= len(option["text"]["text"]) <= 75 for option in options)
        for button in block.get("elements", ()) if block["type"] == "actions" else ():
            assert len(button["text"]["text"]) <= 75
            assert len(button["value"]) <= 2000
    for text in texts_of(blocks):
        assert 1 <= len(text["text"]) <= 3000
        text["text"].encode()  # no half surrogates
        if text["type"] == "mrkdwn":
            assert text["verbatim"] is True
            assert_harmless(text["text"])


def assert_harmless(text: str) -> None:
    """Only our own dates stand between < and >."""
    assert not re.search(r"<(?!!date\^\d+\^[^<>|]*\|[^<>]*>)", text)


@pytest.mark.parametrize("words", [HOSTILE, "", "Ω" * 5000, "&" * 5000, "\n" * 5000, "{0} {x!r}"])
def test_hostile_words_stay_harmless_and_within_the_limits(words: str) -> None:
    judge_all(words)


def judge_all(words: str) -> None:
    """Render one of each message with `words` in it, and judge it."""
    for message in every_message(words):
        rendered = render(message, "en")
        judge(rendered.blocks, 100 if isinstance(message, m.Home) else 50)
        assert len(rendered.text) <= 4000
        assert_harmless(rendered.text)
        assert not re.search("@(here|channel|everyone)", rendered.text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="<>&!@|^*`_~{}#Uhere", max_size=4000))
def test_no_words_get_through_the_renderer_as_markup(words: str) -> None:
    judge_all(words)
    judge(forms.standup(form(words), "en")["blocks"], 100)


@given(st.text(alphabet="ab&<>;", max_size=40), st.integers(1, 40))
def test_clipping_never_leaves_half_an_entity(words: str, limit: int) -> None:
    clipped = clip(escape(words), limit)
    assert len(clipped) <= limit
    assert re.fullmatch(r"(?:[ab;]|&(?:amp|lt|gt);)*…?", clipped)


def test_every_message_value_has_its_renderer() -> None:
    assert set(RENDERERS) == set(m.Message.__args__)


@pytest.mark.parametrize("language", ["en", "zh_CN", "es", "pt-BR", "xx"])  # the last one nobody speaks
def test_every_language_renders(language: str) -> None:
    for message in every_message("words"):
        assert render(message, language).text.strip()


IN_THE_JOINT_CHANNEL: tuple[type, ...] = (m.RoundPost, m.AnswerPost, m.RoundSummary, m.SprintReport, m.SprintDetail)
IN_THE_JOINT_CHANNEL += (m.Digest, m.DigestDetail, *get_args(c.Chart))


def test_what_both_sides_read_names_companies_and_never_says_we_or_you() -> None:
    read = [each for each in every_message("Huawei") if isinstance(each, IN_THE_JOINT_CHANNEL)]
    assert {type(each) for each in read} == set(IN_THE_JOINT_CHANNEL)
    for message in read:
        text = render(message, "en").text
        assert "Huawei" in text
        assert re.findall(r"\b(?:we|us|ours?|you|yours?|they|theirs?|them)\b", text, re.IGNORECASE) == []


def test_small_print_at_the_end_is_never_what_is_left_out() -> None:
    line = m.BlockerLine(ref="b", what="Lab", issue=None, waiting="Huawei", waited_on="Telefonica", since=AT)
    full_home = m.Home(name="Li Wei", prompts=(), teams=(), blockers=(line,) * 150, host="Huawei")
    summary = m.RoundSummary(
        team="5G Core", ceremony="Daily", round_date=DAY, sides=(), new_blockers=(line,) * 60, open_blockers=61
    )
    assert "run by Huawei" in str(render(full_home, "en").blocks[-1])  # a promise to everybody who is asked for data
    assert "61 blockers are open" in str(render(summary, "en").blocks[-1])


def test_the_text_says_all_that_the_blocks_say() -> None:
    text = render(every_message("Li Wei")[3], "en").text
    assert "Li Wei" in text
    assert "waits on" in text
    assert "edited" in text


def test_words_of_an_answer_are_not_altered() -> None:
    answer = every_message("*star* & <b> _x_ https://a.b")[3]
    quoted = [block for block in render(answer, "en").blocks if block["type"] == "rich_text"]
    assert quoted[0]["elements"][1]["elements"][0]["text"] == "*star* & <b> _x_ https://a.b"


@pytest.mark.parametrize(
    ("state", "label"),
    [("open", "Answer"), ("answered", "Change the answer"), ("closed", None)],  # closed: no button at all
)
def test_a_prompt_offers_what_its_state_allows(state: str, label: str | None) -> None:
    prompt = m.Prompt(ref="p", team="t", ceremony="c", round_date=DAY, deadline=AT, zone="UTC", state=state)
    rows = [block for block in render(prompt, "en").blocks if block["type"] == "actions"]
    assert [row["elements"][0]["text"]["text"] for row in rows] == ([label] if label else [])


def test_a_report_states_its_balance_and_is_shared_once() -> None:
    report = every_message("x")[5]
    assert isinstance(report, m.SprintReport)
    assert "in issues: 2 + 2 − 2 = 2 + 2\n" in render(report, "en").text
    assert "in points, with re-estimates: 3.5 + 3.5 − 3.5 − 2 = 3.5 + 3.5\n" in render(report, "en").text
    shared = render(replace(report, shared_by="Li Wei"), "en")
    assert "Shared by Li Wei." in shared.text
    assert SPRINT_SHARE not in str(render(replace(report, shareable=False), "en").blocks)


def test_the_thread_of_a_report_goes_into_what_the_report_says_in_short() -> None:
    report = every_message("x")[5]
    assert isinstance(report, m.SprintReport)
    short, detail = render(report, "en").text, render(m.SprintDetail(report=report), "en").text
    for said, instead in (
        ("• Completed: x, CORE-2\n", "2 issues"),
        ("*Cycle time*  P50 1 day · P85 2.3 days · P95 0.1 min", "*Cycle time*  P50 1 day · P85 2.3 days (n = 2)"),
        ("*The 90 days before the sprint*  P50 1 day", ""),
        ("• x: active 10 h (5 h working time) · waited on 2 h · blocked 1 h\n", ""),
        ("*Old for its stage*  above P85 of what was finished in 90 days\n• x x · x · 10.4 days\n", ""),
        ("because it was given up", "Jira's own sprint report differs in 30 places"),
        (
            "Data quality: x: 3 · 1 status belongs to no stage: x (2 issues for 2 hr together)",
            "Data quality: 3 remarks",
        ),
    ):
        assert said in detail
        assert said not in short
        assert instead in short
    assert short.count("waits on") == 3
    assert "27 more in the thread" in short
    assert detail.count("waits on") == 9


def test_the_first_line_of_a_report_says_which_statuses_are_a_guess() -> None:
    for report in (each for each in every_message("x") if isinstance(each, m.SprintReport | m.Digest)):
        named = replace(report, workflow_guessed=False, guessed_statuses=("Review", "a<b"))
        (title, first, *_) = render(named, "en").blocks
        assert title["type"] == "header"
        assert "use a guess" in first["text"]["text"]
        assert "2 new statuses belong: Review, a&lt;b" in first["text"]["text"]
        assert "which stage each status" in str(render(replace(report, workflow_guessed=True), "en").blocks[1])
        assert "guess" not in str(render(replace(named, guessed_statuses=()), "en").blocks)


def test_choosing_a_side_reveals_the_rest_and_keeps_what_was_typed() -> None:
    typed = forms.Filled(ref="p", answers={"today": "half a sen"}, blocked={})
    before = forms.standup(replace(form("x"), given={}, blocked={}), "en", typed=typed)
    after = forms.standup(form("x"), "en", typed=replace(typed, blocked={"side": "operator", "issue": "", "what": ""}))
    ids = [[block.get("block_id") for block in view["blocks"]] for view in (before, after)]
    assert "blocked_what" not in ids[0]
    assert {"blocked_what", "blocked_issue"} <= set(ids[1])
    inputs = {block["block_id"]: block["element"] for block in after["blocks"] if block["type"] == "input"}
    assert inputs["q_today"]["initial_value"] == "half a sen"
    assert after["private_metadata"] == "p"


def test_a_submission_is_read_as_it_was_filled() -> None:
    state = {
        "q_today": {"input": {"type": "plain_text_input", "value": "tests"}},
        "q_note": {"input": {"type": "plain_text_input", "value": None}},  # left empty
        "blocked": {"blocked": {"type": "radio_buttons", "selected_option": {"value": "operator"}}},
        "blocked_issue": {"input": {"type": "static_select", "selected_option": None}},
        "blocked_what": {"input": {"type": "plain_text_input", "value": "a test line"}},
    }
    filled = forms.read({"private_metadata": "p", "state": {"values": state}})
    assert filled.answers == {"today": "tests", "note": ""}
    assert filled.blocked == {"side": "operator", "issue": "", "what": "a test line"}


def test_errors_stand_under_the_field_they_are_about() -> None:
    view = forms.standup(form("x"), "en")
    assert forms.errors({"today": "No {n}.", "what": "Why?"}, view, {"n": 1}, "en") == {
        "q_today": "No 1.",
        "blocked_what": "Why?",
    }
    assert forms.errors({"gone": "Oh."}, view, {}, "en") == {"q_today": "Oh."}  # such a field is not in the form


@pytest.mark.parametrize(
    ("jobs", "words", "label"),
    [
        (0, "*a digest* to Li Wei, due", "Send again"),
        (1, "*a digest*, asked for", "Try again"),
        (7, "7 times since", "Try again"),
    ],
)
def test_a_job_is_tried_again_and_a_message_sent_again(jobs: int, words: str, label: str) -> None:
    line = m.UndeliveredLine(ref="t|job|k", what="a digest", whom="Li Wei", due=AT, why="Why.", jobs=jobs)
    rendered = render(m.Undelivered(team="5G Core", team_ref="t", lines=(line,)), "en")
    assert words in rendered.text
    assert label in str(rendered.blocks)


def test_a_digest_is_fifteen_lines_and_its_thread_says_each_figure_with_its_n() -> None:
    (digest,) = (message for message in every_message("Huawei") if isinstance(message, m.Digest))
    text = render(digest, "en").text
    assert len(text.splitlines()) == 15  # one of them says that stages are guessed
    for line in (
        "*Time to value* (to release)  P50 1 day · P85 2.3 days (n = 2)\n",
        "1 open, the oldest for 1 day",
        "*Time lost to waiting*  2 issue-hours this week, 2 last week · on Huawei 2 h · on Huawei 1 h\n",
        "by Nov 16 (P50), by Nov 16 (P85)",
        "Data quality: 5 remarks",
    ):
        assert line in text
    detail = render(m.DigestDetail(digest=digest), "en").text
    for line in (
        "*Time to value* (to release)  P50 1 day · P85 2.3 days · P95 0.1 min (n = 2)",
        "*Expectation*  P85 1 day; 86% of the last 90 days kept to it (n = 40)",
        "*Flow efficiency*  40% in all, median 50% (n = 2); 10% of the time was in no stage and is left out",
        "*Time to recover*",
        "*Time lost to waiting*  2 issue-hours this week, 2 last week · of which on several at once 1 h\n"
        "• on Huawei 2 h (0.5 h working time); last week 2 h (0.5 h working time)\n",
        "P95 no date in sight; &gt;95 % by Nov 16 · seed 18446744073709551615",
    ):
        assert line in detail
    assert detail.count("older than 85%") == 8
    assert "1 status belongs to no stage: Huawei (2 issues for 2 hr together)" in detail
    assert digest.flow is not None
    unsaid = replace(digest.flow, expected_s=None, efficiency_configured=False, efficiency_n=0, forecast=None)
    said = render(m.DigestDetail(digest=replace(digest, flow=unsaid)), "en").text
    assert "too few finished in 90 days (n = 40 of 20)" in said
    assert "not configured: no stage is a waiting one" in said
    assert "*Forecast*" not in said
    assert "*Forecast*" not in render(replace(digest, flow=unsaid), "en").text


def test_who_waits_on_whom_is_said_in_elapsed_and_in_working_time() -> None:
    (report,) = (message for message in every_message("Huawei") if isinstance(message, m.WaitsReport))
    text = render(report, "en").text
    assert "• Huawei waits on not chosen yet: 2 · the oldest for 1 day (5 h working time)\n" in text
    assert "… +18\n" in text
    assert "*Time lost to waiting*  2 issue-hours this week, 2 last week" in text
    assert "No open blockers." in render(replace(report, open=()), "en").text
