"""The part of JQL that the sandbox understands; anything else is answered with 400, never with a guess.

clause   = field ("=" | "!=") value | field ["not"] "in" "(" value, … ")" | instant (">=" | ">" | "<=" | "<") when
query    = [clause {"AND" clause}] ["ORDER BY" field ["ASC"|"DESC"] {"," …}]
fields   = project, filter, sprint, issuekey|key|id|issue, status; instants = updated, created
when     = epoch milliseconds, or "yyyy-MM-dd[ HH:mm]" in the account's zone (also with slashes)
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.site import Site

Test = Callable[[Issue, datetime], bool]
_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(>=|<=|!=|[=<>(),])|([^\s"\'=<>!(),]+))')
_COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    ">=": lambda one, other: one >= other,
    ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other,
    "<": lambda one, other: one < other,
}
_INSTANTS: dict[str, Callable[[Issue, datetime], datetime]] = {
    "updated": lambda issue, at: issue.updated(at),
    "updateddate": lambda issue, at: issue.updated(at),
    "created": lambda issue, at: issue.created,
    "createddate": lambda issue, at: issue.created,
}
_FORMATS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
MAX_ORDER_FIELDS = 7


@dataclass(frozen=True)
class Token:
    """A word, sign or quoted text; a quoted text is never a keyword."""

    text: str
    quoted: bool = False

    def says(self, word: str) -> bool:
        """Whether it is this keyword or sign."""
        return not self.quoted and self.text.lower() == word


@dataclass(frozen=True)
class Query:
    """A parsed query. `bounded`: it has at least one clause."""

    tests: tuple[Test, ...]
    order: tuple[tuple[str, bool], ...]  # (field, descending)
    bounded: bool
    text: str = ""

    def run(self, site: Site, at: datetime) -> list[Issue]:
        """The issues that match at an instant, in order; newest key first where no order is asked for.

        Found once as long as nothing happens: the next page of a search does not search again. Do not change the list.
        """
        known: tuple[datetime, list[Issue]] | None = site.looks.get(("jql", self.text))
        if known is None or not site.same(known[0], at):
            known = site.looks["jql", self.text] = (at, self._search(site, at))
        return known[1]

    def _search(self, site: Site, at: datetime) -> list[Issue]:
        found = [issue for issue in site.present(at) if all(test(issue, at) for test in self.tests)]
        for name, descending in reversed(self.order or (("key", True),)):
            found.sort(key=lambda issue: _ORDERS[name](issue, at), reverse=descending)
        return found


_ORDERS: dict[str, Callable[[Issue, datetime], "tuple[str, int]"]] = {
    "updated": lambda issue, at: ("", int(issue.updated(at).timestamp() * 1000)),
    "created": lambda issue, at: ("", int(issue.created.timestamp() * 1000)),
    "key": lambda issue, at: issue.rank,
    "issuekey": lambda issue, at: issue.rank,
    "id": lambda issue, at: ("", int(issue.id) if issue.id.isdigit() else 0),
}


def parse(text: str, site: Site) -> Query:
    """Parse, or refuse with Jira's 400."""
    tokens = _tokens(text)
    cut = next((place for place, token in enumerate(tokens) if token.says("order")), len(tokens))
    where, order = tokens[:cut], tokens[cut:]
    tests = tuple(_clause(part, site) for part in _split(where, "and")) if where else ()
    return Query(tests, _order(order), bounded=bool(where), text=text)


def _tokens(text: str) -> list[Token]:
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise _wrong(f"The character '{text[place:].strip()[0]}' was not expected.")
        quoted = match[1] if match[1] is not None else match[2]
        found.append(Token(quoted, quoted=True) if quoted is not None else Token(match[3] or match[4]))
        place = match.end()
    return found


def _wrong(reason: str) -> Refused:
    return Refused(400, f"Error in the JQL Query: {reason}")


def _split(tokens: Sequence[Token], word: str) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.says(word):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _clause(tokens: list[Token], site: Site) -> Test:
    if len(tokens) < 3 or tokens[0].says("not") or tokens[0].says("("):
        raise _wrong(f"Expecting a clause, but got '{' '.join(token.text for token in tokens)}'.")
    name, sign = tokens[0].text.lower(), tokens[1].text.lower()
    if name in _INSTANTS:
        return _instant(name, sign, tokens[2:], site)
    if name not in _FIELDS:
        raise Refused(400, f"Field '{tokens[0].text}' does not exist or you do not have permission to view it.")
    wanted, positive = _values(sign, tokens[2:])
    matches = _FIELDS[name](wanted, site)
    return matches if positive else lambda issue, at: not matches(issue, at)


