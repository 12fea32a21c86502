"""The wallet file: keys encrypted at rest, accounts readable without the password.

Idea: the recovery phrase and its passphrase lie in a box that only the password opens (``app.storage.vault``). Labels,
paths, public keys and addresses of the accounts stand outside, so that balances can be shown while the wallet is
locked.

Invariants: a secret is in no message, no ``repr``, no log and no other file; an unlocked wallet forgets its seed when
it is locked or its time runs out; a key is handed out only if it belongs to the address the file shows, so a changed
address in the file cannot collect money. A wallet that exists is never overwritten, only set aside.
"""

import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tinydb import TinyDB

from app.storage.accounts import LABEL_LIMIT, Account, add_account, check_label, check_label_is_free, read_accounts
from app.storage.atomic import read_whole, write_new
from app.storage.database import (
    FileKind,
    Notice,
    Tables,
    backup_of,
    change_database,
    delete_database,
    log_notice,
    open_tables,
    parse_tables,
    read_database,
    set_aside,
    write_tables,
)
from app.storage.errors import DamagedFile, ExistingFile, MissingFile, WalletLocked
from app.storage.passwords import check_password
from app.storage.vault import MODERATE, Cost, check_vault, close_box, open_box
from chain.errors import InvalidInput
from chain.ledger.policy import Policy, check_policy
from chain.wallet.address import decode_address, encode_address
from chain.wallet.derivation import DEFAULT_PRESET, DerivedKey, derive_key, get_path
from chain.wallet.mnemonic import NO_PASSPHRASE, check_phrase, to_seed
from chain.wallet.secret import Secret

WALLET: Final = FileKind("wallet", format=1, is_checked=True)
IMPORT_LIMIT_BYTES: Final = 4 * 1024 * 1024
AUTO_LOCK_S: Final = 15 * 60.0


class Unlocked:
    """An open wallet: gives out keys until it is locked, left as a context, or its time runs out."""

    def __init__(self, seed: Secret[bytes], clock: Callable[[], float], auto_lock_s: float) -> None:
        self._seed: Secret[bytes] | None = seed
        self._clock, self._auto_lock_s = clock, auto_lock_s
        self.deadline_s = clock() + auto_lock_s
        """When it locks itself, on the clock it was given."""

    @property
    def is_locked(self) -> bool:
        """Whether it no longer gives out keys; forgets the seed once the time has run out."""
        if self._clock() >= self.deadline_s:
            self.lock()
        return self._seed is None

    def lock(self) -> None:
        """Forget the seed."""
        self._seed = None

    def touch(self) -> None:
        """Start the time anew, because the person did something. Raises WalletLocked when it is over already."""
        self._get_seed()
        self.deadline_s = self._clock() + self._auto_lock_s

    def set_auto_lock(self, auto_lock_s: float) -> None:
        """Take another time until it locks itself, from now on."""
        if not self.is_locked:
            self._auto_lock_s = auto_lock_s
            self.deadline_s = self._clock() + auto_lock_s

    def get_key(self, account: Account) -> DerivedKey:
        """Return the key of an account.

        Raises WalletLocked, InvalidInput for an account without one, DamagedFile when key and address do not fit.
        """
        if account.path is None:
            kind = "only watched" if account.is_watch_only else "shared: it has keys of several accounts"
            raise InvalidInput("account", account.label, f"an account with a key; this one is {kind}")
        key = self.derive(account.path)
        if key.public_key != account.public_key or key.address != account.address:
            raise DamagedFile(
                f"account {account.number}: the wallet file shows {account.address_text}, but the phrase leads to "
                f"{encode_address(key.address)}; the file was changed by another hand"
            )
        return key

    def derive(self, path: str) -> DerivedKey:
        """Return the key at any path. Raises WalletLocked, InvalidInput."""
        return derive_key(self._get_seed(), path)

    def _get_seed(self) -> Secret[bytes]:
        if self.is_locked or self._seed is None:
            raise WalletLocked("the wallet is locked; unlock it with its password")
        return self._seed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lock()


