"""Who takes part is asked in one way."""

import re
from pathlib import Path

HOUSE = Path(__file__).parents[2] / "fmo_bot"
QUERY = re.compile(r"ParticipationRow\.(team_id|member_id|side_id|role)\b")


def test_every_query_of_who_takes_part_says_of_which_instant() -> None:
    asking = [path for path in HOUSE.rglob("*.py") if QUERY.search(path.read_text())]
    assert len(asking) > 10
    assert [path.name for path in asking if "takes_part(" not in path.read_text()] == []
