"""Connecting Jira sites while the bot runs: every kind of token, proved before it is kept; by consent in a browser."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select

from config.settings import Settings
from fmo_bot.bootstrap.bot import Bot
from fmo_bot.bootstrap.connecting import Wanted
from fmo_bot.bootstrap.doctor import look
from fmo_bot.bootstrap.errand import Errand
from fmo_bot.bootstrap.jira_sites import JiraSites
from fmo_bot.bootstrap.setting_up import set_up
from fmo_bot.cli.ports import free_port
from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.secrets import new_key
from fmo_bot.domain.acts import Comment
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import NoScope, SecretLocked, SettingsWrong, SiteNotConnected, SiteUnavailable
from fmo_bot.jira.client import Flavour
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services.sites import Auth
from handlers.door import Door
from handlers.jira_oauth import LOST, REFUSED
from tests.integration.command import Ended, fmo_bot
from tests.integration.door_support import TEAM, given_for
from tests.integration.sandbox_support import PATIENT, START, eventually
from tests.integration.scripted_jira import Answer, scripted_jira
from tests.integration.test_links_door import team_file as changed_team_file

KEY = new_key()
EMAIL, TOKEN, SCOPED = "bot@shared.example", "jira-sandbox-shared", "jira-sandbox-scoped-shared"


@dataclass(frozen=True)
class Place:
    """A sandbox, and settings that name no Jira site."""

    box: Sandbox
    given: dict[str, str]

    @property
    def settings(self) -> Settings:
        return Settings.read(self.given)

    @property
    def url(self) -> str:
        return f"{self.box.url}/jira/shared"

    def wanted(self, **more: Any) -> Wanted:
        return Wanted(**{"key": "shared", "url": self.url} | more)

    def world(self) -> dict[str, Any]:
        told: dict[str, Any] = requests.get(f"{self.box.url}/control/world", timeout=60).json()
        return told


@contextmanager
def place(folder: Path, jira: str = "cloud") -> Iterator[Place]:
    with Sandbox(Options(patience=PATIENT, start=START, jira=jira)) as box:
        given = {name: value for name, value in given_for(box, folder).items() if not name.startswith("FMO_JIRA_")}
        gateway = requests.get(f"{box.url}/control/world", timeout=60).json()["atlassian"]
        yield Place(
            box,
            given
            | {
                "FMO_SECRET_KEYS": KEY,
                "FMO_ATLASSIAN_AUTH_URL": gateway["auth_url"],
                "FMO_ATLASSIAN_API_URL": gateway["api_url"],
                "FMO_JIRA_OAUTH_CLIENT_ID": gateway["client_id"],
                "FMO_JIRA_OAUTH_CLIENT_SECRET": gateway["client_secret"],
            },
        )


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path) as made:
        yield made


@pytest.fixture
def data_center(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, "dc") as made:
        yield made


# --- by a token --------------------------------------------------------------------------------------------------


def test_a_cloud_site_by_e_mail_and_token_is_read_by_the_next_call(cloud: Place) -> None:
    with Errand(cloud.settings) as errand:
        assert "shared" not in errand.jira
        site = errand.connect(cloud.wanted(email=EMAIL, token=TOKEN))
        assert (site.flavour, site.auth, site.api_url) == ("Cloud", Auth.CLASSIC, cloud.url)
        assert site.account
        assert errand.jira["shared"].describe(1).name
        assert errand.check("shared").startswith("Jira site shared is Jira Cloud and takes the token")
        assert errand.lines() == [
            f"shared: {cloud.url}; Jira Cloud; classic; owner not said; end of token not known; 0 boards"
        ]


def test_a_joint_team_is_set_up_on_a_connected_site(cloud: Place) -> None:
    with Errand(cloud.settings) as errand:
        errand.connect(cloud.wanted(email=EMAIL, token=TOKEN))
    assert set_up(cloud.settings, TEAM).board_error is None


@pytest.mark.parametrize("email", [EMAIL, None])  # a person's token, a service account's
def test_a_scoped_token_goes_to_the_gateway_and_links_stay_with_the_site(cloud: Place, email: str | None) -> None:
    cloud_id = cloud.world()["jira"][0]["cloud_id"]
    with Errand(cloud.settings) as errand:
        wanted = cloud.wanted(auth=Auth.SCOPED, email=email, token=SCOPED, cloud_id=cloud_id)
        site = errand.connect(wanted)
        assert site.api_url == f"{cloud.world()['atlassian']['api_url']}/ex/jira/{cloud_id}"
        assert site.url == cloud.url
        assert errand.jira["shared"].describe(1).name


def test_the_cloud_id_is_asked_of_the_site(cloud: Place) -> None:
    with scripted_jira() as jira, Errand(cloud.settings) as errand:
        jira.standing["tenant_info"] = Answer({"cloudId": cloud.world()["jira"][0]["cloud_id"]})
        site = errand.connect(cloud.wanted(url=jira.url, auth=Auth.SCOPED, email=EMAIL, token=SCOPED))
        assert site.api_url.endswith(cloud.world()["jira"][0]["cloud_id"])
        assert [header for _, _, header in jira.asked] == [""]  # the token went to the gateway only


@pytest.mark.parametrize("told", [Answer("<html>"), Answer({"cloudId": "../../evil"}), Answer({}, 404)])
def test_a_site_that_tells_no_cloud_id_is_said_to_tell_none(cloud: Place, told: Answer) -> None:
    with scripted_jira() as jira, Errand(cloud.settings) as errand:
        jira.standing["tenant_info"] = told
        with pytest.raises(SiteNotConnected, match="cloud id"):
            errand.connect(cloud.wanted(url=jira.url, auth=Auth.SCOPED, token=SCOPED))


def test_a_data_center_by_a_personal_access_token_tells_when_that_ends(data_center: Place) -> None:
    with scripted_jira("Server") as jira, Errand(data_center.settings) as errand:
        jira.standing["tokens"] = Answer([{"id": 1, "name": "bot", "expiringAt": "2027-03-01T09:00:00.000+0100"}])
        site = errand.connect(data_center.wanted(url=jira.url, token=TOKEN))
        assert site.expires_at == datetime(2027, 3, 1, 8, tzinfo=UTC)
        assert "token until 2027-03-01" in errand.lines()[0]
        jira.standing["tokens"] = Answer([{"id": 1, "expiringAt": "2027-03-01T09:00:00.000+0100"}, {"id": 2}])
        assert errand.connect(data_center.wanted(url=jira.url, token=TOKEN)).expires_at is None  # which is ours?


def test_a_data_center_is_read_by_its_token(data_center: Place) -> None:
    with Errand(data_center.settings) as errand:
        assert errand.connect(data_center.wanted(token=TOKEN)).auth is Auth.PERSONAL
        assert errand.jira.client("shared").flavour() is Flavour.DATA_CENTER


def test_nothing_is_kept_of_what_is_not_proved_and_what_was_there_goes_on(cloud: Place) -> None:
    with Errand(cloud.settings) as errand:
        with pytest.raises(SiteUnavailable, match=r"does not accept the bot's token.*`fmo-bot site connect shared`"):
            errand.connect(cloud.wanted(email=EMAIL, token="jira-sandbox-wrong"))
        assert list(errand.jira) == []
        errand.connect(cloud.wanted(email=EMAIL, token=TOKEN))
        with pytest.raises(SiteUnavailable):
            errand.connect(cloud.wanted(email=EMAIL, token="jira-sandbox-wrong"))
        assert errand.jira["shared"].describe(1).name


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"key": "Über"}, "key is small letters"),
        ({"url": "jira.example"}, "--url is the site's address"),
        ({"url": "https://bot:secret@jira.example"}, "--url is shown to people: no user, password"),
        ({"url": "http://jira.example"}, "would carry the token in clear"),
        ({"owner": "Nobody", "email": EMAIL, "token": TOKEN}, "There is no company Nobody here"),
        ({"auth": Auth.PERSONAL, "email": EMAIL, "token": TOKEN}, "is Jira Cloud: it takes --email"),
    ],
)
def test_what_cannot_be_right_is_one_sentence(cloud: Place, changes: dict[str, Any], sentence: str) -> None:
    with Errand(cloud.settings) as errand, pytest.raises(SiteNotConnected, match=sentence):
        errand.connect(cloud.wanted(**changes))


def test_without_a_key_nothing_is_stored(cloud: Place) -> None:
    given = {name: value for name, value in cloud.given.items() if name != "FMO_SECRET_KEYS"}
    with Errand(Settings.read(given)) as errand:
        with pytest.raises(SecretLocked, match="FMO_SECRET_KEYS is not set"):
            errand.connect(cloud.wanted(email=EMAIL, token=TOKEN))
        assert list(errand.jira) == []


def test_with_a_wrong_key_its_boards_are_not_read_and_say_why(cloud: Place) -> None:
    with Errand(cloud.settings) as errand:
        errand.connect(cloud.wanted(email=EMAIL, token=TOKEN))
    other = Settings.read(cloud.given | {"FMO_SECRET_KEYS": new_key()})
    with Errand(other) as errand, pytest.raises(SiteUnavailable, match="opens the token of Jira site shared"):
        errand.jira["shared"].describe(1)


def test_a_key_in_both_places_is_a_sentence_whichever_came_first(cloud: Place) -> None:
    named = {"FMO_JIRA_SITES": "shared", "FMO_JIRA_SHARED_URL": cloud.url, "FMO_JIRA_SHARED_TOKEN": TOKEN}
    both = Settings.read(cloud.given | named)
    with Errand(both) as errand, pytest.raises(SiteNotConnected, match="stands in FMO_JIRA_SITES and in the database"):
        errand.connect(cloud.wanted(email=EMAIL, token=TOKEN))
    with Errand(cloud.settings) as errand:
        errand.connect(cloud.wanted(email=EMAIL, token=TOKEN))
        with pytest.raises(SettingsWrong, match="fmo-bot site disconnect shared"):
            JiraSites(both, errand.store)
    with Errand(both) as errand:  # which is the way out
        assert errand.disconnect("shared") == 0
        JiraSites(both, errand.store).close()


def test_a_new_token_is_used_by_whoever_read_with_the_old_one_and_ends_the_pause(cloud: Place) -> None:
    with Errand(cloud.settings) as running, Errand(cloud.settings) as errand:
        errand.connect(cloud.wanted(email=EMAIL, token=TOKEN))
        before = running.jira.client("shared")
        assert running.jira.client("shared") is before
        errand.pauses.begin("shared", SiteUnavailable("Its token is dead."))
        errand.connect(cloud.wanted(email=EMAIL, token=TOKEN))
        assert running.jira.client("shared") is not before
        assert running.pauses.until("shared") is None


def test_from_the_command_line_the_token_comes_by_a_pipe_and_is_shown_nowhere(cloud: Place, tmp_path: Path) -> None:
    def command(*arguments: str, typed: str = "") -> Ended:
        return fmo_bot("site", *arguments, folder=tmp_path, given=cloud.given, typed=typed)

    expires = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()
    connect = ("connect", "shared", "--url", cloud.url, "--email", EMAIL, "--expires", expires)
    done = command(*connect, typed=f"{TOKEN}\n")
    assert (done.returncode, done.stdout.count("is connected: Jira Cloud")) == (0, 1)
    assert expires in command("list").stdout
    wrong = command(*connect, typed="jira-sandbox-wrong\n")
    assert wrong.returncode == 1
    assert "does not accept the bot's token" in wrong.stderr
    assert "sandbox-wrong" not in wrong.stderr + wrong.stdout
    assert command("disconnect", "shared").returncode == 0
    assert command("check", "shared").returncode == 1


# --- by a consent ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Browser:
    """Somebody at Atlassian's consent page."""

    session: requests.Session

    def go(self, address: str) -> requests.Response:
        """Open the address that the bot handed out; what Atlassian shows, or what the bot says instead."""
        return self.session.get(address, timeout=60)

    def answer(self, page: requests.Response, answer: str = "accept") -> requests.Response:
        """Press a button there; where the browser ends up."""
        return self.session.post(page.url, data={"answer": answer}, timeout=60)


