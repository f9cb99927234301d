"""The workflow file as this oracle reads it: stages in their order, and what is asked of one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

WORKING = ("active", "waiting")


def load(path: Path) -> dict[str, Any]:
    """A workflow file, everything in it as text: to YAML 1.1 the word `off` is no name but a truth value."""
    content: dict[str, Any] = yaml.load(path.read_text(), yaml.BaseLoader)
    return content


@dataclass(frozen=True)
class Stage:
    name: str
    kind: str
    side: str
    early: bool  # before the commitment point

    @property
    def working(self) -> bool:
        return self.kind in WORKING and not self.early

    def same(self, other: "Stage | None") -> bool:
        """Whether another version means the same stage, wherever it stands there."""
        return other is not None and (self.name, self.kind, self.side) == (other.name, other.kind, other.side)


@dataclass(frozen=True)
class Flow:
    """`content`: the workflow file, parsed. `later`: the versions after it, each from its instant on."""

    content: dict[str, Any]
    later: tuple[tuple[int, "Flow"], ...] = ()

    def at(self, instant: int) -> "Flow":
        """The version in force."""
        return [self, *(flow for since, flow in self.later if since <= instant)][-1]

    def dates(self) -> list[int]:
        return [since for since, _ in self.later]

    @property
    def ids(self) -> dict[str, str]:
        return dict(self.content.get("fields") or {})

    @property
    def bad_ends(self) -> list[str]:
        return list(self.content.get("abandoned_resolutions") or [])

    @property
    def commitment(self) -> int:
        names = [stage["name"] for stage in self.content["stages"]]
        return names.index(self.content["commitment"])

    def stage(self, status: str) -> Stage | None:
        """None: the status is unmapped."""
        for place, stage in enumerate(self.content["stages"]):
            if status in stage["statuses"]:
                side = stage.get("side") or "none"
                return Stage(stage["name"], stage["kind"], side, early=place < self.commitment)
        return None
