"""Showing what a link leads to, beside the message that holds it."""

from collections.abc import Mapping

from fmo_bot.delivery.lanes import of_method
from fmo_bot.domain.messages import IssueCard
from fmo_bot.domain.parties import Place
from fmo_bot.slack.installs import Installs
from fmo_bot.slack.outcomes import speak
from fmo_bot.slack.render import render


class SlackUnfurls:
    """chat.unfurl, by the installation that heard of the link."""

    def __init__(self, installs: Installs) -> None:
        """`installs`: who speaks where."""
        self._installs = installs

    def __call__(self, place: Place, ts: str, cards: Mapping[str, IssueCard], language: str) -> None:
        """Show each card beside its link; showing it again changes nothing. Raises a SendOutcome."""
        client = self._installs.client_of(place.workspace)
        unfurls = {link: {"blocks": render(card, language).blocks} for link, card in cards.items()}
        lane = of_method(place.workspace, "chat.unfurl")
        speak(lambda: client.chat_unfurl(channel=place.channel, ts=ts, unfurls=unfurls), lane=lane, idempotent=True)
