"""The part of JQL that the sandbox understands; anything else is answered with 400, never with a guess.

query    = [either] ["ORDER BY" field ["ASC"|"DESC"] {"," …}]
either   = both {"OR" both}
both     = one {"AND" one}
one      = "NOT" one | "(" either ")" | clause
clause   = field ("=" | "!=") value | field ["not"] "in" (list | function) | field "is" ["not"] "EMPTY"
         | instant (">=" | ">" | "<=" | "<") when
fields   = see `jql_fields`; instants = updated, created; functions = currentUser(), openSprints(), closedSprints()
when     = epoch milliseconds, or "yyyy-MM-dd[ HH:mm]" in the account's zone (also with slashes)
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.jql_fields import EMPTY, FIELDS, FUNCTIONS, Asked, Test, unknown_field, wrong
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.site import Site

Json = dict[str, Any]
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
    """A parsed query of one account. `where` None: unbounded."""

    where: Test | None
    order: tuple[tuple[str, bool], ...]  # (field, descending)
    text: str = ""
    me: Json | None = None

    @property
    def bounded(self) -> bool:
        """Whether it has at least one clause."""
        return self.where is not None

    def matches(self, issue: Issue, at: datetime) -> bool:
        """Whether the issue is meant, whoever may see it."""
        return self.where is None or self.where(issue, at)

    def run(self, site: Site, at: datetime) -> list[Issue]:
        """The issues that match at an instant and that the account sees; newest key first where no order is asked for.

        Found once as long as nothing happens: the next page of a search does not search again. Do not change the list.
        """
        key = ("jql", self.text, (self.me or {}).get("accountId"))
        known: tuple[datetime, list[Issue]] | None = site.looks.get(key)
        if known is None or not site.same(known[0], at):
            known = site.looks[key] = (at, self._search(site, at))
        return known[1]

    def run_by_index(self, site: Site) -> list[Issue]:
        """The issues that match as far as the search index knows by now."""
        now = site.now()
        if not site.fault("index_lag_s"):
            return self.run(site, now)
        seen = ((issue, now - site.lag_of(issue)) for issue in site.present(now, self.me))
        return self._ordered([issue for issue, at in seen if issue.is_there(at) and self.matches(issue, at)], now)

    def _search(self, site: Site, at: datetime) -> list[Issue]:
        return self._ordered([issue for issue in site.present(at, self.me) if self.matches(issue, at)], at)

    def _ordered(self, found: list[Issue], at: datetime) -> list[Issue]:
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


def parse(text: str, site: Site, me: Json | None = None) -> Query:
    """Parse, as `me` asks, or refuse with Jira's 400."""
    tokens = _tokens(text)
    cut = next((place for place, token in enumerate(tokens) if token.says("order")), len(tokens))
    where = _Reader(tokens[:cut], Asked(site, me)).all() if cut else None
    return Query(where, _order(tokens[cut:]), text, me)


def _tokens(text: str) -> list[Token]:
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise wrong(f"The character '{text[place:].strip()[0]}' was not expected.")
        quoted = match[1] if match[1] is not None else match[2]
        found.append(Token(quoted, quoted=True) if quoted is not None else Token(match[3] or match[4]))
        place = match.end()
    return found


def _split(tokens: Sequence[Token], word: str) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.says(word):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


