"""Setting a joint team up from a file: the same parts as the bot's, for one errand."""

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.settings import Settings
from fmo_bot.bootstrap.jira_sites import JiraSites
from fmo_bot.bootstrap.opening import clock_of, open_store
from fmo_bot.db.store import Store
from fmo_bot.domain.mappings import newest
from fmo_bot.domain.parties import Scope
from fmo_bot.errors import BoardUnavailable, FileWrong
from fmo_bot.services import setup, team_file
from fmo_bot.services.backfill_news import BackfillNews
from fmo_bot.services.backfills import Progress, nobody
from fmo_bot.services.boards import Boards
from fmo_bot.services.setup import SetupResult
from fmo_bot.services.sites import CONSENT_AGAIN


@dataclass(frozen=True, kw_only=True)
class SetUp:
    """What came of it: the team, its board's workflow as a mapping ({} where the board could not be read), and why.

    `to_do`: what is left for a person, a sentence each.
    """

    result: SetupResult
    workflow: dict[str, Any]
    board_error: str | None = None
    to_do: tuple[str, ...] = ()


def set_up(settings: Settings, file: Path, *, agreed: bool = True, progress: Progress = nobody) -> SetUp:
    """Apply a team file, then read the team's board once. Raises FileWrong, SettingsWrong.

    `agreed`: every company has agreed; else the host proposes it, and admins of the others are asked to accept.
    """
    mapping = team_file.read(file)
    at = clock_of(settings).now()
    store = open_store(settings)
    try:
        with closing(JiraSites(settings, store)) as jira:
            _judge(settings, mapping, list(jira))
            result = setup.apply(store, mapping, at, by=None if agreed else str(mapping.get("host")))
            to_do = tuple(CONSENT_AGAIN.format(key=key) for key in jira if jira.sites.lacks_consent(key))
            news = BackfillNews(store, now=lambda: at, machine=time.monotonic)
            boards = Boards(store, jira, addresses=jira.addresses, progress=news)
            try:
                boards.sync(result.board_id, at, progress=progress)
            except BoardUnavailable as error:
                return SetUp(result=result, workflow={}, board_error=str(error), to_do=to_do)
            return SetUp(result=result, workflow=_workflow(store, boards, result), to_do=to_do)
    finally:
        store.close()


def _judge(settings: Settings, mapping: dict[str, Any], sites: list[str]) -> None:
    """A team file may name only apps and sites that are known here; their form is judged elsewhere."""
    apps = [app.key for app in settings.slack_apps]
    named = [("board.site", _inside(mapping, "board", "site"), "FMO_JIRA_SITES", sites)]
    for part in ("other_boards", "jira"):
        listed = mapping.get(part)
        for index, each in enumerate(listed if isinstance(listed, list) else ()):
            named.append((f"{part}[{index}].site", _inside(each, "site"), "FMO_JIRA_SITES", sites))
    organisations = mapping.get("organisations")
    for index, organisation in enumerate(organisations if isinstance(organisations, list) else ()):
        place = f"organisations[{index}].workspace.app"
        named.append((place, _inside(organisation, "workspace", "app"), "FMO_SLACK_APPS", apps))
    faults = [
        f"{place}: `{key}` is not in {setting} ({', '.join(known) or 'which is empty'})"
        for place, key, setting, known in named
        if isinstance(key, str) and key not in known
    ]
    if faults:
        raise FileWrong("\n".join(faults))


def _inside(mapping: Any, *keys: str) -> Any:
    """What stands below these keys; None where nothing does."""
    for key in keys:
        mapping = mapping.get(key) if isinstance(mapping, dict) else None
    return mapping


def _workflow(store: Store, boards: Boards, result: SetupResult) -> dict[str, Any]:
    with store.transaction(Scope(team_id=result.team_id)) as session:
        return newest(boards.view(session, result.board_id).workflow).to_mapping()
