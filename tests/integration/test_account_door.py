"""`/fmo link jira` by the real door, with the sandbox's Slack and both flavours of its Jira."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from sqlalchemy import select

from fmo_bot.bootstrap import Bot
from fmo_bot.bootstrap.errand import Errand
from fmo_bot.bootstrap.setting_up import set_up
from fmo_bot.db.accounts import JiraAccountRow
from fmo_bot.db.acting import JiraGrantRow
from fmo_bot.db.parties import MemberRow
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import NotSignedIn
from fmo_bot.services import team_file
from fmo_bot.services.sites import Credentials
from fmo_bot.slack.actions import ACCOUNT_CHECK, ACCOUNT_SIGN_IN, ACCOUNT_UNLINK, ACCOUNT_WORD, ACCOUNT_YES
from tests.integration.door_support import TEAM, House, house
from tests.integration.sandbox_support import act, eventually
from tests.integration.test_site_connect import _free_port as free_port
from tests.integration.test_site_connect import place, running

DOMAINS = {"Huawei": ["huawei-delivery.example"], "Telefonica": ["telefonica-redes.example"]}
ADMINS = {"Huawei": ["U0LIWEI"], "Telefonica": ["U0LUCIA"]}


@pytest.fixture(scope="module", params=["cloud", "dc"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp(request.param)
    file = team_file.read(TEAM)
    for company in file["organisations"]:
        short = "Huawei" if "Huawei" in company["name"] else "Telefonica"
        company |= {"domains": DOMAINS[short], "admins": ADMINS[short]}
    team = Path(folder / "team.yaml")
    team.write_text(yaml.safe_dump(file, allow_unicode=True), "utf-8")
    email = "bot@shared.example" if request.param == "cloud" else ""
    with house(folder, "socket", team=team, jira=request.param, FMO_JIRA_SHARED_EMAIL=email) as made:
        yield made


def type_it(home: House, user: str, text: str) -> None:
    act(home.box, user, "command", channel="C0JOINT", command="/fmo", text=text)


def shown(home: House, user: str, words: str) -> dict[str, Any] | None:
    """The newest message that only they see in the channel and that holds these words."""
    whispers = [each for each in home.joint(user) if each.get("is_ephemeral")]
    return next((each for each in reversed(whispers) if words in json.dumps(each, ensure_ascii=False)), None)


def press(home: House, user: str, words: str, action: str) -> None:
    message = eventually(lambda: shown(home, user, words))
    home.press(user, "C0JOINT", message, action)


def linked(home: House, user: str) -> tuple[str | None, str | None]:
    with home.bot.store.reading(SYSTEM) as session:
        query = select(JiraAccountRow).join(MemberRow, MemberRow.id == JiraAccountRow.member_id)
        row = session.scalar(query.where(MemberRow.slack_user_id == user))
        return (row.account, row.how) if row is not None else (None, None)


def test_an_e_mail_that_slack_and_jira_both_know_links_and_is_told(home: House) -> None:
    type_it(home, "U0CHENYU", "link jira")
    assert eventually(lambda: linked(home, "U0CHENYU") == ("sandbox:chen.yu", "email"))
    assert eventually(lambda: [each for each in home.direct("U0CHENYU")[1] if "is yours now" in each["text"]])
    type_it(home, "U0CHENYU", "link jira")
    press(home, "U0CHENYU", ACCOUNT_UNLINK, ACCOUNT_UNLINK)
    assert eventually(lambda: linked(home, "U0CHENYU") == (None, None))


def test_a_word_in_a_comment_proves_an_account_of_any_name(home: House) -> None:
    type_it(home, "U0MARTA", "link jira")  # she has no account of her own e-mail there
    press(home, "U0MARTA", ACCOUNT_WORD, ACCOUNT_WORD)
    message = eventually(lambda: shown(home, "U0MARTA", ACCOUNT_CHECK))
    key, word = re.findall(r"\*([A-Z]+-\d+)\*.*?`([a-z2-9]{4}-[a-z2-9]{4})`", message["text"], re.DOTALL)[0]
    url = f"{home.box.url}/control/jira/shared/issues/{key}/comment"
    told = {"by": "Javier Ruiz", "text": f"FMO: {word}"}
    requests.post(url, json=told, timeout=10).raise_for_status()
    home.press("U0MARTA", "C0JOINT", message, ACCOUNT_CHECK)
    assert eventually(lambda: linked(home, "U0MARTA") == ("sandbox:javier.ruiz", "code"))


def test_an_admin_is_asked_and_confirms(home: House) -> None:
    type_it(home, "U0SOFIA", "link jira shared sofia.hernandez@telefonica-redes.example")
    owner = eventually(lambda: asked(home))
    channel, messages = home.direct(owner)
    message = next(each for each in messages if ACCOUNT_YES in json.dumps(each))
    home.press(owner, channel, message, ACCOUNT_YES)
    assert eventually(lambda: linked(home, "U0SOFIA") == ("sandbox:sofia.hernandez", "admin"))
    assert eventually(lambda: [each for each in home.direct("U0SOFIA")[1] if "confirmed it" in each["text"]])


def asked(home: House) -> str | None:
    """The admin who was asked."""
    people = [user for users in ADMINS.values() for user in users]
    return next((user for user in people if ACCOUNT_YES in json.dumps(home.direct(user)[1])), None)


def test_what_is_typed_otherwise_is_explained(home: House) -> None:
    texts = ("link", "link jira shared", "link github")
    for text in texts:
        type_it(home, "U0DIEGO", text)
    explained = "shows which Jira accounts are yours"
    eventually(lambda: sum(explained in each["text"] for each in home.joint("U0DIEGO")) == len(texts))


def test_signing_in_to_atlassian_links_once_the_word_is_said_in_slack(tmp_path: Path) -> None:
    """A connected Cloud site; Javier signs in as himself, and says in Slack what his browser shows."""
    with place(tmp_path) as cloud:
        given = cloud.given | {"FMO_PORT": str(free_port())}
        cloud = replace(cloud, given=given | {"FMO_PUBLIC_URL": f"http://127.0.0.1:{given['FMO_PORT']}"})
        with Errand(cloud.settings) as errand:
            errand.connect(cloud.wanted(email="bot@shared.example", token="jira-sandbox-shared"))
        set_up(cloud.settings, TEAM)
        with running(cloud) as bot, requests.Session() as session:
            home = House(cloud.box, bot, cloud.given["FMO_PUBLIC_URL"])
            type_it(home, "U0JAVIER", "link jira")
            message = eventually(lambda: shown(home, "U0JAVIER", ACCOUNT_SIGN_IN))
            address = re.findall(r"http://127[^\"]*ticket=[\w-]+", json.dumps(message))[0]
            asked = session.get(address, timeout=10)
            assert "write:jira-work" in asked.text
            who = {"who": "shared|sandbox:javier.ruiz", "answer": "accept"}
            told = session.post(asked.url, data=who, timeout=10).text
            assert "You signed in as Javier Ruiz" in told
            assert linked(home, "U0JAVIER") == (None, None)
            type_it(home, "U0JAVIER", re.findall(r"/fmo (link jira \S+)", told)[0])
            assert eventually(lambda: linked(home, "U0JAVIER") == ("sandbox:javier.ruiz", "oauth"))
            with bot.store.reading(SYSTEM) as session_:
                grant = session_.scalars(select(JiraGrantRow)).one()
            with bot.own_clients.client(grant.link_id, site="shared") as client:
                assert client.account()["displayName"] == "Javier Ruiz"
                dies = {"of": token_of(bot, grant), "dies_after": 0}  # and is renewed by the next call
                url = f"{cloud.box.url}/control/jira/shared/tokens"
                requests.post(url, json=dies, timeout=10).raise_for_status()
                assert client.account()["displayName"] == "Javier Ruiz"
            withdraw(bot, grant)
            with pytest.raises(NotSignedIn), bot.own_clients.client(grant.link_id, site="shared") as client:
                client.account()
            with pytest.raises(NotSignedIn), bot.own_clients.client(grant.link_id, site="shared"):
                raise AssertionError("there is nothing left to act with")


def token_of(bot: Bot, grant: JiraGrantRow) -> str:
    return Credentials.opened(grant.credentials, bot.jira.sites.vault, key="shared").token


def withdraw(bot: Bot, grant: JiraGrantRow) -> None:
    """Atlassian takes the person's tokens no more: the refresh token is none, and the access token has ended."""
    ended = Credentials(token="none", refresh="withdrawn", until=0.0).sealed(bot.jira.sites.vault)
    with bot.store.transaction(SYSTEM) as session:
        session.get_one(JiraGrantRow, grant.id).credentials = ended