class Keystore:
    """The wallet of a person, in one file."""

    def __init__(
        self,
        path: Path,
        *,
        cost: Cost = MODERATE,
        clock: Callable[[], float] = time.monotonic,
        auto_lock_s: float = AUTO_LOCK_S,
        on_notice: Notice = log_notice,
    ) -> None:
        self.path, self.cost, self.auto_lock_s = path, cost, auto_lock_s
        self._clock, self._on_notice = clock, on_notice

    def exists(self) -> bool:
        """Whether there is a wallet, readable or not."""
        return self.path.exists() or backup_of(self.path).exists()

    def create(
        self,
        phrase: Secret[str],
        password: Secret[str],
        passphrase: Secret[str] = NO_PASSPHRASE,
        *,
        label: str = "Main",
        preset: str = DEFAULT_PRESET,
        name: str = "",
    ) -> Account:
        """Make the wallet of a phrase, with its first account, and give it a name if one is wanted.

        Raises InvalidMnemonic, WeakPassword, InvalidInput, ExistingFile, StorageError; then nothing has changed.
        """
        checked = check_phrase(phrase.reveal())
        check_password(password)
        key = derive_key(to_seed(checked, passphrase), get_path(0, preset))
        label, name = check_label(label), check_label(name) if name else ""
        self._check_absent()
        vault = close_box(checked.text, passphrase, password, self.cost)
        with change_database(self.path, WALLET, on_notice=self._on_notice) as database:
            if database.tables():  # made by another meanwhile
                self._check_absent()
            database.table("vault").insert(vault | {"preset": preset})
            if name:
                _write_name(database, name)
            return add_account(database, label, key.address, key)

    def get_accounts(self) -> list[Account]:
        """Every account, by number, without a password. Raises MissingFile, StorageError."""
        return read_accounts(self._read(), self.path)

    def get_account(self, name: str | int) -> Account:
        """The account of this number or label, or with this address. Raises InvalidInput, MissingFile, StorageError."""
        accounts = self.get_accounts()
        for account in accounts:
            if str(name).strip() in (str(account.number), account.label, account.address_text):
                return account
        allowed = ", ".join(f"{account.number} ({account.label})" for account in accounts)
        raise InvalidInput("account", name, allowed)

    def unlock(self, password: Secret[str]) -> Unlocked:
        """Open the wallet. Raises WrongPassword, MissingFile, DamagedFile, StorageError."""
        phrase, passphrase = self._open(password)
        return Unlocked(to_seed(check_phrase(phrase.reveal()), passphrase), self._clock, self.auto_lock_s)

    def reveal_phrase(self, password: Secret[str]) -> tuple[Secret[str], Secret[str]]:
        """Return the phrase and its passphrase, to be written down. Raises as ``unlock``."""
        phrase, passphrase = self._open(password)
        return Secret(unicodedata.normalize("NFC", phrase.reveal())), passphrase

    def change_password(self, old: Secret[str], new: Secret[str]) -> None:
        """Close the box with another password and a new salt; the backup too. Raises as ``unlock``, WeakPassword."""
        check_password(new)
        self._check_present()
        with change_database(self.path, WALLET, on_notice=self._on_notice, forget_previous=True) as database:
            vault = _read_vault(database, self.path)
            phrase, passphrase = open_box(vault, old, self.path)
            database.table("vault").update({**close_box(phrase, passphrase, new, self.cost)}, doc_ids=[1])

    def add_account(self, unlocked: Unlocked, label: str, path: str | None = None) -> Account:
        """Add the next account of the phrase, or the one at ``path``.

        Raises WalletLocked, InvalidInput, ExistingFile when the account is there already, StorageError.
        """
        label = check_label(label)
        self._check_present()
        with change_database(self.path, WALLET, on_notice=self._on_notice) as database:
            taken = {account.path for account in read_accounts(database, self.path)}
            preset = _read_vault(database, self.path).get("preset", DEFAULT_PRESET)
            index = 0
            while path is None:
                candidate = get_path(index, preset)
                path, index = (None if candidate in taken else candidate), index + 1
            key = unlocked.derive(path)
            return add_account(database, label, key.address, key)

    def add_watch_only(self, address: str, label: str) -> Account:
        """Add an account without a key. Raises InvalidAddress, InvalidInput, ExistingFile, StorageError."""
        decoded, label = decode_address(address), check_label(label)
        self._check_present()
        with change_database(self.path, WALLET, on_notice=self._on_notice) as database:
            return add_account(database, label, decoded, None)

    def add_policy(self, policy: Policy, label: str) -> Account:
        """Add an account that a policy decides on. Raises InvalidTransaction, InvalidInput, ExistingFile, …"""
        check_policy(policy)
        label = check_label(label)
        self._check_present()
        with change_database(self.path, WALLET, on_notice=self._on_notice) as database:
            return add_account(database, label, policy.address, policy=policy)

    def hide_account(self, number: int, *, is_hidden: bool) -> None:
        """Take an account out of the list, or put it back; one stays. Raises InvalidInput, StorageError."""
        number = self.get_account(number).number
        with change_database(self.path, WALLET, on_notice=self._on_notice) as database:
            shown = [it for it in read_accounts(database, self.path) if not it.is_hidden and it.number != number]
            if is_hidden and not shown:
                raise InvalidInput("account", self.get_account(number).label, "hidden only while another one is shown")
            database.table("accounts").update({"hidden": is_hidden}, doc_ids=[number + 1])

    def get_public(self) -> tuple[str, list[Account]]:
        """The name, empty when nobody gave one, and the accounts, of one reading. Raises MissingFile, StorageError."""
        database = self._read()
        return _read_name(database), read_accounts(database, self.path)

    def rename(self, name: str) -> None:
        """Give the wallet another name. Raises InvalidInput, MissingFile, StorageError."""
        name = check_label(name)
        self._check_present()
        with change_database(self.path, WALLET, on_notice=self._on_notice) as database:
            _write_name(database, name)

    def delete(self) -> None:
        """Delete the file and its backup: only the words bring the wallet back. Raises MissingFile, StorageError."""
        self._check_present()
        delete_database(self.path)

    def at(self, path: Path) -> "Keystore":
        """Return the keystore of another file, otherwise like this one."""
        return Keystore(
            path, cost=self.cost, clock=self._clock, auto_lock_s=self.auto_lock_s, on_notice=self._on_notice
        )

    def rename_account(self, number: int, label: str) -> None:
        """Give an account another label. Raises InvalidInput, StorageError."""
        label = check_label(label)
        number = self.get_account(number).number
        with change_database(self.path, WALLET, on_notice=self._on_notice) as database:
            check_label_is_free(label, [a for a in read_accounts(database, self.path) if a.number != number])
            database.table("accounts").update({"label": label}, doc_ids=[number + 1])

    def export(self, target: Path) -> None:
        """Write a copy, as encrypted as the wallet is, to a file that does not exist yet. Raises ExistingFile, …"""
        write_new(target, write_tables(self._read().storage.read() or {}, WALLET))

    def take_in(self, source: Path) -> list[Account]:
        """Make the wallet of an exported copy; return its accounts.

        Raises MissingFile, DamagedFile, NewerFile, ExistingFile, StorageError; then nothing has changed.
        """
        tables, accounts = _read_copy(source)
        self._check_absent()
        with change_database(self.path, WALLET, on_notice=self._on_notice) as database:
            if database.tables():
                self._check_absent()
            database.storage.write(tables)
        return accounts

    @staticmethod
    def check_file(source: Path) -> None:
        """Check that an exported copy can be taken in. Raises as ``take_in``."""
        _read_copy(source)

    def set_aside(self) -> Path:
        """Rename the wallet, so that another can be made; return its new name. Raises StorageError."""
        return set_aside(self.path, "replaced")

    def _read(self) -> TinyDB:
        self._check_present()
        return read_database(self.path, WALLET, self._on_notice)

    def _open(self, password: Secret[str]) -> tuple[Secret[str], Secret[str]]:
        return open_box(_read_vault(self._read(), self.path), password, self.path)

    def _check_present(self) -> None:
        if not self.exists():
            raise MissingFile(f"{self.path}: there is no wallet yet; 'chainroom wallet create' makes one")

    def _check_absent(self) -> None:
        if self.exists():
            raise ExistingFile(f"{self.path}: there is a wallet already; it was not overwritten")