def _values(sign: str, rest: list[Token]) -> tuple[list[str], bool]:
    if sign in ("=", "!=") and len(rest) == 1:
        return [rest[0].text], sign == "="
    if sign == "not" and rest and rest[0].says("in"):
        return _listed(rest[1:]), False
    if sign == "in":
        return _listed(rest), True
    raise _wrong(f"The operator '{sign}' is not supported here.")


def _listed(rest: list[Token]) -> list[str]:
    if len(rest) < 3 or not rest[0].says("(") or not rest[-1].says(")"):
        raise _wrong("Expecting a list in parentheses.")
    parts = _split(rest[1:-1], ",")
    if any(len(part) != 1 for part in parts):
        raise _wrong("Expecting values separated by commas.")
    return [part[0].text for part in parts]


def _instant(name: str, sign: str, rest: list[Token], site: Site) -> Test:
    if sign not in _COMPARE or len(rest) != 1:
        raise _wrong(f"The operator '{sign}' is not supported by the '{name}' field.")
    bound, compare, of = _when(rest[0].text, name, site), _COMPARE[sign], _INSTANTS[name]
    return lambda issue, at: compare(of(issue, at), bound)


def _when(text: str, name: str, site: Site) -> datetime:
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=site.zone).astimezone(UTC)
        except ValueError:
            continue
    raise Refused(
        400,
        f"Date value '{text}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.",
    )


def _order(tokens: list[Token]) -> tuple[tuple[str, bool], ...]:
    if not tokens:
        return ()
    if len(tokens) < 3 or not tokens[1].says("by"):
        raise _wrong("Expecting 'ORDER BY' and a field.")
    parts = _split(tokens[2:], ",")
    if len(parts) > MAX_ORDER_FIELDS:
        raise _wrong(f"No more than {MAX_ORDER_FIELDS} fields may be ordered by.")
    return tuple(_ordered(part) for part in parts)


def _ordered(part: list[Token]) -> tuple[str, bool]:
    direction = part[1].text.lower() if len(part) == 2 else "asc"
    if len(part) not in (1, 2) or direction not in ("asc", "desc"):
        raise _wrong(f"'{' '.join(token.text for token in part)}' is not an order.")
    if part[0].text.lower() not in _ORDERS:
        raise Refused(400, f"Not able to sort using field '{part[0].text}'.")
    return part[0].text.lower(), direction == "desc"


def _missing(value: str, name: str) -> Refused:
    return Refused(400, f"The value '{value}' does not exist for the field '{name}'.")


def _project(wanted: list[str], site: Site) -> Test:
    known = {issue.key.rpartition("-")[0].lower() for issue in site.issues.values()}
    numbers = {str((issue.end.get("project") or {}).get("id")): issue.key for issue in site.issues.values()}
    keys = set()
    for value in wanted:
        key = numbers[value].rpartition("-")[0].lower() if value in numbers else value.lower()
        if key not in known:
            raise _missing(value, "project")
        keys.add(key)
    return lambda issue, at: issue.key.rpartition("-")[0].lower() in keys


def _filter(wanted: list[str], site: Site) -> Test:
    for value in wanted:
        if value != str(site.board["filter"]["id"]):
            raise _missing(value, "filter")
    return lambda issue, at: True


def _sprint(wanted: list[str], site: Site) -> Test:
    numbers = set()
    for value in wanted:
        one = site.sprints.named(value)
        if one is None:
            raise Refused(400, f"Sprint with name '{value}' does not exist or you do not have permission to view it.")
        numbers.add(one.id)
    return lambda issue, at: not numbers.isdisjoint(issue.sprints(at))


def _key(wanted: list[str], site: Site) -> Test:
    found = [site.issues.get(value) or site.by_key.get(value.upper()) for value in wanted]
    for value, one in zip(wanted, found, strict=True):
        if one is None or not one.is_there(site.now()):
            raise Refused(400, f"An issue with key '{value}' does not exist for field 'key'.")
    numbers = {one.id for one in found if one}
    return lambda issue, at: issue.id in numbers


def _status(wanted: list[str], site: Site) -> Test:
    numbers: set[str] = set()
    for value in wanted:
        same = {one.id for one in site.statuses.values() if value == one.id or value.lower() == one.name.lower()}
        if not same:
            raise _missing(value, "status")
        numbers |= same
    return lambda issue, at: issue.state(at)["status"] in numbers


_FIELDS: dict[str, Callable[[list[str], Site], Test]] = {
    "project": _project,
    "filter": _filter,
    "savedfilter": _filter,
    "sprint": _sprint,
    "key": _key,
    "issuekey": _key,
    "issue": _key,
    "id": _key,
    "status": _status,
}
