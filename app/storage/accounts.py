"""The accounts of a wallet file: what is public about them, readable without the password.

An account is one of three kinds: with a key of the wallet's phrase (it has a path), watched only (an address and no
more), or shared and locked by a policy, whose signers may be keys of several wallets.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tinydb import TinyDB

from app.storage.errors import DamagedFile, ExistingFile
from chain.errors import ChainroomError, InvalidInput
from chain.ledger.policy import Policy, build_policy
from chain.units import Address
from chain.wallet.address import compute_address, decode_address, encode_address
from chain.wallet.derivation import DerivedKey, check_path

LABEL_LIMIT: Final = 40


@dataclass(frozen=True, slots=True)
class Account:
    """What is public about an account of the wallet."""

    number: int
    """From 0, in the order they were added; never used again."""
    label: str
    address: Address
    path: str | None
    """The derivation path; None when the wallet has no key for the account."""
    public_key: bytes | None
    is_hidden: bool = False
    """Whether the person does not want to see it in the list; it keeps its coins and its key."""
    policy: Policy | None = None
    """Whose signatures it asks for, and from when on; None for an account of one key."""

    @property
    def is_watch_only(self) -> bool:
        """Whether only an address is known, so that the wallet can never pay from it."""
        return self.path is None and self.policy is None

    @property
    def authority(self) -> bytes | Policy | None:
        """What a transaction of the account names as its sender; None when it is only watched."""
        return self.policy or self.public_key

    @property
    def address_text(self) -> str:
        """The address as people copy it."""
        return encode_address(self.address)


def check_label(label: str) -> str:
    """Return a label without spaces around it. Raises InvalidInput when it is empty, long or not printable."""
    label = label.strip()
    if not 1 <= len(label) <= LABEL_LIMIT or not label.isprintable():
        raise InvalidInput("label", label, f"1 to {LABEL_LIMIT} printable characters")
    return label


def add_account(
    database: TinyDB, label: str, address: Address, key: DerivedKey | None = None, policy: Policy | None = None
) -> Account:
    """Note an account with its key, with its policy, or to be watched. Raises InvalidInput, ExistingFile."""
    accounts = read_accounts(database, Path())
    check_label_is_free(label, accounts)
    for account in accounts:
        if account.address == address:
            raise ExistingFile(f"{account.address_text}: is account {account.number} ({account.label}) already")
    document: dict[str, Any] = {
        "label": label,
        "address": encode_address(address),
        "path": key.path if key else None,
        "public_key": key.public_key.hex() if key else None,
    }
    if policy is not None:
        document["policy"] = write_policy(policy)
    number = database.table("accounts").insert(document) - 1
    return Account(number, label, address, document["path"], key.public_key if key else None, policy=policy)


def check_label_is_free(label: str, accounts: list[Account]) -> None:
    """Refuse a label that another account has. Raises InvalidInput."""
    if any(account.label == label for account in accounts):
        raise InvalidInput("label", label, "one that no other account has")


def read_accounts(database: TinyDB, where: Path) -> list[Account]:
    """Return the accounts, by number. Raises DamagedFile naming the one that is broken."""
    accounts = []
    for document in database.table("accounts"):
        try:
            accounts.append(_read_account(document.doc_id - 1, document))
        except (KeyError, TypeError, ValueError, AttributeError, ChainroomError):
            raise DamagedFile(f"{where}: account {document.doc_id - 1} is broken") from None
    return sorted(accounts, key=lambda account: account.number)


def _read_account(number: int, document: Any) -> Account:
    address, label = decode_address(document["address"]), check_label(document["label"])
    is_hidden = bool(document.get("hidden", False))
    if "policy" in document:
        policy = read_policy(document["policy"])
        if policy.address != address:
            raise ValueError("the address is not the policy's")
        return Account(number, label, address, None, None, is_hidden, policy)
    if document["path"] is None:
        return Account(number, label, address, None, None, is_hidden)
    check_path(document["path"])
    public_key = bytes.fromhex(document["public_key"])
    if compute_address(public_key) != address:
        raise ValueError("the address is not the key's")
    return Account(number, label, address, document["path"], public_key, is_hidden)


def write_policy(policy: Policy) -> dict[str, object]:
    """Return a policy as JSON holds it."""
    keys = [key.hex() for key in policy.public_keys]
    return {"threshold": policy.threshold, "public_keys": keys, "not_before_us": policy.not_before_us}


def read_policy(document: Any) -> Policy:
    """Return the policy of a JSON object. Raises InvalidInput, InvalidTransaction."""
    try:
        keys = tuple(bytes.fromhex(key) for key in document["public_keys"])
        threshold, not_before_us = document["threshold"], document.get("not_before_us", 0)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidInput("policy", document, "threshold, public_keys in hexadecimal and not_before_us") from None
    if type(threshold) is not int or type(not_before_us) is not int:
        raise InvalidInput("policy", document, "whole numbers for threshold and not_before_us")
    return build_policy(threshold, keys, not_before_us)
