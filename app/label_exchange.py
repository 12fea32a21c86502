"""Labels in and out of a wallet, as BIP-329 lines: each goes where it belongs, and what has no place is kept.

===========  ===============================================================================================
own address  the name of the account (``addr`` with the address, ``pubkey`` with the key)
address      the address book
tx           the label of the transaction
the rest     kept in ``labels.json`` and written out again
===========  ===============================================================================================
"""

import unicodedata
from typing import NamedTuple

from app.labels import Record, format_labels, parse_labels
from app.storage.accounts import LABEL_LIMIT, Account
from app.wallets import Wallets
from chain.errors import ChainroomError, InvalidAddress
from chain.wallet.address import decode_address, encode_address


class Imported(NamedTuple):
    """What came of an import."""

    accounts: int
    addresses: int
    transactions: int
    kept: int
    """Records that only pass through."""
    problems: tuple[str, ...]

    def describe(self) -> str:
        """Return the numbers in a sentence."""
        text = (
            f"{self.accounts} accounts, {self.addresses} addresses and {self.transactions} transactions labelled; "
            f"{self.kept} other labels kept"
        )
        return text + (
            f"; {len(self.problems)} lines had problems, the first: {self.problems[0]}" if self.problems else ""
        )


def export_labels(wallets: Wallets) -> str:
    """Return all labels: accounts, address book, transactions, and what was kept for others."""
    records: list[Record] = []
    for account in wallets.get_all():
        records.append({"type": "addr", "ref": account.address_text, "label": account.label})
        if account.public_key is not None:
            records.append({"type": "pubkey", "ref": account.public_key.hex(), "label": account.label})
    own = {account.address for account in wallets.get_all()}
    records += [
        {"type": "addr", "ref": encode_address(contact.address), "label": contact.label}
        for contact in wallets.contacts
        if contact.address not in own
    ]
    return format_labels([*records, *wallets.labels.records])


def import_labels(wallets: Wallets, text: str) -> Imported:
    """Take in a text of labels. Raises InvalidInput when it is too long, StorageError."""
    reading = parse_labels(text)
    problems, kept = list(reading.problems), []
    counts = {"account": 0, "address": 0, "tx": 0}
    for record in reading.records:
        try:
            kind = _take_in(wallets, record)
        except ChainroomError as error:
            problems.append(f"{record['type']} {str(record['ref'])[:20]}: {error}")
            kind = ""
        if kind in ("account", "address"):
            counts[kind] += 1
        else:
            kept.append(record)
            counts["tx"] += record["type"] == "tx" and len(str(record["ref"])) == 64
    wallets.labels.add(kept)
    wallets.reload()
    rest = len(kept) - counts["tx"]
    return Imported(counts["account"], counts["address"], counts["tx"], rest, tuple(problems))


def _take_in(wallets: Wallets, record: Record) -> str:
    """Name an account or an address; return which, empty when the record is about something else."""
    label, account = make_label(str(record.get("label", ""))), _find_account(wallets, record)
    if not label or record["type"] not in ("addr", "pubkey"):
        return ""
    if account is not None:
        if account.label != label:
            wallets.rename_account(account.number, label)
        return "account"
    try:
        address = decode_address(str(record["ref"]))
    except InvalidAddress:
        return ""
    taken = {contact.label for contact in wallets.contacts if contact.address != address}
    wallets.address_book.rename(address, _make_free(label, taken))
    return "address"


def _find_account(wallets: Wallets, record: Record) -> Account | None:
    ref = str(record["ref"]).strip().lower()
    for account in wallets.get_all():
        if ref == account.address_text or (account.public_key is not None and ref == account.public_key.hex()):
            return account
    return None


def make_label(text: str) -> str:
    """Return what an account or a name may be called, nearest to a text from elsewhere; empty when nothing is left."""
    kept = "".join(
        " " if unicodedata.category(letter) in ("Zs", "Zl", "Zp", "Cc") else letter
        for letter in text
        if unicodedata.category(letter) not in ("Cf", "Cs", "Co", "Cn")
    )
    return " ".join(kept.split())[:LABEL_LIMIT].strip()


def _make_free(label: str, taken: set[str]) -> str:
    """Return a label that is not taken: ``Omar``, then ``Omar (2)``."""
    number, candidate = 1, label
    while candidate in taken:
        number += 1
        tail = f" ({number})"
        candidate = label[: LABEL_LIMIT - len(tail)].rstrip() + tail
    return candidate
