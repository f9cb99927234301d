"""Through a proxy that asks for a password, to servers that only the company's own authority vouches for."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import trustme

from config.settings import Settings
from fmo_bot.bootstrap.bot import Bot
from fmo_bot.bootstrap.jira_sites import jira_client, oauth_of
from fmo_bot.bootstrap.setting_up import set_up
from fmo_bot.errors import SettingsWrong, SiteUnavailable
from fmo_bot.jira.client import Flavour
from fmo_bot.jira.oauth import ConsentEnded
from fmo_bot.sandbox.server import Options, Sandbox
from handlers.door import Door
from tests.integration.corporate import Proxy, behind_tls, connect_proxy, own_authority
from tests.integration.door_support import TEAM, given_for
from tests.integration.sandbox_support import PATIENT, START, act, eventually, see

SLACK, JIRA = "slack.corp.example", "jira.corp.example"
HUAWEI = {"app_id": "A0FMOHUAWEI", "team_id": "T0HUAWEI"}


@dataclass(frozen=True)
class Corporation:
    """The sandbox behind certificates and a proxy; `given`: right settings for it."""

    box: Sandbox
    proxy: Proxy
    given: dict[str, str]
    authority: trustme.CA

    def settings(self, **changes: str) -> Settings:
        return Settings.read(self.given | changes)


@pytest.fixture
def corporation(tmp_path: Path) -> Iterator[Corporation]:
    authority, bundle = own_authority(tmp_path)
    with ExitStack() as world:
        box = world.enter_context(Sandbox(Options(patience=PATIENT, start=START, transport="socket")))
        port = urlsplit(box.url).port or 0
        front = world.enter_context(behind_tls(port, authority, SLACK, JIRA, "127.0.0.1"))
        # Slack's socket is where Slack says it is: at the sandbox's own address, here too through the proxy.
        routes = {f"{SLACK}:443": front, f"{JIRA}:443": front, f"127.0.0.1:{port}": front}
        proxy = world.enter_context(connect_proxy(routes))
        given = given_for(box, tmp_path) | {
            "FMO_SLACK_API_URL": f"https://{SLACK}/slack/api/",
            "FMO_JIRA_SHARED_URL": f"https://{JIRA}/jira/shared",
            "HTTPS_PROXY": proxy.url,
            "FMO_CA_BUNDLE": bundle,
        }
        del given["FMO_CLOCK_URL"]  # this is the real calendar's world
        yield Corporation(box, proxy, given, authority)


def test_jira_the_web_api_and_the_sockets_go_through_the_proxy(corporation: Corporation) -> None:
    settings = corporation.settings()
    assert set_up(settings, TEAM).board_error is None
    with Bot(settings) as bot, Door(bot) as door:
        serving = threading.Thread(target=door.serve)
        serving.start()
        try:
            assert door.problems() == []
            act(corporation.box, "U0LIWEI", "open_home", **HUAWEI)  # comes by the socket
            home = eventually(lambda: see(corporation.box, "U0LIWEI", "home", **HUAWEI))  # goes by the Web API
        finally:
            door.stop()
            serving.join(60)
    assert "Hello, Li Wei" in str(home)
    port = urlsplit(corporation.box.url).port
    assert set(corporation.proxy.asked) == {f"{SLACK}:443", f"{JIRA}:443", f"127.0.0.1:{port}"}
    assert corporation.proxy.refused == 0


def test_a_site_may_have_its_own_proxy_and_its_own_certificates(corporation: Corporation, tmp_path: Path) -> None:
    given = {
        "FMO_JIRA_SHARED_PROXY": corporation.proxy.url,
        "FMO_JIRA_SHARED_CA_BUNDLE": corporation.given["FMO_CA_BUNDLE"],
    }
    _, other = own_authority(tmp_path, "other")
    settings = corporation.settings(HTTPS_PROXY="http://127.0.0.1:9", FMO_CA_BUNDLE=other, **given)
    with closing(jira_client(settings.jira_sites[0])) as client:
        assert client.site().flavour is Flavour.CLOUD
    assert corporation.proxy.asked == [f"{JIRA}:443"]


def test_consents_are_made_into_tokens_through_the_proxy(corporation: Corporation) -> None:
    world = requests.get(f"{corporation.box.url}/control/world", timeout=60).json()
    app = {f"FMO_JIRA_OAUTH_CLIENT_{name.upper()}": world["atlassian"][f"client_{name}"] for name in ("id", "secret")}
    own = {f"FMO_ATLASSIAN_{name}_URL": f"https://{JIRA}/atlassian/{name.lower()}" for name in ("AUTH", "API")}
    oauth, redirect = oauth_of(corporation.settings(**app, **own)), "http://127.0.0.1:1/back"
    page = oauth.consent_url(state="s", redirect=redirect).replace(f"https://{JIRA}", corporation.box.url)
    sent = requests.post(page, data={"answer": "accept"}, timeout=60, allow_redirects=False).headers["Location"]
    tokens = oauth.by_code(parse_qs(urlsplit(sent).query)["code"][0], redirect=redirect, key="shared")
    assert [each.cloud_id for each in oauth.resources(tokens.access)] == [world["jira"][0]["cloud_id"]]
    assert oauth.by_refresh(tokens.refresh, key="shared").refresh != tokens.refresh
    assert corporation.proxy.asked == [f"{JIRA}:443"] * 3
    with pytest.raises(ConsentEnded):  # each refresh token is good once
        oauth.by_refresh(tokens.refresh, key="shared")


def test_whoever_is_named_in_no_proxy_is_asked_directly(corporation: Corporation) -> None:
    settings = corporation.settings(NO_PROXY=".corp.example")
    client = jira_client(settings.jira_sites[0], sleep=lambda _: None)
    with closing(client), pytest.raises(SiteUnavailable, match="does not answer"):  # its name leads nowhere from here
        client.site()
    assert corporation.proxy.asked == []


def test_a_certificate_of_an_unknown_authority_is_said_to_be_one(corporation: Corporation, tmp_path: Path) -> None:
    _, other = own_authority(tmp_path, "other")
    settings = corporation.settings(FMO_CA_BUNDLE=other)
    with closing(jira_client(settings.jira_sites[0])) as client, pytest.raises(SiteUnavailable) as caught:
        client.site()
    assert "its certificate is not trusted" in str(caught.value)
    assert "FMO_CA_BUNDLE or FMO_JIRA_SHARED_CA_BUNDLE" in str(caught.value)
    with pytest.raises(SettingsWrong) as wrong:
        Bot(settings)
    assert "FMO_CA_BUNDLE" in wrong.value.problems[0]


def test_a_proxy_that_does_not_let_us_through_is_said_to_be_one(corporation: Corporation) -> None:
    settings = corporation.settings(HTTPS_PROXY=corporation.proxy.url.replace("s3cret", "gu3ss"))
    with closing(jira_client(settings.jira_sites[0])) as client, pytest.raises(SiteUnavailable) as caught:
        client.site()
    assert "the proxy does not let the bot through. Check HTTPS_PROXY or FMO_JIRA_SHARED_PROXY" in str(caught.value)
    with pytest.raises(SettingsWrong) as wrong:
        Bot(settings)
    assert "HTTPS_PROXY" in wrong.value.problems[0]
    assert "gu3ss" not in str(caught.value) + str(wrong.value)
