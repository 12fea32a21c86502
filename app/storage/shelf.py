"""The wallets of a person: one file each, side by side in the data directory, one of them chosen.

The first wallet is ``wallet.json``, further ones are ``wallet-2.json`` and so on. A name is text in the file, never a
part of a path. Which one is chosen is a setting; a wallet that is gone falls back to the first there is.
"""

import re
from pathlib import Path
from typing import Final, NamedTuple

from app.storage.errors import StorageError
from app.storage.keystore import Keystore
from app.storage.settings import Settings
from chain.errors import InvalidInput

FIRST_FILE: Final = "wallet.json"
MOST_WALLETS: Final = 99
_FILE: Final = re.compile(r"wallet(?:-([2-9]|[1-9][0-9]))?\.json(?:\.bak)?")


class Entry(NamedTuple):
    """A wallet on the shelf."""

    path: Path
    name: str
    """What it is called, or what its file suggests."""
    account_count: int
    problem: str
    """Why it cannot be read; empty when it can."""


def list_wallets(keystore: Keystore) -> tuple[Entry, ...]:
    """Return every wallet beside the keystore's file, the first one first."""
    folder = keystore.path.parent
    return tuple(_read_entry(keystore.at(folder / name), _get_number(name)) for name in _find_files(folder))


def find_wallet(keystore: Keystore, name: str) -> Entry:
    """Return the wallet of this name, or of this file name. Raises InvalidInput naming those there are."""
    entries = list_wallets(keystore)
    wanted = name.strip()
    for entry in entries:
        if wanted in (entry.name, entry.path.name, entry.path.stem):
            return entry
    raise InvalidInput("wallet", name, ", ".join(entry.name for entry in entries) or "none: there is no wallet yet")


def get_free_path(keystore: Keystore) -> Path:
    """Return where the next wallet goes. Raises InvalidInput when there are too many."""
    folder = keystore.path.parent
    for number in range(1, MOST_WALLETS + 1):
        path = folder / (FIRST_FILE if number == 1 else f"wallet-{number}.json")
        if not keystore.at(path).exists():
            return path
    raise InvalidInput("number of wallets", MOST_WALLETS, f"at most {MOST_WALLETS}; delete one that is not used")


def check_name_is_free(keystore: Keystore, name: str) -> None:
    """Refuse a name that another wallet has. Raises InvalidInput."""
    if any(entry.name == name.strip() and entry.path != keystore.path for entry in list_wallets(keystore)):
        raise InvalidInput("wallet name", name, "one that no other wallet has")


def choose_path(folder: Path, settings: Settings) -> Path:
    """Return the file of the chosen wallet: the setting's, if it is there, else the first one there is."""
    names, chosen = _find_files(folder), str(settings["wallet"])
    return folder / (chosen if chosen in names else next(iter(names), FIRST_FILE))


def _find_files(folder: Path) -> tuple[str, ...]:
    """Return the names of the wallet files, by number; a wallet of which only the backup is left counts."""
    names = {entry.name.removesuffix(".bak") for entry in folder.iterdir()} if folder.is_dir() else set()
    return tuple(sorted((name for name in names if _FILE.fullmatch(name)), key=_get_number))


def _get_number(name: str) -> int:
    match = _FILE.fullmatch(name)
    return int(match[1] or 1) if match else 1


def _read_entry(keystore: Keystore, number: int) -> Entry:
    default = "Wallet" if number == 1 else f"Wallet {number}"
    try:
        name, accounts = keystore.get_public()
        return Entry(keystore.path, name or default, len(accounts), "")
    except StorageError as error:
        return Entry(keystore.path, default, 0, str(error))
