"""Connecting a Jira site while the bot runs: find out what it is, prove the token, and only then keep it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import requests

from config.reading import is_bare, is_loopback, split
from config.settings import Settings
from fmo_bot.bootstrap.jira_sites import access_of, oauth_of
from fmo_bot.db.store import Store
from fmo_bot.errors import BoardUnavailable, SiteNotConnected
from fmo_bot.jira import parse
from fmo_bot.jira.client import Flavour, JiraClient
from fmo_bot.jira.oauth import OWN_SCOPES, PROOF_SCOPES, SCOPES, WRITING
from fmo_bot.ports import Clock
from fmo_bot.services.consents import Begun, Consents
from fmo_bot.services.pauses import Pauses
from fmo_bot.services.sites import Auth, Credentials, Site, Sites

PURPOSE = "site"  # of a consent: a site is to be connected
BEGIN, BACK = "/jira/oauth/start", "/jira/oauth/callback"
_TIMEOUT = (5.0, 20.0)  # seconds
_KEY = re.compile(r"[a-z][a-z0-9]{0,30}")
_CLOUD_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody asks for: which site, how, and what only people know."""

    key: str
    url: str
    auth: Auth | None = None  # None: classic with an e-mail, a personal access token without one
    token: str = field(default="", repr=False)
    email: str | None = None
    cloud_id: str | None = None
    owner: str | None = None
    expires_at: datetime | None = None
    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    write: bool = False  # of a consent: people act on the site from Slack


class Connecting:
    """Connects sites. Everything raises SiteNotConnected, BoardUnavailable or SecretLocked with a sentence."""

    def __init__(self, settings: Settings, store: Store, sites: Sites, pauses: Pauses, clock: Clock) -> None:
        """The parts of the bot it needs."""
        self._settings, self._store, self._sites = settings, store, sites
        self._pauses, self._clock = pauses, clock
        self.consents = Consents(store)

    def by_token(self, wanted: Wanted) -> Site:
        """Connect with a token; what was found."""
        judged = _judged(wanted)
        auth = judged.auth or (Auth.CLASSIC if judged.email else Auth.PERSONAL)
        api_url = self._gateway(judged) if auth is Auth.SCOPED else judged.url
        credentials = Credentials(token=judged.token, email=judged.email, proxy=judged.proxy)
        return self._keep(judged, auth, api_url, credentials)

    def consent(self, wanted: Wanted) -> str:
        """The address with which the browser part of OAuth begins; good for a quarter of an hour."""
        judged = _judged(wanted)
        oauth_of(self._settings)  # says so where there is no app
        if judged.proxy:
            raise SiteNotConnected("A site by OAuth goes the way of HTTPS_PROXY, like Atlassian itself.")
        told = {"key": judged.key, "url": judged.url, "owner": judged.owner, "ca_bundle": judged.ca_bundle}
        detail = told | {"write": self._sites.is_acted_on(judged.key)}
        return begin_at(self._settings, self.consents.ticket(PURPOSE, detail))

    def consent_url(self, begun: Begun) -> str:
        """Where a browser that begins is sent."""
        redirect = base_of(self._settings) + BACK
        return oauth_of(self._settings).consent_url(state=begun.state, redirect=redirect, scopes=_scopes(begun))

    def by_code(self, detail: Mapping[str, Any], code: str) -> Site:
        """Connect with what a person has just consented to."""
        wanted = Wanted(**detail)
        oauth = oauth_of(self._settings)
        tokens = oauth.by_code(code, redirect=base_of(self._settings) + BACK, key=wanted.key)
        opened = oauth.resources(tokens.access)
        found = next((each for each in opened if each.url == wanted.url), None)
        if found is None:
            others = ", ".join(sorted(each.url for each in opened)) or "none"
            raise SiteNotConnected(f"The consent does not open {wanted.url}; it opens: {others}. Try again.")
        credentials = Credentials(token=tokens.access, refresh=tokens.refresh, until=tokens.until, write=wanted.write)
        return self._keep(wanted, Auth.OAUTH, self._api_of(found.cloud_id), credentials)

    def _keep(self, wanted: Wanted, auth: Auth, api_url: str, credentials: Credentials) -> Site:
        """Prove, then store: a site that was connected before goes on as it was where the proof fails."""
        tried = Site(
            key=wanted.key,
            url=wanted.url,
            api_url=api_url,
            flavour="",
            auth=auth,
            account="",
            credentials=credentials,
            expires_at=wanted.expires_at,
            ca_bundle=wanted.ca_bundle,
        )
        client = JiraClient(access_of(tried, self._settings.network))
        try:
            proved = _proved(client, tried)
        finally:
            client.close()
        self._sites.keep(proved, owner=wanted.owner, at=self._clock.now())
        self._pauses.end(wanted.key)
        return proved

    def _gateway(self, wanted: Wanted) -> str:
        """Where scoped tokens are taken: by the site's cloud id, which the site itself tells everybody."""
        return self._api_of(wanted.cloud_id or self._cloud_id(wanted))

    def _api_of(self, cloud_id: str) -> str:
        if not _CLOUD_ID.fullmatch(cloud_id):
            raise SiteNotConnected("That is no cloud id: it looks like 8d2f6c1e-1b0c-4b7e-9e0a-3f2d5c6b7a89.")
        return f"{self._settings.atlassian.api_url}/ex/jira/{cloud_id}"

    def _cloud_id(self, wanted: Wanted) -> str:
        url = f"{wanted.url}/_edge/tenant_info"
        network = self._settings.network.overridden(proxy=wanted.proxy, ca_bundle=wanted.ca_bundle)
        try:
            with network.session(url) as session:
                answer = session.get(url, timeout=_TIMEOUT, allow_redirects=False).json()
            return str(answer["cloudId"])
        except (requests.RequestException, OSError, ValueError, KeyError, TypeError):
            where = "Is it the address of a Cloud site? Else give --cloud-id."
            raise SiteNotConnected(f"{wanted.url} does not tell its cloud id. {where}") from None


