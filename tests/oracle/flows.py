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
    place: int
    name: str
    kind: str
    side: str

    @property
    def working_kind(self) -> bool:
        return self.kind in WORKING


@dataclass(frozen=True)
class Flow:
    """`content`: the workflow file, parsed."""

    content: dict[str, Any]

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
                return Stage(place, stage["name"], stage["kind"], stage.get("side") or "none")
        return None

    def working(self, stage: Stage | None) -> bool:
        return stage is not None and stage.working_kind and stage.place >= self.commitment

    def early(self, stage: Stage | None) -> bool:
        return stage is not None and stage.place < self.commitment
