"""Who acts in Jira for a grant: the person themselves, or the site's own account."""

from collections.abc import Iterator
from contextlib import contextmanager

from fmo_bot.bootstrap.jira_sites import JiraSites
from fmo_bot.bootstrap.own_clients import OwnClients
from fmo_bot.domain.acting import Via
from fmo_bot.domain.issues import BoardShape
from fmo_bot.jira.actions import JiraActions
from fmo_bot.ports import BoardActions
from fmo_bot.services.acting import Grant


class JiraHands:
    """The hands of services.acts."""

    def __init__(self, jira: JiraSites, own: OwnClients) -> None:
        """`own`: clients of persons who signed in to Atlassian."""
        self._jira, self._own = jira, own

    @contextmanager
    def of(self, grant: Grant, shape: BoardShape | None) -> Iterator[BoardActions]:
        """As whom the grant says. Raises BoardUnavailable, NotSignedIn."""
        if grant.via is Via.SERVICE or grant.link_id is None:
            yield self._jira.actions(grant.site, shape)
            return
        with self._own.client(grant.link_id, site=grant.site) as client:
            yield JiraActions(client, shape, url=self._jira.addresses()[grant.site])
