"""How a message value looks: one function per value, found by its type. Plain dicts within Slack's limits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fmo_bot.domain import charts as c
from fmo_bot.domain import messages as m
from fmo_bot.locales import Translator, translator
from fmo_bot.slack.blocks import VIEW_BLOCKS, Block, fit, text_of
from fmo_bot.slack.render import (
    accounts,
    cards,
    channels,
    charts,
    checks,
    deliveries,
    digest_details,
    digests,
    homes,
    issues,
    news,
    notices,
    people,
    proposals,
    sprint_details,
    sprints,
    standups,
    statuses,
    waits,
    wizard,
)

Renderer = Callable[[Any, Translator], list[Block]]

RENDERERS: dict[type, Renderer] = {
    m.Notice: notices.notice,
    m.Help: notices.help_,
    m.Prompt: standups.prompt,
    m.RoundPost: standups.round_post,
    m.AnswerPost: standups.answer,
    m.ReplyTaken: standups.reply_taken,
    m.RoundSummary: standups.summary,
    m.SprintReport: sprints.report,
    m.SprintDetail: sprint_details.detail,
    c.BurnUpChart: charts.beside,
    c.CycleTimeChart: charts.beside,
    c.ThroughputChart: charts.throughput,
    c.AgeingChart: charts.beside,
    c.WaitingChart: charts.waiting,
    c.ForecastChart: charts.beside,
    m.Digest: digests.digest,
    m.DigestDetail: digest_details.detail,
    m.WaitsReport: waits.report,
    m.Home: homes.home,
    m.WhichIssue: issues.which,
    m.IssueCard: cards.card,
    m.BoardNews: news.board_news,
    m.Undelivered: deliveries.undelivered,
    m.AccountLinks: accounts.links,
    m.LinkWord: accounts.word,
    m.LinkRequest: accounts.request,
    m.NewStatus: statuses.new_status,
    m.Proposal: proposals.proposal,
    m.PersonQuestion: people.question,
    m.StrangerInChannel: channels.stranger,
    m.SelfCheck: checks.self_check,
    m.SetUpCard: wizard.card,
    m.BoardAsked: wizard.asked,
    m.TrialPrompt: wizard.trial,
}


@dataclass(frozen=True)
class Rendered:
    """A message for Slack: its blocks, and the same in full as text."""

    blocks: list[Block]
    text: str


def render(message: m.Message, language: str) -> Rendered:
    """The message in a language."""
    made = RENDERERS[type(message)](message, translator(language))
    blocks = fit(made, VIEW_BLOCKS) if isinstance(message, m.Home) else fit(made)
    return Rendered(blocks, text_of(blocks))
