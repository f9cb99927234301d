"""Whatever comes to the doors for webhooks: never a 5xx, never half a row, and nothing from who is not let in.

Real bodies of both flavours, mutated as values and as bytes, and bodies of pure chance; signed, wrongly signed, not
signed; in any chunks, under any headers. Through the real application, into a real database, whose rows are counted.
"""

import gzip
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from config.settings import Settings
from fmo_bot.bootstrap.bot import Bot
from fmo_bot.db.ledger import InboxRow
from fmo_bot.db.tables import METADATA
from fmo_bot.delivery import inbox
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services import hooks
from fmo_bot.services.boards import Boards
from fmo_bot.services.hinted import Hinted
from handlers.asgi import application
from handlers.metrics import Metrics
from tests.databases import empty_postgres
from tests.integration.asgi_support import Knocker
from tests.integration.door_support import WEBHOOK_SECRET, given_for
from tests.integration.sandbox_support import PATIENT, START
from tests.integration.test_boards import FakeSource, issue, put_board
from tests.profiles import fewer, more
from tests.unit.exported import shared

HELD = ("10001", "10002", "10008")  # issues on the board
ENOUGH = 300  # knocks after which nothing should be missing
COUNTED = {"inbox", "jira_hook", "jira_site"}
KEPT = {"site", "issues", "project", "deleted", "board", "sprint"}
# Where a webhook may come to: the door, and whether what is there may be let in.
SIGNED, ADDRESSED, SHUT = "signed", "addressed", "shut"


# --- the house ---------------------------------------------------------------------------------------------------


@dataclass
class Target:
    """The application with a board behind it, and what it answered so far."""

    bot: Bot
    knocker: Knocker
    secret: str
    source: FakeSource
    statuses: Counter[str] = field(default_factory=Counter)

    def __repr__(self) -> str:
        return "the application"

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        counts = [
            select(func.count()).select_from(table).scalar_subquery().label(name)
            for name, table in METADATA.tables.items()
        ]
        with self.bot.store.reading(SYSTEM) as session:
            return dict(session.execute(select(*counts)).one()._mapping)

    def newest(self) -> InboxRow:
        with self.bot.store.reading(SYSTEM) as session:
            return session.scalars(select(InboxRow).order_by(InboxRow.id.desc()).limit(1)).one()

    def work(self) -> Counter[str]:
        """Work everything that was written down, and what became of it."""
        now = self.bot.hooks._machine() + 3600
        hinted = Hinted(self.bot.store, Boards(self.bot.store, {"shared": self.source}))
        while job := inbox.claim(self.bot.store, owner="one", now=now):
            inbox.work(self.bot.store, job, {hooks.JOB: hinted.look}, at=START, machine=lambda: now)
        with self.bot.store.reading(SYSTEM) as session:
            return Counter(session.scalars(select(InboxRow.state)))


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        yield box


@pytest.fixture(scope="module")
def sqlite_target(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    yield from _target(box, tmp_path_factory.mktemp("fuzz"))


@pytest.fixture(scope="module")
def postgres_target(box: Sandbox, postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with empty_postgres(postgres) as url:
        yield from _target(box, tmp_path_factory.mktemp("fuzz"), FMO_DATABASE_URL=url)


def _target(box: Sandbox, folder: Path, **given: str) -> Iterator[Target]:
    with Bot(Settings.read(given_for(box, folder) | given)) as bot:  # its engine does not run: nothing is worked
        source = FakeSource()
        source.hold(issue(int(number)) for number in HELD)
        board = put_board(bot.store)
        Boards(bot.store, {"shared": source}).sync(board, START - timedelta(hours=1))
        secret = hooks.new_secret(bot.store, "shared", START)
        knocker = Knocker(application(bot, {}, Metrics(bot), problems=list))
        target = Target(bot, knocker, secret, source)
        yield target
        knocker.close()
        ended_well(target)


# --- what is sent ------------------------------------------------------------------------------------------------


def real_issues() -> list[dict[str, Any]]:
    """Issues of real boards where the shared folder is here; else one of the same shape."""
    made = {"id": "10001", "key": "CORE-1", "fields": {"project": {"id": "1", "key": "CORE"}, "labels": ["edge"]}}
    histories = [{"id": "10042", "items": [{"field": "Flagged", "from": None, "to": "[10019]"}]}]
    found = [made | {"changelog": {"histories": histories}}]
    with suppress(pytest.skip.Exception):
        for name in ("data/cloud_flags/issues.jsonl", "data/cloud_sprints/issues.jsonl"):
            found += [json.loads(line) for line in shared(name).read_text("utf-8").splitlines()[:4]]
    return found


def webhooks() -> list[dict[str, Any]]:
    """One body of each kind, in the shapes of both flavours."""
    bodies: list[dict[str, Any]] = []
    for raw in real_issues():
        changelog = raw.pop("changelog")["histories"]
        about = {"timestamp": 1606480436302, "issue": raw, "user": {"accountId": "person", "active": True}}
        change = {"changelog": {"id": changelog[0]["id"], "items": changelog[0]["items"]}} if changelog else {}
        for name in ("jira:issue_updated", "jira:issue_created", "jira:issue_deleted"):
            bodies.append({"webhookEvent": name, "issue_event_type_name": "issue_generic"} | about | change)
        address = f"https://jira.example/rest/api/2/issue/{raw['id']}/comment/7"
        comment = {"timestamp": 1606480436302, "comment": {"id": "7", "self": address, "body": "Port is open"}}
        bodies.append({"webhookEvent": "comment_created", "issue": {"id": raw["id"], "key": raw["key"]}} | comment)
        bodies.append({"webhookEvent": "comment_updated"} | comment)  # Data Center tells no issue
    link = {"id": 5, "sourceIssueId": 10001, "destinationIssueId": 10008, "systemLink": False}
    sprint = {"id": 12, "originBoardId": 1, "name": "Core Sprint 12", "state": "closed", "goal": "First call"}
    bodies.append({"webhookEvent": "issuelink_created", "timestamp": 1606480436302, "issueLink": link})
    bodies.append({"webhookEvent": "sprint_closed", "timestamp": 1606480436302, "sprint": sprint})
    bodies.append({"webhookEvent": "board_configuration_changed", "board": {"id": 1, "name": "5G Core"}})
    bodies.append({"webhookEvent": "user_created", "user": {"accountId": "person"}})
    return bodies


WEBHOOKS = webhooks()
ODD = [
    "",
    "\x00",
    "\ud800",
    "CORE-1",
    "CORE-" + "9" * 30,
    "１２",
    "-1",
    "1e999",
    "../../etc",
    "'; DROP TABLE inbox; --",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**31, 2**63, 10**400, -1, 0])
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([*HELD, *ODD])
)
VALUES = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=8,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inside:
        yield (*path, key)
        yield from _paths(below, (*path, key))


