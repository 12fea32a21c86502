"""Memory, hashing, storage and logs: opcodes 0x20, 0x51 to 0x55, 0x59, 0x5c to 0x5e and 0xa0 to 0xa4."""

from chain.contracts.evm.frame import Frame, check_writable, grow_for, grow_memory, read_memory, use_gas
from chain.contracts.evm.gas import (
    COLD_SLOT,
    COLD_SLOT_EXTRA,
    COPY_WORD,
    KECCAK_WORD,
    LOG_BYTE,
    STIPEND,
    STORAGE_CLEAR_REFUND,
    STORAGE_RESET,
    STORAGE_SET,
    WARM_ACCESS,
    count_words,
)
from chain.contracts.evm.halts import fail_out_of_gas
from chain.contracts.evm.message import Log
from chain.contracts.keccak import compute_keccak_word
from chain.units import Address, Hash


def keccak256(frame: Frame, offset: int, size: int) -> int:
    """Return the hash of bytes of memory."""
    use_gas(frame, KECCAK_WORD * count_words(size))
    grow_for(frame, offset, size)
    return compute_keccak_word(read_memory(frame, offset, size))


def mload(frame: Frame, offset: int) -> int:
    """Return a word of memory."""
    if offset + 32 > len(frame.memory):
        grow_memory(frame, offset + 32)
    return int.from_bytes(frame.memory[offset : offset + 32])


def mstore(frame: Frame, offset: int, word: int) -> None:
    """Write a word to memory."""
    if offset + 32 > len(frame.memory):
        grow_memory(frame, offset + 32)
    frame.memory[offset : offset + 32] = word.to_bytes(32)


def mstore8(frame: Frame, offset: int, word: int) -> None:
    """Write a word's lowest byte to memory."""
    if offset + 1 > len(frame.memory):
        grow_memory(frame, offset + 1)
    frame.memory[offset] = word & 0xFF


def msize(frame: Frame) -> int:
    """Return the length of memory."""
    return len(frame.memory)


def mcopy(frame: Frame, target: int, source: int, size: int) -> None:
    """Copy memory within memory, also onto itself (EIP-5656)."""
    use_gas(frame, COPY_WORD * count_words(size))
    grow_for(frame, max(target, source), size)
    frame.memory[target : target + size] = read_memory(frame, source, size)


def load_cold(frame: Frame, key: int) -> int:
    """Return a storage value that was not touched before in this transaction, for the price of that."""
    use_gas(frame, COLD_SLOT_EXTRA)
    return frame.journal.warm_slot(frame.address, key)


def sload(frame: Frame, key: int) -> int:
    """Return a value of the account's storage."""
    value = frame.slots.get(key)
    return load_cold(frame, key) if value is None else value


def sstore(frame: Frame, key: int, new: int) -> None:
    """Write a value of the account's storage, priced and refunded by what was there before (EIP-2200, 2929, 3529)."""
    if frame.gas <= STIPEND:
        raise fail_out_of_gas()
    journal, slots = frame.journal, frame.slots
    cost, current = WARM_ACCESS, slots.get(key)
    if current is None:
        cost, current = COLD_SLOT + WARM_ACCESS, journal.warm_slot(frame.address, key)
    if current != new:
        original = journal.get_original(frame.address, key)
        if original == current:
            cost += (STORAGE_RESET if original else STORAGE_SET) - WARM_ACCESS
        journal.refund += _compute_refund(original, current, new)
    use_gas(frame, cost)
    check_writable(frame)
    if current != new:
        journal.undo.append((slots, key, current))
        slots[key] = new


def _compute_refund(original: int, current: int, new: int) -> int:
    """Return by how much the refund counter changes when a value becomes another."""
    refund = 0
    if original:
        if not new:
            refund += STORAGE_CLEAR_REFUND
        elif not current:
            refund -= STORAGE_CLEAR_REFUND
    if original == new:
        refund += (STORAGE_RESET if original else STORAGE_SET) - WARM_ACCESS
    return refund


def tload(frame: Frame, key: int) -> int:
    """Return a value of the account's transient storage (EIP-1153)."""
    return frame.journal.transient.get((frame.address, key), 0)


def tstore(frame: Frame, key: int, value: int) -> None:
    """Write a value of the account's transient storage."""
    check_writable(frame)
    frame.journal.put(frame.journal.transient, (frame.address, key), value)


def log(frame: Frame, offset: int, size: int, *topics: int) -> None:
    """Tell the world something."""
    use_gas(frame, LOG_BYTE * size)
    grow_for(frame, offset, size)
    check_writable(frame)
    frame.journal.logs.append(
        Log(
            Address(frame.address.to_bytes(20)),
            tuple(Hash(topic.to_bytes(32)) for topic in topics),
            read_memory(frame, offset, size),
        )
    )
