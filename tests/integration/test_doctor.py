"""`fmo-bot doctor`: each broken state of the world is one sentence with a next step, and a whole one is none."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from holidays import country_holidays
from sqlalchemy import select

from config.manifests import manifest
from config.settings import Settings
from fmo_bot.bootstrap.doctor import look
from fmo_bot.bootstrap.jira_sites import jira_client
from fmo_bot.bootstrap.setting_up import set_up
from fmo_bot.db.boards import BoardRow, IssueRow, JiraSiteRow
from fmo_bot.db.installations import InstallationRow
from fmo_bot.db.secrets import Vault, new_key
from fmo_bot.db.store import Store
from fmo_bot.domain.installs import UNINSTALLED, Granted, Installation
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.jira import checkup
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services import checkups
from fmo_bot.services.hooks import Hooks
from fmo_bot.services.installations import Installations
from fmo_bot.services.renewals import Tokens
from tests.integration.command import fmo_bot
from tests.integration.door_support import TEAM, WEBHOOK_SECRET, given_for
from tests.integration.sandbox_support import PATIENT, START

SECRET = {"FMO_JIRA_SHARED_WEBHOOK_SECRET": WEBHOOK_SECRET}


@dataclass(frozen=True)
class Patient:
    """A sandbox with the demo's joint team set up, and the settings it is looked at with."""

    box: Sandbox
    given: dict[str, str]

    @property
    def store(self) -> Store:
        return Store(self.given["FMO_DATABASE_URL"])

    def faults(self, **changes: str) -> list[str]:
        """Everything that is wrong."""
        return [fault for looked in look(Settings.read(self.given | changes)) for fault in looked.faults]

    def jira(self, path: str, **told: Any) -> None:
        """Break something at Jira."""
        requests.put(f"{self.box.url}/control/jira/shared/{path}", json=told, timeout=60).raise_for_status()

    def change(self, row: type[BoardRow | JiraSiteRow], **columns: Any) -> None:
        """Change every row of a table."""
        with closing(self.store) as store, store.transaction(SYSTEM) as session:
            for each in session.scalars(select(row)):
                for name, value in columns.items():
                    setattr(each, name, value)


def patient_in(box: Sandbox, folder: Path) -> Patient:
    given = {name: value for name, value in given_for(box, folder).items() if name not in SECRET}
    assert set_up(Settings.read(given), TEAM).board_error is None
    return Patient(box, given)


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Patient]:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        yield patient_in(box, tmp_path)


def only(faults: list[str], *words: str) -> str:
    """The one fault there is, which says all this."""
    (fault,) = faults
    assert [word for word in words if word not in fault] == [], fault
    return fault


def test_a_whole_world_has_no_faults_and_every_part_of_it_is_named(patient: Patient) -> None:
    looked = list(look(Settings.read(patient.given)))
    assert [each.what for each in looked] == [
        "Database",
        "Slack app huawei",
        "Slack app telefonica",
        "Side calendars",
        "Jira site shared",
    ]
    assert [fault for each in looked for fault in each.faults] == []


# --- Jira --------------------------------------------------------------------------------------------------------


def test_a_wrong_token(patient: Patient) -> None:
    only(patient.faults(FMO_JIRA_SHARED_TOKEN="jira-sandbox-wrong"), "token", "set FMO_JIRA_SHARED_TOKEN")


def test_a_token_that_died(patient: Patient) -> None:
    told = {"dies_after": 0}
    requests.post(f"{patient.box.url}/control/jira/shared/tokens", json=told, timeout=60).raise_for_status()
    only(patient.faults(), "does not accept the bot's token. It may have expired")


@pytest.mark.parametrize(("days", "word"), [(20, "ends on"), (-1, "ended on")])
def test_a_token_that_ends_or_has_ended(patient: Patient, days: int, word: str) -> None:
    patient.change(JiraSiteRow, expires_at=START + timedelta(days=days))
    only(patient.faults(), "The token of Jira site shared", word, "FMO_JIRA_SHARED_TOKEN_EXPIRES")


def test_a_project_that_may_not_be_browsed(patient: Patient) -> None:
    patient.jira("permissions", deny=["browse"])
    only(patient.faults(), "may browse no project", "Browse Projects", "board 1")


def test_a_board_that_is_not_seen(patient: Patient) -> None:
    patient.change(BoardRow, jira_board_id=4711)
    only(patient.faults(), "does not see board 4711", "share the board's filter")


def test_the_flag_is_missing(patient: Patient) -> None:
    patient.jira("fields", flagged="missing")
    only(patient.faults(), "no field Flagged for board 1", "administrator")


