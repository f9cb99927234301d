""" "How is this computed?": complete, within Slack's limits, and made of the report as it was kept."""

from dataclasses import replace

import pytest

from fmo_bot.domain import messages as m
from fmo_bot.sandbox.slack.blocks import problems
from fmo_bot.slack.blocks import text_of
from fmo_bot.slack.render import RENDERERS, explained, render
from tests.unit.test_render import HOSTILE, every_message

EXPLAINED = (m.SprintReport, m.WaitsReport, m.Digest)


def reports(words: str) -> list[m.SprintReport | m.WaitsReport | m.Digest]:
    """One of each report that explains itself."""
    return [message for message in every_message(words) if isinstance(message, EXPLAINED)]


def words_of(report: m.SprintReport | m.WaitsReport | m.Digest) -> str:
    """All that its window says."""
    return "\n".join(text_of([block]) for block in explained.view(report, "en")["blocks"])


def test_every_report_has_the_button_and_a_window_that_slack_takes() -> None:
    found = reports(HOSTILE)
    assert {type(each) for each in found} == set(EXPLAINED) <= set(RENDERERS)
    for report in found:
        assert f"'action_id': 'explain', 'value': '{report.ref}'" in str(render(report, "en").blocks)
        assert problems(explained.view(report, "en")["blocks"], "modal") == []
        assert "<!channel>" not in words_of(report)


@pytest.mark.parametrize(
    ("number", "rules"),
    [
        (0, ("*Cycle time* · definition 3", "By nearest rank", "n = 2 completed")),
        (1, ("*Time lost to waiting* · definition 10", "n = 60.")),
        (2, ("*Cycle time* · definition 3", "By nearest rank", "This week: n = 2")),
    ],
)
def test_rule_window_n_and_source_are_said_with_their_definition(number: int, rules: tuple[str, ...]) -> None:
    told = words_of(reports("Core")[number])
    assert [rule for rule in rules if rule not in told] == []
    assert "Window: Nov 16, 2026 01:00 UTC" in told
    assert "last read Nov 16, 2026 01:00 UTC" in told
    assert "guessed from the board's columns, not confirmed" in told
    assert "Mon, Tue, 09:00–24:00 Asia/Shanghai" in told
    assert "The make-up days of 2027 are not known yet" in told
    assert "*Data quality* · definition 16" in told


def test_an_older_report_says_that_its_basis_was_not_kept() -> None:
    assert explained._OLD in words_of(replace(reports("Core")[0], basis=None))


def test_figures_that_are_not_for_the_reader_are_a_sentence_only() -> None:
    view = explained.view(m.Notice(text="These figures are internal to {company}.", values={"company": "A"}), "en")
    assert [block["text"]["text"] for block in view["blocks"]] == ["These figures are internal to A."]


def test_a_digest_explains_every_figure_of_the_week() -> None:
    told = words_of(reports("Core")[2])
    for rule in ("Time to value", "Expectation", "Flow efficiency", "Time lost to waiting", "Time to recover"):
        assert f"*{rule}* · definition " in told
    assert "7 issues, drawn from 63 days; seed 18446744073709551615, numpy 2. No back-test yet." in told
