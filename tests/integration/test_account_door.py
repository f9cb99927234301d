"""`/fmo link jira` by the real door, with the sandbox's Slack and both flavours of its Jira."""

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from sqlalchemy import select

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.bootstrap.errand import Errand
from fmo_bot.bootstrap.setting_up import set_up
from fmo_bot.cli.ports import free_port
from fmo_bot.db.accounts import JiraAccountRow
from fmo_bot.db.acting import JiraGrantRow
from fmo_bot.db.audit import AuditRow
from fmo_bot.db.parties import MemberRow
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import NotSignedIn
from fmo_bot.jira.accounts import JiraAccounts
from fmo_bot.jira.client import Access, JiraClient
from fmo_bot.services import account_rows, team_file
from fmo_bot.services.account_matching import Matching
from fmo_bot.services.sites import Credentials
from fmo_bot.slack import actions as names
from fmo_bot.slack.actions import ACCOUNT_CHECK, ACCOUNT_SIGN_IN, ACCOUNT_UNLINK, ACCOUNT_WORD, ACCOUNT_YES
from tests.integration.door_support import TEAM, House, house
from tests.integration.sandbox_support import act, eventually
from tests.integration.scripted_jira import Answer, scripted_jira
from tests.integration.test_acts_door import card, form, jira, submit, told
from tests.integration.test_links_door import team_file as changed_team_file
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
    # Nobody is looked for unasked: whoever was linked before they asked is not told.
    with pytest.MonkeyPatch.context() as asked_only:
        asked_only.setattr(Matching, "run", lambda self, at: account_rows.make_missing(self._store))
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
    requests.post(url, json=told, timeout=60).raise_for_status()
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


@contextmanager
def connected(folder: Path, *, acting: bool) -> Iterator[House]:
    """A Cloud site that is connected in the database, where people act from Slack or do not."""
    site = {"site": "shared", "owner": "Huawei", "accepted_by": ["vendor", "operator"], "acting": acting}
    with place(folder) as cloud:
        given = cloud.given | {"FMO_PORT": str(free_port())}
        cloud = replace(cloud, given=given | {"FMO_PUBLIC_URL": f"http://127.0.0.1:{given['FMO_PORT']}"})
        with Errand(cloud.settings) as errand:
            errand.connect(cloud.wanted(email="bot@shared.example", token="jira-sandbox-shared"))
        set_up(cloud.settings, changed_team_file(folder, jira=[site]))
        with running(cloud) as bot:
            yield House(cloud.box, bot, cloud.given["FMO_PUBLIC_URL"])


def sign_in(home: House) -> str:
    """Javier signs in at Atlassian as himself and says the word in Slack; what Atlassian asked him to allow."""
    with requests.Session() as browser:
        type_it(home, "U0JAVIER", "link jira")
        message = eventually(lambda: shown(home, "U0JAVIER", ACCOUNT_SIGN_IN))
        address = re.findall(r"http://127[^\"]*ticket=[\w-]+", json.dumps(message))[0]
        asked = browser.get(address, timeout=60)
        who = {"who": "shared|sandbox:javier.ruiz", "answer": "accept"}
        told = browser.post(asked.url, data=who, timeout=60).text
    assert "You signed in as Javier Ruiz" in told
    assert linked(home, "U0JAVIER") == (None, None)
    type_it(home, "U0JAVIER", re.findall(r"/fmo (link jira \S+)", told)[0])
    assert eventually(lambda: linked(home, "U0JAVIER") == ("sandbox:javier.ruiz", "oauth"))
    return asked.text


def grants(home: House) -> list[JiraGrantRow]:
    with home.bot.store.reading(SYSTEM) as session:
        return list(session.scalars(select(JiraGrantRow)))


def test_signing_in_to_atlassian_links_once_the_word_is_said_in_slack(tmp_path: Path) -> None:
    """A connected Cloud site; Javier signs in as himself, and says in Slack what his browser shows."""
    with connected(tmp_path, acting=True) as home:
        assert "write:jira-work" in sign_in(home)
        bot, (grant,) = home.bot, grants(home)
        with bot.own_clients.client(grant.link_id, site="shared") as client:
            assert client.account()["displayName"] == "Javier Ruiz"
            dies = {"of": token_of(bot, grant), "dies_after": 0}  # and is renewed by the next call
            url = f"{home.box.url}/control/jira/shared/tokens"
            requests.post(url, json=dies, timeout=60).raise_for_status()
            assert client.account()["displayName"] == "Javier Ruiz"
        withdraw(bot, grant)
        with pytest.raises(NotSignedIn), bot.own_clients.client(grant.link_id, site="shared") as client:
            client.account()
        with pytest.raises(NotSignedIn), bot.own_clients.client(grant.link_id, site="shared"):
            raise AssertionError("there is nothing left to act with")


