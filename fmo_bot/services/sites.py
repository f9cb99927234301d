"""Jira sites that were connected while the bot runs: how to reach each, with its secrets sealed in the database."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.parties import OrganisationRow
from fmo_bot.db.secrets import Sealed, Vault
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import SecretLocked, SiteNotConnected
from fmo_bot.services import install_owners, pauses
from fmo_bot.services.governance import audit

TWICE = (
    "Jira site {key} stands in FMO_JIRA_SITES and in the database. Remove it from one of them: "
    "`fmo-bot site disconnect {key}` takes it out of the database."
)

CONSENT_AGAIN = (
    "People may act on Jira site {key} from Slack, but the consent for the bot covers reading only: run"
    " `fmo-bot site connect {key} --oauth` and consent again."
)


class Auth(StrEnum):
    """How a site knows the bot."""

    CLASSIC = "classic"  # Cloud: e-mail and API token, at the site's own address
    SCOPED = "scoped"  # Cloud: a scoped API token or a service account's, at Atlassian's gateway
    OAUTH = "oauth"  # Cloud: a person's consent; the tokens are renewed
    PERSONAL = "pat"  # Data Center: a personal access token


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What is sealed of a site."""

    token: str = field(repr=False)
    email: str | None = None
    refresh: str | None = field(default=None, repr=False)
    until: float = 0.0  # of an access token: machine time, Unix seconds
    write: bool = False  # of a consent: whether it covers more than reading
    proxy: str | None = field(default=None, repr=False)  # its address may hold a password

    def sealed(self, vault: Vault) -> Sealed:
        """As it is stored. Raises SecretLocked."""
        return vault.seal(json.dumps(asdict(self)))

    @classmethod
    def opened(cls, sealed: Sealed, vault: Vault, *, key: str, kind: str = "Jira site") -> "Credentials":
        """As it was. Raises SecretLocked."""
        return cls(**json.loads(vault.open(sealed, what=f"the token of {kind} {key}")))


