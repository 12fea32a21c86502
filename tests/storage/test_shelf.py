"""Several wallets side by side: one file each, names that are never paths, one of them chosen."""

from pathlib import Path

import pytest

from app.storage.keystore import Keystore
from app.storage.settings import Settings
from app.storage.shelf import check_name_is_free, choose_path, find_wallet, get_free_path, list_wallets
from app.storage.vault import CHEAPEST
from chain.errors import InvalidInput
from chain.wallet.secret import Secret

WORDS = Secret("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about")
PASSWORD = Secret("violet tractor 81")


@pytest.fixture
def first(tmp_path: Path) -> Keystore:
    keystore = Keystore(tmp_path / "wallet.json", cost=CHEAPEST)
    keystore.create(WORDS, PASSWORD)
    return keystore


def test_an_empty_directory_has_no_wallet_and_room_for_the_first(tmp_path: Path) -> None:
    keystore = Keystore(tmp_path / "none" / "wallet.json")
    assert list_wallets(keystore) == ()
    assert get_free_path(keystore) == keystore.path
    with pytest.raises(InvalidInput, match="there is no wallet yet"):
        find_wallet(keystore, "Work")


def test_wallets_are_listed_by_number_with_their_names(first: Keystore) -> None:
    for name in ("Work [/x] ../..", ""):
        first.at(get_free_path(first)).create(WORDS, PASSWORD, name=name)
    entries = list_wallets(first)
    assert [(it.path.name, it.name) for it in entries] == [
        ("wallet.json", "Wallet"), ("wallet-2.json", "Work [/x] ../.."), ("wallet-3.json", "Wallet 3"),
    ]  # fmt: skip
    assert find_wallet(first, " Work [/x] ../.. ") == entries[1]
    with pytest.raises(InvalidInput, match="no other wallet"):
        check_name_is_free(first, "Wallet 3")
    first.delete()
    assert get_free_path(first).name == "wallet.json", "a place that became free is taken again"


def test_a_wallet_that_cannot_be_read_is_listed_with_its_problem(first: Keystore) -> None:
    broken = first.path.with_name("wallet-2.json")
    broken.write_text("{")
    assert "is cut off" in list_wallets(first)[1].problem
    assert get_free_path(first).name == "wallet-3.json"


@pytest.mark.parametrize(
    "name", ["wallet-1.json", "wallet-100.json", "wallet.json.damaged-1", "../wallet.json", "x.json"]
)
def test_other_files_are_no_wallets(first: Keystore, name: str) -> None:
    if "/" not in name:
        first.path.with_name(name).write_text("{}")
    assert [it.path.name for it in list_wallets(first)] == ["wallet.json"]


def test_the_chosen_wallet_is_remembered_and_one_that_is_gone_is_not_missed(first: Keystore, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    second = first.at(get_free_path(first))
    second.create(WORDS, PASSWORD, name="Work")
    settings.change("wallet", second.path.name)
    assert choose_path(tmp_path, Settings(tmp_path / "settings.json")) == second.path
    second.delete()
    assert choose_path(tmp_path, settings) == first.path
    second.create(WORDS, PASSWORD)
    first.delete()
    settings.change("wallet", "wallet.json")
    assert choose_path(tmp_path, settings) == second.path


def test_deleting_takes_the_backup_too(first: Keystore) -> None:
    first.rename("Home")
    assert first.get_public()[0] == "Home"
    first.delete()
    assert not first.exists()
    assert [path for path in first.path.parent.iterdir() if not path.name.endswith(".lock")] == []
