"""What is wrong as far as the database tells: sites nobody owns, tokens that end, webhooks that do not arrive, days
of a calendar that are not known, and apps that are gone from where they are needed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow, IssueRow, JiraSiteRow
from fmo_bot.db.hooks import JiraHookRow
from fmo_bot.db.installations import InstallationRow
from fmo_bot.db.parties import ChannelRow, MemberRow, ParticipationRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.services import install_news
from fmo_bot.services.calendars import make_up_gaps
from fmo_bot.services.expiries import DAYS

LATE = timedelta(hours=1)  # a webhook comes within minutes of its change; Jira tries for an hour


@dataclass(frozen=True, kw_only=True)
class Known:
    """A site as the database knows it: Jira's numbers of its boards, and what is wrong with it."""

    boards: tuple[int, ...]
    faults: tuple[str, ...]


def known(store: Store, key: str, at: datetime, *, has_secret: bool) -> Known:
    """What is known of a site; `has_secret`: webhooks are expected, since the settings hold its secret."""
    with store.reading(SYSTEM) as session:
        site = session.scalar(select(JiraSiteRow).where(JiraSiteRow.key == key))
        if site is None:
            return Known(boards=(), faults=())
        numbers = select(BoardRow.jira_board_id).where(BoardRow.site_id == site.id).order_by(BoardRow.jira_board_id)
        boards = tuple(dict.fromkeys(session.scalars(numbers)))
        found = (*_owner(site), *_expiry(site, at), *_webhook(session, site, has_secret=has_secret))
        return Known(boards=boards, faults=found)


def calendars(store: Store, at: datetime) -> tuple[str, ...]:
    """What is not known of the sides' calendars."""
    with store.reading(SYSTEM) as session:
        return tuple(
            gap.sentence(f"{side.organisation.name} in {side.team.name}") for side, gap in make_up_gaps(session, at)
        )


def installs(store: Store, app_key: str, *, again: str) -> tuple[str, ...]:
    """What is wrong with where an app is installed; `again`: what somebody does to install it there once more.

    One that ended is told while a joint team has people or channels there, and no other installation serves them.
    """
    with store.reading(SYSTEM) as session:
        rows = session.scalars(select(InstallationRow).order_by(InstallationRow.id)).all()
        served = {each for row in rows if row.ended_at is None for each in install_news.workspaces(row)}
        return tuple(
            sentence
            for row in rows
            if row.app_key == app_key
            for sentence in _install(row, again, is_missed=_is_missed(session, row, served))
        )


def _install(row: InstallationRow, again: str, *, is_missed: bool) -> Iterator[str]:
    if row.ended_at is None and row.trouble is not None:
        ends = datetime.fromtimestamp(row.expires_at or 0.0, UTC)
        yield f"{row.trouble} What it has in {row.team_name} works until {ends:%Y-%m-%d %H:%M} UTC: {again}."
    if row.ended_at is not None and is_missed:
        yield (
            f"Slack app {row.app_key} is gone from {row.team_name} since {row.ended_at:%Y-%m-%d %H:%M} UTC"
            f" ({row.ended_why}), though a joint team has people or channels there: {again}."
        )


def _is_missed(session: Session, row: InstallationRow, served: Collection[str]) -> bool:
    left = set(install_news.workspaces(row)) - set(served)
    people = select(ParticipationRow.id).join(MemberRow, MemberRow.id == ParticipationRow.member_id)
    theirs = people.where(MemberRow.home_workspace.in_(left), takes_part())
    posted = select(ChannelRow.id).where(ChannelRow.workspace.in_(left))
    return any(session.scalar(query.limit(1)) is not None for query in (theirs, posted))


def _owner(site: JiraSiteRow) -> Iterator[str]:
    if site.organisation_id is None:
        yield (
            f"Nobody has said whose Jira site {site.key} is, so everything on it counts as internal: name its owner"
            " under `jira` in the team file, or with `fmo-bot site connect --owner`."
        )


def _expiry(site: JiraSiteRow, at: datetime) -> Iterator[str]:
    if site.expires_at is None or site.expires_at - at > timedelta(days=max(DAYS)):
        return
    ended = "ended" if site.expires_at <= at else "ends"
    yield (
        f"The token of Jira site {site.key} {ended} on {site.expires_at:%Y-%m-%d}: make a new one and {_where(site)}."
    )


def _where(site: JiraSiteRow) -> str:
    """Where the token of a site is set."""
    if site.url is not None:
        return f"run `fmo-bot site connect {site.key}`"
    prefix = f"FMO_JIRA_{site.key.upper()}"
    return f"set {prefix}_TOKEN and {prefix}_TOKEN_EXPIRES"


def _webhook(session: Session, site: JiraSiteRow, *, has_secret: bool) -> Iterator[str]:
    hook = session.get(JiraHookRow, site.id)
    addressed = hook is not None and hook.digest is not None
    if not (has_secret or site.webhook_secret is not None or addressed):
        return  # none is expected: the board is read every minute
    came, refused = site.webhook_at, hook.refused_at if hook is not None else None
    if refused is not None and (came is None or refused > came):
        yield (
            f"Webhooks of Jira site {site.key} are refused, because they are not signed with its secret: put the same"
            " secret into Jira and here."
        )
        return
    changed = session.scalar(select(func.max(IssueRow.updated)).where(IssueRow.site_id == site.id))
    if changed is not None and _missed(came, changed):
        since = "ever" if came is None else f"since {came:%Y-%m-%d %H:%M} UTC"
        yield (
            f"No webhook of Jira site {site.key} has arrived {since}, though issues changed: check that it is"
            f" switched on in Jira, and leads to /jira/{site.key}/webhook of FMO_PUBLIC_URL."
        )


def _missed(came: datetime | None, changed: datetime) -> bool:
    return came is None or changed - came > LATE
