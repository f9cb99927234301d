"""Work in progress as messages name it."""

from fmo_bot.domain.flow import Aged
from fmo_bot.domain.messages import AgeingItem
from fmo_bot.domain.names import IssueName
from fmo_bot.domain.ownership import name_of
from fmo_bot.domain.timelines import Timeline


def ageing_item(aged: Aged, summary: str) -> AgeingItem:
    """An issue in progress: name, summary, stage and age."""
    return AgeingItem(
        issue=name_in(aged.timeline),
        summary=summary,
        stage=aged.stage,
        age_s=aged.age_ms / 1000,
        over_p85=aged.over_p85,
    )


def name_in(line: Timeline) -> IssueName:
    """The name of a timeline's issue, by which is decided who may know it."""
    life = line.life
    return name_of(life.site, id=life.id, key=life.key, project_id=life.project or "", secured=life.secured)
