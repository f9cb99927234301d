"""The bot's side of `make bench-sync`, a process of its own: the real service, the real client, real HTTP.

Told through FMO_… settings and, line by line on its standard input, at which instant to sync; each answer is one line
of JSON. `python -m benchmarks.sync_bot BOARD`.
"""

import json
import os
import resource
import sys
import time
from datetime import datetime

from config.settings import Settings
from fmo_bot.bootstrap import boards_of, jira_client
from fmo_bot.db.store import Store


def main() -> None:
    """Until the input ends."""
    settings, board = Settings.read(os.environ), int(sys.argv[1])
    clients = {site.key: jira_client(site) for site in settings.jira_sites}
    store = Store(settings.database_url)
    boards = boards_of(store, clients)
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
    for client in clients.values():
        client.close()
    store.close()


if __name__ == "__main__":
    main()
