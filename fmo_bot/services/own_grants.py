"""What persons allowed the bot to do as themselves: their tokens, renewed by the same rules as those of sites."""

from collections.abc import Callable
from time import sleep, time

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fmo_bot.db.acting import JiraGrantRow
from fmo_bot.db.secrets import Vault
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import NotSignedIn
from fmo_bot.services.renewals import Renew, Renewals, Renewed


class OwnGrants:
    """The grants of all persons, by the link to their account."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        renew: Renew,
        *,
        machine: Callable[[], float] = time,
        pause: Callable[[float], object] = sleep,
    ) -> None:
        """`renew` takes a refresh token and the link's id as text."""
        self._store, self._renewals = store, Renewals(store, vault, renew, row=_row, machine=machine, pause=pause)

    def api_url(self, link_id: int) -> str:
        """Where the person's token is taken. Raises NotSignedIn where they have allowed nothing, or no more."""
        with self._store.reading(SYSTEM) as session:
            url = session.scalar(select(JiraGrantRow.api_url).where(JiraGrantRow.link_id == link_id))
        if url is None:
            raise NotSignedIn
        return url

    def of(self, link_id: int) -> Renewed:
        """What requests in this person's name are signed with."""
        return self._renewals.of(str(link_id))

    def forget(self, link_id: int) -> None:
        """The person has withdrawn it at Atlassian, or it has ended there: what is left of it opens nothing."""
        with self._store.transaction(SYSTEM) as session:
            session.execute(delete(JiraGrantRow).where(JiraGrantRow.link_id == link_id))


def _row(session: Session, key: str) -> JiraGrantRow:
    row = session.scalar(select(JiraGrantRow).where(JiraGrantRow.link_id == int(key)).with_for_update())
    if row is None:  # unlinked, or withdrawn meanwhile
        raise NotSignedIn
    return row
