"""Block Kit's rules of the blocks for figures: data_table and data_visualization."""

from collections.abc import Mapping
from typing import Any

from fmo_bot.sandbox.slack.checks import Problems, length, one_of, several, words

CELLS_SUM = 20_000


def data_table(block: Mapping[str, Any]) -> Problems:
    """2 to 201 rows (header first) of 1 to 20 cells, with a caption."""
    yield from length(block, "caption", 255)
    for where, row in several(block, "rows", 2, 201):
        if not isinstance(row, list) or not 1 <= len(row) <= 20:
            yield where, "must be an array of 1 to 20 cells"
    size = block.get("page_size", 5)
    if not isinstance(size, int) or not 1 <= size <= 100:
        yield "/page_size", "must be between 1 and 100"
    if words(block.get("rows")) > CELLS_SUM:
        yield "/rows", f"must be no more than {CELLS_SUM} characters"


def data_visualization(block: Mapping[str, Any]) -> Problems:
    """A title and one chart: a pie of 1 to 12 segments, or 1 to 12 series over 1 to 20 categories."""
    yield from length(block, "title", 50)
    chart = block.get("chart")
    if not isinstance(chart, Mapping):
        yield "/chart", "must be an object"
        return
    yield from (("/chart" + where, text) for where, text in _chart(chart))


def _chart(chart: Mapping[str, Any]) -> Problems:
    yield from one_of(chart, "type", ("pie", "bar", "line", "area"))
    if chart.get("type") == "pie":
        yield from _pie(chart)
    else:
        yield from _series(chart)


def _pie(chart: Mapping[str, Any]) -> Problems:
    for where, segment in several(chart, "segments", 1, 12):
        if not isinstance(segment, Mapping):
            yield where, "must be 1 to 12 objects"
            continue
        yield from ((where + deeper, text) for deeper, text in length(segment, "label", 20))
        if not isinstance(segment.get("value"), int | float) or segment["value"] <= 0:
            yield f"{where}/value", "must be greater than 0"


def _categories(categories: list[Any]) -> Problems:
    for index, category in enumerate(categories):
        if not isinstance(category, str) or not 1 <= len(category) <= 20:
            yield f"/axis_config/categories/{index}", "must be a string of 1 to 20 characters"
    if len(set(map(str, categories))) != len(categories):
        yield "/axis_config/categories", "must be unique"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _series(chart: Mapping[str, Any]) -> Problems:
    axis = chart.get("axis_config")
    axis = axis if isinstance(axis, Mapping) else {}
    categories = axis.get("categories")
    if not isinstance(categories, list) or not 1 <= len(categories) <= 20:
        yield "/axis_config/categories", "must have 1 to 20 items"
        return
    yield from _categories(categories)
    for name in ("x_label", "y_label"):
        yield from (("/axis_config" + where, text) for where, text in length(axis, name, 50, required=False))
    names = []
    for where, series in several(chart, "series", 1, 12):
        if not isinstance(series, Mapping):
            yield where, "must be 1 to 12 objects"
            continue
        yield from ((where + deeper, text) for deeper, text in length(series, "name", 20))
        names.append(series.get("name"))
        data = series.get("data")
        points = [point for point in data if isinstance(point, Mapping)] if isinstance(data, list) else []
        labels = [point.get("label") for point in points]
        if sorted(map(str, labels)) != sorted(map(str, categories)):
            yield f"{where}/data", "must have exactly one point per category"
        elif not all(_is_number(point.get("value")) for point in points):
            yield f"{where}/data", "values must be numbers"
    if len(set(map(str, names))) != len(names):
        yield "/series", "names must be unique"
