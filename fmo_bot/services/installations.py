"""Where our apps are installed, as the database knows it: kept, ended, come back, and their tokens.

A row stands for every installation, also for those whose token stands in the settings; so one that ended is ended in
every process, and what was owed through it goes on when it is back (`delivery.kept`). An ended row keeps no token.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import time

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.installations import InstallationRow
from fmo_bot.db.secrets import Vault
from fmo_bot.db.store import Store
from fmo_bot.delivery import kept
from fmo_bot.domain.installs import NOT_NAMED, NOT_RENEWED, Granted, Installation
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import NotNow, SecretLocked, SiteUnavailable
from fmo_bot.services import channel_rows, install_news, install_owners
from fmo_bot.services.governance import audit
from fmo_bot.services.renewals import Renewals, Renewed, Tokens
from fmo_bot.services.sites import Credentials

EARLY_S = 7200.0  # a token that ends sooner is renewed by the clock; Slack's last twelve hours
KIND = "Slack installation"
_log = structlog.get_logger(__name__)


class RefreshRefused(SiteUnavailable):
    """Slack takes a refresh token no more: asking again would end the same way."""


Refresh = Callable[[str, str], Tokens]  # key of the app, refresh token -> fresh ones; raises SiteUnavailable


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What an install came to. `first_admin`: whoever installed it is the first admin of their company here."""

    workspace: str
    organisation: str
    first_admin: bool