class _Reader:
    """Reads the clauses of a query from left to right."""

    def __init__(self, tokens: list[Token], asked: Asked) -> None:
        self.tokens, self.asked, self.place = tokens, asked, 0

    def all(self) -> Test:
        """Everything, and nothing may be left."""
        found = self.either()
        if self.place < len(self.tokens):
            raise self.lost()
        return found

    def either(self) -> Test:
        tests = [self.both()]
        while self.takes("or"):
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda issue, at: any(test(issue, at) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.takes("and"):
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda issue, at: all(test(issue, at) for test in tests)

    def one(self) -> Test:
        if self.takes("not"):
            test = self.one()
            return lambda issue, at: not test(issue, at)
        if self.takes("("):
            inside = self.either()
            if not self.takes(")"):
                raise wrong("Expecting ')' at the end of the query.")
            return inside
        return self.clause()

    def clause(self) -> Test:
        if len(self.tokens) - self.place < 3 or self.tokens[self.place].text in "(),":
            raise self.lost()
        named, sign = self.next(), self.next().text.lower()
        name = named.text.lower()
        if name in _INSTANTS:
            return _instant(name, sign, self.next(), self.asked.site)
        if name not in FIELDS:
            raise unknown_field(named.text)
        wanted, positive = self.values(sign)
        matches = FIELDS[name](wanted, self.asked)
        return matches if positive else lambda issue, at: not matches(issue, at)

    def values(self, sign: str) -> tuple[list[str], bool]:
        """What a field is compared with, and whether it is to be so."""
        if sign in ("=", "!="):
            return self.value(), sign == "="
        if sign == "is":
            positive = not self.takes("not")
            if not (self.takes("empty") or self.takes("null")):
                raise wrong("Expecting EMPTY after 'is'.")
            return [EMPTY], positive
        positive = sign != "not"
        if sign == "in" or (sign == "not" and self.takes("in")):
            return self.listed(), positive
        raise wrong(f"The operator '{sign}' is not supported here.")

    def listed(self) -> list[str]:
        """A list in parentheses, or a function that gives one."""
        if not self.takes("("):
            if self.place + 1 < len(self.tokens) and self.tokens[self.place + 1].says("("):
                return self.value()
            raise wrong("Expecting a list in parentheses.")
        values = self.value()
        while self.takes(","):
            values += self.value()
        if not self.takes(")"):
            raise wrong("Expecting a list in parentheses, its values separated by commas.")
        return values

    def value(self) -> list[str]:
        """A value, EMPTY, or what a function gives."""
        if self.place >= len(self.tokens) or (
            not self.tokens[self.place].quoted and self.tokens[self.place].text in "(),"
        ):
            raise self.lost()
        token = self.next()
        if not token.quoted and token.text.lower() in ("empty", "null"):
            return [EMPTY]
        if not token.quoted and self.takes("("):
            if token.text.lower() not in FUNCTIONS or not self.takes(")"):
                raise wrong(f"Unable to find JQL function '{token.text}()'.")
            return FUNCTIONS[token.text.lower()](self.asked)
        return [token.text]

    def takes(self, word: str) -> bool:
        """Go on where this keyword or sign is next."""
        if self.place < len(self.tokens) and self.tokens[self.place].says(word):
            self.place += 1
            return True
        return False

    def next(self) -> Token:
        if self.place >= len(self.tokens):
            raise self.lost()
        self.place += 1
        return self.tokens[self.place - 1]

    def lost(self) -> Refused:
        rest = " ".join(token.text for token in self.tokens[self.place :])
        return wrong(f"Expecting a clause, but got '{rest}'.")


def _instant(name: str, sign: str, told: Token, site: Site) -> Test:
    if sign not in _COMPARE:
        raise wrong(f"The operator '{sign}' is not supported by the '{name}' field.")
    bound, compare, of = _when(told.text, name, site), _COMPARE[sign], _INSTANTS[name]
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
        raise wrong("Expecting 'ORDER BY' and a field.")
    parts = _split(tokens[2:], ",")
    if len(parts) > MAX_ORDER_FIELDS:
        raise wrong(f"No more than {MAX_ORDER_FIELDS} fields may be ordered by.")
    return tuple(_ordered(part) for part in parts)


def _ordered(part: list[Token]) -> tuple[str, bool]:
    direction = part[1].text.lower() if len(part) == 2 else "asc"
    if len(part) not in (1, 2) or direction not in ("asc", "desc"):
        raise wrong(f"'{' '.join(token.text for token in part)}' is not an order.")
    if part[0].text.lower() not in _ORDERS:
        raise Refused(400, f"Not able to sort using field '{part[0].text}'.")
    return part[0].text.lower(), direction == "desc"
