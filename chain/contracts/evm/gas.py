"""What everything costs: the gas schedule of the Prague fork.

Source: Yellow Paper, appendix G, as changed by EIP-150 (calls), 160 (EXP), 1884 and 2929 (state access), 2200 and 3529
(storage and its refunds), 2028, 3860 (initcode), 5656 (MCOPY) and 7623 (floor of calldata), 7702 (delegations),
and 4844 and 7691 (blobs).
"""

from typing import Final

MEMORY_WORD: Final = 3
MEMORY_QUADRATIC_DIVISOR: Final = 512
COPY_WORD: Final = 3
KECCAK_WORD: Final = 6
EXPONENT_BYTE: Final = 50
LOG_BYTE: Final = 8

WARM_ACCESS: Final = 100
COLD_ACCOUNT_EXTRA: Final = 2600 - WARM_ACCESS
"""Added to WARM_ACCESS at the first touch of an account in a transaction (EIP-2929)."""
COLD_SLOT_EXTRA: Final = 2100 - WARM_ACCESS
COLD_SLOT: Final = 2100

STORAGE_SET: Final = 20_000
STORAGE_RESET: Final = 5000 - COLD_SLOT
STORAGE_CLEAR_REFUND: Final = 4800
STIPEND: Final = 2300
"""Given to the called account with a value, and what SSTORE wants to find more of (EIP-2200)."""

CALL_VALUE: Final = 9000
NEW_ACCOUNT: Final = 25_000
CREATE: Final = 32_000
CODE_BYTE: Final = 200
"""For every byte of code that a creation leaves."""
INITCODE_WORD: Final = 2
COLD_ACCOUNT: Final = 2600

MAX_DEPTH: Final = 1024
MAX_CODE_BYTES: Final = 24_576
"""EIP-170."""
MAX_INITCODE_BYTES: Final = 2 * MAX_CODE_BYTES
"""EIP-3860."""
MAX_NONCE: Final = 2**64 - 1
"""EIP-2681."""

TRANSACTION: Final = 21_000
TRANSACTION_CREATE: Final = 32_000
TOKEN: Final = 4
"""A zero byte of data is one token, another byte four (EIP-7623)."""
FLOOR_TOKEN: Final = 10
ACCESS_LIST_ADDRESS: Final = 2400
ACCESS_LIST_SLOT: Final = 1900
AUTHORIZATION: Final = 25_000
"""For every consent to delegate, of which"""
AUTHORIZATION_REFUND: Final = 12_500
"""comes back when the account was there already (EIP-7702)."""
BLOB_GAS: Final = 131_072
"""Gas of one blob, at a price of its own (EIP-4844)."""
MAX_BLOBS: Final = 9
"""In a block (EIP-7691)."""
BLOB_HASH_VERSION: Final = 1
"""First byte of a blob's hash."""
MAX_REFUND_DIVISOR: Final = 5
"""At most a fifth of the gas used comes back (EIP-3529)."""


def count_words(size: int) -> int:
    """Return how many 32-byte words hold ``size`` bytes."""
    return (size + 31) >> 5


def compute_memory_gas(words: int) -> int:
    """Return what a memory of ``words`` 32-byte words costs in all."""
    return MEMORY_WORD * words + words * words // MEMORY_QUADRATIC_DIVISOR


def compute_intrinsic_gas(
    data: bytes, creates: bool, addresses: int, slots: int, authorizations: int = 0
) -> tuple[int, int]:
    """Return what a transaction pays before its first opcode, and the least it pays in all for its data.

    ``addresses`` and ``slots`` count the entries of its access list (EIP-2930), repeated ones too, and
    ``authorizations`` its consents to delegate.
    """
    zero_bytes = data.count(0)
    tokens = zero_bytes + 4 * (len(data) - zero_bytes)
    intrinsic = TRANSACTION + TOKEN * tokens + ACCESS_LIST_ADDRESS * addresses + ACCESS_LIST_SLOT * slots
    intrinsic += AUTHORIZATION * authorizations
    if creates:
        intrinsic += TRANSACTION_CREATE + INITCODE_WORD * count_words(len(data))
    return intrinsic, TRANSACTION + FLOOR_TOKEN * tokens
