"""Which issue a link to Jira means."""

import pytest

from fmo_bot.domain.links import issue_in

SITES = {"shared": "https://joint.atlassian.net", "tef": "https://jira.telefonica.example:8443/jira/"}


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("https://joint.atlassian.net/browse/CORE-12", ("shared", "CORE-12")),
        ("https://JOINT.atlassian.net/browse/CORE-12/", ("shared", "CORE-12")),  # hosts know no case
        ("https://joint.atlassian.net/browse/CORE-12?focusedCommentId=1#c", ("shared", "CORE-12")),
        ("https://joint.atlassian.net/jira/boards/1?a=b&amp;selectedIssue=CORE-7", ("shared", "CORE-7")),
        ("https://jira.telefonica.example:8443/jira/browse/LAB-1", ("tef", "LAB-1")),
        ("https://jira.telefonica.example:8443/browse/LAB-1", None),  # outside of where that Jira lives
        ("https://jira.telefonica.example/jira/browse/LAB-1", None),  # another port is another site
        ("https://joint.atlassian.net.evil.example/browse/CORE-12", None),
        ("https://evil.example/?u=https://joint.atlassian.net/browse/CORE-12", None),
        ("https://joint.atlassian.net/browse/core-12", None),  # Jira's keys are capitals
        ("https://joint.atlassian.net/browse/CORE-12%0aX", None),
        ("https://joint.atlassian.net/browse/", None),
        ("https://joint.atlassian.net:99999/browse/CORE-12", None),  # no port
        ("https://[bad/browse/CORE-12", None),
        ("", None),
    ],
)
def test_a_link_means_an_issue_of_a_known_site_or_nothing(link: str, found: tuple[str, str] | None) -> None:
    assert issue_in(link, SITES) == found
