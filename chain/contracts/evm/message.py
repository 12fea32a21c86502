"""What is asked of the machine, and what comes back."""

from dataclasses import dataclass
from enum import Enum, auto

from chain.contracts.evm.halts import Halt
from chain.units import Address, Hash


@dataclass(frozen=True, slots=True)
class Log:
    """An event that a contract told the world."""

    address: Address
    """The contract."""
    topics: tuple[Hash, ...]
    """Up to four words to search by; the first is by custom the hash of the event's signature."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Authorization:
    """An account's signed consent that another account's code runs for it (EIP-7702)."""

    chain_id: int
    """The chain on which it holds; 0 for any."""
    target: Address
    """Whose code shall run; 20 zero bytes take the delegation back."""
    nonce: int
    """The signer's nonce."""
    y_parity: int
    r: int
    s: int
    """The signature (secp256k1), from which the signer is recovered."""


@dataclass(frozen=True, slots=True)
class Message:
    """One transaction as the machine sees it: signatures, fees and nonces are the ledger's."""

    sender: Address
    target: Address | None
    """The called account; None creates a contract from ``data``."""
    gas: int
    """Gas limit, from which the intrinsic gas is paid too."""
    value: int = 0
    """Money that goes along."""
    data: bytes = b""
    """Call data, or initcode."""
    access_list: tuple[tuple[Address, tuple[int, ...]], ...] = ()
    """Accounts and storage keys paid for in advance (EIP-2930)."""
    nonce: int | None = None
    """The transaction's nonce, which names the created contract; None takes the sender's as the host has it."""
    blob_hashes: tuple[Hash, ...] = ()
    """The versioned hashes of the blobs that go along (EIP-4844); only ``execute_transaction`` charges for them."""
    authorizations: tuple[Authorization, ...] = ()
    """Consents to delegate, of other accounts or the sender (EIP-7702)."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a message did."""

    success: bool
    output: bytes
    """Returned data, the created code, or the data of a revert."""
    gas_used: int
    """Gas to pay for: intrinsic gas included, refund taken off, and not under the floor of the data."""
    refund: int
    """The refund counter at the end; at most a fifth of ``gas_before_refund`` of it was taken off ``gas_used``."""
    logs: tuple[Log, ...]
    created: Address | None
    """The new contract's address when the message created one."""
    error: Halt | None
    gas_before_refund: int
    """Gas used before the refund: with a smaller limit the same execution would have run out."""


class Mode(Enum):
    """How programs are run; the results are the same."""

    AUTO = auto()
    """Plainly at first, translated where a program is hot."""
    PLAIN = auto()
    """Opcode by opcode."""
    EAGER = auto()
    """Translated at first sight: for tests."""
