"""Blocks: a header that commits to everything, and a body of transactions.

The header's hash is the block's identity. It commits to the transactions (by id), to their receipts and to the state
after them. ``consensus`` is data of the protocol in charge, which the ledger never reads; a proof of finality travels
beside a block, never in it. ``nonce`` stands last, so that the canonical bytes are a prefix and eight bytes to grind.
Source: Ethereum Yellow Paper, section 4.4, without the fields of ommers, blooms and the beacon chain.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from chain.contracts.evm.message import Log
from chain.crypto.hashing import digest
from chain.crypto.merkle import compute_root
from chain.encoding import decode, encode
from chain.errors import InvalidBlock
from chain.ledger.transaction import SignedTransaction
from chain.units import Address, Hash

HEADER_DOMAIN: Final = "header"
"""The hash of a header is ``digest(HEADER_DOMAIN, encode_header_prefix(header) + header.nonce)``."""
NONCE_BYTES: Final = 8
EMPTY_NONCE: Final = bytes(NONCE_BYTES)
MAX_OUTPUT_BYTES: Final = 1024
"""So much of what a call returned is kept in its receipt."""

_Hash = Annotated[Hash, Meta(min_length=32, max_length=32)]
_Address = Annotated[Address, Meta(min_length=20, max_length=20)]
_Natural = Annotated[int, Meta(ge=0)]


class Header(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What identifies a block."""

    parent: _Hash
    """Hash of the block before; 32 zero bytes in the genesis block."""
    height: _Natural
    """Blocks before this one on its branch."""
    time_us: _Natural
    """Virtual time the proposer claims, in microseconds."""
    proposer: _Address
    """The account that receives subsidy and tips."""
    state_root: _Hash
    """Root of the accounts after this block."""
    transactions_root: _Hash
    """Merkle root over the ids of the transactions."""
    receipts_root: _Hash
    """Merkle root over the encoded receipts."""
    gas_limit: _Natural
    """Gas the block may use."""
    gas_used: _Natural
    """Gas its transactions used."""
    base_fee_per_gas: _Natural
    """Units per gas, burned. Source: EIP-1559."""
    consensus: bytes
    """What the consensus protocol adds, such as the proof-of-work target or a slot. Opaque here."""
    nonce: Annotated[bytes, Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)] = EMPTY_NONCE
    """Ground by proof of work, zero elsewhere."""

    @property
    def hash(self) -> Hash:
        """The identity of the header's block. Computed at every call; `Block.hash` remembers."""
        return digest(HEADER_DOMAIN, encode(self))


class Receipt(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What a transaction in a block did and cost."""

    transaction: _Hash
    """Its id."""
    is_success: bool
    """False when a contract failed and all it did was undone; gas is paid all the same. Nothing else ever fails."""
    gas_used: int
    base_fee_per_gas: int
    """Units per gas, burned."""
    tip_per_gas: int
    """Units per gas that the proposer got: the effective tip."""
    logs: tuple[Log, ...] = ()
    """Events that contracts told, in order."""
    created: _Address | None = None
    """The contract that came into being."""
    error: str = ""
    """Why a call failed, in the machine's words."""
    output: bytes = b""
    """What a call returned, or the data of its revert: the first MAX_OUTPUT_BYTES."""

    @property
    def burned(self) -> int:
        """Units destroyed."""
        return self.gas_used * self.base_fee_per_gas

    @property
    def tip(self) -> int:
        """Units paid to the proposer."""
        return self.gas_used * self.tip_per_gas

    @property
    def fee(self) -> int:
        """Units the sender paid beside the amount."""
        return self.gas_used * (self.base_fee_per_gas + self.tip_per_gas)


class _Derived:
    """Room on a Block for what is computed once; msgspec neither encodes nor compares it."""

    __slots__ = ("_hash", "_is_shape_checked", "_size_bytes")
    _hash: Hash
    _size_bytes: int
    _is_shape_checked: bool


class Block(_Derived, msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A header and the transactions it commits to."""

    header: Header
    transactions: tuple[SignedTransaction, ...] = ()

    @property
    def hash(self) -> Hash:
        """The hash of the header."""
        try:
            return self._hash
        except AttributeError:
            msgspec.structs.force_setattr(self, "_hash", self.header.hash)
            return self._hash

    @property
    def size_bytes(self) -> int:
        """The length of the canonical bytes."""
        try:
            return self._size_bytes
        except AttributeError:
            msgspec.structs.force_setattr(self, "_size_bytes", len(encode(self)))
            return self._size_bytes


def encode_header_prefix(header: Header) -> bytes:
    """Return the canonical bytes of a header without the eight bytes of its nonce, which end it."""
    return encode(header)[:-NONCE_BYTES]


def set_nonce(block: Block, nonce: bytes) -> Block:
    """Return the same block with another nonce in its header."""
    return Block(msgspec.structs.replace(block.header, nonce=nonce), block.transactions)


def encode_block(block: Block) -> bytes:
    """Return the canonical bytes of a block."""
    return encode(block)


def decode_block(data: bytes) -> Block:
    """Return the block that has these canonical bytes. Raises InvalidEncoding."""
    return decode(Block, data)


def compute_transactions_root(transactions: tuple[SignedTransaction, ...]) -> Hash:
    """Return the Merkle root over the ids of the transactions, in their order."""
    return compute_root([signed.id for signed in transactions])


def compute_receipts_root(receipts: tuple[Receipt, ...]) -> Hash:
    """Return the Merkle root over the encoded receipts, in their order."""
    return compute_root([encode(receipt) for receipt in receipts])


def check_block_shape(block: Block) -> None:
    """Check that header and body belong together: what can be said of a block by itself. Raises InvalidBlock.

    Rules: ledger/transactions-root, ledger/gas-used. A block found good is not looked at twice.
    """
    if hasattr(block, "_is_shape_checked"):
        return
    header = block.header
    root = compute_transactions_root(block.transactions)
    if root != header.transactions_root:
        raise InvalidBlock(
            "ledger/transactions-root",
            f"the header commits to {header.transactions_root.hex()[:16]}…, the transactions in the body give "
            f"{root.hex()[:16]}…",
        )
    if header.gas_used > header.gas_limit:
        raise InvalidBlock(
            "ledger/gas-used", f"the header says {header.gas_used} gas used; its limit is {header.gas_limit}"
        )
    msgspec.structs.force_setattr(block, "_is_shape_checked", True)
