"""Somebody who installs an app in a browser, and what the bot's settings say of apps that are installed so."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import requests

from fmo_bot.db.secrets import new_key
from handlers.installs import COOKIE
from tests.integration.door_support import House

HUAWEI, TELEFONICA = "T0HUAWEI", "T0TELEFON"
AWAY = "https://bot.example"  # where browsers reach the bot; tests go to its own port instead


def by_oauth(**apps: str) -> dict[str, str]:
    """Settings of apps, each with the workspaces that may install it, and no token."""
    given = {"FMO_SLACK_APPS": ",".join(apps), "FMO_SECRET_KEYS": new_key(), "FMO_PUBLIC_URL": AWAY}
    for key, teams in apps.items():
        name = f"FMO_SLACK_{key.upper()}"
        given |= {f"{name}_BOT_TOKENS": "", f"{name}_TEAMS": teams, f"{name}_CLIENT_ID": f"{key}.sandbox"}
        given |= {f"{name}_CLIENT_SECRET": f"client-sandbox-{key}"}
    return given


@dataclass
class Browser:
    """Somebody who installs the app."""

    home: House
    key: str = "fmo"  # of the app
    cookie: str = ""

    def begin(self) -> str:
        """From the install page to Slack: the address of its consent page."""
        page = self._get(f"/slack/{self.key}/install")
        assert "To say everything it says" in page.text  # each scope has its reason
        assert page.headers["x-frame-options"] == "DENY"
        left = self._get(f"/slack/{self.key}/install/start")
        self.cookie = left.cookies[COOKIE]
        assert left.status_code == 302
        return left.headers["location"]

    def allow(self, consent: str, user: str, team: str, **more: str) -> str:
        """What they choose there: the address to which Slack sends them back."""
        asked = dict(parse_qsl(urlsplit(consent).query)) | {"user": user, "team": team} | more
        where = f"{self.home.box.url}/slack/oauth/v2/allow"
        return requests.get(where, params=asked, allow_redirects=False, timeout=60).headers["location"]

    def back(self, address: str) -> requests.Response:
        assert address.startswith(f"{AWAY}/slack/{self.key}/oauth?")
        return self._get(address.removeprefix(AWAY))

    def install(self, user: str, team: str) -> requests.Response:
        return self.back(self.allow(self.begin(), user, team))

    def _get(self, path: str) -> requests.Response:
        cookies = {"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}
        return requests.get(f"{self.home.url}{path}", headers=cookies, allow_redirects=False, timeout=60)
