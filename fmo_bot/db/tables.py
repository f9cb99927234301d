"""Every table of the house: importing this fills `Base.metadata`."""

from sqlalchemy import MetaData

from fmo_bot.db import (
    accounts,
    acting,
    audit,
    blockers,
    boards,
    ceremonies,
    consents,
    hooks,
    ledger,
    ownership,
    parties,
)
from fmo_bot.db.base import Base

ROOMS = (accounts, acting, audit, blockers, boards, ceremonies, consents, hooks, ledger, ownership, parties)
METADATA: MetaData = Base.metadata
