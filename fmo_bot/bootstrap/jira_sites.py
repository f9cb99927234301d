"""The Jira sites of one process: those of the settings, and those connected in the database, as they are now."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from config.settings import JiraSite, Settings
from fmo_bot.db.secrets import Vault
from fmo_bot.db.store import Store
from fmo_bot.domain.issues import BoardShape
from fmo_bot.errors import SecretLocked, SettingsWrong, SiteUnavailable
from fmo_bot.jira.actions import JiraActions
from fmo_bot.jira.client import Access, JiraClient
from fmo_bot.jira.oauth import OAuth
from fmo_bot.jira.source import JiraSource
from fmo_bot.network import Network
from fmo_bot.ports import BoardSource
from fmo_bot.services.pauses import Pauses
from fmo_bot.services.renewals import Renewals, Tokens
from fmo_bot.services.sites import Auth, Site, Sites

T = TypeVar("T")
NO_OAUTH = "FMO_JIRA_OAUTH_CLIENT_ID and FMO_JIRA_OAUTH_CLIENT_SECRET are not set: no site can be read by OAuth."


class JiraSites(Mapping[str, BoardSource]):
    """Where to read each site, by its key. A site connected anew is read in its new way from the next call on."""

    def __init__(self, settings: Settings, store: Store, pauses: Pauses | None = None, *, judge: bool = True) -> None:
        """`pauses` keeps sites from being asked that fail; an errand of one command goes without.

        Raises SettingsWrong for a key that stands in the settings and in the database, unless `judge` is False.
        """
        self._settings, self._pauses = settings, pauses
        self._named = {site.key: site for site in settings.jira_sites}
        self.sites = Sites(store, Vault(settings.secret_keys), self._named)
        if judge and (problems := self.sites.judge()):
            raise SettingsWrong(problems)
        self.renewals = Renewals(store, self.sites.vault, self._renew)
        self._lock = threading.Lock()
        self._clients: dict[str, tuple[int, JiraClient]] = {}
        self._former: list[JiraClient] = []

    def client(self, key: str) -> JiraClient:
        """The client of a site. Raises KeyError where nobody knows it, SiteUnavailable where its secret is locked."""
        version = 0 if key in self._named else self.sites.version(key)
        if version is None:
            raise KeyError(key)
        with self._lock:
            known = self._clients.get(key)
            if known is not None and known[0] == version:
                return known[1]
        made = jira_client(self._named[key], **self._gate(key)) if key in self._named else self._connected(key)
        with self._lock:
            if key in self._clients:
                self._former.append(self._clients[key][1])  # calls may be under way: it is closed at the end
            self._clients[key] = version, made
        return made

    def __getitem__(self, key: str) -> BoardSource:
        """Where to read it."""
        return JiraSource(self.client(key))

    def __iter__(self) -> Iterator[str]:
        """Every key."""
        return iter([*self._named, *(key for key in self.sites.connected() if key not in self._named)])

    def __len__(self) -> int:
        """How many there are."""
        return len(list(iter(self)))

    def __contains__(self, key: object) -> bool:
        """Whether anybody knows it."""
        return isinstance(key, str) and (key in self._named or self.sites.version(key) is not None)

    def through(self, make: Callable[[JiraClient], T]) -> Mapping[str, T]:
        """The same sites, each as `make` makes it of its client."""
        return _Through(self, make)

    def addresses(self) -> Mapping[str, str]:
        """Key of each site -> where people open it."""
        return self.sites.addresses() | {site.key: site.url for site in self._named.values()}

    def actions(self, key: str, shape: BoardShape | None) -> JiraActions:
        """Changing its issues, as its own account. Raises like `client`."""
        return JiraActions(self.client(key), shape, url=self.addresses()[key])

    def filtered(self, key: str, shape: BoardShape, filter_id: str) -> Collection[str]:
        """The ids of the issues a saved filter finds. Raises KeyError, BoardUnavailable."""
        return self[key].updates(replace(shape, filter_id=filter_id)).keys()

    def close(self) -> None:
        """Close every session."""
        with self._lock:
            for client in (*self._former, *(client for _, client in self._clients.values())):
                client.close()

    def _connected(self, key: str) -> JiraClient:
        try:
            site = self.sites.site(key)
        except SecretLocked as locked:
            raise SiteUnavailable(str(locked)) from None
        authorization = self.renewals.of(key) if site.auth is Auth.OAUTH else None
        return JiraClient(access_of(site, self._settings.network, authorization=authorization), **self._gate(key))

    def _gate(self, key: str) -> dict[str, Any]:
        return {} if self._pauses is None else {"gate": self._pauses.gate(key)}

    def _renew(self, refresh: str, key: str) -> Tokens:
        return oauth_of(self._settings).by_refresh(refresh, key=key)


class _Through(Mapping[str, T]):
    """Every site in another role."""

    def __init__(self, sites: JiraSites, make: Callable[[JiraClient], T]) -> None:
        self._sites, self._make = sites, make

    def __getitem__(self, key: str) -> T:
        return self._make(self._sites.client(key))

    def __iter__(self) -> Iterator[str]:
        return iter(self._sites)

    def __len__(self) -> int:
        return len(self._sites)

    def __contains__(self, key: object) -> bool:
        return key in self._sites


def jira_client(site: JiraSite, **options: Any) -> JiraClient:
    """The client of one Jira site of the settings; nothing is asked of it yet. `options` as JiraClient takes them."""
    access = Access(key=site.key, url=site.url, token=site.token, email=site.email, network=site.network)
    return JiraClient(access, **options)


def access_of(site: Site, network: Network, **more: Any) -> Access:
    """How to reach a connected site."""
    own = network.overridden(proxy=site.credentials.proxy, ca_bundle=site.ca_bundle)
    email, token = site.credentials.email, site.credentials.token
    return Access(key=site.key, url=site.api_url, token=token, email=email, network=own, connected=True, **more)


def oauth_of(settings: Settings) -> OAuth:
    """Our app at Atlassian. Raises SiteUnavailable where the settings name none."""
    atlassian = settings.atlassian
    if atlassian.client_id is None or atlassian.client_secret is None:
        raise SiteUnavailable(NO_OAUTH)
    return OAuth(
        auth_url=atlassian.auth_url,
        api_url=atlassian.api_url,
        client_id=atlassian.client_id,
        client_secret=atlassian.client_secret,
        network=settings.network,
    )
