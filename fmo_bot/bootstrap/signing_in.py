"""A person signs in to Atlassian as themselves: the `Consent` port, and what is done when they come back.

The account is theirs only when they say, in Slack, the word that the browser showed. Without that, an address sent on
to somebody else would have them sign in for the sender.
"""

from collections.abc import Mapping
from typing import Any

from config.settings import Settings
from fmo_bot.bootstrap.connecting import BACK, base_of, begin_at
from fmo_bot.bootstrap.jira_sites import JiraSites, oauth_of
from fmo_bot.errors import BoardUnavailable, NotFound, SecretLocked, SiteNotConnected
from fmo_bot.jira.accounts import account_of
from fmo_bot.jira.client import Access, Flavour, JiraClient
from fmo_bot.ports import Clock
from fmo_bot.services.accounts import Accounts
from fmo_bot.services.consents import Consents
from fmo_bot.services.sites import Credentials

PURPOSE = "account"  # of a consent: an account is to be proved, and acted as
SAY_THE_WORD = (
    "You signed in as {shown}. If it was you who asked for this in Slack, type there: /fmo link jira {word}\n"
    "If somebody sent you here, tell nobody the word and close this page: nothing has been linked.\n"
)


class SigningIn:
    """The ways of persons to Atlassian and back."""

    def __init__(self, settings: Settings, jira: JiraSites, consents: Consents, clock: Clock) -> None:
        """`consents`: where every way is kept."""
        self._settings, self._jira, self._consents, self._clock = settings, jira, consents, clock

    def address(self, member_id: int, site: str) -> str | None:
        """Where this member's way to this site begins; None on Data Center, or where our app is not known there."""
        write = self._jira.sites.is_acted_on(site)
        try:
            oauth_of(self._settings)
            url = self._cloud_url(site)
            if write:
                self._jira.sites.vault.seal("")  # what they allow could not be kept otherwise
        except (BoardUnavailable, SecretLocked, SiteNotConnected):
            return None
        if url is None:
            return None
        detail = {"member_id": member_id, "site": site, "url": url, "write": write}
        return begin_at(self._settings, self._consents.ticket(PURPOSE, detail))

    def came_back(self, accounts: Accounts, detail: Mapping[str, Any], code: str) -> str:
        """Find out who signed in; what the browser shows. Raises BoardUnavailable, SiteNotConnected, SecretLocked."""
        oauth, site = oauth_of(self._settings), str(detail["site"])
        write = bool(detail.get("write"))
        tokens = oauth.by_code(code, redirect=base_of(self._settings) + BACK, key=site, lasting=write)
        opened = next((each for each in oauth.resources(tokens.access) if each.url == detail["url"]), None)
        if opened is None:
            raise SiteNotConnected(f"What you allowed does not open {detail['url']}. Begin again and choose that site.")
        api_url = f"{self._settings.atlassian.api_url}/ex/jira/{opened.cloud_id}"
        client = JiraClient(Access(key=site, url=api_url, token=tokens.access, network=self._settings.network))
        try:
            account = account_of(client.account())
        finally:
            client.close()
        if account is None:
            raise client.nonsense("the account that signed in")
        credentials = Credentials(token=tokens.access, refresh=tokens.refresh, until=tokens.until, write=True)
        sealed = credentials.sealed(self._jira.sites.vault) if write else None
        try:
            word = accounts.signed_in(int(detail["member_id"]), site, account, sealed, api_url, self._clock.now())
        except NotFound as gone:  # they have left, or the site has, since they set out
            raise SiteNotConnected("You have no link to that site any more. Ask with /fmo link jira.") from gone
        return SAY_THE_WORD.format(shown=account.shown, word=word)

    def _cloud_url(self, key: str) -> str | None:
        """Where people open the site, if it is on Cloud."""
        named = next((site for site in self._settings.jira_sites if site.key == key), None)
        if named is not None:  # an e-mail goes with Cloud's tokens only
            return named.url if named.email else None
        site = self._jira.sites.site(key)
        return site.url if site.flavour == Flavour.CLOUD.value else None
