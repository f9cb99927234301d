"""Figures for Prometheus."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from fmo_bot.bootstrap.bot import Bot


class Metrics:
    """Counters of what came in, and what is in hand when the page is read."""

    def __init__(self, bot: Bot) -> None:
        """A registry of its own: two bots in one process do not count together."""
        self._bot = bot
        self._registry = CollectorRegistry()
        self._taken = Counter("fmo_requests", "Requests taken, by sender", ["sender"], registry=self._registry)
        self._refused = Counter(
            "fmo_requests_refused", "Requests with a wrong signature", ["sender"], registry=self._registry
        )
        self._registry.register(_Night(bot))
        self._in_hand = Gauge("fmo_in_hand", "Deliveries, events and jobs not yet worked", registry=self._registry)

    def took(self, sender: str) -> None:
        """A genuine request of `slack` or `jira`."""
        self._taken.labels(sender).inc()

    def refused(self, sender: str) -> None:
        """A request that was not genuine."""
        self._refused.labels(sender).inc()

    def page(self) -> bytes:
        """The figures as text."""
        self._in_hand.set(self._bot.quiet().in_hand)
        return generate_latest(self._registry)


class _Night(Collector):
    """What this process has found twice in Slack at night, and taken back."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    def collect(self) -> Iterable[Metric]:
        watch = self._bot.night_watch
        yield CounterMetricFamily("fmo_doubles_found", "Copies of messages that were there too many", watch.found)
        yield CounterMetricFamily("fmo_doubles_removed", "Those of them that were removed", watch.removed)
