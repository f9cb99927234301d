"""The weekly digest: one screen for readers, companies by name. What it has no room for is in `digest_details`."""

from fmo_bot.domain.messages import Digest, WaitsOn
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import SPRINT_ASK, WAITS_ASK
from fmo_bot.slack.blocks import Block, actions, button, context, header, section
from fmo_bot.slack.render import week_flow
from fmo_bot.slack.render.ageing import item
from fmo_bot.slack.render.sprints import how, short_spread
from fmo_bot.slack.render.trust import guess, in_short
from fmo_bot.slack.text import day_of, escape, moment
from fmo_bot.words.plain import duration

AGEING_SHOWN = 2
WAITS_SHOWN = 3
_SUMMARY_SHOWN = 40


def digest(message: Digest, t: Translator) -> list[Block]:
    """Are we getting faster, what is stuck, who has to move: about fifteen lines."""
    since, until = (day_of(at, t, zone=message.zone) for at in (message.since, message.until))
    return [
        header(t("Weekly digest: {team}", team=message.team)),
        *guess(message, t),
        context(f"{escape(message.board)} · {since} – {until}"),
        section("\n".join(_flow(message, t))),
        section("\n".join([*_ageing(message, t), *_forecast(message, t)])),
        section("\n".join([*_waits(message.waits, t), *_lost(message, t)])),
        context(f"{t('In the thread: every figure, charts')} · {in_short(message, t)}"),
        actions(
            button(t("Sprint report"), SPRINT_ASK, message.team_ref),
            button(t("Who waits on whom"), WAITS_ASK, message.team_ref),
            *([how(message.ref, t)] if message.ref else []),
        ),
    ]


def _flow(message: Digest, t: Translator) -> list[str]:
    finished = ", ".join(str(n) for n in message.finished_before) or "–"
    lines = [
        f"*{t('Finished')}*  " + t("{n} this week; the weeks before: {before}", n=message.finished, before=finished),
        f"*{t('Cycle time')}*  {short_spread(message.cycle_time, t)}",
    ]
    if (before := message.cycle_time_before).n:
        lines[-1] += f"; {t('four weeks before: P50 {p50} (n = {n})', p50=duration(before.p50_s, t), n=before.n)}"
    return lines + (week_flow.in_short(message.flow, t) if message.flow else [])


def _ageing(message: Digest, t: Translator) -> list[str]:
    head = f"*{t('In progress')}*  " + t.many("{n} issue", "{n} issues", message.wip)
    return [head, *(item(each, t, most=_SUMMARY_SHOWN) for each in message.ageing[:AGEING_SHOWN])]


def _forecast(message: Digest, t: Translator) -> list[str]:
    return week_flow.forecast_in_short(message.flow.forecast, t) if message.flow and message.flow.forecast else []


def _waits(waits: tuple[WaitsOn, ...], t: Translator) -> list[str]:
    if not waits:
        return [t("No open blockers.")]
    return [f"*{t('Open blockers')}*", *directions(waits[:WAITS_SHOWN], t)]


def directions(waits: tuple[WaitsOn, ...], t: Translator) -> list[str]:
    """Who waits on whom, a direction a line."""
    return [_wait(found, t) for found in waits]


def _wait(found: WaitsOn, t: Translator) -> str:
    waiting, waited_on = escape(found.waiting), escape(t(found.waited_on))
    direction = t("{waiting} waits on {waited_on}", waiting=waiting, waited_on=waited_on)
    oldest = t("oldest since {when}", when=moment(found.oldest_since, t))
    return f"• {direction}: {found.open} · {oldest}"


def _lost(message: Digest, t: Translator) -> list[str]:
    return week_flow.waiting_in_short(message.flow.waiting, message.flow.companies, t) if message.flow else []
