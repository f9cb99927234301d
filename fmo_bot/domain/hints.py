"""A hint from outside that something changed on a Jira site. It says where to look again, never what is true."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What one webhook is about. Ids are Jira's, of the site with this key."""

    site: str
    event_key: str  # the same for every repetition of the same event
    issues: tuple[str, ...] = ()  # a link names two
    project: str | None = None  # key of the issue's project, where it was told
    deleted: bool = False  # the issues are said to be gone
    board: int | None = None  # the board itself, or the one a sprint was made on
    sprint: int | None = None
