"""Short storms: the bot comes through one, and the judge sees what happens without each of its two safeguards."""

from pathlib import Path

import pytest

from tests.chaos.storm import Outcome, Plan, storm

# A whole storm in seconds: faults are many, leases short. A call that runs into its time-out takes two.
LEASE_S, SEARCH_AFTER_S = 4.0, 1.0


def blow(
    folder: Path,
    *,
    items: int,
    faults: dict[str, float],
    broken: str = "",
    engine: str = "sqlite",
    in_channels: int = 10,
) -> Outcome:
    plan = Plan(
        engine=engine,
        items=items,
        seed=20261123,
        folder=folder,
        workspaces=4,
        seconds=1.5 if broken else 3.0,
        lease=LEASE_S,
        search_after=SEARCH_AFTER_S,
        freeze_every=60.0,
        in_channels=in_channels,
        broken=broken,
        faults=faults,
        patience=2.0 if broken else 60.0,
    )
    return storm(plan)


def test_nothing_is_lost_or_doubled_in_a_storm(tmp_path: Path) -> None:
    faults = {"drop_after_accept": 0.1, "drop_before": 0.1, "timeout": 0.05, "server_error": 0.05, "rate_limited": 0.1}
    outcome = blow(tmp_path, items=40, faults=faults)
    assert (outcome.verdict.lost, outcome.verdict.doubled) == ([], [])
    assert outcome.monkey.kills > 0
    assert outcome.verdict.recoveries


def test_what_is_uncertain_without_history_is_sent_again_or_dropped_as_a_scrum_master_says(tmp_path: Path) -> None:
    faults = {"drop_after_accept": 0.3, "drop_before": 0.2}
    outcome = blow(tmp_path, items=24, faults=faults, engine="no-history", in_channels=60)
    assert outcome.verdict.good, outcome.verdict
    assert outcome.settled is not None
    assert outcome.settled.again
    assert outcome.verdict.unsure == len(outcome.settled.again | outcome.settled.dropped)


# What is left out -> faults under which that has to be seen.
BROKEN = {"reconcile": {"drop_after_accept": 0.3}, "lease": {"timeout": 0.3}}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_storm_is_not_survived_without(broken: str, tmp_path: Path) -> None:
    outcome = blow(tmp_path, items=30, faults=BROKEN[broken], broken=broken)
    assert outcome.verdict.doubled
    assert not outcome.verdict.good
