"""Who accepts a joint team for the other companies, or what has to happen first: said alike before and after Post.

Each line of a text is a msgid of its own.
"""

from collections.abc import Iterable

from fmo_bot.domain.drafts import Company
from fmo_bot.domain.messages import Notice

ASKED = "An admin of {asked} is asked to accept."
NO_APP = (
    "FMO bot is not installed in the Slack of {pending} yet, so nobody there can be asked. Whoever completes the "
    "install there is the first admin, and is asked to accept."
)
NO_ADMIN = (
    "FMO bot is in the Slack of {nobody} but knows no admin there yet, so nobody can be asked. The first admin is "
    "whoever completes the install there, or whom {host} names on the server."
)
UNTIL = "Until a company has accepted, nobody there is asked anything, and nothing of its Jira is read."


def who_accepts(others: Iterable[Company], host: str) -> Notice:
    """What becomes of the proposal at each other company; without words where there is none."""
    said: dict[str, list[str]] = {}
    for each in others:
        said.setdefault(_stands(each), []).append(each.name)
    names = {"asked": said.get(ASKED), "pending": said.get(NO_APP), "nobody": said.get(NO_ADMIN)}
    lines = [line for line in (ASKED, NO_APP, NO_ADMIN) if line in said]
    values = {name: ", ".join(found) for name, found in names.items() if found}
    return Notice(text="\n".join([*lines, UNTIL] if lines else []), values=values | {"host": host})


def _stands(company: Company) -> str:
    if not company.app:
        return NO_APP
    return ASKED if company.admin else NO_ADMIN
