"""Finding a member's Jira account by an exact e-mail.

Only in a domain that the member's own company has verified, said by that company's own Slack of a full member, held by
nobody else in any workspace we know, and of one active account. Where any of it is not so, nothing is linked: there
are ways to prove it. Slack and Jira are asked outside of transactions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select

from fmo_bot.db.accounts import JiraAccountRow, VerifiedDomainRow
from fmo_bot.db.parties import MemberRow
from fmo_bot.db.store import Store
from fmo_bot.domain.accounts import Account, How, domain_of, normal
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import AccountTaken, BoardUnavailable, SendOutcome, Undeliverable
from fmo_bot.ports import AccountSource, Directory
from fmo_bot.services import account_rows

AGAIN = timedelta(days=7)  # so long a result stands, whichever it was: people move, and e-mails change hands
AT_ONCE = 20  # members looked for in one run: searches for accounts are dear to Jira
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Sought:
    """A member to be looked for on a site."""

    link: int
    person: Person
    organisation: int
    site: str


class Matching:
    """Links by e-mail, of everybody in turn."""

    def __init__(self, store: Store, directory: Directory, sources: Mapping[str, AccountSource]) -> None:
        """`sources`: where accounts are looked for, by the key of the site."""
        self._store, self._directory, self._sources = store, directory, sources

    def run(self, at: datetime) -> None:
        """Look for those who were not looked for lately; run every few minutes. What does not answer waits."""
        account_rows.make_missing(self._store)
        for link_id in self._due(at):
            try:
                self.look(link_id, at)
            except (BoardUnavailable, SendOutcome) as error:
                _log.warning("an account could not be looked for", link=link_id, error=type(error).__name__)

    def look(self, link_id: int, at: datetime) -> bool:
        """Look for one member on one site; whether they are linked now. Raises BoardUnavailable or a SendOutcome."""
        sought = self._sought(link_id)
        account = None if sought is None else self._found(sought)
        with self._store.transaction(SYSTEM) as session:
            link = session.get(JiraAccountRow, link_id, with_for_update=True)
            if link is None:
                return False
            link.looked_at = at
            if link.how not in (None, How.EMAIL) or link.declined:  # proved or declined meanwhile
                return link.account is not None
            if link.account is not None and (account is None or account.id != link.account):
                account_rows.release(session, link, at, why="email_no_longer_theirs")
            if account is not None and link.account is None:
                try:
                    account_rows.bind(session, link, account, How.EMAIL, at)
                except AccountTaken:
                    _log.info("an account found by e-mail is another member's", link=link_id)
            return link.account is not None

    def _due(self, at: datetime) -> list[int]:
        waits = or_(JiraAccountRow.looked_at.is_(None), JiraAccountRow.looked_at < at - AGAIN)
        by_email = or_(JiraAccountRow.how.is_(None), JiraAccountRow.how == How.EMAIL.value)
        verified = select(VerifiedDomainRow.organisation_id)
        query = (
            select(JiraAccountRow.id)
            .join(MemberRow, MemberRow.id == JiraAccountRow.member_id)
            .where(waits, by_email, ~JiraAccountRow.declined, MemberRow.organisation_id.in_(verified))
        )
        order = JiraAccountRow.looked_at.is_not(None), JiraAccountRow.looked_at, JiraAccountRow.id
        with self._store.reading(SYSTEM) as session:
            return list(session.scalars(query.order_by(*order).limit(AT_ONCE)))

    def _sought(self, link_id: int) -> _Sought | None:
        with self._store.reading(SYSTEM) as session:
            link = session.get(JiraAccountRow, link_id)
            if link is None or link.site.key not in self._sources:
                return None
            return _Sought(link_id, link.member.person, link.member.organisation_id, link.site.key)

    def _found(self, sought: _Sought) -> Account | None:
        contact = self._directory.contact(sought.person)
        email = normal(contact.email) if contact is not None and not contact.is_guest else None
        if email is None or not self._is_verified(email, sought.organisation):
            return None
        try:
            holders = self._directory.holders(email)
        except Undeliverable:  # one of the workspaces may not tell: then it is not known that nobody else has it
            return None
        return self._sources[sought.site].by_email(email) if holders == {sought.person} else None

    def _is_verified(self, email: str, organisation: int) -> bool:
        with self._store.reading(SYSTEM) as session:
            row = session.get(VerifiedDomainRow, domain_of(email))
            return row is not None and row.organisation_id == organisation
