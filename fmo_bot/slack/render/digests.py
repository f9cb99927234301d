"""The weekly digest: one screen for readers, companies by name."""

from fmo_bot.domain.messages import AgeingItem, Digest, WaitsOn
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import SPRINT_ASK, WAITS_ASK
from fmo_bot.slack.blocks import Block, actions, button, context, header, section
from fmo_bot.slack.render import week_flow
from fmo_bot.slack.render.sprints import how, short_spread
from fmo_bot.slack.render.trust import guess, trust
from fmo_bot.slack.text import clip, day_of, escape, issue_name, moment
from fmo_bot.words.plain import duration

_AGEING_SHOWN = 5
_SUMMARY_SHOWN = 80


def digest(message: Digest, t: Translator) -> list[Block]:
    """Throughput, cycle time, what grows old, who waits on whom."""
    since, until = (day_of(at, t, zone=message.zone) for at in (message.since, message.until))
    return [
        header(t("Weekly digest: {team}", team=message.team)),
        *guess(message, t),
        context(f"{escape(message.board)} · {since} – {until}"),
        section("\n".join(_flow(message, t))),
        section(
            "\n".join([*_ageing(message, t), *week_flow.forecast(message.flow.forecast if message.flow else None, t)])
        ),
        section("\n".join([*_waits(message.waits, t), *_lost(message, t)])),
        *trust(message, t),
        actions(
            button(t("Sprint report"), SPRINT_ASK, message.team_ref),
            button(t("Who waits on whom"), WAITS_ASK, message.team_ref),
            *([how(message.ref, t)] if message.ref else []),
        ),
    ]


def _flow(message: Digest, t: Translator) -> list[str]:
    before = ", ".join(str(n) for n in message.finished_before) or "–"
    return [
        f"*{t('Finished')}*  " + t("{n} this week; the weeks before: {before}", n=message.finished, before=before),
        f"*{t('Cycle time')}*  {short_spread(message.cycle_time, t)}",
        f"*{t('The four weeks before')}*  {short_spread(message.cycle_time_before, t)}",
        *(week_flow.lines(message.flow, t) if message.flow else []),
    ]


def _lost(message: Digest, t: Translator) -> list[str]:
    return week_flow.waiting(message.flow.waiting, message.flow.companies, t) if message.flow else []


def _ageing(message: Digest, t: Translator) -> list[str]:
    head = f"*{t('In progress')}*  " + t.many("{n} issue", "{n} issues", message.wip)
    lines = [_item(item, t) for item in message.ageing[:_AGEING_SHOWN]]
    return [head, *lines]


def _item(item: AgeingItem, t: Translator) -> str:
    mark = " · " + t("older than 85% of what was finished") if item.over_p85 else ""
    words = [escape(issue_name(item.issue, t))]
    words += [escape(clip(item.summary, _SUMMARY_SHOWN))] if item.summary else []
    told = [" ".join(words)]
    told += [escape(item.stage)] if item.stage is not None else []
    told += [duration(item.age_s, t)] if item.age_s is not None else []
    return f"• {' · '.join(told)}{mark}"


def _waits(waits: tuple[WaitsOn, ...], t: Translator) -> list[str]:
    if not waits:
        return [t("No open blockers.")]
    return [f"*{t('Open blockers')}*", *(_wait(found, t) for found in waits)]


def _wait(found: WaitsOn, t: Translator) -> str:
    waiting, waited_on = escape(found.waiting), escape(t(found.waited_on))
    direction = t("{waiting} waits on {waited_on}", waiting=waiting, waited_on=waited_on)
    oldest = t("oldest since {when}", when=moment(found.oldest_since, t))
    return f"• {direction}: {found.open} · {oldest}"
