"""The bot's side of `make bench-sync`, a process of its own: the real service, the real client, real HTTP.

Told through FMO_… settings and, line by line on its standard input, at which instant to sync; each answer is one line
of JSON. `python -m benchmarks.sync_bot BOARD`.
"""

import json
import os
import resource
import sys
import time
from contextlib import closing
from datetime import datetime

from config.settings import Settings
from fmo_bot.bootstrap.jira_sites import JiraSites
from fmo_bot.db.store import Store
from fmo_bot.services.boards import Boards


def main() -> None:
    """Until the input ends."""
    settings, board = Settings.read(os.environ), int(sys.argv[1])
    store = Store(settings.database_url)
    with closing(JiraSites(settings, store)) as jira:
        _answer(Boards(store, jira), board)
    store.close()


def _answer(boards: Boards, board: int) -> None:
    for line in sys.stdin:
        began, used = time.perf_counter(), time.process_time()
        synced = boards.sync(board, datetime.fromisoformat(line.strip()))
        told = {
            "read": synced.read,
            "seconds": time.perf_counter() - began,
            "cpu": time.process_time() - used,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