class Installations:
    """All installations of all apps."""

    def __init__(self, store: Store, vault: Vault, refresh: Refresh, *, machine: Callable[[], float] = time) -> None:
        """`refresh` asks Slack; `machine` is Unix time."""
        self._store, self._vault, self._refresh, self._machine = store, vault, refresh, machine
        self.renewals = Renewals(store, vault, self._renew, row=_locked_row, kind=KIND, machine=machine)
        self._named: dict[tuple[str, str | None], str] = {}  # tokens of the settings
        self._lock = threading.Lock()
        self._opened: dict[int, tuple[int, str | Renewed]] = {}  # by id: version, and the token or what renews it

    def all(self) -> list[Installation]:
        """Every installation there is or was. A token of the settings is in it, a sealed one is not; see `token`."""
        with self._store.reading(SYSTEM) as session:
            rows = session.scalars(select(InstallationRow).order_by(InstallationRow.id))
            return [self._value(row) for row in rows]

    def token(self, install: Installation) -> str:
        """The token with which it speaks now, renewed if need be. Raises NotNow."""
        try:
            opened = self._opening(install)
            return opened if isinstance(opened, str) else opened.header().removeprefix("Bearer ")
        except (SecretLocked, SiteUnavailable) as error:
            raise NotNow(str(error)) from error

    def name(self, found: Sequence[Installation], at: datetime) -> None:
        """Those whose tokens stand in the settings, as Slack has just confirmed; other ones of the settings ended."""
        self._named = {(install.app_key, install.team_id): install.token for install in found}
        known = {(each.app_key, each.team_id): each for each in self.all()}
        changed = [each for each in found if not _is_same(each, known.get((each.app_key, each.team_id)))]
        with self._store.reading(SYSTEM) as session:
            live = InstallationRow.credentials.is_(None), InstallationRow.ended_at.is_(None)
            rows = session.scalars(select(InstallationRow).where(*live)).all()
            gone = [row.id for row in rows if (row.app_key, row.team_id) not in self._named]
        for install in changed:
            self._keep(install, None, at=at)
        for number in gone:
            self.end(number, why=NOT_NAMED, at=at)

    def recognise(self, workspaces: Collection[str]) -> None:
        """The host's settings name these as companies' own: where our app is, each is a company's from now on."""
        with self._store.reading(SYSTEM) as session:
            known = install_owners.known(session)
        for install in self.all():
            if install.is_live and (set(install.workspaces) & set(workspaces)) - known:
                with self._store.transaction(SYSTEM) as session:
                    install_owners.of(session, install)

    def keep(self, granted: Granted, at: datetime) -> Kept:
        """What somebody has just installed. Raises SecretLocked."""
        return self._keep(granted.installation, granted, at=at)

    def end(self, number: int, *, why: str, at: datetime) -> bool:
        """Nothing is sent by it any more; False where it had ended before."""
        with self._store.transaction(SYSTEM) as session:
            row = _locked(session, number)
            if row is None or row.ended_at is not None:
                return False
            row.ended_at, row.ended_why, row.credentials, row.expires_at = at, why, None, None
            row.renewing, row.renewing_until, row.trouble = None, 0.0, None
            row.version += 1
            audit(session, at=at, action="app_removed", team_id=None, detail=_noted(row) | {"why": why})
            install_news.ended(session, row, at)
        _log.warning("an installation ended", app=row.app_key, workspace=row.team_id or row.enterprise_id, why=why)
        return True

    def serve(self, number: int, teams: Collection[str], at: datetime) -> None:
        """The workspaces of an organisation in which its installation may speak now."""
        with self._store.transaction(SYSTEM) as session:
            row = _locked(session, number)
            if row is None or row.ended_at is not None or sorted(row.teams) == sorted(teams):
                return
            row.teams, row.version = sorted(teams), row.version + 1
            install_owners.of(session, _plain(row))
            kept.let_go(session, row.teams)

    def waiting(self) -> list[Installation]:
        """Those that are live as far as we know, though Slack refused what was to be sent by them."""
        with self._store.reading(SYSTEM) as session:
            held = set(kept.waiting_in(session))
        return [each for each in self.all() if each.is_live and held & set(each.workspaces)]

    def let_go(self, install: Installation) -> None:
        """It works: what was kept goes on."""
        with self._store.transaction(SYSTEM) as session:
            kept.let_go(session, install.workspaces)

    def renew(self, at: datetime) -> None:
        """Renew tokens before they end, and say so where that fails; run every minute."""
        for install in self.all():
            if install.is_live and install.expires_at is not None:
                self._renew_one(install, at)

    def _renew_one(self, install: Installation, at: datetime) -> None:
        ends = install.expires_at or 0.0
        try:
            until = self.renewals.current(str(install.id), spare=EARLY_S).until
        except SiteUnavailable as error:
            _log.warning("a token could not be renewed", app=install.app_key, why=str(error))
            if isinstance(error, RefreshRefused):
                if ends <= self._machine():
                    self.end(install.id, why=NOT_RENEWED, at=at)
                else:
                    self._note(install.id, expires_at=ends, trouble=str(error), at=at)
            return
        if until != ends or install.trouble:
            self._note(install.id, expires_at=until, trouble=None, at=at)

    def _note(self, number: int, *, expires_at: float, trouble: str | None, at: datetime) -> None:
        with self._store.transaction(SYSTEM) as session:
            row = _locked(session, number)
            if row is None or row.ended_at is not None:
                return
            row.expires_at, row.trouble = expires_at, trouble
            if trouble:
                install_news.not_renewed(session, row, at)

    def _renew(self, refresh: str, key: str) -> Tokens:
        with self._store.reading(SYSTEM) as session:
            row = session.get(InstallationRow, int(key))
            app_key = row.app_key if row else ""
        return self._refresh(app_key, refresh)

    def _keep(self, install: Installation, granted: Granted | None, *, at: datetime) -> Kept:
        sealed, expires_at = None, install.expires_at
        if granted is not None:
            given = Credentials(token=granted.token, refresh=granted.refresh, until=expires_at or 0.0)
            sealed = given.sealed(self._vault)
        with self._store.transaction(SYSTEM) as session:
            row = _find(session, install)
            was_gone = row is not None and row.ended_at is not None
            if row is None:
                row = InstallationRow(
                    app_key=install.app_key, team_id=install.team_id, enterprise_id=install.enterprise_id
                )
                session.add(row)
            if row.bot_user_id not in ("", install.bot_user_id):
                install_owners.forget_directs(session, install.workspaces)
            row.enterprise_id, row.team_name, row.app_id = install.enterprise_id, install.team_name, install.app_id
            row.bot_id, row.bot_user_id, row.teams = install.bot_id, install.bot_user_id, list(install.teams)
            row.credentials, row.expires_at, row.scopes = sealed, expires_at, list(install.scopes)
            row.installed_at, row.installed_by = at, granted.installed_by if granted else None
            row.ended_at, row.ended_why, row.trouble, row.renewing, row.renewing_until = None, None, None, None, 0.0
            row.version += 1
            session.flush()
            organisation = install_owners.of(session, install, may_make=granted is not None)
            first = False
            if organisation is not None and granted is not None:
                first = install_owners.first_admin(session, organisation, granted, at=at)
            detail = _noted(row) | {"by": row.installed_by, "scopes": list(install.scopes)}
            audit(session, at=at, action="app_installed", team_id=None, detail=detail)
            if was_gone:
                channel_rows.doubt_in(session, install.workspaces)
            kept.let_go(session, install.workspaces)
            if was_gone:
                install_news.returned(session, row, at)
            name = organisation.name if organisation else install.team_name
        return Kept(workspace=install.team_name, organisation=name, first_admin=first)

    def _value(self, row: InstallationRow) -> Installation:
        install = _plain(row)
        token = self._named.get((row.app_key, row.team_id), "") if row.credentials is None else ""
        if row.credentials is None and not token and row.ended_at is None:  # of settings that this process has not
            return replace(install, ended_at=row.installed_at, ended_why=NOT_NAMED)
        return replace(install, token=token)

    def _opening(self, install: Installation) -> str | Renewed:
        with self._lock:
            version, known = self._opened.get(install.id, (None, ""))
            if version == install.version and known:
                return known
        made = self._open(install)
        with self._lock:
            self._opened[install.id] = install.version, made
        return made

    def _open(self, install: Installation) -> str | Renewed:
        if install.expires_at is not None:
            return self.renewals.of(str(install.id))
        with self._store.reading(SYSTEM) as session:
            row = session.get(InstallationRow, install.id)
            sealed = row.credentials if row else None
        if sealed is None:
            raise SiteUnavailable(f"{KIND} {install.id} is not connected any more.")
        return Credentials.opened(sealed, self._vault, key=str(install.id), kind=KIND).token


