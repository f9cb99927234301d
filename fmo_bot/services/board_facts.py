"""What reports ask of a board, whether its facts are in a database (services.fact_reading) or all in memory."""

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple, Protocol

from fmo_bot.domain.counterparts import Signs
from fmo_bot.domain.flow import Compared
from fmo_bot.domain.lives import Life
from fmo_bot.domain.ownership import Origin
from fmo_bot.domain.quality import Unmapped
from fmo_bot.domain.recovery import Recovery

Id = tuple[str, str]  # key of a site, Jira's id of an issue


class Named(NamedTuple):
    """What an issue is called, and where it comes from."""

    origin: Origin
    key: str
    summary: str


class BoardFacts(Protocol):
    """What reports ask of a board. Instants are epoch milliseconds.

    `origins`: those that may be counted. `without`: issues that are counted on another board.
    """

    @property
    def site(self) -> str:
        """The key of the board's site."""
        ...

    def origins(self) -> tuple[Origin, ...]:
        """Where the board's issues come from, in the order in which that was first seen."""
        ...

    def of_window(self, since: int, until: int, as_of: int, origins: Collection[Origin]) -> list[Life]:
        """All that figures of [since, until] need as known at `as_of`, in any order; some lives more do no harm.

        What ended in the window or in the 90 days before `as_of`, what was in work at the window's end, and what is at
        `as_of`.
        """
        ...

    def met(self, since: int, until: int, as_of: int, origins: Collection[Origin]) -> list[Life]:
        """The same without those that only ended in the 90 days before `as_of`, of which `compared` tells enough."""
        ...

    def compared(self, as_of: int, origins: Collection[Origin]) -> list[Compared]:
        """What others are compared with of issues finished in the 90 days before `as_of`, in any order.

        Incidents that the workflow keeps out of flow are not among them.
        """
        ...

    def of_sprint(self, sprint: int, origins: Collection[Origin]) -> list[Life]:
        """The lives of all issues that were ever in a sprint."""
        ...

    def doubts(self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()) -> Counter[str]:
        """What domain.facts.doubts says of the whole board as known at `as_of`.

        Incidents that the workflow keeps out of flow are not among them.
        """
        ...

    def in_no_stage(
        self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()
    ) -> tuple[Unmapped, ...]:
        """The statuses of no stage in which issues of `doubts` were up to `as_of`, the longest first."""
        ...

    def incidents(
        self, since: int, until: int, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()
    ) -> list[Recovery]:
        """As known at `as_of`, those that are open and those restored in [since, until]; some more do no harm."""
        ...

    def excluded(self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()) -> int:
        """How many incidents known at `as_of` the workflow keeps out of flow."""
        ...

    def signs(self, origins: Collection[Origin]) -> list[Signs]:
        """By what counterparts are known, of every issue."""
        ...

    def names(self, ids: Collection[Id]) -> dict[Id, Named]:
        """What these issues are called, as far as the board shows them."""
        ...
