"""Settings: read once, every problem named at once."""

import re
from pathlib import Path

import pytest

from config.settings import _APP_PARTS, _INSTALL_PARTS, _SITE_PARTS, SLACK_API_URL, Settings
from fmo_bot.errors import SettingsWrong

ROOT = Path(__file__).parents[2]
RIGHT = {
    "FMO_SLACK_APPS": "huawei, telefonica",
    "FMO_SLACK_HUAWEI_BOT_TOKENS": "xoxb-1",
    "FMO_SLACK_HUAWEI_APP_TOKEN": "xapp-1",
    "FMO_SLACK_TELEFONICA_BOT_TOKENS": "xoxb-2,xoxb-3",
    "FMO_SLACK_TELEFONICA_SIGNING_SECRET": "secret",
    "FMO_JIRA_SITES": "shared",
    "FMO_JIRA_SHARED_URL": "https://example.atlassian.net/",
    "FMO_JIRA_SHARED_EMAIL": "bot@example.com",
    "FMO_JIRA_SHARED_TOKEN": "t0ken",
}
SANDBOX = {
    "FMO_SLACK_API_URL": "http://127.0.0.1:9000/slack/api",
    "FMO_JIRA_SHARED_URL": "http://127.0.0.1:9000/jira/shared",
    "FMO_CLOCK_URL": "http://127.0.0.1:9000/clock",
}


def test_right_settings_make_one_value_with_defaults() -> None:
    settings = Settings.read(RIGHT)
    assert [app.key for app in settings.slack_apps] == ["huawei", "telefonica"]
    assert settings.slack_apps[1].bot_tokens == ("xoxb-2", "xoxb-3")
    assert settings.jira_sites[0].url == "https://example.atlassian.net"
    assert (settings.host, settings.port, settings.slack_api_url) == ("127.0.0.1", 8080, SLACK_API_URL)
    assert (settings.database_url, settings.log_level, settings.log_format) == ("sqlite:///fmo.db", "INFO", "text")


def test_the_sandbox_is_reached_by_settings_alone() -> None:
    settings = Settings.read(RIGHT | SANDBOX)
    assert settings.slack_api_url == "http://127.0.0.1:9000/slack/api/"
    assert settings.clock_url == "http://127.0.0.1:9000/clock"


def test_secrets_stay_out_of_the_representation() -> None:
    key = "a" * 43 + "="
    shown = repr(Settings.read(RIGHT | {"FMO_DATABASE_URL": "postgresql://u:pass@h/d", "FMO_SECRET_KEYS": key}))
    assert not any(secret in shown for secret in (key, "xoxb-", "xapp-", "secret'", "t0ken", "pass"))


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('FMO_PORT=9\nFMO_HOST="0.0.0.0"\n')
    settings = Settings.read(RIGHT | {"FMO_PORT": "10"}, file)
    assert (settings.port, settings.host) == (10, "0.0.0.0")


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes("FMO_HOST=Málaga\n".encode("latin-1"))
    with pytest.raises(SettingsWrong, match=r"\.env: this is not UTF-8 text"):
        Settings.read(RIGHT, file)


