"""Everything nothing else took is acknowledged: an unacknowledged click shows the person a warning sign."""

import re

from slack_bolt import Ack, App

from fmo_bot.bootstrap.bot import Bot

_ANY = re.compile(".*")


def register(app: App, bot: Bot) -> None:
    """Last of all features."""

    def acknowledge(ack: Ack) -> None:
        ack()

    def nothing_to_choose(ack: Ack) -> None:
        ack(options=[])

    for kind in (app.action, app.view, app.view_closed, app.shortcut):
        kind(_ANY)(acknowledge)
    app.options(_ANY)(nothing_to_choose)
