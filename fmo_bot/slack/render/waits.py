"""The blocker summary: who waits on whom now, and the time lost to waiting of this week and last."""

from fmo_bot.domain.messages import OpenWait, WaitsReport
from fmo_bot.locales import Translator
from fmo_bot.slack.blocks import Block, actions, context, header, section
from fmo_bot.slack.render.sprints import how
from fmo_bot.slack.render.trust import guess, trust
from fmo_bot.slack.render.week_flow import waiting
from fmo_bot.slack.text import escape, moment
from fmo_bot.words.plain import duration
from fmo_bot.words.waits import hours

_OPEN_SHOWN = 12


def report(message: WaitsReport, t: Translator) -> list[Block]:
    """Open blockers by direction, then issue-hours by side."""
    as_of = t("as of {when}", when=moment(message.as_of, t, zone=message.zone))
    return [
        header(t("Who waits on whom: {team}", team=message.team)),
        *guess(message, t),
        context(f"{escape(message.board)} · {as_of}"),
        section("\n".join(_open(message.open, t))),
        section("\n".join(waiting(message.weeks, message.companies, t))),
        *trust(message, t),
        actions(how(message.ref, t)),
    ]


def _open(found: tuple[OpenWait, ...], t: Translator) -> list[str]:
    if not found:
        return [t("No open blockers.")]
    lines = [f"*{t('Open blockers')}*", *(_direction(each, t) for each in found[:_OPEN_SHOWN])]
    return [*lines, f"… +{len(found) - _OPEN_SHOWN}"] if len(found) > _OPEN_SHOWN else lines


def _direction(found: OpenWait, t: Translator) -> str:
    waiting_, waited_on = escape(found.waiting), escape(t(found.waited_on))
    direction = t("{waiting} waits on {waited_on}", waiting=waiting_, waited_on=waited_on)
    oldest = t("the oldest for {age}", age=duration(found.oldest_s, t))
    if found.oldest_working_s is not None:
        oldest += f" ({t('{hours} h working time', hours=hours(found.oldest_working_s, t))})"
    return f"• {direction}: {found.open} · {oldest}"
