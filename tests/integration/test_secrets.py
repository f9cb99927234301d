"""Secrets in the database: sealed, opened by the keys of the settings, brought under the newest one."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.rotating import Rotated, rotate
from fmo_bot.db.secrets import Sealed, Vault, new_key
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import SecretLocked
from tests.integration.command import fmo_bot

OLD, NEW = new_key(), new_key()
TOKEN = "ATATT-very-secret"


def put(store: Store, vault: Vault, keys: Sequence[str]) -> None:
    """Sites with these keys, each with its token sealed."""
    with store.transaction(SYSTEM) as session:
        session.add_all(JiraSiteRow(key=key, credentials=vault.seal(f"{TOKEN}-{key}")) for key in keys)


def sealed(store: Store) -> dict[str, Sealed]:
    with store.reading(SYSTEM) as session:
        found = session.scalars(select(JiraSiteRow).order_by(JiraSiteRow.id)).all()
        return {row.key: row.credentials for row in found if row.credentials}


def test_a_secret_comes_back_and_is_never_in_the_database_as_it_is(store: Store) -> None:
    vault = Vault([OLD])
    put(store, vault, ["shared"])
    with store.reading(SYSTEM) as session:
        stored = session.scalar(text("SELECT credentials FROM jira_site"))
    assert TOKEN not in stored
    assert vault.open(sealed(store)["shared"], what="the token") == f"{TOKEN}-shared"
    assert sealed(store)["shared"].token not in repr(sealed(store))


def test_what_was_not_sealed_is_not_stored(sqlite_store: Store) -> None:
    with pytest.raises(StatementError, match="sealed by a vault"), sqlite_store.transaction(SYSTEM) as session:
        session.add(JiraSiteRow(key="shared", credentials=TOKEN))  # type: ignore[arg-type]


def test_without_a_key_the_sentence_says_where_to_get_one() -> None:
    with pytest.raises(SecretLocked, match=r"FMO_SECRET_KEYS is not set.*fmo-bot new-key"):
        Vault([]).seal(TOKEN)


def test_with_a_wrong_key_the_sentence_names_what_stays_closed() -> None:
    with pytest.raises(SecretLocked) as caught:
        Vault([NEW]).open(Vault([OLD]).seal(TOKEN), what="the token of Jira site shared")
    said = str(caught.value)
    assert said.startswith("None of the keys in FMO_SECRET_KEYS opens the token of Jira site shared")
    assert TOKEN not in said
    assert OLD not in said
    assert caught.value.__cause__ is None


def test_an_older_key_opens_and_the_newest_seals() -> None:
    both = Vault([NEW, OLD])
    assert both.open(Vault([OLD]).seal(TOKEN), what="it") == TOKEN
    assert Vault([NEW]).open(both.seal(TOKEN), what="it") == TOKEN


def test_a_rotation_brings_every_secret_under_the_newest_key_and_a_second_one_finds_it_done(store: Store) -> None:
    put(store, Vault([OLD]), ["a", "b"])
    put(store, Vault([NEW]), ["c"])
    with store.transaction(SYSTEM) as session:
        session.add(JiraSiteRow(key="settings"))  # has no secret
    both = Vault([NEW, OLD])
    assert rotate(store, both) == Rotated(changed=2, already=1, locked=())
    before = sealed(store)
    assert rotate(store, both) == Rotated(changed=0, already=3, locked=())
    assert sealed(store) == before  # not even touched
    opened = {key: Vault([NEW]).open(each, what=key) for key, each in before.items()}
    assert opened == {key: f"{TOKEN}-{key}" for key in "abc"}


def test_a_secret_that_no_key_opens_is_named_and_holds_no_other_one_up(store: Store) -> None:
    put(store, Vault([new_key()]), ["lost"])
    put(store, Vault([OLD]), ["b"])
    lost = sealed(store)["lost"]
    rotated = rotate(store, Vault([NEW, OLD]))
    assert (rotated.changed, len(rotated.locked)) == (1, 1)
    assert "jira_site.credentials in row 1" in rotated.locked[0]
    assert sealed(store)["lost"] == lost


def test_the_command_tells_how_many_and_ends_with_1_where_one_stays_closed(tmp_path: Path) -> None:
    given = {"FMO_SLACK_APPS": "a", "FMO_SLACK_A_BOT_TOKENS": "xoxb-1", "FMO_SLACK_A_APP_TOKEN": "xapp-1"}
    assert fmo_bot("migrate", folder=tmp_path, given=given).returncode == 0
    store = Store(f"sqlite:///{tmp_path / 'fmo.db'}")
    put(store, Vault([OLD]), ["a", "b"])
    keys = {"FMO_SECRET_KEYS": f"{NEW},{OLD}"}
    done = fmo_bot("rotate-keys", folder=tmp_path, given=given | keys)
    assert (done.returncode, done.stdout) == (0, "2 secrets encrypted with the newest key; 0 were before.\n")
    for wrong, sentence in (({"FMO_SECRET_KEYS": OLD}, "None of the keys"), ({}, "FMO_SECRET_KEYS is not set")):
        done = fmo_bot("rotate-keys", folder=tmp_path, given=given | wrong)
        assert done.returncode == 1
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
    store.close()


def test_a_new_key_is_one_that_the_settings_take(tmp_path: Path) -> None:
    key = fmo_bot("new-key", folder=tmp_path).stdout.strip()
    assert Vault([key]).open(Vault([key]).seal(TOKEN), what="it") == TOKEN
