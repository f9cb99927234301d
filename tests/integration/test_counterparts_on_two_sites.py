"""Counterparts as people name them on two sites of the sandbox: by label, by a link out of the site, in a field."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select

from fmo_bot.db.boards import BoardRow, IssueRow
from fmo_bot.db.ownership import SeveralBoardsRow
from fmo_bot.db.store import Store
from fmo_bot.domain.counterparts import FIELD, LABEL, LINKED
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import NOTHING_SOUGHT, BoardShape, Sought
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.jira.client import Access, JiraClient
from fmo_bot.jira.source import JiraSource
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services.boards import DESCRIBE_EVERY, Boards
from fmo_bot.services.team_boards import Together, together
from tests.integration.test_boards import FakeSource
from tests.integration.test_two_sites import digest_of, two_sites
from tests.joint_team import JointTeam, clock, other_team_file

VENDOR_ISSUE = "customfield_10050"
RULES = {LABEL: "twin:", LINKED: "links to", FIELD: "Vendor issue"}
AT = clock("12:00")


@dataclass
class TwoSites:
    """A joint team with a board on each site of the sandbox; both tell the same story under the same keys."""

    store: Store
    box: Sandbox
    boards: Boards

    def send(self, method: str, site: str, path: str, told: dict[str, Any]) -> None:
        known = self.box.world.jira[site].describe()
        cloud = known["flavour"] == "cloud"
        way: dict[str, Any] = (
            {"auth": (known["email"], known["token"])}
            if cloud
            else {"headers": {"Authorization": f"Bearer {known['token']}"}}
        )
        url = f"{self.box.url}/jira/{site}/rest/api/2/issue/{path}"
        requests.request(method, url, json=told, timeout=60, **way).raise_for_status()

    def address(self, site: str, key: str) -> str:
        return f"{self.box.url}/jira/{site}/browse/{key}"

    def counted(self, rule: dict[str, str], after: timedelta = timedelta()) -> tuple[Together, JointTeam]:
        """What the boards hold together, read anew under this rule."""
        more = {"counterparts": rule} if rule else {}
        team = JointTeam(self.store, two_sites(other_boards=[{"site": "operator", "id": 1}], **more))
        with self.store.transaction(SYSTEM) as session:
            rows = session.scalars(select(BoardRow.id).order_by(BoardRow.id)).all()
        for number in rows:
            self.boards.sync(number, AT + after, look=True)
        with self.store.transaction(SYSTEM) as session:
            record = session.get_one(SeveralBoardsRow, team.result.team_id).record_board_id
            found = together(session, team.result.team_id, self.boards, record, since=ms(AT), as_of=ms(AT))
        assert found is not None
        return found, team


@pytest.fixture(params=["cloud", "dc"])
def sites(request: pytest.FixtureRequest, sqlite_store: Store) -> Iterator[TwoSites]:
    other = {"cloud": "dc", "dc": "cloud"}[request.param]
    with Sandbox(Options(jira=request.param, second_jira=other, start=AT)) as box, ExitStack() as stack:
        sources = {}
        for key, site in box.world.jira.items():
            told = site.describe()
            email = told["email"] if told["flavour"] == "cloud" else None
            access = Access(key=key, url=f"{box.url}/jira/{key}", token=told["token"], email=email)
            sources[key] = JiraSource(stack.enter_context(closing(JiraClient(access))))
        addresses = {key: f"{box.url}/jira/{key}" for key in sources}
        yield TwoSites(sqlite_store, box, Boards(sqlite_store, sources, addresses=lambda: addresses))


def keys(found: Together) -> list[tuple[str, str]]:
    return sorted((line.life.site, line.life.key) for line in found.timelines)


def test_counterparts_by_label_link_and_field_count_once_each_on_the_board_of_record(sites: TwoSites) -> None:
    sites.send("PUT", "operator", "CORE-50", {"fields": {"labels": ["twin:CORE-50"]}})
    link = {"object": {"url": sites.address("operator", "CORE-51"), "title": "CORE-51"}}
    sites.send("POST", "shared", "CORE-51/remotelink", link)
    sites.send("PUT", "shared", "CORE-52", {"fields": {VENDOR_ISSUE: sites.address("operator", "CORE-52")}})
    sites.send("PUT", "operator", "CORE-53", {"fields": {VENDOR_ISSUE: "see core-53 please"}})
    sites.send("PUT", "shared", "CORE-54", {"fields": {VENDOR_ISSUE: "https://elsewhere.example/browse/CORE-54"}})
    sites.send("PUT", "shared", "CORE-55", {"fields": {VENDOR_ISSUE: sites.address("shared", "CORE-55")}})

    apart, team = sites.counted({})
    digest = digest_of(team, sites.boards)  # type: ignore[arg-type]  # a real board reads as a pretended one does
    # The sites tell one story: nearly every issue looks like a mirror until somebody names it.
    assert apart.mirrors > 50
    assert dict(digest.data_quality)["suspected_mirrors"] == apart.mirrors

    for kind, once in ((LABEL, ["CORE-50"]), (LINKED, ["CORE-51"]), (FIELD, ["CORE-52", "CORE-53"])):
        found, _ = sites.counted({kind: RULES[kind]})
        gone = set(keys(apart)) - set(keys(found))
        assert (kind, gone) == (kind, {("operator", key) for key in once})
        assert len(keys(found)) == len(keys(apart)) - len(once)
        assert found.mirrors == apart.mirrors - len(once)


def test_nothing_of_the_field_is_stored_but_what_it_names(sites: TwoSites) -> None:
    for n, value in enumerate(("Ask Ana", "see CORE-51, said Ana", "Ana " * 50_000), 50):
        sites.send("PUT", "shared", f"CORE-{n}", {"fields": {VENDOR_ISSUE: value}})
    sites.counted({FIELD: VENDOR_ISSUE.upper()})
    with sites.store.transaction(SYSTEM) as session:
        stored = list(session.scalars(select(IssueRow.value)))
    assert not [value for value in stored if "Ana" in value]
    assert len([value for value in stored if '"issue":"CORE-51"' in value]) == 1


# --- which fields are sought -----------------------------------------------------------------------------------------


def test_a_field_named_later_or_another_address_reads_everything_again(sqlite_store: Store) -> None:
    class Site(FakeSource):
        def describe(self, board_id: int, sought: Sought = NOTHING_SOUGHT) -> BoardShape:
            shape = super().describe(board_id, sought)
            return replace(shape, naming_fields=tuple((f, f) for f in sought.fields), addresses=sought.addresses)

    source, opened = Site(), {"operator": "https://one.example", "shared": "https://ours.example"}
    boards = Boards(sqlite_store, {"shared": source}, addresses=lambda: opened)
    team = JointTeam(sqlite_store, two_sites())
    whole = []
    for turn, rule in enumerate((None, None, {"field": "Twin"}, {"field": "Twin"}, {"field": "Twin"}, {"label": "x"})):
        if turn == 4:
            opened["operator"] = "https://two.example"
        JointTeam(sqlite_store, two_sites(counterparts=rule))
        boards.sync(team.result.board_id, AT + turn * DESCRIBE_EVERY)
        whole.append(source.asked_since[-1] is None)
    assert whole == [True, False, True, False, True, True]
    assert source.sought == Sought()


def test_each_site_is_asked_for_what_all_joint_teams_with_a_board_there_name(sqlite_store: Store) -> None:
    source = FakeSource()
    boards = Boards(sqlite_store, {"shared": source}, addresses=lambda: {"operator": "https://jira.example"})
    team = JointTeam(sqlite_store, two_sites(counterparts={"field": "Twin"}))
    other = JointTeam(sqlite_store, other_team_file())
    for board_id in (team.result.board_id, other.result.board_id):
        boards.sync(board_id, AT)
        assert source.sought == Sought(fields=("Twin",), addresses=(("operator", "https://jira.example"),))
