"""Question templates."""

from importlib.resources import files
from typing import Any

import yaml


def template(name: str = "standup") -> list[dict[str, Any]]:
    """The questions of a template: mappings with `key`, `label` and perhaps `hint`, `required`, `visibility`."""
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    questions: list[dict[str, Any]] = yaml.safe_load(text)
    return questions
