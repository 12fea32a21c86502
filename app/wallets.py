"""The wallet of the person at the screen: its accounts, whether it is open, whom it knows.

Between the encrypted file (``app.storage.keystore``) and the screens. Accounts and address book are read once and after
each change, never while a frame is drawn. Keys are at hand only between ``unlock`` and ``lock``; the wallet locks
itself when nothing was done in it for a while. Passwords and phrases come in as ``Secret`` and are not kept.

Beside the chosen wallet there may be others, each in a file of its own; address book, labels and scheduled payments are
shared by all of them.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from app.address_book import CONTACTS_FILE, AddressBook, Contact
from app.labels import LABELS_FILE, LabelBook
from app.payments import Draft, sign
from app.schedule import SCHEDULE_FILE, Schedule
from app.storage.accounts import Account, check_label
from app.storage.database import Notice, log_notice
from app.storage.errors import StorageError, WalletLocked
from app.storage.keystore import Keystore, Unlocked
from app.storage.passwords import check_password
from app.storage.paths import get_wallet_file
from app.storage.settings import Settings
from app.storage.shelf import Entry, check_name_is_free, choose_path, get_free_path, list_wallets
from chain.ledger.policy import Policy
from chain.ledger.transaction import SignedTransaction
from chain.units import Address
from chain.wallet.address import decode_address
from chain.wallet.derivation import DEFAULT_PRESET, DerivedKey
from chain.wallet.mnemonic import NO_PASSPHRASE, build_phrase, check_phrase, to_seed
from chain.wallet.secret import Secret


class Wallets:
    """The model behind the wallet screen."""

    def __init__(
        self,
        keystore: Keystore,
        on_notice: Notice = log_notice,
        clock: Callable[[], float] = time.monotonic,
        settings: Settings | None = None,
    ) -> None:
        self.keystore, self.settings, self._clock, self._on_notice = keystore, settings, clock, on_notice
        folder = keystore.path.parent
        self.address_book = AddressBook(folder / CONTACTS_FILE, on_notice)
        self.labels = LabelBook(folder / LABELS_FILE, on_notice)
        self.schedule = Schedule(folder / SCHEDULE_FILE, on_notice)
        self.accounts: tuple[Account, ...] = ()
        """The accounts that are shown, by number."""
        self.hidden: tuple[Account, ...] = ()
        """The accounts the person does not want to see."""
        self.name = ""
        """What the wallet is called."""
        self.chosen = 0
        """Place of the account on the screen in ``accounts``."""
        self.problem: str = ""
        """Why the wallet file cannot be read; empty when it can, or when there is none."""
        self.has_timed_out = False
        """Whether it was the clock that locked it last."""
        self._unlocked: Unlocked | None = None
        self._state: tuple[object, ...] = ()
        self.reload()

    # Reading ---------------------------------------------------------------------------------------------------------

    @property
    def exists(self) -> bool:
        """Whether there is a wallet."""
        return bool(self.accounts) or bool(self.problem)

    @property
    def account(self) -> Account | None:
        """The account on the screen."""
        return self.accounts[min(self.chosen, len(self.accounts) - 1)] if self.accounts else None

    @property
    def is_locked(self) -> bool:
        """Whether keys are out of reach."""
        if self._unlocked is not None and self._unlocked.is_locked:
            self._unlocked, self.has_timed_out = None, True
        return self._unlocked is None

    def reload(self) -> None:
        """Read everything again; a wallet that cannot be read is told in ``problem``."""
        self.accounts, self.hidden, self.problem, self.name = (), (), "", ""
        self._state = self._get_state()
        try:
            if self.keystore.exists():
                self.name, accounts = self.keystore.get_public()
                self.accounts = tuple(account for account in accounts if not account.is_hidden)
                self.hidden = tuple(account for account in accounts if account.is_hidden)
        except StorageError as error:
            self.problem = str(error)
        self.address_book.reload()
        self.labels.reload()
        self.schedule.reload()

    def poll(self) -> None:
        """Read again what another program has written meanwhile."""
        if self._state != self._get_state():
            account = self.account
            self.reload()
            self._choose(account.number if account is not None else 0)

    def _get_state(self) -> tuple[object, ...]:
        folder = self.keystore.path.parent
        paths = (self.keystore.path, *(folder / name for name in (CONTACTS_FILE, LABELS_FILE, SCHEDULE_FILE)))
        return tuple(_get_stamp(path) for path in paths)

    def get_all(self) -> tuple[Account, ...]:
        """Return every account, hidden ones too, by number."""
        return tuple(sorted((*self.accounts, *self.hidden), key=lambda account: account.number))

    def get_labels(self) -> Mapping[Address, str]:
        """Return the names of all known addresses, one's own accounts before the address book."""
        labels = {contact.address: contact.label for contact in self.contacts}
        return labels | {account.address: account.label for account in self.get_all()}

    def get_account(self, address: Address) -> Account | None:
        """Return one's own account with an address."""
        return next((account for account in self.get_all() if account.address == address), None)

    # Opening and closing ---------------------------------------------------------------------------------------------

    def create(
        self,
        phrase: Secret[str],
        password: Secret[str],
        passphrase: Secret[str] = NO_PASSPHRASE,
        label: str = "Main",
        preset: str = DEFAULT_PRESET,
        name: str = "",
    ) -> Account:
        """Make the wallet of a phrase, beside those there are, choose and open it.

        A file that cannot be read is set aside, never deleted. Slow on purpose (Argon2id). Raises InvalidMnemonic,
        WeakPassword, InvalidInput, ExistingFile, StorageError.
        """
        check_password(password)
        check_label(label)
        if self.problem:
            self.keystore.set_aside()
        keystore = self.keystore.at(get_free_path(self.keystore)) if self.keystore.exists() else self.keystore
        if name:
            check_name_is_free(keystore, name)
        account = keystore.create(phrase, password, passphrase, label=label, preset=preset, name=name)
        seed = to_seed(check_phrase(phrase.reveal()), passphrase)  # opened without asking Argon2id a second time
        self._open_keystore(keystore)
        self._unlocked = Unlocked(seed, self._clock, self.keystore.auto_lock_s)
        return account

    # Several wallets -------------------------------------------------------------------------------------------------

    def list_wallets(self) -> tuple[Entry, ...]:
        """Return all wallets of the person. Reads their files."""
        return list_wallets(self.keystore)

    def switch(self, path: Path) -> None:
        """Lock this wallet and show another one."""
        if path != self.keystore.path:
            self._open_keystore(self.keystore.at(path))

    def rename_wallet(self, name: str) -> None:
        """Give the wallet another name. Raises InvalidInput, StorageError."""
        check_name_is_free(self.keystore, name)
        self.keystore.rename(name)
        self.reload()

    def delete_wallet(self) -> None:
        """Delete the wallet's file and its backup, and show another one if there is one. Raises StorageError."""
        self.keystore.delete()
        rest = self.list_wallets()
        self._open_keystore(self.keystore.at(rest[0].path if rest else get_free_path(self.keystore)))

    def take_in(self, source: Path) -> int:
        """Make another wallet of an exported copy and show it; return how many accounts it has. Raises as `take_in`."""
        keystore = self.keystore.at(get_free_path(self.keystore)) if self.keystore.exists() else self.keystore
        count = len(keystore.take_in(source))
        self._open_keystore(keystore)
        return count

    def _open_keystore(self, keystore: Keystore) -> None:
        self.lock()
        self.keystore, self.chosen = keystore, 0
        if self.settings is not None:
            try:
                self.settings.change("wallet", keystore.path.name)
            except StorageError as error:  # a full disk costs the memory of the choice, not the wallet
                self._on_notice(f"next time another wallet may be shown first: {error}")
        self.reload()

    def unlock(self, password: Secret[str]) -> None:
        """Open the wallet. Slow on purpose. Raises WrongPassword, MissingFile, DamagedFile, StorageError."""
        self._unlocked = self.keystore.unlock(password)

    def lock(self) -> None:
        """Forget the keys."""
        if self._unlocked is not None:
            self._unlocked.lock()
        self._unlocked, self.has_timed_out = None, False

    def change_password(self, old: Secret[str], new: Secret[str]) -> None:
        """Encrypt the wallet with another password. Slow on purpose. Raises WrongPassword, WeakPassword, …"""
        self.keystore.change_password(old, new)
        self._state = self._get_state()

    def set_auto_lock(self, minutes: int) -> None:
        """Lock after so many minutes without the person. Raises InvalidInput, StorageError."""
        if self.settings is not None:
            self.settings.change("auto_lock_min", minutes)
        self.keystore.auto_lock_s = 60.0 * minutes
        if self._unlocked is not None:
            self._unlocked.set_auto_lock(self.keystore.auto_lock_s)

    def touch(self) -> None:
        """Put off locking, because the person did something."""
        if not self.is_locked and self._unlocked is not None:
            self._unlocked.touch()

    # Using keys ------------------------------------------------------------------------------------------------------

    def add_account(self, label: str) -> Account:
        """Add the next account of the phrase and choose it. Raises WalletLocked, InvalidInput, StorageError."""
        account = self.keystore.add_account(self._get_unlocked(), label)
        self._choose_after_change(account.number)
        return account

    def add_watched(self, label: str, address: str) -> Account:
        """Watch an address without a key. Raises InvalidAddress, InvalidInput, ExistingFile, StorageError."""
        account = self.keystore.add_watch_only(address, label)
        self._choose_after_change(account.number)
        return account

    def rename_account(self, number: int, label: str) -> None:
        """Give an account another label. Raises InvalidInput, StorageError."""
        self.keystore.rename_account(number, label)
        self._choose_after_change(number)

    def hide_account(self, number: int, *, is_hidden: bool) -> None:
        """Take an account out of the list, or put it back. Raises InvalidInput, StorageError."""
        self.keystore.hide_account(number, is_hidden=is_hidden)
        self._choose_after_change(number)

    def add_policy(self, policy: Policy, label: str) -> Account:
        """Add an account of several keys, or one that is locked until a time. Raises InvalidTransaction, …"""
        account = self.keystore.add_policy(policy, label)
        self._choose_after_change(account.number)
        return account

    def get_signers(self, policy: Policy) -> tuple[Account, ...]:
        """Return the accounts of this wallet whose keys the policy names."""
        return tuple(account for account in self.get_all() if account.public_key in policy.public_keys)

    def get_key(self, account: Account) -> DerivedKey:
        """Return the key of an account. Raises WalletLocked, InvalidInput, DamagedFile."""
        unlocked = self._get_unlocked()
        unlocked.touch()
        return unlocked.get_key(account)

    def sign(self, draft: Draft) -> SignedTransaction:
        """Sign a draft. Raises WalletLocked, DamagedFile."""
        unlocked = self._get_unlocked()
        unlocked.touch()
        return sign(unlocked, draft)

    def _get_unlocked(self) -> Unlocked:
        if self.is_locked or self._unlocked is None:
            raise WalletLocked("the wallet is locked; unlock it with its password")
        return self._unlocked

    def _choose_after_change(self, number: int) -> None:
        self.reload()
        self._choose(number)

    def _choose(self, number: int) -> None:
        self.chosen = next((place for place, it in enumerate(self.accounts) if it.number == number), 0)

    # The address book ------------------------------------------------------------------------------------------------

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """The address book, by label."""
        return self.address_book.contacts

    def add_contact(self, label: str, address: str) -> Contact:
        """Note somebody's address; the same label gets the new address. Raises InvalidAddress, InvalidInput, …"""
        return self.address_book.add(label, decode_address(address))

    def remove_contact(self, label: str) -> None:
        """Forget somebody. Raises StorageError."""
        self.address_book.remove(label)


def build_new_phrase(
    word_count: int, language: str, get_entropy: Callable[[int], bytes] = secrets.token_bytes
) -> Secret[str]:
    """Return a new phrase with entropy of the operating system. Raises InvalidInput."""
    return build_phrase(get_entropy(word_count * 4 // 3), language)


def choose_places(word_count: int, count: int = 3) -> tuple[int, ...]:
    """Return places of words to ask for, from 0, in order."""
    return tuple(sorted(secrets.SystemRandom().sample(range(word_count), count)))


def get_wallets(app: object) -> Wallets:
    """Return the wallet model of the program: one for all its screens, made when it is first asked for."""
    wallets = getattr(app, "wallets", None)
    if not isinstance(wallets, Wallets):
        keystore = getattr(app, "keystore", None) or Keystore(get_wallet_file())
        settings = getattr(app, "settings", None)
        if isinstance(settings, Settings):
            keystore.auto_lock_s = 60.0 * int(settings["auto_lock_min"] or 15)
            keystore = keystore.at(choose_path(keystore.path.parent, settings))
        wallets = Wallets(keystore, settings=settings if isinstance(settings, Settings) else None)
        app.wallets = wallets  # type: ignore[attr-defined]
    return wallets


def _get_stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
