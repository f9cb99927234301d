"""The pack for a security department says all there is, and what is true."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from config.manifests import OF_GRIDS, PROFILES, manifest
from config.pack import page
from fmo_bot.cli import application
from fmo_bot.db.base import Base
from fmo_bot.db.tables import ROOMS
from fmo_bot.services.security_pack import NOT_SAID, Hosting, data_map, security_pack

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
FULL = manifest(transport="socket", profile="full")


def test_every_table_stands_in_the_data_map_once() -> None:
    assert ROOMS
    told = [table for entry in data_map() for table in entry["tables"]]
    assert sorted(told) == sorted(Base.metadata.tables), "a table is told of in config/pack/data_map.yaml, once"


def test_every_scope_and_event_has_its_reason_and_no_other_has() -> None:
    reasons = yaml.safe_load(files("config.manifests").joinpath("reasons.yaml").read_text("utf-8"))
    assert set(reasons["scopes"]) == set(FULL["oauth_config"]["scopes"]["bot"])
    assert set(reasons["events"]) == {*FULL["settings"]["event_subscriptions"]["bot_events"], *OF_GRIDS}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_pack_holds_the_very_manifest_and_only_its_scopes(profile: str) -> None:
    made = manifest(transport="socket", profile=profile)
    text = security_pack(made, Hosting(), AT)
    found = re.search(r"```yaml\n(.*)```", text, re.DOTALL)
    assert found is not None
    assert yaml.safe_load(found[1]) == made
    assert ("| `channels:history` |" in text) == (profile == "full")


def test_who_runs_the_server_and_where_is_said_or_said_to_be_unsaid() -> None:
    assert security_pack(FULL, Hosting(), AT).count(NOT_SAID) == 2
    said = security_pack(FULL, Hosting(company="Huawei", country="Spain"), AT)
    assert NOT_SAID not in said
    assert "| Huawei |" in said
    assert "| Spain |" in said


def test_over_http_every_open_path_is_told_of() -> None:
    """The routes as the handlers name them."""
    text = security_pack(manifest(transport="http", profile="minimal", url="https://bot.example"), Hosting(), AT)
    sources = [*(ROOT / "handlers").glob("*.py"), ROOT / "fmo_bot" / "bootstrap" / "connecting.py"]
    paths = {
        path for source in sources for path in re.findall(r'"(/[a-z]+/[^" ]*|/metrics)"', source.read_text("utf-8"))
    }
    assert {"/slack/{key}/events", "/health/live", "/jira/oauth/start"} <= paths
    for path in paths:
        shape = re.sub(r"<[a-z]+>", "{}", text)
        assert re.sub(r"\{[a-z]+\}", "{}", path) in shape, f"{path} is told of in config/pack/http.md"


def test_periods_are_those_the_code_keeps_to() -> None:
    kept = {entry["what"]: entry["kept"] for entry in data_map()}
    assert kept["Changes made in Jira from Slack"] == "30 days"
    assert not any("{" in each for each in kept.values())


def test_the_software_is_what_the_program_needs_and_no_tool_of_its_makers() -> None:
    text = security_pack(FULL, Hosting(), AT)
    assert re.search(r"\| sqlalchemy \| 2\.\d", text, re.IGNORECASE)
    assert re.search(r"\| starlette \| [\d.]+ \| BSD", text)
    assert "| pytest |" not in text


class _Outside(HTMLParser):
    """Collects what a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "img", "link", "iframe", "object"} or any(name in {"src", "style"} for name, _ in attrs):
            self.found.append(tag)


def test_the_page_fetches_nothing_and_takes_no_text_as_html() -> None:
    hosting = Hosting(company='<script>alert(1)</script>![x](https://evil.example/x.png) | "A&B"', country="Spain")
    made = page("<b>", security_pack(FULL, hosting, AT))
    outside = _Outside()
    outside.feed(made)
    assert outside.found == []
    assert "alert(1)" in made
    assert "<title>&lt;b&gt;</title>" in made


def test_the_command_prints_it_before_there_is_any_setting() -> None:
    asked = ["export", "pack", "--host-company", "Huawei", "--country", "es"]
    done = CliRunner().invoke(application(), asked)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("<!doctype html>")
    assert "Spain" in done.output
    assert "Huawei" in done.output


def test_a_country_that_is_none_is_refused_with_the_next_step() -> None:
    done = CliRunner().invoke(application(), ["export", "pack", "--country", "Spain"])
    assert done.exit_code == 2
    assert "two letters" in done.output
