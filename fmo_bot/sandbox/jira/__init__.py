"""A pretend Jira, Cloud or Data Center, over issues from a file or over the sandbox's own story."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from starlette.routing import BaseRoute

from fmo_bot.sandbox.jira import (
    agile,
    control,
    door,
    export,
    meta,
    pats,
    platform,
    reading,
    remote,
    report,
    search,
    story,
    webhooks,
    writing,
)
from fmo_bot.sandbox.jira.changes import Changes
from fmo_bot.sandbox.jira.export import Export
from fmo_bot.sandbox.jira.gateway import Gateway
from fmo_bot.sandbox.jira.hooks import Hooks
from fmo_bot.sandbox.jira.site import Clock, Settings, Site

MOST_PROBLEMS_SHOWN = 20
_log = logging.getLogger(__name__)
__all__ = ["Export", "JiraSite", "Options", "build", "gateway_of", "load", "suggested_start"]


class Options(Protocol):
    """What is asked of the sandbox's options. Without `issues` the site tells the story."""

    @property
    def jira(self) -> str:
        """`cloud` or `dc`."""

    @property
    def issues(self) -> Path | None:
        """Issues as JSON lines."""

    @property
    def sprints(self) -> Path | None:
        """Sprints as JSON."""

    @property
    def board(self) -> Path | None:
        """A board configuration as JSON."""


class JiraSite:
    """One site: what the server mounts, asks and tells."""

    def __init__(self, site: Site) -> None:
        """`site`: with all it holds."""
        self.site = site
        self.hooks = Hooks(site)
        self.changes = Changes(site, self.hooks)
        self._caught_up = site.now()
        table = [
            *meta.ENDPOINTS,
            *reading.ENDPOINTS,
            *search.ENDPOINTS,
            *platform.ENDPOINTS,
            *agile.ENDPOINTS,
            *report.ENDPOINTS,
            *writing.endpoints(self.changes),
            *remote.endpoints(self.changes),
            *webhooks.endpoints(self.hooks),
            *pats.ENDPOINTS,
        ]
        self.routes: list[BaseRoute] = list(door.routes(site, table))
        self.control_routes: list[BaseRoute] = list(control.routes(self.changes))

    def describe(self) -> dict[str, Any]:
        """Its part of `GET /control/world`; instants as ISO 8601, `problems` as sentences."""
        site = self.site
        busiest = site.busiest
        last = site.last_change()
        return {
            "site": site.key,
            "flavour": site.settings.flavour,
            "email": site.email,
            "token": site.token,
            "cloud_id": site.cloud_id if site.is_cloud else None,
            "scoped_token": f"jira-sandbox-scoped-{site.key}" if site.is_cloud else None,
            "boards": [{"id": one.shape["id"], "name": one.shape["name"]} for one in site.boards.by_id.values()],
            "busiest_sprint": {
                "id": busiest.id,
                "name": busiest.name,
                "start": _iso(busiest.start),
                "end": _iso(busiest.closes),
            }
            if busiest
            else None,
            "last_change": _iso(last),
            "problems": site.problems,
        }

    def suggested_start(self) -> datetime:
        """Where the clock should start for the check: 00:30 UTC before the busiest sprint's last day."""
        return self.site.suggested_start()

    def next_event(self) -> datetime | None:
        """The next instant not yet caught up with: of the history, of a sprint, of a webhook to be sent again."""
        planned = [self.site.next_after(self._caught_up), self.hooks.next_due()]
        return min((at for at in planned if at is not None), default=None)

    def catch_up(self, now: datetime) -> None:
        """Send the webhooks of what has come since the last time, and tell the page; returns at once."""
        after, self._caught_up = self._caught_up, max(now, self._caught_up)
        for happening in self.site.between(after, now):
            self.hooks.happened(happening)
            self.changes.announce(happening.issue)
        self.hooks.again(now)

    def record(self) -> dict[str, Any]:
        """Every issue with its history up to the clock, the sprints, the board."""
        return control.record_of(self.changes)

    def close(self) -> None:
        """Let webhooks on their way arrive."""
        self.hooks.close()


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def build(
    site: str,
    clock: Clock,
    *,
    options: Options,
    faults: Callable[[], Mapping[str, Any]] = dict,
    on_change: Callable[..., None] | None = None,
    denied: frozenset[str] = frozenset(),
    zone: str = "UTC",
    held: Export | None = None,
) -> JiraSite:
    """A site with the key `site`.

    `faults()` gives the faults switched on just now, by the names of docs/sandbox.md; `on_change(kind, **what)` hears
    of every change; `denied` operations answer 403; `zone` is the profile zone of the bot's account;
    `held` is what `load` read, where it was read already.
    """
    held = held or load(options)
    _complain(held.problems)
    settings = Settings(flavour=options.jira, zone=zone, faults=faults, denied=denied, on_change=on_change)
    return JiraSite(Site(site, clock, held, settings))


def gateway_of(sites: Mapping[str, JiraSite]) -> Gateway:
    """Atlassian's gateway to these sites."""
    return Gateway({key: one.site for key, one in sites.items()}, {key: one.routes for key, one in sites.items()})


def _complain(problems: list[str]) -> None:
    for problem in problems[:MOST_PROBLEMS_SHOWN]:
        _log.warning("%s", problem)
    if len(problems) > MOST_PROBLEMS_SHOWN:
        _log.warning("... and %d more; GET /control/world lists them all.", len(problems) - MOST_PROBLEMS_SHOWN)


def suggested_start(options: Options, held: Export | None = None) -> datetime:
    """Where the clock should start for these options, before anything is built; `held` as for `build`."""
    return Site("unbuilt", _NoClock(), held or load(options), Settings(flavour=options.jira)).suggested_start()


def load(options: Options) -> Export:
    """What the options' files hold, or the story. Raises `UnusableExport`."""
    if options.issues is None:
        if options.sprints or options.board:
            raise export.UnusableExport("Sprints and a board belong to issues: give --issues as well.")
        return story.tell()
    return export.read(issues=options.issues, sprints=options.sprints, board=options.board)


class _NoClock:
    """Nothing asks for the time before a site is built."""

    def now(self) -> datetime:
        raise RuntimeError("there is no clock yet")

    def busy(self, what: str) -> Any:
        raise RuntimeError("there is no clock yet")
