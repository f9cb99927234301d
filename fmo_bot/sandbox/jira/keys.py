"""Who may come in: API tokens, scoped ones, OAuth's access tokens, personal access tokens; each by its own door.

Classic tokens are taken at a site's own address, with an e-mail. Scoped tokens (basic or bearer) and OAuth's (bearer)
are taken only at the gateway, `/ex/jira/{cloudId}`, and only for what their scopes cover. Data Center knows personal
access tokens (bearer). Whether one still works is a matter of real time, which is never moved.
"""

import base64
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fmo_bot.sandbox.jira.refusals import Refused

Json = dict[str, Any]
CLASSIC, SCOPED, OAUTH, PERSONAL = KINDS = ("classic", "scoped", "oauth", "pat")
WORK, USERS, WRITING = "read:jira-work", "read:jira-user", "write:jira-work"
BOARDS, SPRINTS = "read:board-scope:jira-software", "read:sprint:jira-software"
COLUMNS = "read:board-scope.admin:jira-software"
EVERY_SCOPE = frozenset({WORK, USERS, WRITING, BOARDS, SPRINTS, COLUMNS, "read:project:jira"})
_READ_BY_POST = ("/bulkfetch", "/search", "/search/jql", "/search/approximate-count", "/jql/parse")


@dataclass(kw_only=True)
class Key:
    """One token. `expires`: Unix time; `uses`: how many requests it survives (None: all)."""

    number: int
    value: str = field(repr=False)
    kind: str
    account: Json
    name: str = "sandbox"
    scopes: frozenset[str] | None = None
    made: float = 0.0
    expires: float | None = None
    uses: int | None = None

    def works(self, now: float) -> bool:
        """Whether it is still taken."""
        return (self.expires is None or now < self.expires) and (self.uses is None or self.uses > 0)


class Keys:
    """The tokens of one site."""

    def __init__(self, site: str, bot: Json, *, cloud: bool, wall: Callable[[], float] = time.time) -> None:
        """`bot`: the account of the two that are always there; `wall`: Unix time, which is never moved."""
        self.site, self.cloud, self.wall = site, cloud, wall
        self._by_value: dict[str, Key] = {}
        self._made = 0
        self.make(CLASSIC if cloud else PERSONAL, bot, value=f"jira-sandbox-{site}")
        if cloud:
            self.make(SCOPED, bot, value=f"jira-sandbox-scoped-{site}", scopes=EVERY_SCOPE)

    def make(
        self,
        kind: str,
        account: Json,
        *,
        value: str | None = None,
        name: str = "sandbox",
        scopes: Iterable[str] | None = None,
        lasts: float | None = None,
    ) -> Key:
        """A new one; `lasts` in seconds of real time."""
        self._made += 1
        now = self.wall()
        key = Key(
            number=self._made,
            value=value or f"{kind}-sandbox-{secrets.token_hex(12)}",
            kind=kind,
            account=account,
            name=name,
            scopes=frozenset(scopes) if scopes is not None else None,
            made=now,
            expires=now + lasts if lasts is not None else None,
        )
        self._by_value[key.value] = key
        return key

    def of(self, account: Json) -> list[Key]:
        """The tokens of one account."""
        return [key for key in self._by_value.values() if key.account["accountId"] == account["accountId"]]

    def named(self, value: str) -> Key | None:
        """The token with this value, dead or alive."""
        return self._by_value.get(value)

    def forget(self, key: Key) -> None:
        """It is revoked."""
        self._by_value.pop(key.value, None)

    def enter(self, authorization: str, *, gateway: bool) -> Key:
        """Who shows this `Authorization` header at this door. Raises Refused, 401."""
        scheme, _, shown = authorization.partition(" ")
        email, value = _read(scheme.lower(), shown.strip())
        key = self._by_value.get(value)
        if key is None or not key.works(self.wall()) or not self._fits(key, scheme.lower(), email, gateway=gateway):
            raise self._stranger(value)
        if key.uses is not None:
            key.uses -= 1
        return key

    def _fits(self, key: Key, scheme: str, email: str, *, gateway: bool) -> bool:
        """Whether this kind of token is taken at this door, shown in this way."""
        basic = scheme == "basic" and email == key.account.get("emailAddress")
        if key.kind == CLASSIC:
            return basic and not gateway
        if key.kind == SCOPED:
            return gateway and (basic or scheme == "bearer")
        return scheme == "bearer" and gateway == (key.kind == OAUTH)

    def _stranger(self, value: str) -> Refused:
        headers = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED", "WWW-Authenticate": f'OAuth realm="{self.site}"'}
        if value and "-sandbox-" not in value:
            sentence = f"This is a sandbox and takes no real token; use jira-sandbox-{self.site}."
            return Refused(401, sentence, headers=headers)
        sentence = "Client must be authenticated to access this resource."
        return Refused(401, headers=headers, body=sentence if self.cloud else {"message": sentence, "status-code": 401})


def _read(scheme: str, shown: str) -> tuple[str, str]:
    """E-mail and token of a header; empty where it holds none."""
    if scheme == "bearer":
        return "", shown
    try:
        email, _, value = base64.b64decode(shown, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return email, value


def permit(key: Key, method: str, path: str) -> None:
    """The gateway's 401 where the token's scopes do not cover a request; `path` begins with `/rest`."""
    if key.scopes is not None and not _wanted(method, path) <= key.scopes:
        raise Refused(401, body={"code": 401, "message": "Unauthorized; scope does not match"})


def _wanted(method: str, path: str) -> set[str]:
    if path.startswith(("/rest/agile/", "/rest/software/")):
        if path.endswith("/configuration"):
            return {COLUMNS}
        return {SPRINTS} if "/sprint" in path else {BOARDS}
    if not path.startswith("/rest/api/"):
        return {"no scope covers this"}  # webhooks of administrators, and what is not documented
    if path.split("/")[4:5] in (["myself"], ["user"]):
        return {USERS}
    return {WORK} if method == "GET" or path.endswith(_READ_BY_POST) else {WRITING}