def test_without_any_setting_the_one_sentence_says_what_follows_from_it() -> None:
    with pytest.raises(SettingsWrong) as caught:
        Settings.read({})
    (problem,) = caught.value.problems
    for name in ("FMO_SLACK_APPS", "_BOT_TOKENS", "_APP_TOKEN", "_SIGNING_SECRET"):
        assert name in problem


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"FMO_SLACK_APPS": ""}, "FMO_SLACK_APPS is missing"),  # set, but to nothing
        ({"FMO_SLACK_APPS": "huawei,huawei,telefonica"}, "FMO_SLACK_APPS names something twice"),
        ({"FMO_ENGINE": "celery"}, "FMO_ENGINE must be one of embedded, procrastinate"),
        ({"FMO_ENGINE": "procrastinate"}, "FMO_ENGINE=procrastinate needs PostgreSQL"),  # SQLite is the default
        ({"FMO_SLACK_APPS": "huawei,telefonica,Über"}, "FMO_SLACK_APPS holds 'Über'"),
        ({"FMO_SLACK_HUAWEI_BOT_TOKENS": ""}, "FMO_SLACK_HUAWEI_BOT_TOKENS is missing"),
        ({"FMO_SLACK_HUAWEI_BOT_TOKENS": "xapp-1"}, "FMO_SLACK_HUAWEI_BOT_TOKENS holds something"),
        ({"FMO_SLACK_HUAWEI_APP_TOKEN": "xoxb-1"}, "FMO_SLACK_HUAWEI_APP_TOKEN is not an app-level token"),
        (
            {"FMO_SLACK_HUAWEI_APP_TOKEN": ""},
            "FMO_SLACK_HUAWEI_APP_TOKEN or FMO_SLACK_HUAWEI_SIGNING_SECRET is missing",
        ),
        ({"FMO_SLACK_API_URL": "http://slack.example/api/"}, "FMO_SLACK_API_URL uses http"),  # not this machine
        ({"FMO_SLACK_API_URL": "http://127.0.0.1.example.com/"}, "FMO_SLACK_API_URL uses http"),  # only looks local
        ({"FMO_SLACK_API_URL": "slack.com"}, "FMO_SLACK_API_URL must be"),
        ({"FMO_SLACK_API_URL": "https://[slack.com/api/"}, "FMO_SLACK_API_URL must be"),  # a bracket left open
        ({"FMO_PUBLIC_URL": "https://bot.example:https"}, "FMO_PUBLIC_URL must be"),  # a port that is no number
        ({"FMO_JIRA_SHARED_URL": "http://jira.example"}, "FMO_JIRA_SHARED_URL uses http"),
        ({"FMO_JIRA_SHARED_URL": "https://bot:pass@jira.example"}, "FMO_JIRA_SHARED_URL holds more than an address"),
        ({"FMO_JIRA_SHARED_TOKEN": ""}, "FMO_JIRA_SHARED_TOKEN is missing"),
        ({"FMO_CLOCK_URL": "http://localhost:1/clock"}, "FMO_CLOCK_URL is for the sandbox only"),  # real Slack
        ({"FMO_PORT": "80800"}, "FMO_PORT must be"),
        ({"FMO_WORKER_PORT": "x"}, "FMO_WORKER_PORT must be"),
        ({"FMO_PORT": "²"}, "FMO_PORT must be"),  # a digit to Python, not to a person
        ({"FMO_SLACK_MESSAGES_PER_MINUTE": "0"}, "FMO_SLACK_MESSAGES_PER_MINUTE must be"),
        ({"FMO_JIRA_SHARED_TOKEN_EXPIRES": "1.3.2027"}, "FMO_JIRA_SHARED_TOKEN_EXPIRES must be a day"),
        ({"HTTPS_PROXY": "socks5://proxy.example"}, "HTTPS_PROXY must be a proxy's address"),
        ({"FMO_JIRA_SHARED_PROXY": "http://"}, "FMO_JIRA_SHARED_PROXY must be a proxy's address"),
        ({"FMO_CA_BUNDLE": "/nowhere.pem"}, "FMO_CA_BUNDLE: /nowhere.pem is no readable file of certificates"),
        ({"FMO_JIRA_SHARED_CA_BUNDLE": __file__}, "FMO_JIRA_SHARED_CA_BUNDLE:"),  # readable, but no certificates
        ({"FMO_JIRA_OAUTH_CLIENT_ID": "x"}, "belong together"),
        ({"FMO_SECRET_KEYS": "passw0rd"}, "FMO_SECRET_KEYS holds something that is no key"),
        ({"FMO_LOG_LEVEL": "loud"}, "FMO_LOG_LEVEL must be one of"),
        ({"FMO_LOG_FORMAT": "xml"}, "FMO_LOG_FORMAT must be one of"),
        ({"FMO_DATABASE_URL": "mysql://x"}, "FMO_DATABASE_URL must be"),
        ({"FMO_DATABASE_URL": "postgresql://u:p@h:port/d"}, "FMO_DATABASE_URL must be"),
        ({"FMO_SLACK_HUAWEI_BOT_TOKEN": "x"}, "is FMO_SLACK_HUAWEI_BOT_TOKENS meant?"),  # misspelt
    ],
)
def test_one_wrong_setting_is_one_sentence(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsWrong) as caught:
        Settings.read(RIGHT | change)
    assert len([problem for problem in caught.value.problems if sentence in problem]) == 1


