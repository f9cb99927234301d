"""Jira accounts: found in the issues, and the bot's own."""

from collections.abc import Iterator, Sequence
from typing import Any

from fmo_bot.sandbox.jira.histories import different_authors

Json = dict[str, Any]


class People:
    """Accounts by account id (Cloud) or name (Data Center)."""

    def __init__(self, site: str, issues: Sequence[Json]) -> None:
        """The accounts that assignees, reporters and authors of `issues` show."""
        self.bot: Json = {
            "accountId": f"sandbox:bot-{site}",
            "displayName": "FMO bot",
            "emailAddress": f"bot@{site}.example",
        }
        self._by_id: dict[str, Json] = {self.bot["accountId"]: self.bot}
        for one in _seen(issues):
            account = one.get("accountId") or one.get("name") or one.get("key")
            if account:
                known = self._by_id.setdefault(str(account), {**one, "accountId": str(account)})
                known.update({name: value for name, value in one.items() if value and not known.get(name)})

    def get(self, account: str) -> Json | None:
        """The account, or None."""
        return self._by_id.get(account)

    def everybody(self) -> list[Json]:
        """All accounts, the bot's first."""
        return list(self._by_id.values())

    def search(self, query: str) -> list[Json]:
        """By a prefix of name, e-mail, or a word of the name; a hidden e-mail only in full."""
        return [one for one in self._by_id.values() if _matches(one, query.lower())]

    def shown(self, one: Json | None, *, cloud: bool, base: str, zone: str = "UTC") -> Json | None:
        """A user in the flavour's shape, from an account id (or name) and a display name."""
        account = str((one or {}).get("accountId") or (one or {}).get("name") or "")
        if not account or one is None:
            return None
        known = self._by_id.get(account, one)
        common = {
            "displayName": known.get("displayName") or account,
            "active": known.get("active", True),
            "timeZone": known.get("timeZone") or zone,
        }
        email = known.get("emailAddress") if not known.get("hidden") else None
        if email:
            common["emailAddress"] = email
        if cloud:
            link = f"{base}/rest/api/2/user?accountId={account}"
            return {"self": link, "accountId": account, "accountType": known.get("accountType", "atlassian"), **common}
        return {"self": f"{base}/rest/api/2/user?username={account}", "name": account, "key": account, **common}


def _seen(issues: Sequence[Json]) -> Iterator[Json]:
    for issue in issues:
        for name in ("assignee", "reporter", "creator"):
            if isinstance(issue["fields"].get(name), dict):
                yield issue["fields"][name]
    yield from different_authors(issue["histories"] for issue in issues)


def _matches(one: Json, query: str) -> bool:
    email = str(one.get("emailAddress") or "").lower()
    if email and email == query:
        return True
    name = str(one.get("displayName") or "").lower()
    visible = email.startswith(query) and not one.get("hidden")
    return bool(query) and (visible or name.startswith(query) or any(word.startswith(query) for word in name.split()))
