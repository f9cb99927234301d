"""Log lines carry no secrets."""

import json
import logging

import pytest
import structlog

from config.logging import configure, redact


@pytest.mark.parametrize(
    ("said", "kept_out"),
    [
        ("got xoxb-12-abc", "xoxb-12-abc"),
        ("rotating xoxe.xoxb-1-abc", "xoxb-1-abc"),
        ("socket xapp-1-A-b", "xapp-1-A-b"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("Authorization: Basic Ym90Og==", "Ym90Og=="),
        ("signature v0=" + "a" * 64, "a" * 64),
        ("signature sha256=" + "b" * 64, "b" * 64),
        ("posting to https://hooks.slack.com/commands/T/1/abc", "T/1/abc"),
        ("posting to http://127.0.0.1:1/slack/response/abc", "response/abc"),
        ('"POST /jira/dc/hooks/k0cVdxnqNpkUxU8qorWroFPoE3b7DJ HTTP/1.1" 200', "k0cVdxnq"),
        ("postgresql://user:pass@host/db", "pass"),
        ('{"token":"verification"}', "verification"),
        ("token=verification&team=T", "verification"),
    ],
)
def test_secrets_are_taken_out(said: str, kept_out: str) -> None:
    assert kept_out not in redact(None, "info", {"event": said})["event"]


def test_secret_fields_and_long_bodies_are_cut() -> None:
    line = redact(None, "info", {"event": "x", "Authorization": "abc", "headers": {"Cookie": "c"}, "body": "y" * 9000})
    assert (line["Authorization"], line["headers"]["Cookie"]) == ("[secret]", "[secret]")
    assert len(line["body"]) <= 2001


def test_of_a_long_traceback_the_end_is_kept_which_says_what_happened() -> None:
    line = redact(None, "error", {"event": "x", "exception": "Traceback\n" + "frame\n" * 2000 + "KeyError: 'user'"})
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("KeyError: 'user'")
    assert len(line["exception"]) <= 2001


def test_our_lines_and_the_libraries_come_out_of_one_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level, ours_before = root.handlers[:], root.level, structlog.get_config()
    try:
        configure(level="INFO", style="json")
        structlog.get_logger("ours").info("hello %s", "there", token="t")
        logging.getLogger("theirs").warning("got %s", "xoxb-1-2")
        logging.getLogger("slack_bolt.App").info("a whole body")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.configure(**ours_before)
    ours, theirs = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (ours["event"], ours["token"], ours["logger"]) == ("hello there", "[secret]", "ours")
    assert theirs["event"] == "got [secret]"
