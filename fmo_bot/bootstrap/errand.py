"""The parts of the bot for one errand with its Jira sites, from a command: no Slack, no engine, nothing that runs."""

from types import TracebackType
from typing import Self

from config.settings import Settings
from fmo_bot.bootstrap.connecting import Connecting, Wanted
from fmo_bot.bootstrap.jira_sites import JiraSites
from fmo_bot.bootstrap.opening import clock_of, open_store
from fmo_bot.errors import SiteNotConnected
from fmo_bot.services.pauses import Pauses
from fmo_bot.services.sites import Listed, Site


class Errand:
    """What the commands under `site` do. Failures come out with a sentence."""

    def __init__(self, settings: Settings) -> None:
        """Opens the database. Raises SettingsWrong."""
        self.settings, self.clock = settings, clock_of(settings)
        self.store = open_store(settings)
        self.pauses = Pauses(self.store, self.clock)
        self.jira = JiraSites(settings, self.store, judge=False)
        self.connecting = Connecting(settings, self.store, self.jira.sites, self.pauses, self.clock)

    def __enter__(self) -> Self:
        """Ready."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of everything."""
        self.jira.close()
        self.store.close()

    def known_url(self, key: str) -> str:
        """The address of a site that is connected already. Raises SiteNotConnected."""
        known = next((each.url for each in self.jira.sites.listed() if each.key == key), None)
        if known is None:
            raise SiteNotConnected(f"Jira site {key} is not known yet: give its address with --url.")
        return known

    def connect(self, wanted: Wanted) -> Site:
        """Connect by a token."""
        return self.connecting.by_token(wanted)

    def consent(self, wanted: Wanted) -> str:
        """The address with which somebody connects by a consent."""
        return self.connecting.consent(wanted)

    def disconnect(self, key: str) -> int:
        """Forget a site; how many boards are read no more."""
        return self.jira.sites.disconnect(key, self.clock.now())

    def lines(self) -> list[str]:
        """Each site in a line."""
        named = [f"{site.key}: {site.url}; in the settings" for site in self.settings.jira_sites]
        return [*named, *map(_line, self.jira.sites.listed())] or ["There is no Jira site yet."]

    def check(self, key: str) -> str:
        """Who the site is and takes us for. Raises BoardUnavailable, SiteNotConnected."""
        if key not in self.jira:
            raise SiteNotConnected(f"There is no Jira site {key}: add it to FMO_JIRA_SITES, or connect it.")
        client = self.jira.client(key)
        flavour, account = client.flavour(), client.account()
        self.pauses.end(key)
        name = account.get("accountId") or account.get("name") or "unknown"
        return f"Jira site {key} is Jira {flavour.value} and takes the token: account {name}."


def _line(site: Listed) -> str:
    parts = [
        site.url,
        f"Jira {site.flavour}",
        site.auth,
        f"of {site.owner}" if site.owner else "owner not said",
        f"token until {site.expires_at:%Y-%m-%d}" if site.expires_at else "end of token not known",
        f"{site.boards} boards",
        *([f"not read: {site.pause_reason}"] if site.pause_reason else []),
    ]
    return f"{site.key}: {'; '.join(parts)}"
