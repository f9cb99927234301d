"""The gettext catalogues, one folder per language; English is the source text itself."""

import gettext
from functools import cache
from pathlib import Path

from babel import Locale, UnknownLocaleError

DOMAIN = "fmo_bot"
_HERE = Path(__file__).parent


class Translator:
    """A language's texts: `_("{n} open", n=3)`. Placeholders are filled after translation, values taken as they are."""

    def __init__(self, language: str, catalogue: gettext.NullTranslations) -> None:
        """`language` is a code such as `en` or `zh_CN`."""
        self.language = language
        # How days and numbers are written: as the texts around them.
        self.locale = Locale("en") if type(catalogue) is gettext.NullTranslations else _locale(language)
        self._catalogue = catalogue

    def __call__(self, msgid: str, **values: object) -> str:
        """The text in this language; braces are read only where values are given."""
        text = self._catalogue.gettext(msgid) if msgid else ""
        return text.format(**values) if values else text

    def many(self, singular: str, plural: str, n: int, **values: object) -> str:
        """The form of the text that fits the number `n`, which is also its `{n}`."""
        return self._catalogue.ngettext(singular, plural, n).format(n=n, **values)


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@cache
def translator(language: str) -> Translator:
    """The texts of `language`; English where a catalogue, or a text in it, is missing."""
    wanted = language.replace("-", "_")
    return Translator(language, gettext.translation(DOMAIN, _HERE, languages=[wanted], fallback=True))