def test_points_are_missing(patient: Patient) -> None:
    patient.jira("fields", points="missing")
    only(patient.faults(), "Board 1", "estimates by no field", "Story Points")


def test_a_clock_that_goes_wrong(patient: Patient) -> None:
    site = Settings.read(patient.given).jira_sites[0]
    with closing(jira_client(site, wall=lambda: time.time() + 300)) as client:
        fault = only(list(checkup.faults(client, ())), "s behind the one of this machine", "NTP")
    seconds = int(fault.partition(" s behind")[0].rpartition(" ")[2])
    assert 240 <= seconds <= 360
    with closing(jira_client(site, wall=lambda: time.time() - 300)) as client:
        only(list(checkup.faults(client, ())), "s ahead of the one of this machine")


def test_a_proxy_that_is_not_there(patient: Patient) -> None:
    given = {"FMO_JIRA_SHARED_URL": "https://jira.corp.example", "FMO_JIRA_SHARED_PROXY": "http://127.0.0.1:9"}
    changed = {name: value for name, value in patient.given.items() if name != "FMO_CLOCK_URL"}
    site = Settings.read(changed | given).jira_sites[0]
    with closing(jira_client(site, sleep=lambda _: None)) as client:
        only(list(checkup.faults(client, ())), "the proxy does not let the bot through", "FMO_JIRA_SHARED_PROXY")


def test_a_site_that_nobody_owns(patient: Patient) -> None:
    patient.change(JiraSiteRow, organisation_id=None)
    only(patient.faults(), "Nobody has said whose Jira site shared is", "team file")


def test_make_up_days_that_are_not_known_yet(patient: Patient) -> None:
    last = max(day.year for day in country_holidays("CN", years=range(2024, 2035)).weekend_workdays)
    with closing(patient.store) as store:
        assert checkups.calendars(store, START) == ()
        (found,) = checkups.calendars(store, datetime(last + 1, 6, 1, tzinfo=UTC))
    assert "make-up working days of CN" in found
    assert "the calendar of Huawei" in found
    assert "under `extra_working`" in found


def test_webhooks_that_never_arrived(patient: Patient) -> None:
    only(patient.faults(**SECRET), "No webhook of Jira site shared has arrived ever", "/jira/shared/webhook")


def test_webhooks_that_stopped_to_arrive(patient: Patient) -> None:
    newest = _newest(patient)
    patient.change(JiraSiteRow, webhook_at=newest - timedelta(hours=2))
    only(patient.faults(**SECRET), "has arrived since", "though issues changed")
    patient.change(JiraSiteRow, webhook_at=newest - timedelta(minutes=10))
    assert patient.faults(**SECRET) == []


def test_webhooks_with_a_wrong_secret(patient: Patient) -> None:
    with closing(patient.store) as store:
        Hooks(store, {"shared": WEBHOOK_SECRET}, Vault([])).refused("shared", START)
    only(patient.faults(**SECRET), "are refused", "the same secret into Jira and here")


def _newest(patient: Patient) -> datetime:
    with closing(patient.store) as store, store.reading(SYSTEM) as session:
        return max(session.scalars(select(IssueRow.updated)))


def test_a_site_in_both_places(patient: Patient) -> None:
    key = new_key()
    sealed = Vault([key]).seal('{"token": "t"}')
    patient.change(JiraSiteRow, url="https://x.example", auth="classic", credentials=sealed)
    only(patient.faults(FMO_SECRET_KEYS=key), "stands in FMO_JIRA_SITES and in the database")


# --- the database ------------------------------------------------------------------------------------------------


def test_a_database_that_is_behind(patient: Patient, tmp_path: Path) -> None:
    only(patient.faults(FMO_DATABASE_URL=f"sqlite:///{tmp_path / 'empty.db'}"), "run `fmo-bot migrate`")


def test_a_database_that_is_not_there(patient: Patient) -> None:
    fault = only(patient.faults(FMO_DATABASE_URL="postgresql://u:s3cret@127.0.0.1:9/d"), "does not answer")
    assert "s3cret" not in fault


def test_a_secret_that_no_key_opens(patient: Patient) -> None:
    patient.change(JiraSiteRow, webhook_secret=Vault([new_key()]).seal("s"), webhook_at=_newest(patient))
    only(patient.faults(FMO_SECRET_KEYS=new_key()), "None of the keys", "jira_site.webhook_secret in row 1")
    only(patient.faults(), "FMO_SECRET_KEYS is not set")


# --- Slack -------------------------------------------------------------------------------------------------------