def test_where_nobody_acts_signing_in_proves_the_account_and_nothing_is_kept(tmp_path: Path) -> None:
    with connected(tmp_path, acting=False) as home:
        asked = sign_in(home)
        assert "read:jira-user" in asked
        assert "jira-work" not in asked
        assert "offline_access" not in asked
        assert grants(home) == []


def test_whoever_signed_in_acts_as_themselves_whatever_the_owner_allows_others(tmp_path: Path) -> None:
    """Nobody of Telefonica may use the service account; Javier comments, moves and flags as Javier."""
    with connected(tmp_path, acting=True) as home:
        sign_in(home)
        where = card(home, "CORE-50", user="U0JAVIER")
        home.press("U0JAVIER", *where, names.ISSUE_COMMENT)
        view = form(home, user="U0JAVIER")
        assert submit(home, view, user="U0JAVIER", **{names.ACT_TEXT: "Seen in *Madrid*"})["ok"] is True
        (comment,) = eventually(lambda: jira(home, "issue/CORE-50/comment")["comments"])
        assert comment["author"]["displayName"] == "Javier Ruiz"
        assert comment["body"].startswith("Seen in \\*Madrid\\*")
        assert "for Javier" not in comment["body"]  # Jira itself shows who it was
        was = bool(jira(home, "issue/CORE-50")["fields"].get("customfield_10021"))
        eventually(lambda: told(home, "Done in Jira.", user="U0JAVIER"))
        home.press("U0JAVIER", *where, names.ISSUE_UNFLAG if was else names.ISSUE_FLAG)
        eventually(lambda: bool(jira(home, "issue/CORE-50")["fields"].get("customfield_10021")) != was)
        eventually(lambda: len(told(home, "Done in Jira.", user="U0JAVIER")) == 2)
        assert len(jira(home, "issue/CORE-50/comment")["comments"]) == 1  # nor is a line needed below it
        with home.bot.store.reading(SYSTEM) as session:
            acts = session.scalars(select(AuditRow.detail).where(AuditRow.action == "jira_act")).all()
        assert {each["via"] for each in acts} == {"own"}
        assert [each["outcome"] for each in acts] == ["tried", "done"] * 2
        # What he allowed ends at Atlassian: nobody acts in his place.
        withdraw(home.bot, grants(home)[0])
        newest = told(home, "Done in Jira.", user="U0JAVIER")[-1]
        home.press("U0JAVIER", where[0], newest, names.ISSUE_FLAG if was else names.ISSUE_UNFLAG)
        eventually(lambda: told(home, "has ended. Sign in again", user="U0JAVIER"))
        assert bool(jira(home, "issue/CORE-50")["fields"].get("customfield_10021")) != was


def token_of(bot: Bot, grant: JiraGrantRow) -> str:
    return Credentials.opened(grant.credentials, bot.jira.sites.vault, key="shared").token


def withdraw(bot: Bot, grant: JiraGrantRow) -> None:
    """Atlassian takes the person's tokens no more: the refresh token is none, and the access token has ended."""
    ended = Credentials(token="none", refresh="withdrawn", until=0.0).sealed(bot.jira.sites.vault)
    with bot.store.transaction(SYSTEM) as session:
        session.get_one(JiraGrantRow, grant.id).credentials = ended


def test_what_the_bots_own_account_wrote_proves_nothing() -> None:
    """Where people act from Slack, anybody can have it write their word."""
    with scripted_jira() as site, closing(JiraClient(Access(key="shared", url=site.url, token="t"))) as client:
        written = [{"body": "abcd-efgh", "author": {"accountId": who}} for who in ("bot", "javier")]
        site.standing["comment"] = Answer({"comments": written, "total": 2})
        assert [each.author.id for each in JiraAccounts(client).remarks("10050")] == ["javier"]


def test_a_consent_that_ended_takes_along_none_given_since(tmp_path: Path) -> None:
    """Javier signs in again while a call of his is under way with what he has just withdrawn."""

    def ask_meanwhile(home: House, grant: JiraGrantRow) -> None:
        with home.bot.own_clients.client(grant.link_id, site="shared") as client:
            with home.bot.store.transaction(SYSTEM) as session:
                session.get_one(JiraGrantRow, grant.id).granted_at = grant.granted_at + timedelta(minutes=1)
            client.account()

    with connected(tmp_path, acting=True) as home:
        sign_in(home)
        (grant,) = grants(home)
        withdraw(home.bot, grant)
        with pytest.raises(NotSignedIn):
            ask_meanwhile(home, grant)
        assert len(grants(home)) == 1