def _locked(session: Session, number: int) -> InstallationRow | None:
    return session.scalar(select(InstallationRow).where(InstallationRow.id == number).with_for_update())


def _locked_row(session: Session, key: str) -> InstallationRow | None:
    return _locked(session, int(key))


def _find(session: Session, install: Installation) -> InstallationRow | None:
    """The row of this app here: by the workspace alone, and by the organisation only where it is in all of it."""
    query = select(InstallationRow).where(InstallationRow.app_key == install.app_key)
    if install.team_id is not None:
        query = query.where(InstallationRow.team_id == install.team_id)
    else:
        query = query.where(InstallationRow.team_id.is_(None), InstallationRow.enterprise_id == install.enterprise_id)
    return session.scalar(query.with_for_update())


def _plain(row: InstallationRow) -> Installation:
    return Installation(
        id=row.id,
        version=row.version,
        app_key=row.app_key,
        app_id=row.app_id,
        team_id=row.team_id,
        team_name=row.team_name,
        enterprise_id=row.enterprise_id,
        teams=tuple(row.teams),
        bot_id=row.bot_id,
        bot_user_id=row.bot_user_id,
        scopes=tuple(row.scopes),
        expires_at=row.expires_at,
        trouble=row.trouble,
        ended_at=row.ended_at,
        ended_why=row.ended_why,
    )


def _is_same(found: Installation, known: Installation | None) -> bool:
    """Whether a token of the settings says nothing that is not known."""
    if known is None or not known.is_live or not known.token:
        return False
    return (found.bot_id, found.bot_user_id, found.team_name) == (known.bot_id, known.bot_user_id, known.team_name)


def _noted(row: InstallationRow) -> dict[str, str | None]:
    return {"app": row.app_key, "workspace": row.team_id, "enterprise": row.enterprise_id}
