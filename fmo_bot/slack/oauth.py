"""Slack's OAuth v2: a code for a token, a refresh token for the next, and giving a token back.

slack_sdk makes the addresses and rotates; nothing is asked a second time by itself, for codes and refresh tokens are
good once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from time import time
from typing import Any, TypeVar
from urllib.parse import quote

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError, SlackTokenRotationError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.token_rotation import TokenRotator

from fmo_bot.domain.installs import Granted, Installation
from fmo_bot.errors import NotInstalledYet, SiteUnavailable
from fmo_bot.network import Network
from fmo_bot.services.installations import RefreshRefused
from fmo_bot.services.renewals import Tokens
from fmo_bot.slack.installs import client
from fmo_bot.slack.outcomes import code_of

T = TypeVar("T")
_AT_ONCE = 60 * 24 * 365  # minutes: whatever the token's end, it is renewed now
# Slack takes these as the end of a token, whatever is tried; anything else may pass.
INACTIVE = "account_inactive"  # the app was removed
_ENDED = frozenset({INACTIVE, "token_revoked", "invalid_auth", "not_authed"})
_REFUSED = frozenset({"invalid_refresh_token", "invalid_client_id", "bad_client_secret", "invalid_grant"})


@dataclass(frozen=True, kw_only=True)
class SlackOAuth:
    """One app. Everything raises NotInstalledYet (an install) or SiteUnavailable with a sentence."""

    app_key: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: Sequence[str]
    api_url: str
    authorize_url: str
    network: Network
    machine: Callable[[], float] = time

    def consent_url(self, *, state: str, redirect: str) -> str:
        """Where a browser is sent to install the app."""
        made = AuthorizeUrlGenerator(
            client_id=self.client_id,
            scopes=self.scopes,
            redirect_uri=quote(redirect, safe=""),
            authorization_url=self.authorize_url,
        )
        return made.generate(state)

    def by_code(self, code: str, *, redirect: str) -> Granted:
        """What a code stands for. It is good once."""
        answer = self._asked(
            lambda: client(self.api_url, network=self.network).oauth_v2_access(
                client_id=self.client_id, client_secret=self.client_secret, code=code, redirect_uri=redirect
            )
        )
        return self._granted(answer)

    def described(self, granted: Granted) -> Granted:
        """The same with what the token itself tells: the bot's id, the workspaces of an organisation, who installed."""
        speaker = client(self.api_url, granted.token, network=self.network)
        bot = self._asked(speaker.auth_test)
        teams = self.teams(granted.token) if granted.installation.team_id is None else ()
        changes = {"bot_id": str(bot["bot_id"]), "teams": tuple(teams)}
        install = Installation(**(vars(granted.installation) | changes))
        return Granted(**(vars(granted) | {"installation": install} | self._installer(speaker, granted, install)))

    def by_refresh(self, refresh: str) -> Tokens:
        """Fresh tokens. Raises RefreshRefused where Slack takes the refresh token no more, SiteUnavailable."""
        bot = Bot(
            bot_id="",
            bot_user_id="",
            bot_token="-",
            bot_refresh_token=refresh,
            bot_token_expires_at=0,
            installed_at=0.0,
        )
        speaker = client(self.api_url, network=self.network)
        rotator = TokenRotator(client_id=self.client_id, client_secret=self.client_secret, client=speaker)
        try:
            fresh = rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=_AT_ONCE)
        except SlackTokenRotationError as error:
            code = code_of(error.api_error) or "no reason given"
            kind = RefreshRefused if code in _REFUSED else SiteUnavailable
            raise kind(f"Slack does not renew the token of app {self.app_key}: {code}.") from error
        except (SlackClientError, OSError, HTTPException) as error:
            raise SiteUnavailable(f"Slack does not answer at {self.api_url} ({type(error).__name__}).") from error
        if fresh is None or not fresh.bot_token or not fresh.bot_refresh_token:
            raise SiteUnavailable(f"Slack answers without a token for app {self.app_key}.")
        until = float(fresh.bot_token_expires_at or self.machine())
        return Tokens(access=fresh.bot_token, refresh=fresh.bot_refresh_token, until=until)

    def ended(self, token: str) -> str | None:
        """Why a token ended, by Slack's code; None: it is good. Raises SiteUnavailable where it does not say."""
        try:
            client(self.api_url, token, network=self.network).auth_test()
        except SlackApiError as error:
            if (code := code_of(error)) in _ENDED:
                return code
            raise SiteUnavailable(f"Slack does not say whether a token is good ({code_of(error)}).") from error
        except (SlackClientError, OSError, HTTPException) as error:
            raise SiteUnavailable(f"Slack does not answer at {self.api_url} ({type(error).__name__}).") from error
        return None

    def teams(self, token: str) -> tuple[str, ...]:
        """The workspaces in which an organisation's installation may speak."""
        speaker = client(self.api_url, token, network=self.network)
        pages = self._asked(lambda: list(speaker.auth_teams_list(limit=100)))  # it follows the cursors by itself
        return tuple(str(team["id"]) for page in pages for team in page["teams"])

    def give_back(self, granted: Granted) -> None:
        """Revoke a token that is not to be kept. Raises NotInstalledYet."""
        speaker = client(self.api_url, granted.token, network=self.network)
        self._asked(speaker.auth_revoke)

    def _granted(self, answer: Any) -> Granted:
        team, enterprise = answer.get("team") or {}, answer.get("enterprise") or {}
        wide = bool(answer.get("is_enterprise_install"))
        lasts = answer.get("expires_in")
        install = Installation(
            app_key=self.app_key,
            app_id=str(answer["app_id"]),
            team_id=None if wide else str(team["id"]),
            team_name=str((enterprise if wide else team).get("name") or ""),
            enterprise_id=enterprise.get("id"),
            bot_id="",
            bot_user_id=str(answer["bot_user_id"]),
            scopes=tuple(sorted(str(answer.get("scope") or "").split(","))),
            expires_at=self.machine() + float(lasts) if lasts else None,
        )
        by = str((answer.get("authed_user") or {}).get("id") or "")
        token, refresh = str(answer["access_token"]), answer.get("refresh_token")
        return Granted(installation=install, token=token, refresh=refresh, installed_by=by)

    def _installer(self, speaker: WebClient, granted: Granted, install: Installation) -> dict[str, Any]:
        """Who installed it: their home, where they are a full member of one of these workspaces."""
        try:
            user: Mapping[str, Any] = speaker.users_info(user=granted.installed_by)["user"]
        except (SlackClientError, OSError, HTTPException):
            return {}  # then nobody becomes an admin by this install
        grid = (user.get("enterprise_user") or {}).get("teams") or ()
        homes = [each for each in (user.get("team_id"), *grid) if each in install.workspaces]
        guest = any(user.get(name) for name in ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot"))
        told = {"name": str(user.get("real_name") or user.get("name") or ""), "zone": str(user.get("tz") or "UTC")}
        return told | {"home": homes[0] if homes and not guest else None}

    def _asked(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except SlackApiError as error:
            raise NotInstalledYet(f"Slack refuses the installation ({code_of(error) or 'no reason given'}).") from error
        except (SlackClientError, OSError, HTTPException) as error:
            raise NotInstalledYet(f"Slack does not answer ({type(error).__name__}). Try again later.") from error