@contextmanager
def running(cloud: Place) -> Iterator[Bot]:
    """The bot with its door open, at an address that is known."""
    port = free_port()
    settings = Settings.read(cloud.given | {"FMO_PORT": str(port), "FMO_PUBLIC_URL": f"http://127.0.0.1:{port}"})
    with Bot(settings) as bot, Door(bot) as door:
        serving = threading.Thread(target=door.serve)
        serving.start()
        try:
            eventually(lambda: _is_open(port))
            yield bot
        finally:
            door.stop()
            serving.join(60)


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_site_by_consent_is_read_and_its_tokens_are_renewed(cloud: Place) -> None:
    with running(cloud) as bot, requests.Session() as session:
        browser = Browser(session)
        address = bot.connecting.consent(cloud.wanted())
        asked = browser.go(address)
        assert "read:jira-work" in asked.text
        assert "write:jira-work" not in asked.text
        done = browser.answer(asked)
        assert done.text == "Jira site shared is connected. You may close this page."
        assert bot.jira["shared"].describe(1).name
        site = bot.jira.sites.site("shared")
        assert (site.auth, site.url) == (Auth.OAUTH, cloud.url)
        # An address is good once, and its return too.
        assert browser.go(address).text == LOST
        assert browser.go(done.url).text == LOST
        # The token dies before its time: the next call renews it and succeeds.
        told = {"of": site.credentials.token, "dies_after": 0}
        requests.post(f"{cloud.box.url}/control/jira/shared/tokens", json=told, timeout=60).raise_for_status()
        assert bot.jira["shared"].describe(1).name
        assert bot.jira.sites.site("shared").credentials.token != site.credentials.token


