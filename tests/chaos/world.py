"""A world large enough for a storm: many workspaces of one app, each with its people and channels."""

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from config.manifests import manifest
from fmo_bot.domain.parties import Person, Place

APP, KEY = "A0STORM", "storm"
PEOPLE, CHANNELS = 30, 5  # of each workspace


@dataclass(frozen=True)
class World:
    """What there is, by number of the workspace."""

    workspaces: int

    def team(self, workspace: int) -> str:
        return f"T0W{workspace:03d}"

    def bot(self, workspace: int) -> str:
        return f"U0BOT{workspace:03d}"

    @staticmethod
    def bot_id(team: str) -> str:
        """Whose messages in a workspace are ours, as the sandbox derives it from the bot's user id."""
        return f"B0BOT{team[3:]}"

    def person(self, workspace: int, number: int) -> Person:
        return Person(self.team(workspace), f"U0W{workspace:03d}P{number:02d}")

    def channel(self, workspace: int, number: int) -> Place:
        return Place(self.team(workspace), f"C0W{workspace:03d}N{number}")

    def direct(self, workspace: int, person: Person) -> str:
        """The id the sandbox gives the direct conversation of a person with the app."""
        return f"D{self.bot(workspace)[1:]}{person.user[1:]}"

    def tokens(self) -> dict[str, str]:
        """Team id -> bot token."""
        teams = map(self.team, range(self.workspaces))
        return {team: f"xoxb-sandbox-{KEY}-{team}" for team in teams}

    def write(self, folder: Path, *, profile: str) -> tuple[Path, Path]:
        """The files `--world` and `--manifest` take; the app hears no events, since nobody listens here."""
        world, made = folder / "world.json", manifest(transport="socket", profile=profile)
        made["settings"]["event_subscriptions"]["bot_events"] = []
        world.write_text(json.dumps(self._described()), "utf-8")
        permissions = folder / "manifest.yaml"
        permissions.write_text(yaml.safe_dump(made, sort_keys=False), "utf-8")
        return world, permissions

    def _described(self) -> dict[str, object]:
        numbers = range(self.workspaces)
        installed = {self.team(n): self.bot(n) for n in numbers}
        return {
            "workspaces": [{"id": self.team(n), "name": f"Workspace {n}", "domain": f"workspace-{n}"} for n in numbers],
            "people": [self._person(n, each) for n in numbers for each in range(PEOPLE)],
            "channels": [self._channel(n, each) for n in numbers for each in range(CHANNELS)],
            "apps": {"one": [{"id": APP, "key": KEY, "name": "FMO bot", "installed": installed}]},
            "without_manifest": {"commands": [], "shortcuts": []},
        }

    def _person(self, workspace: int, number: int) -> dict[str, object]:
        user, name = self.person(workspace, number).user, f"person-{workspace}-{number}"
        return {"id": user, "team": self.team(workspace), "name": name, "real_name": name, "tz": "Europe/Madrid"}

    def _channel(self, workspace: int, number: int) -> dict[str, object]:
        place = self.channel(workspace, number)
        members = [self.person(workspace, 0).user]
        return {"id": place.channel, "name": f"team-{workspace}-{number}", "host": place.workspace, "members": members}
