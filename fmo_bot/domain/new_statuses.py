"""Where a status that is first seen probably belongs, in a workflow that people have set."""

from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.workflow import Stage, Workflow, guess


def guess_stage(workflow: Workflow, shape: BoardShape, status: str) -> str | None:
    """The name of a stage: of the kind that its name, column and category tell (`workflow.guess`).

    Of several, first one that holds other statuses of its column, then one of the side that the name tells, then the
    first. None: nothing is told, or no stage is of that kind.
    """
    likely = guess(shape).stage_of(status)
    if likely is None:
        return None
    beside = {other for column in shape.columns if status in column.statuses for other in column.statuses}

    def fits(stage: Stage) -> tuple[bool, bool]:
        return not beside.isdisjoint(stage.statuses), stage.side == likely.side

    alike = [stage for stage in workflow.stages if stage.kind is likely.kind]
    return max(alike, key=fits).name if alike else None
