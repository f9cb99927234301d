"""How a message names what is in Jira, so that it can be decided who may read it. Every Jira id is (site, id)."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ProjectName:
    """A Jira project: the key of its site, Jira's id of it, its key. Id and key are "" where they are not known."""

    site: str
    id: str = ""
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class IssueName:
    """An issue. `key` None: not to be told to whoever reads this; then `company` says whose issue it is ("": unknown).

    `secured`: it has a security level in Jira, and is stored because its owner says so.
    """

    project: ProjectName
    id: str
    key: str | None
    secured: bool = False
    company: str = ""


def internal(company: str) -> IssueName:
    """What is left of an issue that a reader may not know: whose it is."""
    return IssueName(project=ProjectName(site=""), id="", key=None, company=company)


def project_key(issue_key: str) -> str:
    """The project's part of an issue's key: CORE of CORE-12."""
    return issue_key.rpartition("-")[0]
