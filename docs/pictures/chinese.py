"""The words of the charts in Chinese, until the bot's own catalogue of that language has them."""

from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from fmo_bot.locales import Translator


def chinese(_language: str = "zh_CN") -> Translator:
    """The texts of `zh_CN.po`."""
    with (Path(__file__).parent / "zh_CN.po").open("rb") as file:
        catalogue = read_po(file)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    return Translator("zh_CN", GNUTranslations(BytesIO(compiled.getvalue())))