def test_the_right_to_write_is_asked_for_where_acting_is_switched_on_and_only_there(
    cloud: Place, tmp_path: Path
) -> None:
    """Connected to be read, then acted on: `setup` and `doctor` say so until somebody has consented again."""
    acting = {"site": "shared", "owner": "Huawei", "accepted_by": ["vendor", "operator"], "acting": True}
    with running(cloud) as bot, requests.Session() as session:
        browser = Browser(session)
        browser.answer(browser.go(bot.connecting.consent(cloud.wanted())))
        assert set_up(bot.settings, TEAM).to_do == ()
        (said,) = set_up(bot.settings, changed_team_file(tmp_path, jira=[acting])).to_do
        assert "run `fmo-bot site connect shared --oauth` and consent again" in said
        assert said in [fault for looked in look(bot.settings) for fault in looked.faults]
        with pytest.raises(NoScope):
            bot.jira.actions("shared", None).do(Comment(issue="10050", text="May I?", signed="by FMO bot", mark="m1"))
        assert bot.pauses.until("shared") is None  # what it may not do keeps nobody from reading
        asked = browser.go(bot.connecting.consent(cloud.wanted()))
        assert "write:jira-work" in asked.text
        browser.answer(asked)
        assert set_up(bot.settings, changed_team_file(tmp_path, jira=[acting])).to_do == ()


