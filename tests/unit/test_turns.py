"""Writers take turns in the order in which they came."""

from collections.abc import Callable
from threading import Event, Thread

from fmo_bot.db.turns import Turns


def waits(turns: Turns, name: str, done: list[str]) -> Thread:
    """A thread that waits for its turn by the time this returns."""

    def take() -> None:
        with turns.mine():
            done.append(name)

    before = len(turns._waiting)
    thread = Thread(target=take)
    thread.start()
    until(lambda: len(turns._waiting) > before)
    return thread


def until(true: Callable[[], bool]) -> None:
    for _ in range(60_000):
        if true():
            return
        Event().wait(0.001)
    raise AssertionError("it never came to that")


def test_whoever_came_first_is_next() -> None:
    turns, done = Turns(patience=10), list[str]()
    with turns.mine():
        threads = [waits(turns, name, done) for name in "abc"]
    for thread in threads:
        thread.join()
    assert done == ["a", "b", "c"]


def test_whoever_gives_a_turn_up_cannot_snatch_it_back() -> None:
    turns, done = Turns(patience=10), list[str]()
    with turns.mine():
        thread = waits(turns, "the other", done)
    with turns.mine():
        done.append("me again")
    thread.join()
    assert done == ["the other", "me again"]


def test_nobody_waits_longer_than_their_patience() -> None:
    turns, done = Turns(patience=0.01), list[str]()
    with turns.mine():
        thread = waits(turns, "went ahead", done)
        thread.join()
        assert done == ["went ahead"]
    with turns.mine():
        done.append("the next")
    assert done == ["went ahead", "the next"]


def test_a_turn_ends_with_an_error_too() -> None:
    turns = Turns(patience=10)
    try:
        with turns.mine():
            raise LookupError
    except LookupError:
        pass
    with turns.mine():
        assert not turns._waiting
