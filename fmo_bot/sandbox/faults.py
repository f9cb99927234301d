"""Things that go wrong on purpose, switched on and off through `POST /control/faults`."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

RATES = ("drop_before", "drop_after_accept", "timeout", "server_error", "rate_limited")
JIRA_RATES = (
    "jira_429",
    "jira_503",
    "jira_drop_before",
    "jira_drop_after",
    "jira_slow",
    "jira_short_pages",
    "jira_repeat_token",
    "jira_conflict",
)
SECONDS = ("history_lag_s", "index_lag_s", "jira_slow_s")
SABOTAGE = ("drop", "double", "wrong-side", "late")
LATE_S = 7 * 60


def _one_of(*allowed: str | None) -> Callable[[str, Any], Any]:
    def check(name: str, value: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"{name} is one of {', '.join(str(one or 'null') for one in allowed)}.")
        return value

    return check


def _rate(name: str, value: Any) -> float:
    return min(1.0, max(0.0, float(value or 0)))


def _seconds(name: str, value: Any) -> float:
    return max(0.0, float(value or 0))


def _number(name: str, value: Any) -> int | None:
    return None if value is None else int(value)


def _words(name: str, value: Any) -> list[str]:
    return [str(one) for one in value or []]


SWITCHES: Mapping[str, tuple[Any, Callable[[str, Any], Any]]] = {  # name: (where it stands at first, what it takes)
    **{name: (0.0, _rate) for name in (*RATES, *JIRA_RATES)},
    **{name: (0.0, _seconds) for name in SECONDS},
    "methods": ([], _words),
    "blocks_refused": ([], _words),
    "sabotage": (None, _one_of(None, *SABOTAGE)),
    "sabotage_after": (None, _number),
    "seed": (None, _number),
    "changelog_cut": (0, lambda name, value: int(value or 0)),
    "index_lag_uneven": (False, lambda name, value: bool(value)),
    "changelog_cut_bulk": (False, lambda name, value: bool(value)),
    "changelog_totals": ("right", _one_of("right", "wrong", "missing")),
    "jira_429_reason": ("burst", _one_of("burst", "quota", "per-issue")),
    "jira_429_wait_s": (None, _number),
    "jira_429_holds": (False, lambda name, value: bool(value)),
    "jira_503_wait_s": (None, _number),
    "jira_skew_s": (0.0, lambda name, value: float(value or 0)),
    "jira_report": (None, _one_of(None, "missing", "gone", "odd")),
    "jira_paths": ([], _words),
    "jira_site": (None, lambda name, value: None if value is None else str(value)),
}


@dataclass
class Faults:
    """Every switch in its present position. Rates are 0..1; `methods` limits Slack's to these API methods."""

    held: dict[str, Any] = field(default_factory=lambda: {name: first for name, (first, _) in SWITCHES.items()})
    dice: random.Random = field(default_factory=lambda: random.Random(20261116))

    def set(self, told: Mapping[str, Any]) -> None:
        """Move switches; what is not named stays. `ValueError` with a sentence for what there is not."""
        if unknown := sorted(set(told) - set(SWITCHES)):
            raise ValueError(f"There is no fault called {unknown[0]}; there are {', '.join(sorted(SWITCHES))}.")
        moved = {name: SWITCHES[name][1](name, value) for name, value in told.items()}
        self.held = {**self.held, **moved}
        if moved.get("seed") is not None:
            self.dice.seed(moved["seed"])

    def describe(self) -> Mapping[str, Any]:
        """Every switch, as `set` takes it; do not change what comes back."""
        return self.held

    @property
    def methods(self) -> list[str]:
        """Those of Slack's API that faults are limited to; empty: all."""
        listed: list[str] = self.held["methods"]
        return listed

    def strikes(self, rate: str, method: str | None = None) -> bool:
        """Whether the fault `rate` happens now (to a call of Slack's `method`, where one is given)."""
        if method is not None and self.methods and method not in self.methods:
            return False
        chance: float = self.held[rate]
        return chance > 0 and self.dice.random() < chance

    def falsify(self, *, direct: bool) -> str | None:
        """How the message an app posts now is to be falsified, if at all; `direct`: into a direct conversation.

        With `sabotage_after` n, the first n messages it could falsify are left alone, and only the next one is not.
        """
        sabotage: str | None = self.held["sabotage"]
        if sabotage is None or (sabotage == "wrong-side" and not direct):
            return None
        if self.held["sabotage_after"] is None:
            return sabotage
        self.held["sabotage_after"] -= 1
        return sabotage if self.held["sabotage_after"] == -1 else None
