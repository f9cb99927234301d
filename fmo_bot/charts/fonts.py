"""The letters of pictures, the same on every machine: DejaVu Sans of matplotlib, Noto Sans SC beside it for Chinese.

They are registered under names of their own, so that a font of the machine with the same name is never taken instead.
"""

from functools import cache
from pathlib import Path

from matplotlib import get_data_path
from matplotlib.font_manager import FontEntry, fontManager, get_font
from pylopdf_fonts_zh_cn import sans_path

PLAIN, CHINESE = "FMO plain", "FMO Chinese"


def _files() -> tuple[tuple[str, Path, int], ...]:
    """Name, file and weight of each."""
    plain = Path(get_data_path()) / "fonts" / "ttf"
    regular, bold = plain / "DejaVuSans.ttf", plain / "DejaVuSans-Bold.ttf"
    # There is no bold Chinese; said to be bold as well, it is taken without a complaint in matplotlib's log.
    return (PLAIN, regular, 400), (PLAIN, bold, 700), (CHINESE, sans_path(), 400), (CHINESE, sans_path(), 700)


@cache
def families() -> tuple[str, str]:
    """What texts are written in: the second where the first has no letter. Registers them with matplotlib once."""
    for name, file, weight in _files():
        fontManager.ttflist.append(FontEntry(fname=str(file), name=name, style="normal", variant="normal",
                                             weight=weight, stretch="normal", size="scalable"))  # fmt: skip
    return PLAIN, CHINESE


def drawable(text: str) -> str:
    """The text without the signs that no font has, such as emoji."""
    return " ".join("".join(sign for sign in text if ord(sign) in _covered()).split())


@cache
def _covered() -> frozenset[int]:
    """The signs there are in both weights, as code points."""
    regular, bold, chinese, _ = (frozenset(get_font(str(file)).get_charmap()) for _, file, _ in _files())
    return (regular & bold) | chinese
