"""Ways to somewhere else and back: what was begun for one app or site ends at no other."""

import pytest

from fmo_bot.db.store import Store
from fmo_bot.errors import ConsentLost
from fmo_bot.services.consents import LASTS_S, Consents
from tests.fakes import Machine


def test_a_way_back_is_good_once_for_its_own_purpose_in_its_own_browser_and_time(store: Store) -> None:
    machine = Machine()
    consents = Consents(store, machine=machine)
    begun = consents.begin(consents.ticket("slack:huawei", {}))
    for state, browser, purpose in (
        (begun.state, begun.browser, "slack:telefonica"),  # another app's page
        (begun.state, begun.browser, "link"),  # not Slack's at all
        (begun.state, "", "slack:huawei"),  # no cookie
        (begun.state, "another", "slack:huawei"),
        ("another", begun.browser, "slack:huawei"),
    ):
        with pytest.raises(ConsentLost):
            consents.finish(state=state, browser=browser, among={purpose})
    assert consents.finish(state=begun.state, browser=begun.browser, among={"slack:huawei"}).purpose == "slack:huawei"
    with pytest.raises(ConsentLost):
        consents.finish(state=begun.state, browser=begun.browser, among={"slack:huawei"})

    late = consents.begin(consents.ticket("slack:huawei", {}))
    machine.advance(LASTS_S)
    with pytest.raises(ConsentLost):
        consents.finish(state=late.state, browser=late.browser, among={"slack:huawei"})
