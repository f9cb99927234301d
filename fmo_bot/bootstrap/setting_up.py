"""Setting a joint team up from a file: the same parts as the bot's, for one errand."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.settings import Settings
from fmo_bot.bootstrap import boards_of, clock_of, jira_client, open_store
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import Scope
from fmo_bot.errors import BoardUnavailable, FileWrong
from fmo_bot.services import setup, team_file
from fmo_bot.services.boards import Boards
from fmo_bot.services.setup import SetupResult


@dataclass(frozen=True, kw_only=True)
class SetUp:
    """What came of it: the team, its board's workflow as a mapping ({} where the board could not be read), and why."""

    result: SetupResult
    workflow: dict[str, Any]
    board_error: str | None = None


def set_up(settings: Settings, file: Path) -> SetUp:
    """Apply a team file, then read the team's board once. Raises FileWrong, SettingsWrong."""
    mapping = team_file.read(file)
    _judge(settings, mapping)
    at = clock_of(settings).now()
    clients = {site.key: jira_client(site) for site in settings.jira_sites}
    store = open_store(settings)
    try:
        result = setup.apply(store, mapping, at)
        boards = boards_of(store, clients)
        try:
            boards.sync(result.board_id, at)
        except BoardUnavailable as error:
            return SetUp(result=result, workflow={}, board_error=str(error))
        return SetUp(result=result, workflow=_workflow(store, boards, result))
    finally:
        store.close()
        for client in clients.values():
            client.close()


def _judge(settings: Settings, mapping: dict[str, Any]) -> None:
    """A team file may name only apps and sites that the settings know; their form is judged elsewhere."""
    board = mapping.get("board")
    site = board.get("site") if isinstance(board, dict) else None
    known = [each.key for each in settings.jira_sites]
    if isinstance(site, str) and site not in known:
        raise FileWrong(f"board.site: `{site}` is not in FMO_JIRA_SITES ({', '.join(known) or 'which is empty'})")


def _workflow(store: Store, boards: Boards, result: SetupResult) -> dict[str, Any]:
    with store.transaction(Scope(team_id=result.team_id)) as session:
        return dict(boards.view(session, result.board_id).workflow.to_mapping())
