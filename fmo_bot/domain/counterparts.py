"""One piece of work that stands on two sites is counted once, on the board of record; what only looks so is doubted.

Counterparts are named by people: by a label that both issues carry or that holds the other's key, by a link, or in a
field that holds the other's key or address. A mirror is a suspicion, told in data quality and never acted upon.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import LINK, Issue, Named

LABEL, LINKED, FIELD = "label", "link", "field"
KINDS = (LABEL, LINKED, FIELD)
SAME_DAY = 86_400_000  # milliseconds between the creation, for two issues with one summary
SHORTEST = 12  # signs of a summary that says enough to be compared: "Fix tests" is no sign of anything
NAMESAKES = 20  # more issues with one summary are a habit, such as "Weekly call with the lab"
_KEY = re.compile(r"(?<![A-Z0-9_-])[A-Z][A-Z0-9_]*-[1-9][0-9]{0,17}(?![0-9])")
_Id = tuple[str, str]  # site and id


class Signs(NamedTuple):
    """All by which an issue can be known as another one's counterpart, or be taken for its mirror."""

    site: str
    id: str
    key: str
    summary: str
    created: int  # epoch milliseconds
    project: str = ""  # Jira's id of it
    secured: bool = False
    labels: tuple[str, ...] = ()
    links: tuple[str, ...] = ()  # the words of those that stand now
    named: tuple[Named, ...] = ()

    @classmethod
    def of(cls, issue: Issue) -> "Signs":
        """Those of an issue."""
        return cls(
            site=issue.site,
            id=issue.id,
            key=issue.key,
            summary=issue.summary,
            created=ms(issue.created),
            project=issue.project or "",
            secured=issue.security is not None,
            labels=issue.labels,
            links=tuple(_standing(issue)),
            named=issue.named,
        )


