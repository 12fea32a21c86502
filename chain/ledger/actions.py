"""What a transaction can do: one value per kind of action, all of them in the union ``Action``.

Each action says what it takes from the sender beside the fee (``amount``), whom it pays by itself (``get_payments``),
how many bytes of its own it brings to the chain (``payload_size``), and refuses what no state could allow (``check``).
What an action changes is told in chain/ledger/execution.py.

Money and messages: `Transfer`, `Batch`, `Create`, `Call`. What consensus reads: `Vote`, `Deposit`, `Exit`. What is only
written down, for others to verify: `Anchor`, `Commit`.

Sources: Yellow Paper, section 4.2 (transfer, contract creation, message call); EIP-3860 (size of initcode); EOSIO's
voteproducer (up to 30 candidates, each given the whole weight); EIP-6110 and EIP-7002 (deposits and exits asked for on
the ledger).

Simplification: a transfer to a contract pays it without running its code, as a block reward would on Ethereum; a `Call`
without data runs it.
"""

import re
from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import Meta

from chain.contracts.evm.gas import MAX_INITCODE_BYTES
from chain.errors import InvalidTransaction
from chain.ledger.parameters import MAX_UNITS
from chain.units import Address, Hash, format_amount
from chain.wallet.address import ADDRESS_BYTES

MAX_MEMO_BYTES: Final = 256
"""Longest memo, in bytes of UTF-8. Bitcoin relays 80 bytes of OP_RETURN; a sentence or two should fit."""
MAX_TRANSFERS: Final = 100
"""Most transfers in a batch."""
MAX_DATA_BYTES: Final = 131_072
"""Longest call data. Source: go-ethereum legacypool, txMaxSize, 128 KiB."""
MAX_CANDIDATES: Final = 30
"""Most candidates in a vote. Source: EOSIO system contract, voteproducer."""

# Written out, not asked of `unicodedata`, whose answers change with the version of Python: C0 and C1 controls, marks
# that reverse or hide text, line separators, halves of surrogate pairs.
_REFUSED_IN_MEMO: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)

_Address = Annotated[Address, Meta(min_length=20, max_length=20)]
_Hash = Annotated[Hash, Meta(min_length=32, max_length=32)]


class _Action(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What every action can tell; most take nothing from the sender and pay nobody."""

    amount: ClassVar[int] = 0
    """Units that leave the sender beside the fee."""
    recipient: ClassVar[Address | None] = None
    """The one account it is about, beside the sender's."""
    memo: ClassVar[str] = ""

    def get_payments(self) -> tuple["Transfer", ...]:
        """Return whom the action pays by itself, and what."""
        return ()

    @property
    def payload_size(self) -> int:
        """Bytes beyond those of a plain transfer that the chain must keep."""
        return 0

    def check(self) -> None:
        """Refuse what no state could allow. Raises InvalidTransaction."""


class Transfer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=1):
    """Move money to another account, with a few words."""

    recipient: _Address
    amount: int
    """Units."""
    memo: str = ""

    def get_payments(self) -> tuple["Transfer", ...]:
        """Return the transfer itself."""
        return (self,)

    @property
    def payload_size(self) -> int:
        """Bytes of the memo."""
        return len(self.memo.encode())

    def check(self) -> None:
        """Raises InvalidTransaction. Rules: ledger/recipient, ledger/amount, ledger/memo."""
        _check_address("ledger/recipient", "the recipient", self.recipient)
        _check_amount(self.amount, 1)
        check_memo(self.memo)


class Batch(_Action, frozen=True, tag=2):
    """Several transfers at once: all of them happen, or none."""

    transfers: tuple[Transfer, ...]

    @property
    def amount(self) -> int:  # type: ignore[override]  # a constant of the actions without money
        """Units of all transfers together."""
        return sum(transfer.amount for transfer in self.transfers)

    def get_payments(self) -> tuple[Transfer, ...]:
        """Return the transfers."""
        return self.transfers

    @property
    def payload_size(self) -> int:
        """Bytes of the memos."""
        return sum(transfer.payload_size for transfer in self.transfers)

    def check(self) -> None:
        """Raises InvalidTransaction. Rules: ledger/batch, and those of each transfer."""
        if not 1 <= len(self.transfers) <= MAX_TRANSFERS:
            raise InvalidTransaction(
                "ledger/batch", f"the batch has {len(self.transfers)} transfers; it must have 1 to {MAX_TRANSFERS}"
            )
        for transfer in self.transfers:
            transfer.check()
        _check_amount(self.amount, 1)


class Create(_Action, frozen=True, tag=3):
    """Put a contract on the chain: run ``code`` (initcode), whose output becomes the contract's code."""

    value: int
    """Units the contract begins with."""
    code: bytes

    @property
    def amount(self) -> int:  # type: ignore[override]  # a constant of the actions without money
        """Units the contract begins with."""
        return self.value

    @property
    def payload_size(self) -> int:
        """Bytes of the initcode."""
        return len(self.code)

    def check(self) -> None:
        """Raises InvalidTransaction. Rules: ledger/amount, ledger/code."""
        _check_amount(self.value, 0)
        if len(self.code) > MAX_INITCODE_BYTES:
            raise InvalidTransaction(
                "ledger/code", f"the initcode has {len(self.code)} bytes; at most {MAX_INITCODE_BYTES} are allowed"
            )