def test_every_setting_is_explained() -> None:
    explained = (ROOT / "docs" / "settings.md").read_text("utf-8")
    named = set(re.findall(r"FMO_[A-Z_]+[A-Z]", (ROOT / "config" / "settings.py").read_text("utf-8")))
    parts = {f"FMO_SLACK_K_{part}" for part in _APP_PARTS + _INSTALL_PARTS} | {
        f"FMO_JIRA_S_{part}" for part in _SITE_PARTS
    }
    prefixes = {"FMO_SLACK", "FMO_JIRA"}
    assert {name for name in (named - prefixes) | parts if f"`{name}`" not in explained} == set()


def test_every_problem_is_named_at_once() -> None:
    wrong = {"FMO_PORT": "x", "FMO_LOG_FORMAT": "xml", "FMO_JIRA_SITES": "a", "FMO_SLACK_APPS": "b"}
    with pytest.raises(SettingsWrong) as caught:
        Settings.read(wrong)
    named = " ".join(caught.value.problems)
    for name in ("FMO_PORT", "FMO_LOG_FORMAT", "FMO_JIRA_A_URL", "FMO_JIRA_A_TOKEN", "FMO_SLACK_B_BOT_TOKENS"):
        assert name in named


def test_the_way_out_is_read_once_and_a_site_may_have_its_own() -> None:
    proxies = {"HTTPS_PROXY": "proxy.example:3128", "NO_PROXY": "jira.inside, .corp.example"}
    settings = Settings.read(RIGHT | proxies | {"FMO_JIRA_SHARED_PROXY": "http://u:pw@other.example:8080"})
    assert settings.network.proxy_for("https://slack.com/api/") == "http://proxy.example:3128"
    assert settings.network.proxy_for("https://jira.corp.example") is None
    assert settings.jira_sites[0].network.proxy_for("https://jira.corp.example") == "http://u:pw@other.example:8080"
    assert "pw" not in repr(settings)


def test_a_site_may_be_reached_without_the_proxy_of_the_others() -> None:
    settings = Settings.read(RIGHT | {"https_proxy": "http://proxy.example:3128", "FMO_JIRA_SHARED_PROXY": "none"})
    assert settings.jira_sites[0].network.proxy_for("https://example.atlassian.net") is None
    assert settings.network.proxy_for("https://slack.com") is not None


@pytest.mark.parametrize(
    ("exception", "host", "direct"),
    [
        ("example.com", "example.com", True),
        ("example.com", "jira.example.com", True),
        ("example.com", "notexample.com", False),
        (".example.com", "jira.example.com", True),
        ("*.example.com", "jira.example.com", True),
        ("EXAMPLE.com", "jira.Example.com", True),
        ("example.com:8443", "example.com:8443", True),
        ("example.com:8443", "example.com", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("fd00::/8", "[fd00::1]", True),
        ("*", "anything.example", True),
        (".", "anything.example", False),
        ("", "127.0.0.1", True),  # this machine is never asked for through a proxy
        ("", "localhost:9000", True),
        ("", "127.0.0.1.example.com", False),
    ],
)
def test_who_is_reached_without_the_proxy(exception: str, host: str, direct: bool) -> None:
    settings = Settings.read(RIGHT | {"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": exception})
    assert (settings.network.proxy_for(f"https://{host}/rest") is None) is direct
