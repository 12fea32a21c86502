"""The address book: names for addresses, in a small file of its own beside the wallets, not encrypted.

A name stands for one address; names are a person's own text and shown as such.
"""

from pathlib import Path
from typing import Final, NamedTuple

from app.storage.accounts import check_label
from app.storage.database import FileKind, Notice, change_database, log_notice, read_database
from chain.errors import ChainroomError, InvalidInput
from chain.units import Address
from chain.wallet.address import decode_address, encode_address

CONTACTS: Final = FileKind("contacts", format=1)
CONTACTS_FILE: Final = "contacts.json"
MOST_CONTACTS: Final = 500
_TABLE: Final = "contacts"


class Contact(NamedTuple):
    """Somebody in the address book."""

    label: str
    address: Address


class AddressBook:
    """The names one person has given to others."""

    def __init__(self, path: Path, on_notice: Notice = log_notice) -> None:
        self._path, self._on_notice = path, on_notice
        self.contacts: tuple[Contact, ...] = ()
        """By label."""
        self.reload()

    def reload(self) -> None:
        """Read the file again; one that cannot be read is told, and costs nothing else."""
        try:
            documents = list(read_database(self._path, CONTACTS, self._on_notice).table(_TABLE))
            contacts = [Contact(check_label(it["label"]), decode_address(it["address"])) for it in documents]
        except (ChainroomError, KeyError, TypeError, AttributeError) as error:
            self._on_notice(f"{self._path.name}: the address book cannot be read: {error}")
            contacts = []
        self.contacts = tuple(sorted(contacts, key=lambda contact: contact.label.lower()))

    def add(self, label: str, address: Address) -> Contact:
        """Note an address; the same label gets the new address. Raises InvalidInput, StorageError."""
        contact = Contact(check_label(label), address)
        if len(self.contacts) >= MOST_CONTACTS:
            raise InvalidInput("address book", f"{len(self.contacts)} names", f"at most {MOST_CONTACTS}")
        self._change((contact.label,), contact)
        return contact

    def rename(self, address: Address, label: str) -> Contact:
        """Give an address one name and no other. Raises InvalidInput, StorageError."""
        contact = Contact(check_label(label), address)
        self._change(tuple(it.label for it in self.contacts if it.address == address), contact)
        return contact

    def remove(self, label: str) -> None:
        """Forget somebody. Raises StorageError."""
        self._change((label,), None)

    def _change(self, forgotten: tuple[str, ...], added: Contact | None) -> None:
        with change_database(self._path, CONTACTS, on_notice=self._on_notice) as database:
            table = database.table(_TABLE)
            table.remove(doc_ids=[document.doc_id for document in table if document.get("label") in forgotten])
            if added is not None:
                table.insert({"label": added.label, "address": encode_address(added.address)})
        self.reload()