def _standing(issue: Issue) -> list[str]:
    """The words of the links that stand now: each that was made, without those that were taken away again."""
    standing: Counter[str] = Counter()
    for change in issue.changes:
        if change.field == LINK:
            standing[change.before_text or ""] -= 1
            standing[change.after_text or ""] += 1
    return [words for words, made in standing.items() if made > 0 and words]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How a joint team names counterparts: labels that begin with `name`, links whose words hold it, a field."""

    kind: str  # one of KINDS
    name: str

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "Rule | None":
        """As it is stored, `{"label": "twin:"}`; None where nothing is said."""
        return next((cls(kind=kind, name=str(name)) for kind, name in mapping.items() if kind in KINDS), None)

    def names(self, issue: Signs) -> Iterator[str]:
        """What an issue says about its counterpart: a word that both carry, and the keys it names."""
        said = self._labels(issue) if self.kind == LABEL else self._links(issue)
        for words in said:
            if self.kind == LABEL:
                yield words
            yield from _KEY.findall(words.upper())

    def _labels(self, issue: Signs) -> list[str]:
        return [label for label in issue.labels if label.startswith(self.name)]

    def _links(self, issue: Signs) -> list[str]:
        return [words for words in issue.links if self.name.casefold() in words.casefold()]


def once(boards: Sequence[Sequence[Signs]], rule: Rule | None) -> tuple[tuple[Signs, ...], ...]:
    """The issues of several boards, the board of record first, each piece of work on one board only.

    An issue that two boards show stays on the first. Of counterparts stays what stands on the first board that has one
    of them; issues of one site alone are never counterparts, and a key that several other sites know names nobody.
    """
    groups = _groups({_id(issue): issue for board in boards for issue in board}, rule)
    first: dict[_Id, int] = {}
    for index, board in enumerate(boards):
        for issue in board:
            first.setdefault(_id(issue), index)
    earliest: dict[_Id, int] = {}
    for each, index in first.items():
        root = groups.root(each)
        earliest[root] = min(index, earliest.get(root, index))
    return tuple(
        tuple(i for i in board if first[_id(i)] == index == earliest[groups.root(_id(i))])
        for index, board in enumerate(boards)
    )


@dataclass(frozen=True)
class Mirror:
    """Two issues on different sites that look like one piece of work."""

    one: Signs
    other: Signs
    why: str  # summary | key | link


def mirrors(issues: Iterable[Signs], rule: Rule | None = None) -> tuple[Mirror, ...]:
    """Suspected mirrors, each pair once, without those that are named as counterparts.

    The same summary and created within a day; or the other's key in the summary; or in the words of a link.
    """
    every = {_id(issue): issue for issue in issues}
    groups = _groups(every, rule)
    found: dict[frozenset[_Id], Mirror] = {}
    for one, other, why in (*_same_summary(every.values()), *_named_in_words(every.values())):
        if groups.root(_id(one)) != groups.root(_id(other)):
            found.setdefault(frozenset((_id(one), _id(other))), Mirror(one, other, why))
    return tuple(found.values())


class _Groups:
    """Issues that are one piece of work (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[_Id, _Id] = {}

    def root(self, one: _Id) -> _Id:
        way = [one]
        while (above := self._parent.get(way[-1])) is not None:
            way.append(above)
        self._parent.update(dict.fromkeys(way[:-1], way[-1]))  # so that the way is short the next time
        return way[-1]

    def join(self, one: _Id, other: _Id) -> None:
        above, below = self.root(one), self.root(other)
        if above != below:
            self._parent[below] = above


def _id(issue: Signs) -> _Id:
    return issue.site, issue.id


def _groups(every: Mapping[_Id, Signs], rule: Rule | None) -> _Groups:
    groups = _Groups()
    if rule is not None:
        for one, other in _named(every, rule):
            groups.join(one, other)
    return groups


def _named(every: Mapping[_Id, Signs], rule: Rule) -> Iterator[tuple[_Id, _Id]]:
    """Pairs of counterparts as people named them."""
    return _named_in_field(every, rule.name) if rule.kind == FIELD else _named_in_words_of(every, rule)


def _named_in_field(every: Mapping[_Id, Signs], field: str) -> Iterator[tuple[_Id, _Id]]:
    by_key = _by_key(every.values())
    for each, issue in every.items():
        for named in issue.named:
            by_id = every.get((named.site, named.issue))
            known = [by_id] if by_id is not None else by_key.get(named.issue, ())
            theirs = [one for one in known if one.site != issue.site and named.site in ("", one.site)]
            if named.field == field and len(theirs) == 1:
                yield each, _id(theirs[0])


def _named_in_words_of(every: Mapping[_Id, Signs], rule: Rule) -> Iterator[tuple[_Id, _Id]]:
    by_key = _by_key(every.values())
    carrying: dict[str, list[_Id]] = {}
    for each, issue in every.items():
        for words in rule.names(issue):
            theirs = [other for other in by_key.get(words, ()) if other.site != issue.site]
            if len(theirs) == 1:
                yield each, _id(theirs[0])
            elif not theirs and rule.kind == LABEL:
                carrying.setdefault(words, []).append(each)
    for same in carrying.values():
        if len({site for site, _ in same}) > 1:
            yield from ((same[0], other) for other in same[1:])


def _by_key(issues: Iterable[Signs]) -> dict[str, list[Signs]]:
    found: dict[str, list[Signs]] = {}
    for issue in issues:
        found.setdefault(issue.key, []).append(issue)
    return found


def _same_summary(issues: Iterable[Signs]) -> Iterator[tuple[Signs, Signs, str]]:
    by_words: dict[str, list[Signs]] = {}
    for issue in issues:
        words = " ".join(issue.summary.split()).casefold()
        if len(words) >= SHORTEST:
            by_words.setdefault(words, []).append(issue)
    for same in by_words.values():
        if len({issue.site for issue in same}) < 2 or len(same) > NAMESAKES:
            continue
        same.sort(key=lambda issue: issue.created)
        for index, one in enumerate(same):
            for other in same[index + 1 :]:
                if other.created - one.created > SAME_DAY:
                    break
                if one.site != other.site:
                    yield one, other, "summary"


def _named_in_words(issues: Iterable[Signs]) -> Iterator[tuple[Signs, Signs, str]]:
    every = list(issues)
    by_key = _by_key(every)
    for issue in every:
        told = [("key", issue.summary), *(("link", words) for words in issue.links)]
        for why, words in told:
            for key in _KEY.findall(words):
                theirs = [other for other in by_key.get(key, ()) if other.site != issue.site]
                # The key of one of its own site's issues most likely means that one.
                if len(theirs) == 1 and all(mine.site != issue.site for mine in by_key[key]):
                    yield issue, theirs[0], why