def _changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with something else at one place, or nothing there (`new` is `...`)."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and new is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = _changed(copy[path[0]], path[1:], new)
    return copy


# Places that somebody reads come up as often as all the others together.
READ = {"webhookEvent", "timestamp", "issue", "id", "key", "comment", "self", "sprint", "originBoardId", "board"}
PLACES = [
    (sorted((p for p in _paths(body) if set(p) <= READ), key=str), sorted(_paths(body), key=str)) for body in WEBHOOKS
]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A real webhook with up to three places changed."""
    which = draw(st.integers(0, len(WEBHOOKS) - 1))
    body: Any = WEBHOOKS[which]
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(PLACES[which][draw(st.integers(0, 1))]))
        with suppress(KeyError, IndexError, TypeError):  # an earlier change took that place away
            body = _changed(body, path, draw(VALUES | st.just(...)))
    return body


def _encoded(body: Any, encoding: str) -> bytes:
    return json.dumps(body, ensure_ascii=encoding == "ascii").encode(encoding, "surrogatepass")


@st.composite
def damaged(draw: st.DrawFn, raw: bytes) -> bytes:
    """The bytes with a part cut out, put in, doubled, or pressed together."""
    at, length = draw(st.integers(0, len(raw))), draw(st.integers(0, 40))
    ways: list[Callable[[], bytes]] = [
        lambda: raw[:at],
        lambda: raw[:at] + raw[at + length :],
        lambda: raw[:at] + draw(st.binary(max_size=8)) + raw[at + length :],
        lambda: raw + raw,
        lambda: gzip.compress(raw, mtime=0),
    ]
    return draw(st.sampled_from(ways))()


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """What is sent: mostly what a Jira could send, sometimes what nothing would."""
    kind = draw(st.sampled_from(["real", "real", "real", "encoded", "damaged", "value", "noise"]))
    if kind == "noise":
        return draw(st.binary(max_size=200))
    if kind == "value":
        return _encoded(draw(VALUES), "ascii")
    if kind == "encoded":
        return _encoded(draw(mutated()), draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-le", "utf-7"])))
    raw = _encoded(draw(mutated()), "ascii")
    return draw(damaged(raw)) if kind == "damaged" else raw


VISIBLE = st.binary(max_size=40).map(lambda raw: bytes(each for each in raw if each not in (0, 10, 13)))
IDENTIFIERS = st.lists(VISIBLE | st.sampled_from([b"same", b"x" * 300, "é".encode("latin-1")]), max_size=2)
NOISE = st.lists(
    st.tuples(
        st.sampled_from([b"content-type", b"content-encoding", b"expect", b"host", b"cookie", b"x-forwarded-for"]),
        VISIBLE | st.sampled_from([b"gzip", b"application/json; charset=utf-16", b"multipart/form-data; boundary=x"]),
    ),
    max_size=3,
)


@dataclass(frozen=True)
class Knock:
    """One request, and whether it proves where it is from."""

    path: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    chunks: tuple[bytes, ...]
    cut: bool
    door: str
    is_genuine: bool


@st.composite
def signatures(draw: st.DrawFn, body: bytes) -> tuple[list[bytes], bool]:
    """What stands in `X-Hub-Signature`, and whether it proves anything."""
    method = draw(st.sampled_from(["sha256", "sha256", "sha512", "SHA384"]))
    right = f"{method}={hmac.new(WEBHOOK_SECRET.encode(), body, getattr(hashlib, method.lower())).hexdigest()}".encode()
    other = hmac.new(b"another", body, hashlib.sha256).hexdigest().encode()
    md5 = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.md5).hexdigest().encode()
    wrong = [b"sha256=" + other, b"md5=" + md5, b"", b"sha256=", right[:-1], right.partition(b"=")[2], b"\xff\xfe=\xff"]
    if draw(st.integers(0, 3)):
        return [right], True
    none_of_them: list[list[bytes]] = [[], [draw(st.sampled_from(wrong))], [right, right], [draw(VISIBLE)]]
    return draw(st.sampled_from(none_of_them)), False


@st.composite
def knocks(draw: st.DrawFn) -> Knock:
    """Something comes to one of the doors."""
    body = draw(bodies())
    given, signed = draw(signatures(body))
    door = draw(st.sampled_from([SIGNED, SIGNED, SIGNED, ADDRESSED, SHUT]))
    paths = {
        SIGNED: ["/jira/shared/webhook"],
        ADDRESSED: ["/jira/shared/hooks/{secret}"],
        SHUT: [
            "/jira/other/webhook",
            "/jira/shared/hooks/x",
            "/jira/shared/hooks/%ff%00",
            "/jira/%2e%2e/hooks/{secret}",
        ],
    }
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
    chunks = tuple(body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True))
    headers = [(b"x-hub-signature", value) for value in given]
    headers += [(b"x-atlassian-webhook-identifier", value) for value in draw(IDENTIFIERS)]
    length = draw(st.sampled_from([b"", str(len(body)).encode(), b"99999999999", b"-1", b"x"]))
    return Knock(
        path=draw(st.sampled_from(paths[door])),
        headers=(*headers, *draw(NOISE), *([(b"content-length", length)] if length else [])),
        body=body,
        chunks=chunks,
        cut=draw(st.integers(0, 19)) == 0,
        door=door,
        is_genuine=signed if door == SIGNED else door == ADDRESSED,
    )


def expected(knock: Knock) -> int:
    """The status by the rules of the door, worked out apart from it."""
    if knock.door == SHUT:
        return 404
    if (b"content-length", b"99999999999") in knock.headers:
        return 413
    if knock.cut:
        return 400
    if not knock.is_genuine:
        return 401
    try:
        value = json.loads(knock.body)
    except (ValueError, RecursionError):
        return 400
    return 200 if isinstance(value, dict) and isinstance(value.get("webhookEvent"), str) else 400


# --- the tests ---------------------------------------------------------------------------------------------------


def hold(target: Target, knock: Knock) -> None:
    """Send it; the answer is the right one, and the database holds all of it or nothing."""
    before = target.rows()
    status = target.knocker.knock(knock.path.format(secret=target.secret), knock.headers, knock.chunks, cut=knock.cut)
    after = target.rows()
    new = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert status == expected(knock)
    assert set(new) <= COUNTED
    assert new.get("inbox", 0) in ((0, 1) if status == 200 else (0,))
    if new.get("inbox"):
        whole(target.newest())
    target.statuses[f"{knock.door} {status} {'written down' if new.get('inbox') else 'not'}"] += 1


def whole(row: InboxRow) -> None:
    """A row that a job can work."""
    payload = row.payload
    assert (row.kind, row.bundle, row.state) == (hooks.JOB, "jira:shared", "ready")
    assert len(row.event_key) <= 255
    assert set(payload) == KEPT
    assert all(number.isascii() and number.isdigit() for number in payload["issues"])
    assert all(isinstance(payload[name], int | None) for name in ("board", "sprint"))


def ended_well(target: Target) -> None:
    """What was written down can be worked, all of it; and of many knocks every kind of answer came up."""
    assert set(target.work()) <= {"done"}
    if target.statuses.total() >= ENOUGH:
        seen = {" ".join(kind.split()[:2]) for kind in target.statuses}
        assert {"signed 200", "signed 400", "signed 401", "addressed 200", "shut 404"} <= seen
        assert any(kind.endswith("written down") for kind in target.statuses)


@more(10)
@given(knock=knocks())
def test_whatever_comes_is_answered_by_the_rules_and_leaves_no_half_row(sqlite_target: Target, knock: Knock) -> None:
    hold(sqlite_target, knock)


@fewer(1)
@given(knock=knocks())
def test_the_same_on_postgresql(postgres_target: Target, knock: Knock) -> None:
    hold(postgres_target, knock)
