"""Accounts of a Jira site: found by e-mail or id, and met as authors of comments. The `AccountSource` port."""

from collections.abc import Mapping
from typing import Any

from fmo_bot.domain.accounts import Account, Remark, matching
from fmo_bot.jira.client import Flavour, JiraClient
from fmo_bot.jira.sessions import Refused

_FOUND = 50  # accounts a search brings; more than one is too many already
_NEWEST = 50  # comments looked through
_PEOPLE = "accounts (permission Browse users and groups)"


class JiraAccounts:
    """Reads accounts of one site."""

    def __init__(self, client: JiraClient) -> None:
        """Nothing is asked of the site yet."""
        self._client = client

    def by_email(self, email: str) -> Account | None:
        """The one active account with this e-mail. Cloud also finds one whose e-mail is hidden, by all of it only."""
        cloud = self._is_cloud()
        params = {"query" if cloud else "username": email, "maxResults": _FOUND}
        found: Any = self._client.get("user/search", what=_PEOPLE, params=params)
        if not isinstance(found, list):
            raise self._client.nonsense("the accounts")
        accounts = [account for each in found if (account := account_of(each)) is not None]
        return matching(accounts, email, may_be_hidden=cloud and len(accounts) == len(found))

    def by_id(self, account: str) -> Account | None:
        """The account of this id, on Data Center of this login name; None where there is none to be seen."""
        params = {"accountId" if self._is_cloud() else "username": account}
        try:
            return account_of(self._client.get("user", what=_PEOPLE, params=params))
        except Refused as refused:
            if refused.status not in (400, 404):
                raise
            return None

    def remarks(self, issue: str) -> tuple[Remark, ...]:
        """The newest comments. An older Data Center knows no order: there the last page is read as well.

        Those of the bot's own account are left out: anybody may have it write for them.
        """
        params = {"orderBy": "-created", "maxResults": _NEWEST}
        page = self._comments(issue, params)
        found = page["comments"]
        total = page.get("total")
        if isinstance(total, int) and total > len(found) and not self._is_cloud():
            found += self._comments(issue, params | {"startAt": max(0, total - _NEWEST)})["comments"]
        own = account_of(self._client.account())
        remarks = [remark for each in found if (remark := _remark(each)) is not None]
        return tuple(remark for remark in remarks if own is None or remark.author.id != own.id)

    def _comments(self, issue: str, params: Mapping[str, Any]) -> dict[str, Any]:
        page: Any = self._client.get(f"issue/{issue}/comment", what="the comments of an issue", params=params)
        if not isinstance(page, dict) or not isinstance(page.get("comments"), list):
            raise self._client.nonsense("the comments of an issue")
        return page

    def _is_cloud(self) -> bool:
        return self._client.site().flavour is Flavour.CLOUD


def account_of(raw: Any) -> Account | None:
    """An account as Jira shows it; None for what is none."""
    if not isinstance(raw, Mapping):
        return None
    cloud_id, name, key = (_text(raw.get(part)) for part in ("accountId", "name", "key"))
    email = raw.get("emailAddress")
    number = cloud_id or key or name
    if not number:
        return None
    return Account(
        id=number,
        name="" if cloud_id else name,
        shown=_text(raw.get("displayName")) or number,
        email=email if isinstance(email, str) and email else None,
        is_active=raw.get("active") is True,
        is_person=raw.get("accountType", "atlassian") == "atlassian",
    )


def _remark(raw: Any) -> Remark | None:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("body"), str):
        return None
    author, changed = account_of(raw.get("author")), account_of(raw.get("updateAuthor"))
    if author is None:
        return None
    return Remark(author=author, text=raw["body"], is_untouched=changed is None or changed.id == author.id)


def _text(value: object) -> str:
    return value[:255] if isinstance(value, str) else ""
