"""What persons allowed the bot to do as themselves: their tokens, renewed by the same rules as those of sites."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import sleep, time

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fmo_bot.db.acting import JiraGrantRow
from fmo_bot.db.secrets import Vault
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import NotSignedIn
from fmo_bot.services.renewals import Renew, Renewals, Renewed


@dataclass(frozen=True)
class Given:
    """What one person allowed. `api_url`: where their token is taken."""

    link_id: int
    api_url: str
    at: datetime


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

    def given(self, link_id: int) -> Given:
        """What the person allows now. Raises NotSignedIn where they have allowed nothing, or no more."""
        columns = JiraGrantRow.api_url, JiraGrantRow.granted_at
        with self._store.reading(SYSTEM) as session:
            row = session.execute(select(*columns).where(JiraGrantRow.link_id == link_id)).one_or_none()
        if row is None:
            raise NotSignedIn
        return Given(link_id, *row)

    def of(self, link_id: int) -> Renewed:
        """What requests in this person's name are signed with."""
        return self._renewals.of(str(link_id))

    def forget(self, given: Given) -> None:
        """The person has withdrawn it at Atlassian, or it has ended there. What they allowed since then stays."""
        this = JiraGrantRow.link_id == given.link_id, JiraGrantRow.granted_at == given.at
        with self._store.transaction(SYSTEM) as session:
            session.execute(delete(JiraGrantRow).where(*this))


def _row(session: Session, key: str) -> JiraGrantRow:
    row = session.scalar(select(JiraGrantRow).where(JiraGrantRow.link_id == int(key)).with_for_update())
    if row is None:  # unlinked, or withdrawn meanwhile
        raise NotSignedIn
    return row