@dataclass(frozen=True, kw_only=True)
class Site:
    """A connected site. `url` is where people open it, `api_url` where programs reach it."""

    key: str
    url: str
    api_url: str
    flavour: str
    auth: Auth
    account: str  # Jira's id of the account that reads
    credentials: Credentials
    expires_at: datetime | None = None
    ca_bundle: str | None = None
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A connected site as a person sees it."""

    key: str
    url: str
    flavour: str
    auth: str
    owner: str | None
    expires_at: datetime | None
    pause_reason: str | None
    boards: int


class Sites:
    """The sites of the database."""

    def __init__(self, store: Store, vault: Vault, in_settings: Collection[str]) -> None:
        """`in_settings`: the keys of sites that stand there; none of them can stand here too."""
        self._store, self.vault, self._in_settings = store, vault, frozenset(in_settings)

    def judge(self) -> list[str]:
        """A sentence for each key that stands in both places."""
        return [TWICE.format(key=key) for key in sorted(self._in_settings & set(self.connected()))]

    def connected(self) -> list[str]:
        """The keys of all connected sites."""
        with self._store.reading(SYSTEM) as session:
            query = select(JiraSiteRow.key).where(JiraSiteRow.url.is_not(None)).order_by(JiraSiteRow.key)
            return list(session.scalars(query))

    def addresses(self) -> dict[str, str]:
        """Where people open each connected site."""
        with self._store.reading(SYSTEM) as session:
            rows = session.execute(select(JiraSiteRow.key, JiraSiteRow.url).where(JiraSiteRow.url.is_not(None)))
            return {key: url for key, url in rows if url is not None}

    def version(self, key: str) -> int | None:
        """Which state of the site this is: another one is reached in another way; None where it is not connected."""
        with self._store.reading(SYSTEM) as session:
            query = select(JiraSiteRow.version).where(JiraSiteRow.key == key, JiraSiteRow.url.is_not(None))
            return session.scalar(query)

    def site(self, key: str) -> Site:
        """How to reach it. Raises SiteNotConnected, SecretLocked."""
        with self._store.reading(SYSTEM) as session:
            row = find(session, key)
            if row is None or row.url is None or row.credentials is None:
                raise SiteNotConnected(f"Jira site {key} is not connected: `fmo-bot site connect {key}` does it.")
            sealed = row.credentials
        return Site(
            key=key,
            url=row.url or "",
            api_url=row.api_url or row.url or "",
            flavour=row.flavour or "",
            auth=Auth(row.auth or ""),
            account=row.account or "",
            credentials=Credentials.opened(sealed, self.vault, key=key),
            expires_at=row.expires_at,
            ca_bundle=row.ca_bundle,
            version=row.version,
        )

    def is_acted_on(self, key: str) -> bool:
        """Whether acting from Slack is switched on for the site."""
        with self._store.reading(SYSTEM) as session:
            row = find(session, key)
            return row is not None and row.acting

    def lacks_consent(self, key: str) -> bool:
        """Whether people act on it, but who consented let the bot read only."""
        if self.version(key) is None or not self.is_acted_on(key):
            return False
        try:
            site = self.site(key)
        except SecretLocked:  # whoever uses it says so
            return False
        return site.auth is Auth.OAUTH and not site.credentials.write

    def keep(self, site: Site, *, owner: str | None, at: datetime) -> None:
        """Connect a site that was proved, or connect it anew. Raises SiteNotConnected, SecretLocked.

        `owner`: the name of the company whose it is; None leaves what is known.
        """
        if site.key in self._in_settings:
            raise SiteNotConnected(TWICE.format(key=site.key))
        sealed = site.credentials.sealed(self.vault)
        with self._store.transaction(SYSTEM) as session:
            row = find(session, site.key, lock=True)
            if row is None:
                row = JiraSiteRow(key=site.key)
                session.add(row)
            if owner is not None:
                row.organisation_id = _owner(session, row, owner)
            row.url, row.api_url, row.flavour, row.auth = site.url, site.api_url, site.flavour, site.auth.value
            row.account, row.credentials, row.expires_at = site.account, sealed, site.expires_at
            row.ca_bundle, row.version = site.ca_bundle, row.version + 1
            row.renewing, row.renewing_until = None, 0.0
            detail = {"site": site.key, "auth": site.auth.value}
            audit(session, at=at, action="site_connected", team_id=None, detail=detail)

    def note_owners(self, owners: Mapping[str, str]) -> None:
        """Whose sites of the settings are, by the workspaces of their companies; what is known stands."""
        with self._store.reading(SYSTEM) as session:
            rows = {key: find(session, key) for key in owners}
        for key in (key for key, row in rows.items() if row is None or row.organisation_id is None):
            with self._store.transaction(SYSTEM) as session:
                if (company := install_owners.of_workspace(session, owners[key])) is None:
                    continue
                if (row := find(session, key, lock=True)) is None:
                    session.add(JiraSiteRow(key=key, organisation_id=company.id))
                elif row.organisation_id is None:
                    row.organisation_id = company.id

    def note_ends(self, ends: Mapping[str, datetime | None]) -> None:
        """When the tokens of sites in the settings end, as far as those say so."""
        query = select(JiraSiteRow).where(JiraSiteRow.url.is_(None), JiraSiteRow.key.in_(ends))
        with self._store.transaction(SYSTEM) as session:
            for row in session.scalars(query):
                row.expires_at = ends[row.key]

    def disconnect(self, key: str, at: datetime) -> int:
        """Forget how to reach it; what was read stays. How many boards are read no more. Raises SiteNotConnected."""
        with self._store.transaction(SYSTEM) as session:
            row = find(session, key, lock=True)
            if row is None or row.url is None:
                raise SiteNotConnected(f"Jira site {key} is not connected.")
            row.url, row.api_url, row.auth, row.account, row.credentials = None, None, None, None, None
            row.webhook_secret, row.expires_at, row.ca_bundle = None, None, None
            pauses.forget(session, row)
            row.version += 1
            audit(session, at=at, action="site_disconnected", team_id=None, detail={"site": key})
            return len(session.scalars(select(BoardRow.id).where(BoardRow.site_id == row.id)).all())

    def listed(self) -> list[Listed]:
        """Every connected site, by key."""
        query = select(JiraSiteRow).where(JiraSiteRow.url.is_not(None)).order_by(JiraSiteRow.key)
        with self._store.reading(SYSTEM) as session:
            return [_listed(session, row) for row in session.scalars(query)]


def find(session: Session, key: str, *, lock: bool = False) -> JiraSiteRow | None:
    """The row of a site."""
    query = select(JiraSiteRow).where(JiraSiteRow.key == key)
    return session.scalar(query.with_for_update() if lock else query)


def _owner(session: Session, row: JiraSiteRow, name: str) -> int:
    found = session.scalar(select(OrganisationRow.id).where(OrganisationRow.name == name))
    if found is None:
        known = ", ".join(session.scalars(select(OrganisationRow.name).order_by(OrganisationRow.name)))
        raise SiteNotConnected(
            f"There is no company {name} here. There is: {known or 'none yet, set up a joint team'}."
        )
    if row.organisation_id not in (None, found):
        raise SiteNotConnected(f"Jira site {row.key} belongs to another company here.")
    return found


def _listed(session: Session, row: JiraSiteRow) -> Listed:
    owner = session.get(OrganisationRow, row.organisation_id) if row.organisation_id else None
    return Listed(
        key=row.key,
        url=row.url or "",
        flavour=row.flavour or "",
        auth=row.auth or "",
        owner=owner.name if owner else None,
        expires_at=row.expires_at,
        pause_reason=row.pause_reason,
        boards=len(session.scalars(select(BoardRow.id).where(BoardRow.site_id == row.id)).all()),
    )
