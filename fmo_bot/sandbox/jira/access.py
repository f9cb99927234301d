"""Who may see and do what on a site: projects, security levels of issues, roles that comments are kept to, operations.

Nobody is kept out of anything at first. What is closed is closed to every account that is not named.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fmo_bot.sandbox.jira.refusals import Refused

if TYPE_CHECKING:
    from fmo_bot.sandbox.jira.issue import Issue

Json = dict[str, Any]
LEVEL = {"id": "10100", "name": "Own company only"}
PERMISSIONS = {  # Jira's name: the operation that may be denied
    "BROWSE_PROJECTS": "browse",
    "CREATE_ISSUES": "create",
    "EDIT_ISSUES": "edit",
    "ASSIGN_ISSUES": "assign",
    "TRANSITION_ISSUES": "transition",
    "ADD_COMMENTS": "comment",
    "LINK_ISSUES": "link",
    "USER_PICKER": "users",
    "ADMINISTER": "webhook",
}


@dataclass
class Access:
    """The permissions of one site."""

    denied: set[str] = field(default_factory=set)  # operations nobody may do: see PERMISSIONS, and `report`
    projects: dict[str, frozenset[str]] = field(default_factory=dict)  # closed ones by key: the accounts let in
    levels: dict[str, frozenset[str]] = field(default_factory=lambda: {LEVEL["id"]: frozenset()})
    names: dict[str, str] = field(default_factory=lambda: {LEVEL["id"]: LEVEL["name"]})
    roles: dict[str, frozenset[str]] = field(default_factory=dict)

    def permit(self, operation: str) -> None:
        """403 where the operation is denied."""
        if operation in self.denied:
            raise Refused(403, f"You do not have permission to do this ({operation}).")

    def browses(self, project: str, me: Json | None) -> bool:
        """Whether the account may browse a project by key; None is the administrator, who may."""
        if me is None:
            return True
        return "browse" not in self.denied and _in(me, self.projects.get(project))

    def sees(self, issue: "Issue", me: Json | None) -> bool:
        """Whether the account may see an issue: its project, and its security level."""
        if me is None:
            return True
        if not self.browses(issue.key.rpartition("-")[0], me):
            return False
        level = issue.end.get("security")
        return not level or _in(me, self.levels.get(str(level["id"]), frozenset()))

    def eyes(self, me: Json | None) -> "Callable[[Issue], bool] | None":
        """What tells the issues the account sees; None where those are all."""
        everybody = self.projects == {} and "browse" not in self.denied and not self.kept_back
        return None if me is None or everybody else lambda issue: self.sees(issue, me)

    kept_back: bool = False  # whether an issue ever got a security level

    def hears(self, comment: Json, me: Json | None) -> bool:
        """Whether the account may read a comment."""
        kept_to = comment.get("visibility")
        return me is None or not kept_to or _in(me, self.roles.get(str(kept_to.get("value")), frozenset()))

    def level(self, name: str, members: Iterable[str] | None = None) -> Json:
        """The security level with this name; made, or given other members, where those are named."""
        number = next((number for number, known in self.names.items() if known == name), None)
        if number is None:
            number = str(max(map(int, self.names)) + 1)
            self.names[number], self.levels[number] = name, frozenset()
        if members is not None:
            self.levels[number] = frozenset(members)
        return {"id": number, "name": name}


def _in(me: Json, let_in: frozenset[str] | None) -> bool:
    return let_in is None or me["accountId"] in let_in
