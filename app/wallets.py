"""The wallet of the person at the screen: its accounts, whether it is open, whom it knows.

Between the encrypted file (``app.storage.keystore``) and the screens. Accounts and address book are read once and after
each change, never while a frame is drawn. Keys are at hand only between ``unlock`` and ``lock``; the wallet locks
itself when nothing was done in it for a while. Passwords and phrases come in as ``Secret`` and are not kept.

The address book is a small file of its own, not encrypted: names and public addresses. Labels are a person's own text
and shown as such.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from app.payments import Draft, sign
from app.storage.accounts import Account, check_label
from app.storage.database import FileKind, Notice, change_database, log_notice, read_database
from app.storage.errors import StorageError, WalletLocked
from app.storage.keystore import Keystore, Unlocked
from app.storage.passwords import check_password
from app.storage.paths import get_wallet_file
from chain.errors import ChainroomError, InvalidInput
from chain.ledger.transaction import SignedTransaction
from chain.units import Address
from chain.wallet.address import decode_address, encode_address
from chain.wallet.derivation import DEFAULT_PRESET
from chain.wallet.mnemonic import NO_PASSPHRASE, build_phrase, check_phrase, to_seed
from chain.wallet.secret import Secret

CONTACTS: Final = FileKind("contacts", format=1)
CONTACTS_FILE: Final = "contacts.json"
MOST_CONTACTS: Final = 500
_TABLE: Final = "contacts"


class Contact(NamedTuple):
    """Somebody in the address book."""

    label: str
    address: Address


class Wallets:
    """The model behind the wallet screen."""

    def __init__(
        self, keystore: Keystore, on_notice: Notice = log_notice, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.keystore, self._on_notice, self._clock = keystore, on_notice, clock
        self.accounts: tuple[Account, ...] = ()
        """The accounts of the file, by number."""
        self.contacts: tuple[Contact, ...] = ()
        """The address book, by label."""
        self.chosen = 0
        """Place of the account on the screen in ``accounts``."""
        self.problem: str = ""
        """Why the wallet file cannot be read; empty when it can, or when there is none."""
        self.has_timed_out = False
        """Whether it was the clock that locked it last."""
        self._unlocked: Unlocked | None = None
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
        """Read accounts and address book again; a file that cannot be read is told in ``problem``."""
        self.accounts, self.problem = (), ""
        try:
            if self.keystore.exists():
                self.accounts = tuple(self.keystore.get_accounts())
        except StorageError as error:
            self.problem = str(error)
        self.contacts = self._read_contacts()

    def get_labels(self) -> Mapping[Address, str]:
        """Return the names of all known addresses, one's own accounts before the address book."""
        labels = {contact.address: contact.label for contact in self.contacts}
        return labels | {account.address: account.label for account in self.accounts}

    def get_account(self, address: Address) -> Account | None:
        """Return one's own account with an address."""
        return next((account for account in self.accounts if account.address == address), None)

    # Opening and closing ---------------------------------------------------------------------------------------------

    def create(
        self,
        phrase: Secret[str],
        password: Secret[str],
        passphrase: Secret[str] = NO_PASSPHRASE,
        label: str = "Main",
        preset: str = DEFAULT_PRESET,
        *,
        replaces: bool = False,
    ) -> Account:
        """Make the wallet of a phrase, and open it. With ``replaces`` an older wallet is set aside, never deleted.

        Slow on purpose (Argon2id). Raises InvalidMnemonic, WeakPassword, InvalidInput, ExistingFile, StorageError.
        """
        check_password(password)
        check_label(label)
        if replaces and self.keystore.exists():
            self.keystore.set_aside()
        account = self.keystore.create(phrase, password, passphrase, label=label, preset=preset)
        seed = to_seed(check_phrase(phrase.reveal()), passphrase)  # opened without asking Argon2id a second time
        self._unlocked, self.chosen = Unlocked(seed, self._clock, self.keystore.auto_lock_s), 0
        self.reload()
        return account

    def unlock(self, password: Secret[str]) -> None:
        """Open the wallet. Slow on purpose. Raises WrongPassword, MissingFile, DamagedFile, StorageError."""
        self._unlocked = self.keystore.unlock(password)

    def lock(self) -> None:
        """Forget the keys."""
        if self._unlocked is not None:
            self._unlocked.lock()
        self._unlocked, self.has_timed_out = None, False

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
        self.chosen = next((place for place, it in enumerate(self.accounts) if it.number == number), 0)

    # The address book ------------------------------------------------------------------------------------------------

    @property
    def _contacts_path(self) -> Path:
        return self.keystore.path.with_name(CONTACTS_FILE)

    def _read_contacts(self) -> tuple[Contact, ...]:
        try:
            documents = list(read_database(self._contacts_path, CONTACTS, self._on_notice).table(_TABLE))
            contacts = [Contact(check_label(it["label"]), decode_address(it["address"])) for it in documents]
        except (ChainroomError, KeyError, TypeError, AttributeError) as error:
            self._on_notice(f"{self._contacts_path.name}: the address book cannot be read: {error}")
            return ()
        return tuple(sorted(contacts, key=lambda contact: contact.label.lower()))

    def add_contact(self, label: str, address: str) -> Contact:
        """Note somebody's address; the same label gets the new address. Raises InvalidAddress, InvalidInput, …"""
        contact = Contact(check_label(label), decode_address(address))
        if len(self.contacts) >= MOST_CONTACTS:
            raise InvalidInput("address book", f"{len(self.contacts)} names", f"at most {MOST_CONTACTS}")
        self._change_contacts(contact.label, encode_address(contact.address))
        return contact

    def remove_contact(self, label: str) -> None:
        """Forget somebody. Raises StorageError."""
        self._change_contacts(label, None)

    def _change_contacts(self, label: str, address: str | None) -> None:
        with change_database(self._contacts_path, CONTACTS, on_notice=self._on_notice) as database:
            table = database.table(_TABLE)
            table.remove(doc_ids=[document.doc_id for document in table if document.get("label") == label])
            if address is not None:
                table.insert({"label": label, "address": address})
        self.contacts = self._read_contacts()


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
        wallets = Wallets(keystore)
        app.wallets = wallets  # type: ignore[attr-defined]
    return wallets
