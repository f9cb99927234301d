"""Which Jira accounts are a person's, and the ways to prove it."""

from fmo_bot.domain.accounts import How
from fmo_bot.domain.messages import AccountLine, AccountLinks, LinkRequest, LinkWord
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import (
    ACCOUNT_CHECK,
    ACCOUNT_NO,
    ACCOUNT_SIGN_IN,
    ACCOUNT_UNLINK,
    ACCOUNT_WORD,
    ACCOUNT_YES,
)
from fmo_bot.slack.blocks import Block, actions, button, context, header, section
from fmo_bot.slack.text import escape, issue_name, moment

_HOW = {
    How.EMAIL: "found by your e-mail, in a domain your company has verified",
    How.OAUTH: "you signed in to Atlassian",
    How.CODE: "you wrote a word there",
    How.ADMIN: "confirmed by an admin of the site's owner",
}
_TO_ACT = "Sign in to change issues there from Slack as yourself."


def links(message: AccountLinks, t: Translator) -> list[Block]:
    """One part for each site."""
    return [
        header(t("Your Jira accounts")),
        *(block for line in message.lines for block in _line(line, t)),
        context(t("A link says whose an account is. It gives nobody a right, in Jira or here.")),
    ]


def _line(line: AccountLine, t: Translator) -> list[Block]:
    site = f"*{escape(line.site)}*"
    if line.since is not None:
        how = t(_HOW[How(line.how)])
        said = t(
            "{site}: {shown} ({how}, {since})",
            site=site,
            shown=escape(line.shown),
            how=how,
            since=moment(line.since, t),
        )
        linked = section(said, button=button(t("Unlink"), ACCOUNT_UNLINK, line.ref))
        return [linked, *([actions(_sign_in(line, t)), context(t(_TO_ACT))] if line.sign_in else [])]
    ways = [
        *([_sign_in(line, t)] if line.sign_in else []),
        *([button(t("Prove it by a comment in Jira"), ACCOUNT_WORD, line.ref)] if line.by_word else []),
    ]
    asked = t("Or let an admin confirm it: `/fmo link jira {site} ACCOUNT`", site=escape(line.site))
    return [
        section(
            t("{site}: no account of yours is known. If your e-mail shows one, you hear of it in a moment.", site=site)
        ),
        *([actions(*ways)] if ways else []),
        *([context(asked)] if line.by_admin else []),
    ]


def _sign_in(line: AccountLine, t: Translator) -> Block:
    return button(t("Sign in to Atlassian"), ACCOUNT_SIGN_IN, line.ref) | {"url": line.sign_in}


def word(message: LinkWord, t: Translator) -> list[Block]:
    """What to write, where, until when."""
    said = t(
        "Write this word as a comment on {issue} in Jira (site {site}), as yourself, until {until}; then press the "
        "button. It counts once, and for you alone.",
        issue=f"*{escape(issue_name(message.issue, t))}*",
        site=escape(message.site),
        until=moment(message.until, t),
    )
    done = button(t("I have written it"), ACCOUNT_CHECK, message.ref, primary=True)
    return [section(f"{said}\n`{escape(message.word)}`"), actions(done)]


def request(message: LinkRequest, t: Translator) -> list[Block]:
    """Yes or no, for an admin who can look the account up in Jira."""
    said = t(
        "{name} ({company}) says that the account {account} on Jira site {site} is theirs. Is it? Look it up in "
        "Jira: a display name proves nothing.",
        name=f"*{escape(message.name)}*",
        company=escape(message.company),
        account=f"*{escape(message.account)}*",
        site=escape(message.site),
    )
    return [
        section(said),
        actions(button(t("Yes, it is theirs"), ACCOUNT_YES, message.ref), button(t("No"), ACCOUNT_NO, message.ref)),
    ]
