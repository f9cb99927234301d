"""Installing our apps: by people in a browser, or by tokens in the settings; and finding out that one ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from config.manifests import scopes
from config.settings import Settings, SlackInstall
from fmo_bot.bootstrap.connecting import base_of
from fmo_bot.db.secrets import Vault
from fmo_bot.db.store import Store
from fmo_bot.domain.installs import REVOKED, UNINSTALLED, Granted, Installation
from fmo_bot.errors import NotInstalledYet, NotNow, SettingsWrong, SiteUnavailable
from fmo_bot.services.consents import Begun, Consents
from fmo_bot.services.installations import Installations, Kept
from fmo_bot.services.renewals import Tokens
from fmo_bot.slack.installs import Installs, prove
from fmo_bot.slack.oauth import INACTIVE, SlackOAuth

JOB = "install_ended"  # Slack says that one ended or was revoked, or (of an organisation) serves other workspaces
PURPOSE = "slack"  # of a consent
_GRIDS_MIN = 15  # so often Slack is asked which workspaces of an organisation let the app in, whatever it told us
NOT_ALLOWED = (
    "{workspace} is not among the workspaces in which this bot may be installed, so nothing was kept and its token was "
    "given back. Whoever runs the bot can allow {team} in FMO_SLACK_{key}_TEAMS."
)
LACKS = "Slack granted less than the bot needs: {scopes} is missing. Nothing was kept; install it again and allow all."
_log = structlog.get_logger(__name__)


class Installing:
    """Everything that begins or ends an installation."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Nothing is asked yet."""
        self._settings = settings
        self._apps = {app.key: app.install for app in settings.slack_apps if app.install is not None}
        self._consents = Consents(store)
        self.known = Installations(store, Vault(settings.secret_keys), self._refresh)
        self.installs = Installs((), settings.slack_api_url, network=settings.network, known=self.known)

    def named(self, at: datetime) -> None:
        """Ask Slack whose the tokens of the settings are. Raises SettingsWrong where one is wrong, or none is good."""
        tokens, gone = {app.key: app.bot_tokens for app in self._settings.slack_apps}, list[str]()
        found, wrong = prove(tokens, self._settings.slack_api_url, self._settings.network, gone=gone)
        if wrong or (gone and not found and not self._apps):
            raise SettingsWrong([*wrong, *gone])
        for sentence in dict.fromkeys(gone):  # one company that leaves does not keep the bot from the others
            _log.warning("an app was removed from a workspace", why=sentence)
        self.known.name(found, at)
        self.installs.look()

    # --- by people -----------------------------------------------------------------------------------------------

    def of(self, key: str) -> SlackInstall | None:
        """How people install an app; None where they cannot."""
        return self._apps.get(key)

    def reasons(self, key: str) -> Mapping[str, str]:
        """What an app asks for, and why. Raises KeyError."""
        return scopes(self._apps[key].profile)

    def begin(self, key: str) -> tuple[Begun, str]:
        """Somebody sets out to install an app: what goes along, and where their browser is sent. Raises KeyError."""
        oauth = self._oauth(key)
        begun = self._consents.begin(self._consents.ticket(f"{PURPOSE}:{key}", {}))
        return begun, oauth.consent_url(state=begun.state, redirect=self._back(key))

    def came_back(self, key: str, *, state: str, browser: str) -> None:
        """Whoever set out is back; nobody can a second time. Raises ConsentLost."""
        self._consents.finish(state=state, browser=browser, among={f"{PURPOSE}:{key}"})

    def install(self, key: str, code: str, at: datetime) -> Kept:
        """Keep what somebody has allowed. Raises NotInstalledYet, SecretLocked; then the token was given back."""
        oauth = self._oauth(key)
        granted = oauth.by_code(code, redirect=self._back(key))
        try:
            self._judge(key, granted)
            kept = self.known.keep(oauth.described(granted), at)
        except BaseException:
            self._give_back(oauth, granted)
            raise
        self.installs.look()
        return kept

    def _judge(self, key: str, granted: Granted) -> None:
        """Refuse whoever may not, before anything is kept."""
        install, allowed = granted.installation, self._apps[key].teams
        if not {install.team_id, install.enterprise_id} & set(allowed):
            team = install.team_id or install.enterprise_id
            _log.warning("an install was refused", app=key, workspace=team)
            raise NotInstalledYet(NOT_ALLOWED.format(workspace=install.team_name, team=team, key=key.upper()))
        if missing := sorted(set(self.reasons(key)) - set(install.scopes)):
            raise NotInstalledYet(LACKS.format(scopes=", ".join(missing)))

    def _give_back(self, oauth: SlackOAuth, granted: Granted) -> None:
        """Revoke a token that is not kept, unless it is the one of an installation that was here before."""
        here = _where(granted.installation)
        if any(_where(install) == here for install in self.installs.all):  # it may be the very same token
            return
        try:
            oauth.give_back(granted)
        except NotInstalledYet as error:
            _log.warning("a token could not be given back", app=oauth.app_key, why=str(error))

    # --- the end ---------------------------------------------------------------------------------------------------

    def ended(self, payload: dict[str, Any], at: datetime) -> None:
        """Slack says that an app was removed, its token revoked, or that it serves other workspaces.

        That it ended is believed where the token is good no more: an event may come late, and the app be back since.
        Raises SiteUnavailable: then it is looked at again.
        """
        for install in self.known.all():
            here = payload["team"] in install.workspaces or (
                install.team_id is None and payload["enterprise"] == install.enterprise_id
            )
            if install.app_key == payload["app"] and install.is_live and here:
                self._look_at(install, REVOKED if payload["revoked"] else UNINSTALLED, at)

    def look(self, at: datetime) -> None:
        """Renew tokens, and see after installations by which something could not be sent; run every minute.

        And now and then after those of whole organisations.
        """
        self.known.renew(at)
        wide = [each for each in self.known.all() if each.is_live and each.team_id is None]
        grids = {each.id: each for each in wide if at.minute % _GRIDS_MIN == 0}
        for install in ({each.id: each for each in self.known.waiting()} | grids).values():
            try:
                self._look_at(install, UNINSTALLED, at)
            except SiteUnavailable as error:
                _log.warning("Slack was not asked whether an installation lives", why=str(error))

    def _look_at(self, install: Installation, why: str, at: datetime) -> None:
        try:
            token = self.installs.token_of(install)
        except NotNow as error:
            raise SiteUnavailable(str(error)) from error
        oauth = self._any_oauth(install.app_key)
        if (code := oauth.ended(token)) is not None:
            # Of an app that was removed Slack tells twice, and that its token was revoked comes first.
            self.known.end(install.id, why=UNINSTALLED if code == INACTIVE else why, at=at)
        else:
            if install.team_id is None:
                self.known.serve(install.id, oauth.teams(token), at)
            self.known.let_go(install)
        self.installs.look()

    def _back(self, key: str) -> str:
        return f"{base_of(self._settings)}/slack/{key}/oauth"

    def _refresh(self, key: str, refresh: str) -> Tokens:
        if key not in self._apps:
            raise SiteUnavailable(f"FMO_SLACK_{key.upper()}_CLIENT_ID is not set: its tokens cannot be renewed.")
        return self._oauth(key).by_refresh(refresh)

    def _oauth(self, key: str) -> SlackOAuth:
        how = self._apps[key]
        return self._made(key, how.client_id, how.client_secret, tuple(scopes(how.profile)))

    def _any_oauth(self, key: str) -> SlackOAuth:
        """Enough to ask about a token, also of an app that nobody installs."""
        return self._oauth(key) if key in self._apps else self._made(key, "", "", ())

    def _made(self, key: str, client_id: str, secret: str, wanted: tuple[str, ...]) -> SlackOAuth:
        settings = self._settings
        return SlackOAuth(
            app_key=key,
            client_id=client_id,
            client_secret=secret,
            scopes=wanted,
            api_url=settings.slack_api_url,
            authorize_url=settings.slack_authorize_url,
            network=settings.network,
        )


def _where(install: Installation) -> tuple[str, str | None, str | None]:
    return install.app_key, install.team_id, None if install.team_id else install.enterprise_id
