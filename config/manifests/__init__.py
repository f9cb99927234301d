"""The Slack app manifests: one template, rendered for a transport and a profile (slack.md section 5)."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import yaml

TRANSPORTS = ("socket", "http")
MOST_DOMAINS = 5
OF_GRIDS = ("team_access_granted", "team_access_revoked")  # events that only an app of a whole organisation hears
# What each profile asks for beyond the template. `full` reads history only to find the bot's own message by its key.
PROFILES: dict[str, tuple[str, ...]] = {"minimal": (), "full": ("channels:history", "files:read", "groups:history")}


def manifest(
    *,
    transport: str,
    profile: str,
    url: str | None = None,
    key: str = "fmo",
    jira: Sequence[str] = (),
    grid: bool = False,
) -> dict[str, Any]:
    """The manifest as Slack takes it; `url` is the public address (for HTTP, and where people install the app by
    themselves), `key` the app's key in the settings. `grid`: it may be installed in a whole Enterprise Grid.
    `jira`: the hosts of the Jira sites whose links the app is told of, at most five; a change needs a new installation.

    Raises ValueError with a sentence where the arguments do not fit together.
    """
    _judge(transport, profile, url)
    if len(jira) > MOST_DOMAINS:
        raise ValueError(f"--jira can be given {MOST_DOMAINS} times: Slack tells an app of no more domains.")
    made: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("template.yaml").read_text(encoding="utf-8"))
    scopes = made["oauth_config"]["scopes"]
    scopes["bot"] = sorted((*scopes["bot"], *PROFILES[profile]))
    made["features"]["unfurl_domains"] = list(jira)
    made["settings"]["org_deploy_enabled"] = grid
    if grid:
        made["settings"]["event_subscriptions"]["bot_events"].extend(OF_GRIDS)
    if url:
        made["oauth_config"]["redirect_urls"] = [f"{url.rstrip('/')}/slack/{key}/oauth"]
    if transport == "http":
        _speak_http(made, f"{(url or '').rstrip('/')}/slack/{key}/events")
    return made


def scopes(profile: str) -> dict[str, str]:
    """The bot scopes of a profile, each with its reason in one sentence."""
    reasons = yaml.safe_load(files(__package__).joinpath("reasons.yaml").read_text(encoding="utf-8"))["scopes"]
    return {
        scope: reasons[scope]
        for scope in manifest(transport="socket", profile=profile)["oauth_config"]["scopes"]["bot"]
    }


def _judge(transport: str, profile: str, url: str | None) -> None:
    if transport not in TRANSPORTS:
        raise ValueError(f"--transport must be one of {', '.join(TRANSPORTS)}; it is {transport!r}.")
    if profile not in PROFILES:
        raise ValueError(f"--profile must be one of {', '.join(PROFILES)}; it is {profile!r}.")
    if transport == "http" and not (url or "").startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ValueError("--url is needed for HTTP: the https address under which Slack reaches the bot.")


def _speak_http(made: dict[str, Any], address: str) -> None:
    settings = made["settings"]
    settings["socket_mode_enabled"] = False
    settings["event_subscriptions"]["request_url"] = address
    settings["interactivity"]["request_url"] = address
    for command in made["features"]["slash_commands"]:
        command["url"] = address
