"""Words on their way to Slack: people's own text made harmless; instants, days, durations and numbers readable.

Escaping follows Slack's formatting rules: only & < > mean something, only they are replaced. What a person wrote can
then mention nobody; `@channel` typed in plain letters is kept from being parsed by `verbatim` in blocks and, in the
top-level text, which has no such switch, by a word joiner after the sign.
"""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from fmo_bot.domain.names import IssueName
from fmo_bot.locales import Translator

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BROADCAST = re.compile(r"@(?=here|channel|everyone|group)", re.IGNORECASE)
_CUT_ENTITY = re.compile(r"&[a-z]{0,3}$|<[^>]*$")
_MARKED = re.compile(r"<([^<>\n]+)>")
_WORD_JOINER = "\u2060"


def clean(text: str) -> str:
    """`text` without what Slack or JSON cannot carry: control signs, half surrogates."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).encode("utf-8", "replace").decode("utf-8")


def escape(text: str) -> str:
    """People's own words for mrkdwn: nothing in them is markup that mentions or links."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unmarked(text: str) -> str:
    """A message as Slack tells it, as a person reads it: links and names without their markup, signs as they are."""
    shown = _MARKED.sub(lambda found: _shown(*found[1].partition("|")[::2]), text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _shown(what: str, label: str) -> str:
    if what.startswith(("@", "#")):
        return what[0] + (label.removeprefix(what[0]) or what[1:])
    if what.startswith("!"):
        return label or "@" + what[1:].partition("^")[0]
    where = what.removeprefix("mailto:")
    return f"{label} ({where})" if label and label != where and label not in what else where


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of mrkdwn or plain text, never half an entity or half a date."""
    if len(text) <= limit:
        return text
    return _CUT_ENTITY.sub("", text[: limit - 1]) + "…"


def hush(text: str) -> str:
    """`@channel` and its like in plain letters, kept from calling anybody."""
    return _BROADCAST.sub("@" + _WORD_JOINER, text)


def moment(at: datetime, t: Translator, *, zone: str = "UTC") -> str:
    """An instant, shown by Slack in the reader's own zone; the fallback says the zone it is in."""
    local = at.astimezone(ZoneInfo(zone))
    shown = format_datetime(local, "d MMM y HH:mm", locale=t.locale)
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{escape(shown)} {escape(zone)}>"


def day(at: date, t: Translator) -> str:
    """A calendar day, the same for every reader: `Thursday, November 19, 2026`."""
    return format_date(at, "full", locale=t.locale)


def day_of(at: datetime, t: Translator, *, zone: str = "UTC") -> str:
    """The calendar day of an instant in `zone`, short: `Nov 19, 2026`."""
    return format_date(at.astimezone(ZoneInfo(zone)), "medium", locale=t.locale)


def issue_name(issue: IssueName, t: Translator) -> str:
    """An issue's key; of one that the reader may not know, whose it is. Not escaped."""
    if issue.key is not None:
        return issue.key
    return t("an internal issue of {company}", company=issue.company) if issue.company else t("an internal issue")
