"""Every table of the house: importing this fills `Base.metadata`."""

from sqlalchemy import MetaData

from fmo_bot.db import (
    accounts,
    acting,
    acts,
    asking,
    audit,
    blockers,
    boards,
    calendars,
    ceremonies,
    channels,
    consents,
    drafts,
    duties,
    facts,
    follows,
    hooks,
    installations,
    ledger,
    ownership,
    parties,
    proposals,
    workflows,
)
from fmo_bot.db.base import Base

ROOMS = (
    accounts,
    acting,
    acts,
    asking,
    audit,
    blockers,
    boards,
    calendars,
    ceremonies,
    channels,
    consents,
    drafts,
    duties,
    facts,
    follows,
    hooks,
    installations,
    ledger,
    ownership,
    parties,
    proposals,
    workflows,
)
METADATA: MetaData = Base.metadata