def test_another_browser_cannot_come_back_in_its_place(cloud: Place) -> None:
    with running(cloud) as bot, requests.Session() as mine, requests.Session() as other:
        asked = Browser(mine).go(bot.connecting.consent(cloud.wanted()))
        sent = mine.post(asked.url, data={"answer": "accept"}, timeout=60, allow_redirects=False)
        stolen = other.get(sent.headers["Location"], timeout=60)
        assert (stolen.status_code, stolen.text) == (400, LOST)
        assert "shared" not in bot.jira
        assert "is connected" in mine.get(sent.headers["Location"], timeout=60).text  # the right one still may


def test_who_allows_nothing_changes_nothing(cloud: Place) -> None:
    with running(cloud) as bot, requests.Session() as session:
        browser = Browser(session)
        assert browser.answer(browser.go(bot.connecting.consent(cloud.wanted())), "cancel").text == REFUSED
        assert "shared" not in bot.jira


def test_a_consent_for_another_site_is_said_to_be_one(cloud: Place) -> None:
    with running(cloud) as bot, requests.Session() as session:
        browser = Browser(session)
        done = browser.answer(browser.go(bot.connecting.consent(cloud.wanted(url="https://other.example"))))
        assert done.status_code == 409
        assert f"The consent does not open https://other.example; it opens: {cloud.url}" in done.text
        assert "shared" not in bot.jira


def test_made_up_addresses_lead_nowhere(cloud: Place) -> None:
    with running(cloud) as bot:
        base = bot.settings.public_url
        for path in ("start?ticket=x", "start", "callback?state=x&code=y", "callback", "callback?state=&code="):
            answer = requests.get(f"{base}/jira/oauth/{path}", timeout=60, cookies={"fmo_consent": "x"})
            assert (answer.status_code, answer.text) == (400, LOST)


def test_no_secret_stands_in_the_database_as_it_is(cloud: Place, tmp_path: Path) -> None:
    with Errand(cloud.settings) as errand:
        errand.connect(cloud.wanted(email=EMAIL, token=TOKEN, proxy=None))
        with errand.store.reading(SYSTEM) as session:
            assert session.scalars(select(JiraSiteRow)).one().credentials is not None
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("fmo.db*"))
    assert TOKEN.encode() not in stored
