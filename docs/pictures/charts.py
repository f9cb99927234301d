"""Draws the charts of docs/charts.md from generated data, one of them in Chinese as well.

Run from the repository's root: `make pictures`.
"""

from pathlib import Path

from docs.pictures.chinese import chinese
from docs.pictures.generated import CHINESE, ENGLISH, every
from fmo_bot.charts import Charts
from fmo_bot.domain.charts import AgeingChart

HERE = Path(__file__).parent


def main() -> None:
    """Write them beside this file."""
    for chart in every(ENGLISH):
        picture = Charts().draw(chart, language="en")
        (HERE / f"{picture.name[: -len('-2026-11-20.png')]}.png").write_bytes(picture.png)
    (ageing,) = (chart for chart in every(CHINESE) if isinstance(chart, AgeingChart))
    (HERE / "ageing-zh.png").write_bytes(Charts(chinese).draw(ageing, language="zh_CN").png)


if __name__ == "__main__":
    main()