class Call(_Action, frozen=True, tag=4):
    """Call a contract: run its code on ``data``, with money if it takes any."""

    contract: _Address
    value: int = 0
    """Units that go along."""
    data: bytes = b""

    @property
    def recipient(self) -> Address:  # type: ignore[override]  # a constant of the actions about nobody
        """The contract."""
        return self.contract

    @property
    def amount(self) -> int:  # type: ignore[override]  # a constant of the actions without money
        """Units that go along."""
        return self.value

    @property
    def payload_size(self) -> int:
        """Bytes of the call data."""
        return len(self.data)

    def check(self) -> None:
        """Raises InvalidTransaction. Rules: ledger/recipient, ledger/amount, ledger/data."""
        _check_address("ledger/recipient", "the contract", self.contract)
        _check_amount(self.value, 0)
        if len(self.data) > MAX_DATA_BYTES:
            raise InvalidTransaction(
                "ledger/data", f"the call data has {len(self.data)} bytes; at most {MAX_DATA_BYTES} are allowed"
            )


class Vote(_Action, frozen=True, tag=5):
    """Approve of block producers, each with the sender's whole stake. A later vote replaces it; none withdraws it."""

    candidates: tuple[_Address, ...]
    """The producers' accounts, without repetition."""

    @property
    def payload_size(self) -> int:
        """Bytes of the candidates' addresses."""
        return ADDRESS_BYTES * len(self.candidates)

    def check(self) -> None:
        """Raises InvalidTransaction. Rules: ledger/candidates, ledger/recipient."""
        count = len(self.candidates)
        if count > MAX_CANDIDATES or len(set(self.candidates)) < count:
            raise InvalidTransaction(
                "ledger/candidates", f"{count} candidates; at most {MAX_CANDIDATES} are allowed, each once"
            )
        for candidate in self.candidates:
            _check_address("ledger/recipient", "a candidate", candidate)


class Deposit(_Action, frozen=True, tag=6):
    """Hand money over to consensus as stake, for the validator of an account. It leaves the ledger's balances."""

    units: int
    """The stake."""
    validator: _Address
    """The account of the validator; under delegated proof of stake, whose votes it weighs."""

    @property
    def recipient(self) -> Address:  # type: ignore[override]  # a constant of the actions about nobody
        """The validator."""
        return self.validator

    @property
    def amount(self) -> int:  # type: ignore[override]  # a constant of the actions without money
        """The stake."""
        return self.units

    @property
    def payload_size(self) -> int:
        """Bytes of the validator's address."""
        return ADDRESS_BYTES

    def check(self) -> None:
        """Raises InvalidTransaction. Rules: ledger/amount, ledger/recipient."""
        _check_amount(self.units, 1)
        _check_address("ledger/recipient", "the validator", self.validator)


class Exit(_Action, frozen=True, tag=7):
    """Ask for the stake that the sender put down for a validator. The protocol says whether and when it comes back."""

    validator: _Address
    """The account of the validator."""

    @property
    def recipient(self) -> Address:  # type: ignore[override]  # a constant of the actions about nobody
        """The validator."""
        return self.validator

    @property
    def payload_size(self) -> int:
        """Bytes of the validator's address."""
        return ADDRESS_BYTES

    def check(self) -> None:
        """Raises InvalidTransaction, rule ledger/recipient."""
        _check_address("ledger/recipient", "the validator", self.validator)


class Anchor(_Action, frozen=True, tag=8):
    """Write the hash of another chain's block down, so that nobody can rewrite that chain unseen."""

    chain_id: Annotated[int, Meta(ge=0, le=MAX_UNITS)]
    """The other chain."""
    height: Annotated[int, Meta(ge=0, le=MAX_UNITS)]
    block: _Hash

    @property
    def payload_size(self) -> int:
        """Bytes of the hash and two numbers."""
        return 48


class Commit(_Action, frozen=True, tag=9):
    """Write a commitment down: the salted hash of something only its members can read."""

    commitment: _Hash

    @property
    def payload_size(self) -> int:
        """Bytes of the hash."""
        return 32


Action = Transfer | Batch | Create | Call | Vote | Deposit | Exit | Anchor | Commit
"""What a transaction does: a tagged union."""
Notice = Vote | Deposit | Exit
"""What consensus is told of."""


def _check_address(rule: str, what: str, address: bytes) -> None:
    if len(address) != ADDRESS_BYTES:
        raise InvalidTransaction(rule, f"{what} has {len(address)} bytes; an address has {ADDRESS_BYTES}")


def _check_amount(amount: int, least: int) -> None:
    if not least <= amount <= MAX_UNITS:
        raise InvalidTransaction(
            "ledger/amount",
            f"the amount is {format_amount(amount)}; it must be {format_amount(least)} to {format_amount(MAX_UNITS)}",
        )


def check_memo(memo: str) -> None:
    """Check a memo: at most 256 bytes of UTF-8, no control characters. Raises InvalidTransaction, rule ledger/memo."""
    refused = _REFUSED_IN_MEMO.search(memo)
    if refused:
        raise InvalidTransaction(
            "ledger/memo", f"the memo has U+{ord(refused[0]):04X} at position {refused.start()}, a control character"
        )
    size = len(memo.encode())
    if size > MAX_MEMO_BYTES:
        raise InvalidTransaction("ledger/memo", f"the memo has {size} bytes; at most {MAX_MEMO_BYTES} are allowed")
