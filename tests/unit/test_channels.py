"""Whether anything may be said in a channel, by who is connected to it."""

import pytest

from fmo_bot.domain.channels import Reader, Seen, Standing, State, internal, joint

SIDES = {"vendor": frozenset({"T0H"}), "operator": frozenset({"T0T"}), "partner:Lab": frozenset({"T0LAB"})}
BOTH = frozenset({"T0H", "T0T"})


COLLEAGUE = Reader(user="U1", home="T0H")


def seen(*workspaces: str, is_archived: bool = False) -> Seen:
    return Seen(name="joint", host="T0H", workspaces=frozenset(workspaces), is_archived=is_archived)


@pytest.mark.parametrize(
    ("now", "before", "standing"),
    [
        (seen("T0H", "T0T"), BOTH, Standing(state=State.ACTIVE)),
        (seen("T0H"), {"T0H"}, Standing(state=State.ACTIVE)),  # never shared: the operator's people are guests
        (seen("T0H"), BOTH, Standing(state=State.UNSHARED, gone=("T0T",))),
        (seen("T0H", "T0T"), BOTH | {"T0LAB"}, Standing(state=State.ACTIVE, gone=("T0LAB",))),  # two are left
        (seen("T0H", "T0T", "T0X"), BOTH, Standing(state=State.STRANGER, strangers=("T0X",))),
        (seen("T0H", "T0X"), BOTH, Standing(state=State.STRANGER, strangers=("T0X",), gone=("T0T",))),
        (seen("T0H", "T0T", is_archived=True), BOTH, Standing(state=State.ARCHIVED)),
        (seen("T0H", "T0T", "T0LAB"), BOTH, Standing(state=State.ACTIVE)),
    ],
)
def test_a_joint_channel_is_spoken_in_while_every_company_in_it_is_a_side(
    now: Seen, before: frozenset[str], standing: Standing
) -> None:
    assert joint(now, SIDES, before) == standing


@pytest.mark.parametrize(
    ("now", "reader", "state"),
    [
        (seen("T0H"), Reader(user="U1", home="T0H"), State.ACTIVE),
        (seen("T0H"), Reader(user="UBOT", home="T0X", is_bot=True), State.ACTIVE),
        (seen("T0H", "T0T"), Reader(user="U1", home="T0H"), State.EXPOSED),  # it is shared
        (seen("T0H"), Reader(user="U1", home="T0H", is_guest=True), State.EXPOSED),
        (seen("T0H"), Reader(user="U1", home="T0T"), State.EXPOSED),
        (seen("T0H"), Reader(user="U9", home="T0H"), State.EXPOSED),  # of this company, on another side here
        (seen("T0H", is_archived=True), Reader(user="U1", home="T0H"), State.ARCHIVED),
        (Seen(name="x", host="T0H", workspaces=frozenset({"T0H"}), is_pending=True), COLLEAGUE, State.EXPOSED),
    ],
)
def test_a_channel_is_internal_while_only_its_own_side_can_read_it(now: Seen, reader: Reader, state: State) -> None:
    assert internal(now, frozenset({"T0H"}), [reader], {"U9"}).state is state
