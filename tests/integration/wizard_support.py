"""Companies that have the app and no joint team yet, and the hands of a person who sets one up."""

import json
from dataclasses import dataclass
from typing import Any

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.parties import MemberRow, OrganisationRow, WorkspaceRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.sandbox.server import Sandbox
from fmo_bot.slack.actions import SETUP_FORM, SETUP_OPEN
from tests.integration.sandbox_support import act, eventually, see

JOINT = "C0JOINT"
COMPANIES = {
    "Huawei": ("huawei", "T0HUAWEI", "U0LIWEI", "Li Wei", "Asia/Shanghai"),
    "Telefonica": ("telefonica", "T0TELEFON", "U0LUCIA", "Lucía Ortega", "Europe/Madrid"),
}


def companies(
    store: Store, *, app: str = "", jira: str | None = "Huawei", only: tuple[str, ...] = tuple(COMPANIES)
) -> None:
    """Both companies as they are once each has installed the app. `jira`: whose the Jira site is.

    `only`: those that have it already.
    """
    with store.transaction(SYSTEM) as session:
        for name in only:
            key, workspace, user, admin, zone = COMPANIES[name]
            company = OrganisationRow(name=name)
            session.add(company)
            session.flush()
            where = {"app_key": app or key, "slack_team_id": workspace, "name": name}
            session.add(WorkspaceRow(organisation_id=company.id, **where))
            member = MemberRow(
                organisation_id=company.id, home_workspace=workspace, slack_user_id=user, name=admin, zone=zone
            )
            session.add(member)
            session.flush()
            session.add(AdminRow(member_id=member.id))
            if name == jira:
                session.add(JiraSiteRow(key="shared", organisation_id=company.id))


@dataclass
class Setter:
    """Somebody who sets a joint team up in the pretend Slack, counting what they see and click."""

    box: Sandbox
    user: str
    screens: int = 0
    clicks: int = 0

    def mention(self, bot: str, text: str = "", channel: str = JOINT) -> None:
        """Mention the bot in a channel."""
        assert act(self.box, self.user, "say", channel=channel, text=f"<@{bot}> {text}")["ts"]

    def direct(self) -> list[tuple[str, dict[str, Any]]]:
        """Every direct message of theirs with the app, with its conversation."""
        found = [each["id"] for each in see(self.box, self.user, "conversations") if each["kind"] == "dm"]
        return [(each, message) for each in found for message in see(self.box, self.user, "messages", channel=each)]

    def told(self, words: str) -> tuple[str, dict[str, Any]]:
        """The newest direct message with these words; waited for."""

        def found() -> list[tuple[str, dict[str, Any]]]:
            return [each for each in self.direct() if words in json.dumps(each[1], ensure_ascii=False)]

        newest: tuple[str, dict[str, Any]] = eventually(found)[-1]
        return newest

    def press(self, words: str, action: str) -> None:
        """Press the button with this action in the newest message with these words."""

        def pressed() -> bool:
            channel, message = self.told(words)
            block = next((block for block in message["blocks"] if action in json.dumps(block)), None)
            if block is None:
                return False
            told = {"channel": channel, "ts": message["ts"], "block_id": block["block_id"], "action_id": action}
            answer = act(self.box, self.user, "press", **told)
            if "There is nothing called" in str(answer.get("error")):
                return False  # the message was changed since it was read
            assert answer == {"ok": True}
            return True

        eventually(pressed)
        self.clicks += 1

    def begin(self) -> dict[str, Any]:
        """Press Begin, or Continue, on the newest card."""
        self.press("Set-up of #", SETUP_OPEN)
        return self.window()

    def windows(self) -> list[dict[str, Any]]:
        views: list[dict[str, Any]] = see(self.box, self.user, "views")
        return views

    def window(self, step: str = "") -> dict[str, Any]:
        """The open window, once it has its questions; of this step, where one is named."""
        found: dict[str, Any] = eventually(lambda: next(filter(lambda v: is_ready(v, step), self.windows()), None))
        self.screens += 1
        return found

    def send(self, view: dict[str, Any], **changed: Any) -> Any:
        """Press its button with these fields changed (`__` stands for a colon); what Slack answers."""
        self.clicks += 1
        told = {"view_id": view["id"], "values": values(view, changed)}
        return act(self.box, self.user, "submit", **told)

    def next(self, view: dict[str, Any], to: str, **changed: Any) -> dict[str, Any]:
        """The same, and the window of the step that follows."""
        answer = self.send(view, **changed)
        assert answer["ok"], answer
        assert not answer.get("errors"), answer
        return self.window(to)

    def choose(self, view: dict[str, Any], field: str, value: Any) -> None:
        """Choose in a field that changes the window at once."""
        block, element = element_of(view, field)
        held = {"block_id": block["block_id"], "action_id": element["action_id"], "value": value}
        told = {"view_id": view["id"], **held, "values": values(view, {field: value})}
        assert act(self.box, self.user, "press_view", **told) == {"ok": True}
        self.clicks += 1


def step_of(view: dict[str, Any]) -> str:
    """Which step a window is."""
    return str(json.loads(view["private_metadata"])[2]) if view["callback_id"] == SETUP_FORM else ""


def is_ready(view: dict[str, Any], step: str) -> bool:
    return view["callback_id"] == SETUP_FORM and step in ("", step_of(view))


def element_of(view: dict[str, Any], field: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The block and element of a field."""
    name = field.replace("__", ":")
    block = next(block for block in view["blocks"] if block.get("block_id", "").partition("#")[0] == name)
    return block, block["element"]


def values(view: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """As Slack's own client sends it."""
    found: dict[str, Any] = {}
    for field, value in changed.items():
        block, element = element_of(view, field)
        found[block["block_id"]] = {element["action_id"]: value}
    return found


def words_of(view: dict[str, Any]) -> str:
    """Everything a window says."""
    return json.dumps(view["blocks"], ensure_ascii=False)