def test_tokens_that_slack_refuses(patient: Patient) -> None:
    wrong = {"FMO_SLACK_HUAWEI_BOT_TOKENS": "xoxb-sandbox-nobody-T0HUAWEI"}
    fault = only(patient.faults(**wrong), "FMO_SLACK_HUAWEI_BOT_TOKENS: Slack refuses a token", "copy it anew")
    assert "xoxb-" not in fault
    only(patient.faults(FMO_SLACK_TELEFONICA_APP_TOKEN="xapp-sandbox-nobody"), "FMO_SLACK_TELEFONICA_APP_TOKEN")


def test_a_slack_that_is_not_there(patient: Patient) -> None:
    faults = patient.faults(FMO_SLACK_API_URL="http://127.0.0.1:9/slack/api/")
    assert len(faults) == 4  # two tokens of each app
    assert all("Slack does not answer at http://127.0.0.1:9" in fault for fault in faults)


def test_a_scope_that_is_missing(tmp_path: Path) -> None:
    made = manifest(transport="socket", profile="minimal")
    made["oauth_config"]["scopes"]["bot"].remove("files:write")
    file = tmp_path / "manifest.yaml"
    file.write_text(yaml.safe_dump(made), "utf-8")
    with Sandbox(Options(patience=PATIENT, start=START, manifest=file)) as box:
        faults = patient_in(box, tmp_path).faults()
    assert len(faults) == 2
    assert "Slack app huawei lacks files:write in workspace" in faults[0]
    assert "`fmo-bot manifest --app huawei`" in faults[0]


INSTALLED = {
    "FMO_SLACK_TELEFONICA_BOT_TOKENS": "",
    "FMO_SLACK_TELEFONICA_CLIENT_ID": "telefonica.sandbox",
    "FMO_SLACK_TELEFONICA_CLIENT_SECRET": "client-sandbox-telefonica",
    "FMO_SLACK_TELEFONICA_TEAMS": "T0TELEFON",
}
AGAIN = "install it there again at https://bot.example/slack/telefonica/install"


def installed_by(patient: Patient, key: str, token: str) -> Installations:
    """Somebody of Telefonica has installed the app."""
    known = Installations(patient.store, Vault([key]), lambda _, refresh: Tokens(access="", refresh=refresh, until=0.0))
    made = Installation(
        app_key="telefonica", team_id="T0TELEFON", team_name="Telefonica Redes", bot_id="", bot_user_id=""
    )
    known.keep(Granted(installation=made, token=token, installed_by="U0LUCIA"), START)
    return known


def test_an_app_that_people_install(patient: Patient) -> None:
    key = new_key()
    given = INSTALLED | {"FMO_SECRET_KEYS": key, "FMO_PUBLIC_URL": "https://bot.example"}
    only(patient.faults(**given), "telefonica is installed nowhere: open https://bot.example/slack/telefonica/install")
    known = installed_by(patient, key, token="xoxb-sandbox-telefonica-T0TELEFON")
    assert patient.faults(**given) == []
    installed_by(patient, key, token="xoxb-sandbox-nobody-T0TELEFON")
    fault = only(
        patient.faults(**given), "Slack refuses the token of app telefonica in workspace Telefonica Redes", AGAIN
    )
    assert "xoxb-" not in fault
    known.end(known.all()[0].id, why=UNINSTALLED, at=START)
    only(patient.faults(**given), "telefonica is gone from Telefonica Redes since", UNINSTALLED, AGAIN)


def test_a_token_that_slack_does_not_renew(patient: Patient) -> None:
    key = new_key()
    installed_by(patient, key, token="xoxb-sandbox-telefonica-T0TELEFON")
    with closing(patient.store) as store, store.transaction(SYSTEM) as session:
        row = session.scalars(select(InstallationRow)).one()
        row.trouble, row.expires_at = "Slack does not renew the token of app telefonica: x.", START.timestamp()
    found = checkups.installs(patient.store, "telefonica", again=AGAIN)
    only(list(found), "does not renew the token", f"until {START:%Y-%m-%d %H:%M} UTC", AGAIN)


# --- the command -------------------------------------------------------------------------------------------------


def test_the_command_ends_with_0_where_all_is_well_and_with_1_where_anything_is_not(
    patient: Patient, tmp_path: Path
) -> None:
    well = fmo_bot("doctor", folder=tmp_path, given=patient.given)
    assert (well.returncode, well.stdout.splitlines()[-1]) == (0, "All is well.")
    patient.change(JiraSiteRow, organisation_id=None)
    wrong = fmo_bot("doctor", folder=tmp_path, given=patient.given)
    assert wrong.returncode == 1
    assert wrong.stdout.splitlines()[-1] == "1 thing is wrong."
    assert "  - Nobody has said whose Jira site shared is" in wrong.stdout
