"""Things that go wrong on purpose, switched on and off through `POST /control/faults`."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RATES = ("drop_before", "drop_after_accept", "timeout", "server_error", "rate_limited", "jira_429", "jira_503")
SECONDS = ("history_lag_s", "index_lag_s")
JIRA_429_REASONS = ("burst", "quota", "per-issue")
SABOTAGE = ("drop", "double", "wrong-side", "late")
LATE_S = 7 * 60


@dataclass
class Faults:
    """Every switch in its present position. Rates are 0..1; `methods` limits Slack's to these API methods."""

    rates: dict[str, float] = field(default_factory=lambda: dict.fromkeys(RATES, 0.0))
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SECONDS, 0.0))
    methods: list[str] = field(default_factory=list)
    changelog_cut: int = 0
    jira_429_reason: str = "burst"
    sabotage: str | None = None
    sabotage_after: int | None = None
    dice: random.Random = field(default_factory=lambda: random.Random(20261116))

    def set(self, told: Mapping[str, Any]) -> None:
        """Move switches; what is not named stays. `ValueError` with a sentence for what there is not."""
        known = {*RATES, *SECONDS, "methods", "changelog_cut", "jira_429_reason", "sabotage", "sabotage_after"}
        if unknown := sorted(set(told) - known):
            raise ValueError(f"There is no fault called {unknown[0]}; there are {', '.join(sorted(known))}.")
        if told.get("sabotage") not in (None, *SABOTAGE):
            raise ValueError(f"sabotage is one of {', '.join(SABOTAGE)} or null.")
        if told.get("jira_429_reason", "burst") not in JIRA_429_REASONS:
            raise ValueError(f"jira_429_reason is one of {', '.join(JIRA_429_REASONS)}.")
        self.rates |= {name: min(1.0, max(0.0, float(told[name] or 0))) for name in RATES if name in told}
        self.seconds |= {name: max(0.0, float(told[name] or 0)) for name in SECONDS if name in told}
        self.methods = list(told.get("methods", self.methods) or [])
        self.changelog_cut = int(told.get("changelog_cut", self.changelog_cut) or 0)
        self.jira_429_reason = str(told.get("jira_429_reason", self.jira_429_reason))
        self.sabotage = told.get("sabotage", self.sabotage)
        self.sabotage_after = told.get("sabotage_after", self.sabotage_after)

    def describe(self) -> dict[str, Any]:
        """Every switch, as `set` takes it."""
        return {
            **self.rates,
            **self.seconds,
            "methods": self.methods,
            "changelog_cut": self.changelog_cut,
            "jira_429_reason": self.jira_429_reason,
            "sabotage": self.sabotage,
            "sabotage_after": self.sabotage_after,
        }

    def strikes(self, rate: str, method: str | None = None) -> bool:
        """Whether the fault `rate` happens now (to a call of Slack's `method`, where one is given)."""
        if method is not None and self.methods and method not in self.methods:
            return False
        chance = self.rates[rate]
        return chance > 0 and self.dice.random() < chance

    def falsify(self, *, direct: bool) -> str | None:
        """How the message an app posts now is to be falsified, if at all; `direct`: into a direct conversation.

        With `sabotage_after` n, the first n messages it could falsify are left alone, and only the next one is not.
        """
        if self.sabotage is None or (self.sabotage == "wrong-side" and not direct):
            return None
        if self.sabotage_after is None:
            return self.sabotage
        self.sabotage_after -= 1
        return self.sabotage if self.sabotage_after == -1 else None
