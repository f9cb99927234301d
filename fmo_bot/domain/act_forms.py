"""What the form of an act offers: built for one person, of nothing they may not know."""

from dataclasses import dataclass, field

from fmo_bot.domain.acts import Asked, Kind, Option

ASSIGN, MOVE, COMMENT, FLAG, UNFLAG, CREATE = KINDS = ("assign", "move", "comment", "flag", "unflag", "create")
NOBODY = "-"  # the choice that takes an assignee away; Slack has no empty ones


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A form as it stands. `chosen`: of `choices`; `to`: the status each leads to; `title`, `text`: None: not asked."""

    choices: tuple[Option, ...] = ()
    chosen: str = ""
    to: dict[str, str] = field(default_factory=dict)
    asks: dict[str, tuple[Asked, ...]] = field(default_factory=dict)  # choice -> the fields it requires
    title: str | None = None
    text: str | None = None
    url: str = ""  # of the issue, or of the site
    about: str = ""  # the key of the issue

    @property
    def asked(self) -> tuple[Asked, ...]:
        """What the choice requires."""
        return self.asks.get(self.chosen, ())

    @property
    def is_elsewhere(self) -> bool:
        """Whether a field is required that can only be filled in Jira."""
        return any(each.kind is Kind.UNSUPPORTED for each in self.asked)

    @property
    def is_complete(self) -> bool:
        """Whether it can be sent: what has to be chosen first is chosen, and is asked for here."""
        return (not self.choices or not self.asks or self.chosen in self.asks) and not self.is_elsewhere


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What came back from the form."""

    ref: str
    choice: str = ""
    title: str = ""
    text: str = ""
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
