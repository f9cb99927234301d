"""When an account is somebody's: by an exact e-mail where that is sure, or by a word; never by a display name."""

import random
from dataclasses import replace

import pytest

from fmo_bot.domain.accounts import Account, matching, new_word, normal, words_in

EMAIL = "chen.yu@huawei.example"
CHEN = Account(id="a1", shown="Chen Yu", email=EMAIL)
HIDDEN = replace(CHEN, email=None)
OTHER = Account(id="a2", shown="Chen Yu", email="chen.yu@huawei.example.net")

# What a search for the e-mail found, and whose it is on Cloud and on Data Center.
FOUND: dict[str, tuple[list[Account], str | None, str | None]] = {
    "nobody": ([], None, None),
    "the one": ([CHEN], "a1", "a1"),
    "written in capitals": ([replace(CHEN, email="Chen.Yu@HUAWEI.example")], "a1", "a1"),
    "found by a prefix only": ([OTHER], None, None),
    "the one among others": ([OTHER, CHEN], "a1", "a1"),
    "two with the same e-mail": ([CHEN, replace(CHEN, id="a3")], None, None),
    "no longer active": ([replace(CHEN, is_active=False)], None, None),
    "an app": ([replace(CHEN, is_person=False)], None, None),
    "hidden, and found alone": ([HIDDEN], "a1", None),
    "hidden, and found with another": ([HIDDEN, OTHER], None, None),
    "hidden, and found with an app": ([HIDDEN, replace(OTHER, is_person=False)], None, None),
    "hidden, no longer active": ([replace(HIDDEN, is_active=False)], None, None),
    "hidden, with the e-mail for a display name": ([replace(HIDDEN, shown=EMAIL)], None, None),
    "hidden, with one that begins like it": ([replace(HIDDEN, shown=f"Yu {EMAIL.upper()} x")], None, None),
    "the display name alone": ([replace(CHEN, email="someone@else.example")], None, None),
}


@pytest.mark.parametrize("case", FOUND)
def test_an_account_is_somebodys_only_where_it_is_sure(case: str) -> None:
    found, on_cloud, on_data_center = FOUND[case]
    assert [account and account.id for account in (matching(found, EMAIL, may_be_hidden=h) for h in (True, False))] == [
        on_cloud,
        on_data_center,
    ]


@pytest.mark.parametrize(
    ("typed", "compared"),
    [
        (" Chen.Yu@Huawei.Example ", EMAIL),
        ("chen.yu@huаwei.example", None),  # a Cyrillic letter that looks the same
        ("chen.yu@huawei", None),
        ("a@b@huawei.example", None),
        ("chen yu@huawei.example", None),
        ("", None),
        ("@huawei.example", None),
        ("x" * 65 + "@huawei.example", None),
    ],
)
def test_an_e_mail_is_compared_in_one_form_or_not_at_all(typed: str, compared: str | None) -> None:
    assert normal(typed) == compared


def test_a_word_is_found_in_what_people_write_around_it() -> None:
    word = new_word(random.Random(7).choice)
    for text in (word, f"*{word}*", f"My word: {word.upper()}.", f"{{code}}{word}{{code}}"):
        assert words_in(text) == [word]
    for text in (f"x{word}", f"{word}x", word.replace("-", ""), "y" * 30_000 + word):
        assert words_in(text) == []
    assert len({new_word(random.Random(seed).choice) for seed in range(500)}) == 500
