"""Which fields a site has, and which of them its screens let people edit."""

from dataclasses import dataclass
from typing import Any

from fmo_bot.sandbox.jira.fields import FieldIds

Json = dict[str, Any]
HERE, OFF_SCREEN, MISSING = STATES = ("here", "off-screen", "missing")


@dataclass
class Screens:
    """The two fields that sites set up in their own way."""

    flagged: str = HERE
    points: str = HERE

    def lost(self, ids: FieldIds) -> frozenset[str]:
        """The ids of fields the site does not have."""
        return frozenset(number for state, number in self._states(ids) if state == MISSING)

    def off(self, ids: FieldIds) -> frozenset[str]:
        """The ids of fields that cannot be edited."""
        return frozenset(number for state, number in self._states(ids) if state != HERE)

    def _states(self, ids: FieldIds) -> list[tuple[str, str]]:
        return [(self.flagged, ids.flagged), (self.points, ids.points)]
