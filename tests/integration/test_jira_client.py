"""The client on the wire: retries, pauses, and errors that are sentences."""

import base64
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from threading import Thread
from zoneinfo import ZoneInfo

import pytest

from fmo_bot.errors import BoardUnavailable, OutcomeUnknown, SiteUnavailable
from fmo_bot.jira.client import Access, Flavour, JiraClient, Refused, Site, TokenRefused
from fmo_bot.jira.oauth import OAuth
from fmo_bot.jira.retry import Busy, Lane, Retry
from fmo_bot.network import Network
from tests.integration.scripted_jira import DROP, Answer, ScriptedJira, scripted_jira

TOKEN = "jira-sandbox-shared"


@dataclass
class Sleeper:
    """Machine time that moves only by sleeping."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def jira() -> Iterator[ScriptedJira]:
    with scripted_jira() as jira:
        yield jira


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
def client(jira: ScriptedJira, sleeper: Sleeper) -> Iterator[JiraClient]:
    access = Access(key="shared", url=jira.url, token=TOKEN, email="bot@shared.example")
    client = JiraClient(access, sleep=sleeper.sleep, machine=lambda: sleeper.now)
    with closing(client):
        yield client


def asked(jira: ScriptedJira, name: str) -> int:
    return sum(name in path for _, path, _ in jira.asked)


def test_a_site_is_known_by_its_server_information_and_its_token_by_the_account(
    jira: ScriptedJira, client: JiraClient
) -> None:
    assert client.site() == Site(Flavour.CLOUD, ZoneInfo("Europe/Madrid"))
    assert client.site().flavour is Flavour.CLOUD
    names = [path.rpartition("/")[2] for _, path, _ in jira.asked]
    assert names == ["serverInfo", "myself", "myself"]  # the account's zone may change, the server's kind does not
    basic = "Basic " + base64.b64encode(f"bot@shared.example:{TOKEN}".encode()).decode()
    assert {header for _, _, header in jira.asked} == {basic}


def test_without_an_e_mail_the_token_is_a_bearer_token() -> None:
    with scripted_jira("Server") as jira, closing(JiraClient(Access(key="dc", url=jira.url, token=TOKEN))) as client:
        assert client.site().flavour is Flavour.DATA_CENTER
        assert jira.asked[-1][2] == f"Bearer {TOKEN}"


def test_the_access_never_shows_its_token() -> None:
    assert TOKEN not in repr(Access(key="shared", url="https://x.example", token=TOKEN))


@pytest.mark.parametrize(
    ("headers", "at_least"),
    [
        ({"Retry-After": "7", "RateLimit-Reason": "jira-burst-based"}, 7),
        ({"Retry-After": "40"}, 40),  # the library would come back after 30 to 60 s
        ({"Date": "Mon, 23 Nov 2026 10:00:00 GMT", "Retry-After": "Mon, 23 Nov 2026 10:00:09 GMT"}, 9),
        ({"Retry-After": "soon"}, 1),  # nonsense: our own pause
        ({}, 1),
    ],
)
def test_a_pause_asked_for_is_kept_in_full(
    jira: ScriptedJira, client: JiraClient, sleeper: Sleeper, headers: dict[str, str], at_least: float
) -> None:
    jira.script = [Answer(status=429, headers=headers), Answer({"ok": True})]
    assert client.get("field", what="the fields") == {"ok": True}
    assert at_least <= sum(sleeper.slept) <= at_least * 1.25


def test_a_long_pause_is_told_at_once_and_kept_by_every_thread(
    jira: ScriptedJira, client: JiraClient, sleeper: Sleeper
) -> None:
    headers = {"Retry-After": "1800", "RateLimit-Reason": "jira-quota-tenant-based"}
    jira.script = [Answer(status=429, headers=headers)]
    with pytest.raises(BoardUnavailable, match=r"Jira site shared asks for a pause of 3\d min"):
        client.get("field", what="the fields")
    before = len(jira.asked)
    refusals: list[BoardUnavailable] = []
    thread = Thread(target=lambda: refusals.append(_refusal(client)))
    thread.start()
    thread.join()
    assert len(refusals) == 1
    assert len(jira.asked) == before  # nobody asked again
    assert sleeper.slept == []


def _refusal(client: JiraClient) -> BoardUnavailable:
    with pytest.raises(BoardUnavailable) as caught:
        client.get("status", what="the statuses")
    return caught.value


def test_a_burst_limit_holds_its_endpoint_only(jira: ScriptedJira, client: JiraClient, sleeper: Sleeper) -> None:
    client.site()
    jira.script = [Answer(status=429, headers={"Retry-After": "300", "RateLimit-Reason": "jira-burst-based"})]
    with pytest.raises(BoardUnavailable):
        client.get("issue/10001/changelog", what="an issue")
    with pytest.raises(BoardUnavailable):  # the same endpoint for another issue
        client.get("issue/10002/changelog", what="an issue")
    assert client.get("field", what="the fields") == {}
    assert sleeper.slept == []


def test_a_dropped_connection_is_tried_again(jira: ScriptedJira, client: JiraClient) -> None:
    client.site()
    jira.script = [DROP, DROP, Answer([1])]
    assert client.get("field", what="the fields") == [1]
    assert asked(jira, "field") == 3


def test_a_read_by_post_is_tried_again_too(jira: ScriptedJira, client: JiraClient) -> None:
    client.site()
    jira.script = [Answer(status=503), Answer({"issueChangeLogs": []})]
    assert client.read_by_post("changelog/bulkfetch", what="history", body={}) == {"issueChangeLogs": []}
    assert [method for method, path, _ in jira.asked if "bulkfetch" in path] == ["POST", "POST"]


def test_after_four_tries_it_gives_up_with_a_sentence(jira: ScriptedJira, client: JiraClient) -> None:
    client.site()
    jira.standing["field"] = DROP
    with pytest.raises(BoardUnavailable) as caught:
        client.get("field", what="the fields")
    assert str(caught.value) == (
        "Jira site shared does not answer. Check that it is up and that FMO_JIRA_SHARED_URL is its address."
    )
    assert asked(jira, "field") == 4


def test_a_refused_connection_while_opening_is_a_sentence(sleeper: Sleeper) -> None:
    with scripted_jira() as jira:
        gone = jira.url
    access = Access(key="shared", url=gone, token=TOKEN)
    with (
        closing(JiraClient(access, sleep=sleeper.sleep, machine=lambda: sleeper.now)) as client,
        pytest.raises(BoardUnavailable, match="does not answer"),
    ):
        client.site()
    assert len(sleeper.slept) == 3


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer({"errorMessages": ["secret"]}, 401), "does not accept the bot's token. It may have expired"),
        (Answer({"errorMessages": ["secret"]}, 403), "does not allow the bot's account to read board 7"),
        (Answer("secret", 403, {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE"}), "solve a captcha"),
        (Answer({"errorMessages": ["secret"]}, 404), "does not show board 7 to the bot's account"),
        (Answer({"errorMessages": ["secret"]}, 410), "no longer offers what the bot asks for"),
        (Answer({"errorMessages": ["secret"]}, 400), "did not understand the question about board 7"),
        (Answer({"errorMessages": ["secret"]}, 500), "has trouble of its own (answer 500)"),
        (Answer("<html>secret: please sign in</html>"), "answers with something that is not Jira's"),
        (Answer("[" * 200_000), "answers with something that is not Jira's"),
    ],
)
def test_what_goes_wrong_is_one_sentence_that_says_what_to_check(
    jira: ScriptedJira, client: JiraClient, caplog: pytest.LogCaptureFixture, answer: Answer, sentence: str
) -> None:
    jira.standing["7"] = answer
    with pytest.raises(BoardUnavailable) as caught:
        client.get("board/7", what="board 7")
    said = str(caught.value)
    assert said.startswith("Jira site shared ")
    assert sentence in said
    assert "secret" not in said + caplog.text
    assert TOKEN not in said + caplog.text
    assert caught.value.__cause__ is None


def test_a_wrong_token_is_not_tried_again(jira: ScriptedJira, client: JiraClient) -> None:
    jira.standing["myself"] = Answer({}, 401)
    with pytest.raises(Refused) as caught:
        client.site()
    assert caught.value.status == 401
    assert asked(jira, "myself") == 1


@pytest.mark.parametrize("information", [{}, [], "<html>", {"versionNumbers": None}])
def test_an_address_that_is_no_jira_is_said_to_be_none(
    jira: ScriptedJira, client: JiraClient, information: object
) -> None:
    jira.standing["serverInfo"] = Answer(information)
    with pytest.raises(BoardUnavailable, match="FMO_JIRA_SHARED_URL is the address of a Jira"):
        client.site()


def test_nobody_is_asked_in_the_place_of_a_site(jira: ScriptedJira, client: JiraClient) -> None:
    with scripted_jira() as inside:
        jira.standing["7"] = Answer({}, 302, {"Location": f"{inside.url}/latest/meta-data"})
        with pytest.raises(SiteUnavailable, match="something that is not Jira's"):
            client.get("board/7", what="board 7")
        assert inside.asked == []


def test_whoever_waits_waits_on_where_somebody_else_is_told_to_wait_for_longer(sleeper: Sleeper) -> None:
    lane, began = Lane.of("GET", "rest/api/2/field"), []

    def busy(seconds: float) -> None:
        raise Busy(seconds)

    def sleep(seconds: float) -> None:
        """While this thread sleeps, a call of another one, begun before, is told to wait for half a minute."""
        sleeper.sleep(seconds)
        if len(sleeper.slept) == 1:
            retry._hold(lane.held_by(Busy(30)), 30)

    retry = Retry(sleep=sleep, machine=lambda: sleeper.now, chance=lambda: 0.0)
    with suppress(Busy):
        retry.once(lane, lambda: busy(10))
    retry.once(lane, lambda: began.append(sleeper.now))
    assert began == [1040.0]


# --- writes ------------------------------------------------------------------------------------------------------


def comment(client: JiraClient) -> object:
    return client.write("POST", "issue/CORE-1/comment", what="a comment on CORE-1", body={"body": "Done"})


def test_a_write_gives_its_answer_and_none_where_that_is_empty(jira: ScriptedJira, client: JiraClient) -> None:
    jira.script = [Answer({"id": "7"}, 201), Answer("", 204)]
    assert comment(client) == {"id": "7"}
    assert client.write("PUT", "issue/CORE-1", what="the assignee of CORE-1", body={}) is None


@pytest.mark.parametrize(
    "answer",
    [
        DROP,  # it may have been done before the connection broke
        Answer({}, 502),  # a proxy's word, who knows what happened behind it
        Answer({}, 500),
        Answer("<html>", 200),
        Answer("torn", 200, {"Content-Encoding": "gzip"}),
    ],
)
def test_a_write_without_a_clear_answer_is_never_sent_again(
    jira: ScriptedJira, client: JiraClient, answer: Answer | str
) -> None:
    jira.script = [answer]
    with pytest.raises(OutcomeUnknown) as caught:
        comment(client)
    assert "did not say whether it has done what was asked (a comment on CORE-1)" in str(caught.value)
    assert asked(jira, "comment") == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer({}, 400), Refused),
        (Answer({}, 403), Refused),
        (Answer({}, 401), SiteUnavailable),
        (Answer({}, 429, {"Retry-After": "3"}), SiteUnavailable),  # certainly not done; still nobody's to repeat
        (Answer({}, 302, {"Location": "/login"}), SiteUnavailable),
    ],
)
def test_a_write_that_was_refused_is_known_not_to_be_done(
    jira: ScriptedJira, client: JiraClient, answer: Answer, kind: type[BoardUnavailable]
) -> None:
    jira.script = [answer]
    with pytest.raises(kind) as caught:
        comment(client)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert [method for method, _, _ in jira.asked] == ["POST"]


def test_a_write_that_never_got_a_connection_is_known_not_to_be_done(sleeper: Sleeper) -> None:
    with scripted_jira() as jira:
        gone = jira.url
    access = Access(key="shared", url=gone, token=TOKEN)
    with (
        closing(JiraClient(access, sleep=sleeper.sleep, machine=lambda: sleeper.now)) as client,
        pytest.raises(SiteUnavailable, match="does not answer"),
    ):
        comment(client)
    assert sleeper.slept == []


def test_the_limit_of_an_issue_holds_that_issue_only(jira: ScriptedJira, client: JiraClient, sleeper: Sleeper) -> None:
    jira.script = [Answer(status=429, headers={"Retry-After": "300", "RateLimit-Reason": "jira-per-issue-on-write"})]
    with pytest.raises(BoardUnavailable) as caught:
        comment(client)
    assert not isinstance(caught.value, SiteUnavailable)  # nobody else has to wait
    with pytest.raises(BoardUnavailable, match="pause of"):  # the same issue by another way
        client.write("PUT", "issue/CORE-1", what="the assignee", body={})
    assert client.write("POST", "issue/CORE-2/comment", what="a comment", body={}) == {}
    assert asked(jira, "CORE-1") == 1
    assert sleeper.slept == []


@dataclass
class FakeTokens:
    """An authorization with these tokens, each in turn when the one before was refused."""

    tokens: list[str]

    def header(self) -> str:
        return f"Bearer {self.tokens[0]}"

    def refused(self, header: str) -> bool:
        if self.header() == header and len(self.tokens) > 1:
            self.tokens.pop(0)
        return self.header() != header


@pytest.mark.parametrize("writes", [False, True])
def test_a_token_refused_before_its_time_is_renewed_and_the_call_made_with_the_next(
    jira: ScriptedJira, sleeper: Sleeper, writes: bool
) -> None:
    jira.script = [Answer({}, 401), Answer({"id": "7"})]
    access = Access(key="shared", url=jira.url, authorization=FakeTokens(["old", "new"]))
    with closing(JiraClient(access, sleep=sleeper.sleep, machine=lambda: sleeper.now)) as client:
        assert (comment(client) if writes else client.get("field", what="the fields")) == {"id": "7"}
    assert [header for _, _, header in jira.asked] == ["Bearer old", "Bearer new"]


def test_where_no_other_token_is_left_the_refusal_is_said(jira: ScriptedJira, sleeper: Sleeper) -> None:
    jira.standing["field"] = Answer({}, 401)
    access = Access(key="shared", url=jira.url, authorization=FakeTokens(["only"]))
    client = JiraClient(access, sleep=sleeper.sleep, machine=lambda: sleeper.now)
    with closing(client), pytest.raises(TokenRefused):
        client.get("field", what="the fields")
    assert asked(jira, "field") == 1


@pytest.mark.parametrize("writes", [False, True])
def test_a_site_that_refuses_even_a_fresh_token_is_left_alone_and_no_token_renewed_again(
    jira: ScriptedJira, sleeper: Sleeper, writes: bool
) -> None:
    """As Atlassian does when whoever consented has lost the site: renewing goes on to work."""
    jira.standing |= {"field": Answer({}, 401), "comment": Answer({}, 401)}
    tokens, gate = FakeTokens(["old", "new", "newer", "newest", "last"]), FakeGate()
    access = Access(key="shared", url=jira.url, authorization=tokens)
    client = JiraClient(access, sleep=sleeper.sleep, machine=lambda: sleeper.now, gate=gate)
    with closing(client), pytest.raises(TokenRefused):
        comment(client) if writes else client.get("field", what="the fields")
    assert [header for _, _, header in jira.asked] == ["Bearer old", "Bearer new"]
    assert gate.heard == ["failed 0"]


# --- what is about the whole site, and who hears of it -----------------------------------------------------------


@dataclass
class FakeGate:
    """Keeps what it heard; `closed`: why nobody is let in."""

    heard: list[str] = field(default_factory=list)
    closed: str = ""

    def enter(self) -> None:
        if self.closed:
            raise SiteUnavailable(self.closed)

    def failed(self, error: SiteUnavailable) -> None:
        self.heard.append(f"failed {error.wait:.0f}")

    def answered(self) -> None:
        self.heard.append("answered")


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        (Answer({}), "answered"),
        (Answer({}, 404), "answered"),  # this board only
        (Answer({}, 403), "answered"),
        (Answer({}, 401), "failed 0"),
        (Answer("secret", 403, {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE"}), "failed 0"),
        (Answer({}, 503), "failed 0"),
        (DROP, "failed 0"),
        (Answer("<html>please sign in</html>"), "failed 0"),
        (Answer({}, 429, {"Retry-After": "1800", "RateLimit-Reason": "jira-quota-tenant-based"}), "failed "),
        (Answer({}, 429, {"Retry-After": "1800", "RateLimit-Reason": "jira-burst-based"}), ""),
    ],
)
def test_the_gate_hears_whether_the_site_or_only_a_question_has_trouble(
    jira: ScriptedJira, sleeper: Sleeper, answer: Answer | str, heard: str
) -> None:
    gate = FakeGate()
    access = Access(key="shared", url=jira.url, token=TOKEN)
    jira.standing["7"] = answer
    client = JiraClient(access, sleep=sleeper.sleep, machine=lambda: sleeper.now, gate=gate)
    with closing(client), suppress(BoardUnavailable):
        client.get("board/7", what="board 7")
    assert " ".join(gate.heard).startswith(heard)
    assert len(gate.heard) == (1 if heard else 0)


def test_a_site_that_forbids_us_even_our_own_account_is_shut_as_a_whole(jira: ScriptedJira) -> None:
    gate = FakeGate()
    jira.standing |= {"7": Answer({}, 403), "myself": Answer({}, 403)}  # as an allowlist of IP addresses does
    client = JiraClient(Access(key="shared", url=jira.url, token=TOKEN), gate=gate)
    with closing(client), pytest.raises(SiteUnavailable, match=r"does not let the bot in at all.*allowlist"):
        client.get("board/7", what="board 7")
    assert gate.heard == ["failed 0"]


def test_a_scope_that_a_token_lacks_is_about_what_was_asked_and_not_about_the_site(jira: ScriptedJira) -> None:
    gate = FakeGate()
    jira.script = [Answer({"code": 401, "message": "Unauthorized; scope does not match"}, 401)]
    authorization = FakeTokens(["consented", "never needed"])
    access = Access(key="shared", url=jira.url, authorization=authorization, connected=True)
    with closing(JiraClient(access, gate=gate)) as client, pytest.raises(Refused) as caught:
        comment(client)
    assert not isinstance(caught.value, SiteUnavailable)
    assert "(a comment on CORE-1): it lacks a scope" in str(caught.value)
    assert "`fmo-bot site connect shared`" in str(caught.value)
    assert gate.heard == ["answered"]
    assert authorization.tokens == ["consented", "never needed"]  # a fresh one has no more scopes


def test_behind_a_closed_gate_nothing_is_asked(jira: ScriptedJira) -> None:
    gate = FakeGate(closed="Jira site shared rests.")
    with closing(JiraClient(Access(key="shared", url=jira.url, token=TOKEN), gate=gate)) as client:
        with pytest.raises(SiteUnavailable, match="rests"):
            client.site()
        with pytest.raises(SiteUnavailable, match="rests"):
            comment(client)
    assert jira.asked == []


def test_a_site_of_the_database_is_mended_where_it_was_connected(jira: ScriptedJira) -> None:
    jira.standing["myself"] = Answer({}, 401)
    access = Access(key="shared", url=jira.url, token=TOKEN, connected=True)
    with closing(JiraClient(access)) as client, pytest.raises(TokenRefused) as caught:
        client.site()
    assert "make a new one and run `fmo-bot site connect shared`" in str(caught.value)


def test_the_clock_of_the_site_is_compared_with_ours(jira: ScriptedJira) -> None:
    jira.standing["field"] = Answer([], headers={"Date": "Mon, 23 Nov 2026 10:05:00 GMT"})
    ten = 1795428000.0  # 10:00:00 that day
    with closing(JiraClient(Access(key="shared", url=jira.url, token=TOKEN), wall=lambda: ten)) as client:
        assert client.skew is None
        client.get("field", what="the fields")
        assert client.skew == 300


def test_each_thread_has_a_session_of_its_own_and_the_flavour_is_asked_once(
    jira: ScriptedJira, client: JiraClient
) -> None:
    threads = [Thread(target=client.site) for _ in range(3)]
    for thread in threads:
        thread.start()
        thread.join()
    assert asked(jira, "serverInfo") == 1
    assert asked(jira, "myself") == 3


def test_whatever_atlassian_answers_about_a_consent_is_a_sentence(jira: ScriptedJira) -> None:
    oauth = OAuth(auth_url=jira.url, api_url=jira.url, client_id="app", client_secret="secret", network=Network())
    jira.standing |= {"token": Answer([]), "accessible-resources": Answer({"code": 401}, 401)}
    with pytest.raises(SiteUnavailable, match="Atlassian does not answer"):
        oauth.by_code("code", redirect="http://127.0.0.1/back", key="shared")
    assert oauth.resources("token") == []
