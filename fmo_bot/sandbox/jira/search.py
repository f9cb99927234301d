"""Finding issues: `search/jql` with tokens on Cloud, `search` with startAt on Data Center."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from fmo_bot.sandbox.jira import jql
from fmo_bot.sandbox.jira.door import INVALID, Answer, Call, Endpoint
from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.site import CLOUD, DATA_CENTER
from fmo_bot.sandbox.jira.views import Selection

Json = dict[str, Any]
MOST_IDS, MOST_FULL, USUAL = 5000, 100, 50
MOST_RECONCILED = 50
_UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
_GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


def gone(call: Call) -> Answer:
    """Cloud's answer to the old search."""
    raise Refused(410, _GONE)


def enhanced(call: Call) -> Answer:
    """Cloud: bounded JQL, default field id, a token for the next page; smaller pages where fields are shown."""
    wanted = call.fields("id")
    _strict(call)
    most = call.number("maxResults", USUAL)
    if not 1 <= most <= MOST_IDS:
        raise Refused(400, f"The value of maxResults must be between 1 and {MOST_IDS}.")
    found = _found(call)
    page, token = cut(call, found, most if wanted.only_ids else min(most, MOST_FULL))
    answer: Json = {"issues": [_shown(call, issue, wanted) for issue in page], "isLast": token is None}
    return answer | ({"nextPageToken": token} if token else {})


def _strict(call: Call) -> None:
    """POST: every part that is given must have its type; `null` is not one."""
    if isinstance(call.body, dict) and any(value is None for value in call.body.values()):
        raise Refused(400, INVALID)


def _found(call: Call) -> list[Issue]:
    query = jql.parse(str(call.ask("jql") or ""), call.site, call.me)
    if not query.bounded:
        raise Refused(400, _UNBOUNDED)
    found = query.run_by_index(call.site)
    reconciled = _reconciled(call)
    if not reconciled:
        return found
    known = {issue.id for issue in found}
    fresh = [issue for issue in reconciled if issue.id not in known and query.matches(issue, call.at)]
    return [*fresh, *found]


def _reconciled(call: Call) -> list[Issue]:
    """The issues the caller knows to be new, read past the index."""
    asked = call.ask("reconcileIssues") if isinstance(call.body, dict) else None
    numbers = asked or call.request.query_params.getlist("reconcileIssues")
    if len(numbers) > MOST_RECONCILED:
        raise Refused(400, f"reconcileIssues takes at most {MOST_RECONCILED} ids.")
    found = [call.site.known(str(number), call.me) for number in numbers]
    return [issue for issue in found if issue is not None]


def _shown(call: Call, issue: Issue, wanted: Selection) -> Json:
    if wanted.names == frozenset({"id"}):
        return {"id": issue.id}
    return call.views.issue(issue, fields=wanted, changelog=call.expands("changelog"))


def cut(call: Call, found: Sequence[Issue], size: int) -> tuple[list[Issue], str | None]:
    """The page after the caller's token, and the next token; the token belongs to its query."""
    after = call.ask("nextPageToken")
    first = _place(call, str(after), found) if after else 0
    size = call.site.troubles.page(size, len(found) - first)
    page = list(found[first : first + size])
    if first + size >= len(found) or not page:
        return page, None
    following = base64.urlsafe_b64encode(f"{_mark(call)}:{page[-1].id}:{first + size}".encode()).decode()
    return page, call.site.troubles.token(following, after)


def _mark(call: Call) -> str:
    asked = f"{call.request.url.path} {call.ask('jql') or ''}"
    return hashlib.sha256(asked.encode()).hexdigest()[:12]


def _place(call: Call, token: str, found: Sequence[Issue]) -> int:
    """Where the next page begins: behind the last issue shown, wherever it stands by now."""
    try:
        mark, last, place = base64.urlsafe_b64decode(token.encode()).decode().split(":")
        if mark != _mark(call):
            raise ValueError("of another query")
        if 0 < int(place) <= len(found) and found[int(place) - 1].id == last:
            return int(place)  # nothing moved
        beyond = next((number for number, issue in enumerate(found, 1) if issue.id == last), None)
        return int(place) if beyond is None else beyond
    except ValueError as error:
        raise Refused(400, "The provided next page token is invalid or expired.") from error


def count(call: Call) -> Answer:
    """Cloud: approximately how many."""
    return {"count": len(_found(call))}


def paged(call: Call) -> Answer:
    """Data Center: startAt, maxResults, total; `expand=changelog` is the full history."""
    found = jql.parse(str(call.ask("jql") or ""), call.site, call.me).run_by_index(call.site)
    return page_of(call, found, agile=False)


def page_of(call: Call, found: Sequence[Issue], *, agile: bool) -> Json:
    """A page by startAt and maxResults, which the server may lower."""
    first, most = call.number("startAt", 0), min(call.number("maxResults", USUAL), call.site.most_per_page)
    wanted, history = call.fields(), call.expands("changelog")
    here = found[first : first + call.site.troubles.page(most, len(found) - first)] if most else []
    shown = [call.views.issue(issue, fields=wanted, changelog=history, agile=agile) for issue in here]
    return {"expand": "schema,names", "startAt": first, "maxResults": most, "total": len(found), "issues": shown}


_API = "/rest/api/{version}"
ENDPOINTS = [
    Endpoint("GET", f"{_API}/search", gone, of=(CLOUD,)),
    Endpoint("POST", f"{_API}/search", gone, of=(CLOUD,)),
    Endpoint("GET", f"{_API}/search/jql", enhanced, of=(CLOUD,)),
    Endpoint("POST", f"{_API}/search/jql", enhanced, of=(CLOUD,)),
    Endpoint("POST", f"{_API}/search/approximate-count", count, of=(CLOUD,)),
    Endpoint("GET", f"{_API}/search", paged, of=(DATA_CENTER,)),
    Endpoint("POST", f"{_API}/search", paged, of=(DATA_CENTER,)),
]
