"""When incidents began, where a field of the site's own says so: read apart, since few workflows name such a field."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from fmo_bot.domain.intervals import ms
from fmo_bot.jira import parse


class _Fields(Struct):
    """Of the fields, those that are looked at."""

    updated: Any = None
    began: Any = None


def read(lines: Iterable[bytes], field_id: str) -> dict[str, int]:
    """Epoch milliseconds by issue id; what is no instant is left out. Of an issue told twice the later state counts."""
    fields = msgspec.defstruct("SiteFields", [("began", Any, field(name=field_id, default=None))], bases=(_Fields,))
    issue = msgspec.defstruct("SiteIssue", [("id", Any), ("fields", fields)])
    decoder = msgspec.json.Decoder(issue)
    found: dict[str, tuple[int, datetime | None]] = {}
    for line in lines:
        # A line that is no issue is told of by whoever reads the rest of it.
        with suppress(ValueError, RecursionError):
            told: Any = decoder.decode(line)
            number, updated = parse.numeric(told.id, "the id"), ms(parse.instant(told.fields.updated, "the update"))
            if number not in found or updated >= found[number][0]:
                found[number] = updated, parse.instant_or_none(told.fields.began)
    return {number: ms(began) for number, (_, began) in found.items() if began is not None}
