"""What a digest's thread goes into: every figure with its percentiles and n, old work, working time, doubts."""

from fmo_bot.domain.messages import Digest, DigestDetail
from fmo_bot.locales import Translator
from fmo_bot.slack.blocks import Block, section
from fmo_bot.slack.render import week_flow
from fmo_bot.slack.render.ageing import item
from fmo_bot.slack.render.digests import AGEING_SHOWN, WAITS_SHOWN, directions
from fmo_bot.slack.render.sprints import spread
from fmo_bot.slack.render.trust import guess, trust
from fmo_bot.slack.text import escape

_AGEING_SHOWN = 10  # with those of the digest itself


def detail(message: DigestDetail, t: Translator) -> list[Block]:
    """The digest's figures in full; what it has said in full is not said again."""
    found = message.digest
    more = [*_ageing(found, t), *directions(found.waits[WAITS_SHOWN:], t)]
    return [
        *guess(found, t),
        section("\n".join([f"*{t('The figures of the week: {team}', team=escape(found.team))}*", *_flow(found, t)])),
        *([section("\n".join(more))] if more else []),
        *([section("\n".join(_ahead(found, t)))] if found.flow else []),
        *trust(found, t),
    ]


def _flow(message: Digest, t: Translator) -> list[str]:
    return [
        f"*{t('Cycle time')}*  {spread(message.cycle_time, t)}",
        f"*{t('The four weeks before')}*  {spread(message.cycle_time_before, t)}",
        *(week_flow.lines(message.flow, t) if message.flow else []),
    ]


def _ageing(message: Digest, t: Translator) -> list[str]:
    """The issues in progress that come next in age."""
    lines = [item(each, t) for each in message.ageing[AGEING_SHOWN:_AGEING_SHOWN]]
    return [f"*{t('Also in progress')}*", *lines] if lines else []


def _ahead(message: Digest, t: Translator) -> list[str]:
    if message.flow is None:
        return []
    lost = week_flow.waiting(message.flow.waiting, message.flow.companies, t)
    return [*week_flow.forecast(message.flow.forecast, t), *lost]
