"""Events are written into the inbox before they are acknowledged, each once, and worked from there.

Slack delivers an event again when an acknowledgement is late or lost, and once per app where two apps share a channel;
the event's key makes those one. The few fields a job needs are kept, never a whole body.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from slack_bolt import App, BoltResponse

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.bootstrap.installing import JOB as ENDED
from fmo_bot.domain.parties import Person
from fmo_bot.services.channels import LOOK
from fmo_bot.services.people import CHANGED, JOINED, LEFT

HOME_OPENED, WORDS, LINKS = "home_opened", "words", "unfurl"
UNASKED = (LINKS, JOINED, LEFT, CHANGED, ENDED)  # nobody waits for an answer to these
_LINKS = 5  # of one message
_LONGEST = 300  # characters of a message to the bot that are kept: enough for a command
_LONGEST_REPLY = 12_000  # and of one in a thread, which may be an answer; each answer has its own limit

Event = Mapping[str, Any]


def register(app: App, bot: Bot) -> None:
    """Take every event of this app."""
    key = app.name.removeprefix("fmo-")  # as handlers.bolt names it

    def take_in(body: dict[str, Any], at: datetime, next: Callable[[], BoltResponse]) -> BoltResponse:
        if body.get("type") != "event_callback":
            return next()
        event, kind = body["event"], job_of(bot, body)
        if event.get("type") in CHANNELS:
            _of_channel(bot, body, event, at)
        if kind is not None and kind != LOOK:
            kept = _about_app(key, body, event) if kind == ENDED else _kept(body, event)
            asker = None if kind in UNASKED else _asker(bot, kept)
            bot.record(event_key=_key(body, event), kind=kind, payload=kept, at=at, asker=asker)
        return BoltResponse(status=200, body="")

    app.use(take_in)


def job_of(bot: Bot, body: Mapping[str, Any]) -> str | None:
    """The kind of job an event leads to; None where nothing is to be done, as with most of what we said ourselves."""
    event = body["event"]
    return _of_people(bot, event) or (LOOK if event.get("type") in CHANNELS else None)


def _of_people(bot: Bot, event: Event) -> str | None:
    kind = KINDS.get(event.get("type", ""), _nothing)(event)
    if kind == CHANGED:  # Slack tells of everybody in a workspace
        return kind if bot.people.knows(Person(str(event["user"].get("team_id")), str(event["user"]["id"]))) else None
    return None if kind is None or bot.installs.is_ours(event) else kind


def _home_opened(event: Event) -> str | None:
    return HOME_OPENED if event.get("tab") == "home" else None


def _mention(event: Event) -> str | None:
    return WORDS if _spoken(event) else None


def _direct_message(event: Event) -> str | None:
    return WORDS if event.get("channel_type") == "im" and _spoken(event) else None


def _spoken(event: Event) -> bool:
    """A person's own new words; not an edit, a file's notice, or another bot, with which we might talk for ever."""
    return "user" in event and not event.get("subtype") and not event.get("bot_id")


def _links(event: Event) -> str | None:
    """Links that stand in a conversation. In the composer there is no message yet, and its channel is none."""
    return (
        None if event.get("source") == "composer" or not str(event.get("channel", "")).startswith(("C", "G")) else LINKS
    )


def _joined(event: Event) -> str | None:
    return JOINED


def _left(event: Event) -> str | None:
    return LEFT


def _changed(event: Event) -> str | None:
    return CHANGED if isinstance(event.get("user"), Mapping) and event["user"].get("deleted") else None


def _gone(event: Event) -> str | None:
    """The app was removed, or its own token was; the token of a person who signed in is none of ours."""
    tokens = event.get("tokens")
    return ENDED if event["type"] == "app_uninstalled" or (isinstance(tokens, Mapping) and tokens.get("bot")) else None


def _let_in(event: Event) -> str | None:
    """The app of a whole organisation may speak in other workspaces of it than before: Slack is asked in which."""
    return ENDED


def _nothing(event: Event) -> str | None:
    return None


KINDS: dict[str, Callable[[Event], str | None]] = {
    "app_home_opened": _home_opened,
    "app_mention": _mention,
    "message": _direct_message,
    "link_shared": _links,
    "member_joined_channel": _joined,
    "member_left_channel": _left,
    "user_change": _changed,
    "app_uninstalled": _gone,
    "tokens_revoked": _gone,
    "team_access_granted": _let_in,
    "team_access_revoked": _let_in,
}


# What becomes of channels. Whoever did it, one of our own apps included: it only says where to look.
CHANNELS = frozenset(
    f"{kind}_{what}" for kind in ("channel", "group") for what in ("rename", "archive", "unarchive")
) | {"channel_shared", "channel_unshared", "channel_id_changed", "member_joined_channel", "member_left_channel"}


def _of_channel(bot: Bot, body: Event, event: Event, at: datetime) -> None:
    named = event.get("old_channel_id") or event.get("channel")
    channel = str(named.get("id")) if isinstance(named, Mapping) else str(named)
    people, new = str(event["type"]).startswith("member_"), str(event.get("new_channel_id") or "")
    bot.channels.heard(channel, event_key=f"{_key(body, event)}:channel", at=at, new=new, people=people)


def _key(body: Event, event: Event) -> str:
    """A message is known by its channel and ts in every delivery; anything else by the id of its event."""
    if event["type"] in ("app_mention", "message"):
        if event.get("thread_ts") and isinstance(edited := event.get("edited"), Mapping):  # new words, perhaps
            return f"slack:{event['type']}:{event['channel']}:{event['ts']}:{edited.get('ts')}"
        return f"slack:{event['type']}:{event['channel']}:{event['ts']}"
    if event["type"] == "link_shared":  # an edited message has the same ts, and may hold other links
        links = sha256(" ".join(_urls(event)).encode()).hexdigest()[:16]
        return f"slack:link_shared:{event['channel']}:{event['message_ts']}:{links}"
    return f"slack:{body['event_id']}"


def _asker(bot: Bot, kept: Mapping[str, Any]) -> Person | None:
    """Who hears what could not be done; None where their company has no app that could tell them.

    Where Slack does not say where they are from, it is taken to be where they were met: nothing is asked here.
    """
    home = str(kept["home"] or "")
    person = Person(home if home.startswith("T") else kept["seen_in"], kept["user"])
    return person if bot.installs.reaches(person) else None


def _urls(event: Event) -> list[str]:
    found = event.get("links")
    return [str(each.get("url", "")) for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _about_app(key: str, body: Event, event: Event) -> dict[str, Any]:
    return {
        "app": key,
        "team": body.get("team_id"),
        "enterprise": body.get("enterprise_id") or body.get("context_enterprise_id"),
        "revoked": event["type"] == "tokens_revoked",
    }


def _kept(body: Event, event: Event) -> dict[str, Any]:
    if event["type"] == "link_shared":
        return {
            "channel": event["channel"],
            "ts": event["message_ts"],
            "seen_in": body["team_id"],
            "is_shared": bool(body.get("is_ext_shared_channel")),
            "links": _urls(event)[:_LINKS],
        }
    if event["type"] == "user_change":
        told = event["user"]
        home = {"home": told.get("team_id"), "seen_in": body["team_id"]}
        return {"user": str(told["id"]), **home, "deleted": bool(told.get("deleted"))}
    thread = event.get("thread_ts") if event["type"] == "app_mention" else None
    return {
        "user": event["user"],
        "home": event.get("user_team") or event.get("team"),
        "seen_in": body["team_id"],
        "channel": event.get("channel"),
        "thread": thread,
        "text": str(event.get("text", ""))[: _LONGEST_REPLY if thread else _LONGEST],
        "key": _key(body, event),
    }
