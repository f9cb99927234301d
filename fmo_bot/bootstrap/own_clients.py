"""Clients that act in Jira as a person who signed in to Atlassian. They know no pause: it is one person's affair."""

from collections.abc import Iterator
from contextlib import contextmanager

from config.settings import Settings
from fmo_bot.bootstrap.jira_sites import JiraSites, oauth_of
from fmo_bot.db.store import Store
from fmo_bot.errors import NotSignedIn
from fmo_bot.jira.client import Access, JiraClient, TokenRefused
from fmo_bot.jira.oauth import ConsentEnded
from fmo_bot.services.own_grants import OwnGrants
from fmo_bot.services.renewals import Tokens


class OwnClients:
    """One for each act; nothing of a person's is kept open."""

    def __init__(self, settings: Settings, store: Store, jira: JiraSites) -> None:
        """The parts of the bot it needs."""
        self._settings = settings
        self.grants = OwnGrants(store, jira.sites.vault, self._renew)

    @contextmanager
    def client(self, link_id: int, *, site: str) -> Iterator[JiraClient]:
        """A client of the site (its key) as the person of this link. Raises NotSignedIn, SiteUnavailable."""
        given, authorization = self.grants.given(link_id), self.grants.of(link_id)
        network = self._settings.network
        client = JiraClient(
            Access(key=site, url=given.api_url, network=network, connected=True, authorization=authorization)
        )
        try:
            yield client
        except (ConsentEnded, TokenRefused):
            self.grants.forget(given)
            raise NotSignedIn from None
        finally:
            client.close()

    def _renew(self, refresh: str, key: str) -> Tokens:
        return oauth_of(self._settings).by_refresh(refresh, key=key)