def _scopes(begun: Begun) -> Sequence[str]:
    """What is asked for: to write only where acting is switched on for the site."""
    write = bool(begun.detail.get("write"))
    if begun.purpose == PURPOSE:
        return (*SCOPES, WRITING) if write else SCOPES
    return OWN_SCOPES if write else PROOF_SCOPES


def base_of(settings: Settings) -> str:
    """The address under which browsers reach the bot."""
    return (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")


def begin_at(settings: Settings, ticket: str) -> str:
    """The address with which a way to Atlassian begins."""
    return f"{base_of(settings)}{BEGIN}?ticket={ticket}"


def _judged(wanted: Wanted) -> Wanted:
    """Refuse what cannot be right before anybody is asked."""
    if not _KEY.fullmatch(wanted.key):
        raise SiteNotConnected("A site's key is small letters and digits, beginning with a letter.")
    parts = split(wanted.url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise SiteNotConnected("--url is the site's address, such as https://example.atlassian.net.")
    if not is_bare(parts):
        raise SiteNotConnected("--url is shown to people: no user, password, ? or # belongs there.")
    if parts.scheme == "http" and not is_loopback(wanted.url):
        raise SiteNotConnected("--url uses http, which would carry the token in clear: only this machine's may.")
    return replace(wanted, url=wanted.url.rstrip("/"))


def _proved(client: JiraClient, tried: Site) -> Site:
    flavour, account = client.flavour(), client.account()
    if (flavour is Flavour.DATA_CENTER) != (tried.auth is Auth.PERSONAL):
        takes = {
            Flavour.DATA_CENTER: "a personal access token, without --email",
            Flavour.CLOUD: "--email and a token",
        }
        raise SiteNotConnected(f"{tried.url} is Jira {flavour.value}: it takes {takes[flavour]}.")
    who = account.get("accountId") or account.get("key") or account.get("name") or ""
    expires_at = tried.expires_at or (_pat_ends(client) if flavour is Flavour.DATA_CENTER else None)
    return replace(tried, flavour=flavour.value, account=str(who), expires_at=expires_at)


def _pat_ends(client: JiraClient) -> datetime | None:
    """When the account's personal access token ends, where there is exactly one: it has to be the one we use."""
    try:
        listed: Any = client.get("tokens", what="its access tokens", api="rest/pat/latest")
        (only,) = [each for each in listed if isinstance(each, Mapping)]
        return parse.instant(only["expiringAt"], "its access tokens").astimezone(UTC)
    except (BoardUnavailable, parse.Malformed, TypeError, ValueError, KeyError):  # too old, several, or it lasts
        return None
