"""Work in progress and its age, an issue a line."""

from fmo_bot.domain.messages import AgeingItem
from fmo_bot.locales import Translator
from fmo_bot.slack.text import clip, escape, issue_name
from fmo_bot.words.plain import duration

_SUMMARY_SHOWN = 80


def item(found: AgeingItem, t: Translator, *, marked: bool = True, most: int = _SUMMARY_SHOWN) -> str:
    """Name, `most` characters of its summary, stage and age; `marked`: says so where it is old for its stage."""
    mark = " · " + t("older than 85% of what was finished") if marked and found.over_p85 else ""
    words = [escape(issue_name(found.issue, t))]
    words += [escape(clip(found.summary, most))] if found.summary else []
    told = [" ".join(words)]
    told += [escape(found.stage)] if found.stage is not None else []
    told += [duration(found.age_s, t)] if found.age_s is not None else []
    return f"• {' · '.join(told)}{mark}"