def _read_copy(source: Path) -> tuple[Tables, list[Account]]:
    """Return a whole wallet in a file from elsewhere. Raises MissingFile, DamagedFile, NewerFile, StorageError."""
    try:
        tables = parse_tables(read_whole(source, IMPORT_LIMIT_BYTES), WALLET, str(source))
    except FileNotFoundError:
        raise MissingFile(f"{source}: there is no such file") from None
    database = open_tables(tables)
    check_vault(_read_vault(database, source), source)
    accounts = read_accounts(database, source)
    if not accounts:
        raise DamagedFile(f"{source}: holds no account")
    return tables, accounts


def _read_name(database: TinyDB) -> str:
    about = database.table("about").get(doc_id=1)
    name = about.get("name") if isinstance(about, dict) else None
    return name if isinstance(name, str) and 0 < len(name) <= LABEL_LIMIT and name.isprintable() else ""


def _write_name(database: TinyDB, name: str) -> None:
    table = database.table("about")
    table.truncate()
    table.insert({"name": name})


def _read_vault(database: TinyDB, where: Path) -> dict[str, Any]:
    vault = database.table("vault").get(doc_id=1)
    if not isinstance(vault, dict):
        raise DamagedFile(f"{where}: holds no encrypted box")
    return dict(vault)
