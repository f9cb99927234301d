"""Manifests: the scopes the bot asks for, and no more."""

from typing import Any

import pytest

from config.manifests import manifest


def test_the_minimal_profile_reads_no_channel_history() -> None:
    scopes = manifest(transport="socket", profile="minimal")["oauth_config"]["scopes"]["bot"]
    assert {"chat:write", "commands", "files:write", "im:write"} <= set(scopes)
    assert not {"channels:history", "groups:history", "files:read"} & set(scopes)


def test_the_full_profile_can_find_its_own_messages() -> None:
    scopes = manifest(transport="socket", profile="full")["oauth_config"]["scopes"]["bot"]
    assert {"channels:history", "groups:history", "files:read"} <= set(scopes)


def test_http_names_one_address_for_everything() -> None:
    made = manifest(transport="http", profile="minimal", url="https://bot.example/", key="huawei")
    address = "https://bot.example/slack/huawei/events"
    assert made["settings"]["event_subscriptions"]["request_url"] == address
    assert made["settings"]["interactivity"]["request_url"] == address
    assert made["features"]["slash_commands"][0]["url"] == address
    assert made["settings"]["socket_mode_enabled"] is False


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"transport": "pigeon", "profile": "minimal"}, "--transport must be one of"),
        ({"transport": "socket", "profile": "huge"}, "--profile must be one of"),
        ({"transport": "http", "profile": "minimal"}, "--url is needed"),  # Slack must know where
        ({"transport": "http", "profile": "minimal", "url": "http://bot.example"}, "--url is needed"),  # in clear
    ],
)
def test_what_does_not_fit_is_said(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        manifest(**arguments)


def test_links_are_told_of_for_the_sites_that_are_named() -> None:
    made = manifest(transport="socket", profile="minimal", jira=["joint.atlassian.net"])
    assert made["features"]["unfurl_domains"] == ["joint.atlassian.net"]
    assert {"links:read", "links:write"} <= set(made["oauth_config"]["scopes"]["bot"])
    assert "link_shared" in made["settings"]["event_subscriptions"]["bot_events"]
    assert made["features"]["shortcuts"][0]["callback_id"] == "issue_from_message"
    with pytest.raises(ValueError, match="--jira can be given 5 times"):
        manifest(transport="socket", profile="minimal", jira=["a.example"] * 6)
