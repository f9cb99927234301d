"""The forms of acts, within Slack's limits whatever Jira says; and words on their way between the two."""

import json
from typing import Any

import pytest

from fmo_bot.domain import act_forms, acts
from fmo_bot.domain.act_forms import NOBODY, Offer
from fmo_bot.domain.acts import Asked, Kind, Option
from fmo_bot.domain.messages import BoardNews, NewsLine
from fmo_bot.domain.names import IssueName, ProjectName
from fmo_bot.errors import Refusal
from fmo_bot.jira import acts_parse
from fmo_bot.slack import act_forms as forms
from fmo_bot.slack.render import render
from fmo_bot.slack.text import unmarked

LONG = "<!channel> " * 40
TYPE = "shared|CORE|1"


def asked(kind: str, **more: Any) -> Asked:
    told = {"required": True, "name": "Field", "schema": {"type": kind}} | more
    (found,) = acts_parse.asked_of_new({"fields": [{"fieldId": "customfield_1", **told}]})
    return found


def new(*asks: Asked, chosen: str = TYPE, **more: Any) -> Offer:
    choices = (Option(TYPE, "CORE · Bug"), Option("shared|CORE|2", "CORE · Task"))
    return Offer(choices=choices, chosen=chosen, asks={"": (), TYPE: asks}, title="It fails", text="At night", **more)


def test_what_cannot_be_filled_here_leads_to_jira_by_a_link() -> None:
    offer = new(Asked(id="x", label=LONG, kind=Kind.UNSUPPORTED), url="https://jira.example")
    text = forms.form("r", act_forms.CREATE, offer, "en")["blocks"][1]["text"]["text"]
    assert text.startswith("<https://jira.example|Open it in Jira>: ")
    assert "<!channel>" not in text


def test_where_no_address_is_known_no_empty_link_is_shown() -> None:
    offer = new(Asked(id="x", label="Team", kind=Kind.UNSUPPORTED))
    text = forms.form("r", act_forms.CREATE, offer, "en")["blocks"][1]["text"]["text"]
    assert text == "Open Jira: this needs what can only be filled in there: Team."


def test_a_trouble_leaves_the_choice_and_sends_nothing() -> None:
    view = forms.form("r", act_forms.CREATE, new(chosen="shared|CORE|2"), "en", trouble=Refusal("Jira is away."))
    assert [block["type"] for block in view["blocks"]] == ["section", "section"]
    assert "submit" not in view  # Slack wants none where there is no input
    assert "shared|CORE|2" in json.dumps(view)


def test_a_form_says_which_issue_it_is_about_and_who_nobody_is() -> None:
    offer = Offer(choices=(Option("a", "Ana"), Option(NOBODY, "–")), about="CORE-12")
    view = forms.form("r", act_forms.ASSIGN, offer, "en")
    assert view["title"]["text"] == "Assign CORE-12"
    assert [each["text"]["text"] for each in view["blocks"][0]["element"]["options"]] == ["Ana", "Nobody"]
    long = forms.form("r", act_forms.COMMENT, Offer(text="", about="A" * 80 + "-1"), "en")
    assert len(long["title"]["text"]) <= 24


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"schema": {"type": "string"}}, Kind.TEXT),
        # Shown as it is: escaped markup would be seen.
        ({"schema": {"type": "string", "custom": "com.atlassian.jira.plugin…:textfield"}}, Kind.LINE),
        ({"schema": {"type": "option"}, "allowedValues": [{"id": "1", "value": "x"}]}, Kind.CHOICE),
        # Slack takes no option without a value.
        ({"schema": {"type": "option"}, "allowedValues": [{"value": "x"}, {"id": "", "value": "y"}]}, Kind.UNSUPPORTED),
        ({"schema": {"type": "string"}, "fieldId": "x" * 300}, Kind.UNSUPPORTED),
        ({"schema": {"type": "string"}, "fieldId": "a b"}, Kind.UNSUPPORTED),
    ],
)
def test_a_field_is_asked_for_as_it_can_be(told: dict[str, Any], kind: Kind) -> None:
    assert asked("string", **told).kind is kind


def test_a_form_of_very_many_fields_is_filled_in_jira() -> None:
    fields = [{"fieldId": f"f{n}", "required": True, "name": "F", "schema": {"type": "string"}} for n in range(200)]
    offer = new(*acts_parse.asked_of_new({"fields": fields}))
    assert offer.is_elsewhere
    assert len(forms.form("r", act_forms.CREATE, offer, "en")["blocks"]) < 100


@pytest.mark.parametrize("text", ["nan", "inf", "1_000", "1e400", "x", "", "²"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert acts.number_in(text) is None


@pytest.mark.parametrize(("text", "number"), [("3", 3.0), ("0,5", 0.5), (" -2.25 ", -2.25)])
def test_a_number_is_read_with_a_point_or_a_comma(text: str, number: float) -> None:
    assert acts.number_in(text) == number


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("<https://x.example/a|the log>", "the log (https://x.example/a)"),
        ("<https://x.example/a?b=1&amp;c=2>", "https://x.example/a?b=1&c=2"),
        ("<http://x.example|x.example>", "http://x.example"),
        ("<mailto:a@x.example|a@x.example>", "a@x.example"),
        ("<@U0LIWEI> <@U0LIWEI|Li Wei> <#C0JOINT|joint>", "@U0LIWEI @Li Wei #joint"),
        ("<!channel> <!subteam^S1|@core> <!date^1^{date}|today>", "@channel @core today"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_a_message_becomes_an_issue_as_it_was_read(told: str, read: str) -> None:
    assert unmarked(told) == read


def test_news_of_hostile_statuses_are_whole_lines_within_one_section() -> None:
    name = IssueName(project=ProjectName(site="shared", key="CORE"), id="1", key="CORE-1")
    to = "<!channel>\n• CORE-9 moved to Done " + "&" * 300
    lines = tuple(NewsLine(kind="moved", issue=name, issues=(name,) * 4, to=f"{n} {to}") for n in range(60))
    (_, news) = render(BoardNews(board="B", lines=lines), "en").blocks
    shown = news["text"]["text"].split("\n")
    assert len(news["text"]["text"]) <= 3000
    assert all(line.startswith("• CORE-1 moved to ") for line in shown[:-1])
    assert shown[-1] == f"… +{60 - len(shown) + 1}"
    assert "<!channel>" not in news["text"]["text"]


def test_an_address_still_leads_somewhere_in_jira_and_nothing_else_is_markup() -> None:
    said = acts.plain_wiki("see https://x.example/a_b?c=1#d_e, *not* [~me] https://y.example/!z! {x}")
    assert said == ("see https://x.example/a_b?c=1#d_e, \\*not\\* \\[\\~me\\] https://y.example/\\!z\\! \\{x\\}")
