"""The way out of a corporate network: through which proxy, past it to whom, and whose certificates are believed.

Libraries read proxies from the environment each in its own way (requests lets it override what a program says, Slack's
client knows no NO_PROXY). So it is read once, in the settings, and every client is told what to do by a `Network`.
"""

import ipaddress
import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests
from requests.adapters import HTTPAdapter

DIRECT = "none"  # as the address of a proxy: there is none


@dataclass(frozen=True, kw_only=True)
class Network:
    """How others are reached from here. This machine's own addresses are never asked for through a proxy."""

    proxy: str | None = field(default=None, repr=False)  # its address may hold a password
    no_proxy: tuple[str, ...] = ()  # host names, their ends (.example.com), addresses, networks (10.0.0.0/8), or *
    ca_bundle: str | None = None  # a file or folder with certificates believed besides the public ones

    def overridden(self, *, proxy: str | None, ca_bundle: str | None) -> "Network":
        """The same for one party, where it differs: a proxy named for it is used whatever `no_proxy` says."""
        ca_bundle = ca_bundle or self.ca_bundle
        if proxy is None:
            return Network(proxy=self.proxy, no_proxy=self.no_proxy, ca_bundle=ca_bundle)
        return Network(proxy=None if proxy == DIRECT else proxy, ca_bundle=ca_bundle)

    def proxy_for(self, url: str) -> str | None:
        """The proxy through which this address is asked; None: directly."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if self.proxy is None or _is_own(host) or any(_names(each, host, parts.port) for each in self.no_proxy):
            return None
        return self.proxy

    def trust(self) -> ssl.SSLContext:
        """Believes the public authorities, the machine's own, and `ca_bundle`. Raises OSError where it is no bundle."""
        return _trust(self.ca_bundle)

    def prepare(self, session: requests.Session, url: str) -> None:
        """Have a session reach `url` this way, and ask the environment about nothing."""
        session.trust_env = False
        proxy = self.proxy_for(url)
        session.proxies = {"http": proxy, "https": proxy} if proxy else {}
        session.mount("https://", _Trusting(self.trust()))

    def session(self, url: str) -> requests.Session:
        """A new session that reaches `url` this way."""
        session = requests.Session()
        self.prepare(session, url)
        return session


@lru_cache
def _trust(ca_bundle: str | None) -> ssl.SSLContext:
    """Read once in a process, for all its clients: it takes 30 ms of a core."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    if ca_bundle is not None:
        folder = Path(ca_bundle).is_dir()
        context.load_verify_locations(**{"capath" if folder else "cafile": ca_bundle})
    return context


class _Trusting(HTTPAdapter):
    """Believes whom a context believes, also behind a proxy."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)


def _is_own(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _names(entry: str, host: str, port: int | None) -> bool:
    """Whether an entry of NO_PROXY means this host; one with a port means that port only."""
    entry = entry.lower()
    if entry == "*":
        return True
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdigit() and ":" not in name:
        return wanted == str(port or 443) and _names(name, host, port)
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        bare = entry.removeprefix("*").removeprefix(".")
        return bool(bare) and (host == bare or host.endswith(f".{bare}"))
