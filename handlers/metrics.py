"""Figures for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from fmo_bot.bootstrap import Bot


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
