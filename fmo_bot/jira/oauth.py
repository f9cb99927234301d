"""OAuth 2.0 (3LO) of Jira Cloud: the address where people consent, codes and refresh tokens made into access tokens.

Refresh tokens rotate: each is good once, and the answer holds the next. So nothing here is ever sent a second time by
itself; services.renewals sees to it that no two processes use the same one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import time
from typing import Any
from urllib.parse import urlencode

import requests

from fmo_bot.errors import SiteUnavailable
from fmo_bot.network import Network
from fmo_bot.services.renewals import Tokens

TIMEOUT = (5.0, 20.0)  # seconds to connect, to wait for the next bytes
# Enough to read a board.
SCOPES = (
    "read:jira-work",
    "read:jira-user",
    "read:board-scope:jira-software",
    "read:board-scope.admin:jira-software",
    "read:sprint:jira-software",
    "read:project:jira",
    "offline_access",
)
# Asked for as well where acting from Slack is switched on for the site, and nowhere else.
WRITING = "write:jira-work"
# What a person allows who acts as themselves; and who only shows whose their account is, of which no token is kept.
OWN_SCOPES = ("read:jira-work", WRITING, "read:jira-user", "offline_access")
PROOF_SCOPES = ("read:jira-user",)
_DOWN = "Atlassian does not answer at {url}. The bot tries again by itself; if it lasts, check HTTPS_PROXY."
_NO_APP = "Atlassian does not know our app: check FMO_JIRA_OAUTH_CLIENT_ID and FMO_JIRA_OAUTH_CLIENT_SECRET."
_ENDED = (
    "The consent for the bot has ended or was withdrawn. Connect the site again: `fmo-bot site connect {key} --oauth`."
)


class ConsentEnded(SiteUnavailable):
    """A code or refresh token is not taken any more: a person has to consent again."""


@dataclass(frozen=True)
class Resource:
    """A site that a person opened to us."""

    cloud_id: str
    url: str


class OAuth:
    """Our app at Atlassian."""

    def __init__(
        self,
        *,
        auth_url: str,
        api_url: str,
        client_id: str,
        client_secret: str,
        network: Network,
        machine: Callable[[], float] = time,
    ) -> None:
        """`auth_url`, `api_url`: auth.atlassian.com and api.atlassian.com, or what stands in for them."""
        self._auth, self._api, self._network, self._machine = auth_url, api_url, network, machine
        self._app = {"client_id": client_id, "client_secret": client_secret}

    def consent_url(self, *, state: str, redirect: str, scopes: Sequence[str] = SCOPES) -> str:
        """Where a person is sent to allow us their sites."""
        asked = {
            "audience": "api.atlassian.com",
            "client_id": self._app["client_id"],
            "scope": " ".join(scopes),
            "redirect_uri": redirect,
            "state": state,
            "response_type": "code",
            "prompt": "consent",
        }
        return f"{self._auth}/authorize?{urlencode(asked)}"

    def by_code(self, code: str, *, redirect: str, key: str, lasting: bool = True) -> Tokens:
        """What the code of a consent opens. Raises ConsentEnded, SiteUnavailable; `key` names the site.

        `lasting`: `offline_access` was asked for; without it there is no refresh token ("").
        """
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        return self._tokens(grant, key, lasting=lasting)

    def by_refresh(self, refresh: str, *, key: str) -> Tokens:
        """Fresh tokens; `refresh` is used up. Raises ConsentEnded, SiteUnavailable."""
        return self._tokens({"grant_type": "refresh_token", "refresh_token": refresh}, key)

    def resources(self, access: str) -> list[Resource]:
        """The sites an access token opens; none where it is not taken. Raises SiteUnavailable."""
        header = {"Authorization": f"Bearer {access}"}
        try:
            answer = self._ask("GET", f"{self._api}/oauth/token/accessible-resources", headers=header)
        except _Refused:
            return []
        found = answer if isinstance(answer, list) else []
        return [Resource(str(each["id"]), str(each["url"]).rstrip("/")) for each in found if _is_resource(each)]

    def _tokens(self, grant: Mapping[str, str], key: str, *, lasting: bool = True) -> Tokens:
        asked = self._machine()
        try:
            answer = self._ask("POST", f"{self._auth}/oauth/token", json=self._app | dict(grant))
        except _Refused as refused:
            raise (
                SiteUnavailable(_NO_APP) if refused.status == 401 else ConsentEnded(_ENDED.format(key=key))
            ) from None
        told = answer if isinstance(answer, Mapping) else {}
        access, refresh, lasts = (told.get(name) for name in ("access_token", "refresh_token", "expires_in"))
        refresh = refresh if lasting else ""
        if not (isinstance(access, str) and isinstance(refresh, str) and isinstance(lasts, int | float)):
            raise SiteUnavailable(_DOWN.format(url=self._auth))
        return Tokens(access=access, refresh=refresh, until=asked + float(lasts))

    def _ask(self, method: str, url: str, **how: Any) -> Any:
        try:
            with self._network.session(url) as session:
                answer = session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **how)
            if 400 <= answer.status_code < 500 and answer.status_code != 429:
                raise _Refused(answer.status_code)
            answer.raise_for_status()
            return answer.json()
        except (requests.RequestException, ValueError, OSError):
            raise SiteUnavailable(_DOWN.format(url=url.partition("/oauth")[0])) from None


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


def _is_resource(each: object) -> bool:
    return isinstance(each, dict) and isinstance(each.get("id"), str) and isinstance(each.get("url"), str)
