"""The pack for a company's security department: all they ask before they approve the app, as one text in Markdown.

What it says is read from where it is true: the manifest, its scopes and their reasons, the tables with what they hold,
the periods that the code keeps to, the software that is installed. What nobody has said stands there as not said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import metadata
from importlib.resources import files
from typing import Any

import yaml
from packaging.requirements import Requirement

from fmo_bot.delivery.retention import ASKED_FOR, KNOWN_FOR, SENT_FOR, UNDONE_FOR, UNSENT_FOR
from fmo_bot.domain.accounts import CODE_FOR
from fmo_bot.services.act_rows import KNOWN_FOR as ACTS_FOR

NOT_SAID = "not said: ask whoever gave you this pack"
PROGRAM = "fmo-bot"
_PERIODS = {
    "sent_for": SENT_FOR,
    "unsent_for": UNSENT_FOR,
    "undone_for": UNDONE_FOR,
    "known_for": KNOWN_FOR,
    "asked_for": ASKED_FOR,
    "acts_for": ACTS_FOR,
    "code_for": CODE_FOR,
}


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """Who runs the server and where. None: nobody has said so."""

    company: str | None = None
    country: str | None = None


def security_pack(manifest: Mapping[str, Any], hosting: Hosting, at: datetime) -> str:
    """The whole pack; `manifest`: of the very app that the company would create, `at`: when it is made (UTC)."""
    parts = [
        _text("about.md").format(
            version=metadata.version(PROGRAM),
            day=at.date().isoformat(),
            company=_cell(hosting.company or NOT_SAID),
            country=_cell(hosting.country or NOT_SAID),
            transport=_text("socket.md" if manifest["settings"]["socket_mode_enabled"] else "http.md"),
        ),
        "## What the app asks of Slack\n\n" + _scopes(manifest),
        "## What is stored, and how long\n\n" + _stored(),
        _text("privacy.md").replace("\n## ", "\n### ").replace("# What is stored", "## In detail: what is stored", 1),
        _text("protection.md"),
        "## What it is made of\n\n" + _table(("part", "version", "licence"), _software()),
        "## The app's manifest\n\nFrom this the app is created at api.slack.com/apps, “From a manifest”; it can do"
        f" nothing that is not in it.\n\n```yaml\n{yaml.safe_dump(manifest, allow_unicode=True, sort_keys=False)}```",
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def data_map() -> Sequence[Mapping[str, Any]]:
    """What every table holds, of whom and how long: `what`, `tables`, `holds`, `people`, `kept`."""
    entries: Sequence[Mapping[str, Any]] = yaml.safe_load(_text("data_map.yaml"))
    periods = {name: _said(period) for name, period in _PERIODS.items()}
    return [{**entry, "kept": entry["kept"].format(**periods)} for entry in entries]


def _scopes(manifest: Mapping[str, Any]) -> str:
    reasons = yaml.safe_load(files("config.manifests").joinpath("reasons.yaml").read_text("utf-8"))
    scopes = ((f"`{name}`", reasons["scopes"][name]) for name in manifest["oauth_config"]["scopes"]["bot"])
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    heard = ((f"`{name}`", reasons["events"][name]) for name in events)
    return "\n\n".join((_table(("scope", "what for"), scopes), _table(("event", "what for"), heard)))


def _stored() -> str:
    rows = (
        (entry["what"], entry["holds"], "yes" if entry["people"] else "no", entry["kept"], ", ".join(entry["tables"]))
        for entry in data_map()
    )
    return _table(("what", "what of it", "about people", "kept", "tables"), rows)


def _software() -> Iterator[tuple[str, str, str]]:
    """Everything the program needs and that is installed beside it, by name."""
    wanted, found = [PROGRAM], dict[str, metadata.Distribution]()
    while wanted:
        for text in metadata.requires(wanted.pop()) or ():
            needed = Requirement(text)
            if needed.name in found or (needed.marker is not None and not needed.marker.evaluate({"extra": ""})):
                continue
            found[needed.name] = metadata.distribution(needed.name)
            wanted.append(needed.name)
    for name in sorted(found, key=str.lower):
        about = found[name].metadata
        yield name, found[name].version, _licence(about)


def _licence(about: Any) -> str:
    """As the part says itself: by its expression, else by its classifiers, else the first line of its own words."""
    classified = [
        line.rsplit(" :: ", 1)[-1] for line in about.get_all("Classifier") or () if line.startswith("License :: ")
    ]
    words = (about["License"] or "").strip().splitlines()
    return about["License-Expression"] or ", ".join(classified) or (words[0] if words else "not said")


def _said(period: timedelta) -> str:
    minutes = int(period.total_seconds()) // 60
    return f"{period.days} days" if period.days else f"{minutes} minutes"


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    lines += [" | ".join(map(_cell, row)) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _text(name: str) -> str:
    return files("config.pack").joinpath(name).read_text("utf-8")
