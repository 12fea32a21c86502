"""What a program can read about its call, its block and other accounts: opcodes 0x30 to 0x4a."""

from chain.contracts.evm.frame import Data, Frame, grow_for, use_gas
from chain.contracts.evm.gas import COLD_ACCOUNT_EXTRA, COPY_WORD, count_words
from chain.contracts.evm.halts import ExceptionalHalt, Halt
from chain.contracts.evm.journal import EMPTY

ADDRESS_MASK = (1 << 160) - 1


def touch_account(frame: Frame, word: int) -> int:
    """Return the address in a word's low 20 bytes and pay more when it is cold (EIP-2929)."""
    address = word & ADDRESS_MASK
    if frame.journal.touch(address):
        use_gas(frame, COLD_ACCOUNT_EXTRA)
    return address


def copy_to_memory(frame: Frame, target: int, source: int, size: int, data: Data) -> None:
    """Pay for and copy bytes of ``data`` to memory; beyond its end it reads as zeros."""
    use_gas(frame, COPY_WORD * count_words(size))
    grow_for(frame, target, size)
    if size:
        frame.memory[target : target + size] = bytes(data[source : source + size]).ljust(size, b"\0")


def address(frame: Frame) -> int:
    """Return the running account's address."""
    return frame.address


def balance(frame: Frame, word: int) -> int:
    """Return an account's balance."""
    return frame.journal.get(touch_account(frame, word)).balance


def origin(frame: Frame) -> int:
    """Return the sender of the transaction."""
    return frame.execution.origin


def caller(frame: Frame) -> int:
    """Return who called."""
    return frame.caller


def callvalue(frame: Frame) -> int:
    """Return the money that came with the call."""
    return frame.value


def calldataload(frame: Frame, offset: int) -> int:
    """Return 32 bytes of the call data."""
    chunk = frame.data[offset : offset + 32]
    return int.from_bytes(chunk) << (256 - 8 * len(chunk))


def calldatasize(frame: Frame) -> int:
    """Return the length of the call data."""
    return len(frame.data)


def calldatacopy(frame: Frame, target: int, source: int, size: int) -> None:
    """Copy call data to memory."""
    copy_to_memory(frame, target, source, size, frame.data)


def codesize(frame: Frame) -> int:
    """Return the length of the running code."""
    return len(frame.program.code)


def codecopy(frame: Frame, target: int, source: int, size: int) -> None:
    """Copy the running code to memory."""
    copy_to_memory(frame, target, source, size, frame.program.code)


def gasprice(frame: Frame) -> int:
    """Return the price of a unit of gas."""
    return frame.execution.context.gas_price


def extcodesize(frame: Frame, word: int) -> int:
    """Return the length of an account's code."""
    return len(frame.journal.get(touch_account(frame, word)).code)


def extcodecopy(frame: Frame, word: int, target: int, source: int, size: int) -> None:
    """Copy an account's code to memory."""
    copy_to_memory(frame, target, source, size, frame.journal.get(touch_account(frame, word)).code)


def returndatasize(frame: Frame) -> int:
    """Return the length of what the last call returned."""
    return len(frame.return_data)


def returndatacopy(frame: Frame, target: int, source: int, size: int) -> None:
    """Copy what the last call returned to memory; reading beyond its end halts (EIP-211)."""
    use_gas(frame, COPY_WORD * count_words(size))
    if size and target + size > len(frame.memory):
        grow_for(frame, target, size)
    if source + size > len(frame.return_data):
        raise ExceptionalHalt(Halt.READ_OUT_OF_BOUNDS)
    if size:
        frame.memory[target : target + size] = frame.return_data[source : source + size]


def extcodehash(frame: Frame, word: int) -> int:
    """Return the hash of an account's code; 0 when there is no such account (EIP-1052)."""
    state = frame.journal.get(touch_account(frame, word))
    return 0 if state == EMPTY else frame.journal.get_code_hash(state.code)


def blockhash(frame: Frame, number: int) -> int:
    """Return the hash of one of the last 256 blocks, or 0."""
    execution = frame.execution
    if not 0 < execution.context.number - number <= 256:
        return 0
    return int.from_bytes(execution.host.get_block_hash(number))


def coinbase(frame: Frame) -> int:
    """Return who receives the block's fees."""
    return int.from_bytes(frame.execution.context.coinbase)


def timestamp(frame: Frame) -> int:
    """Return the block's time in seconds."""
    return frame.execution.context.time_s


def number(frame: Frame) -> int:
    """Return the block's height."""
    return frame.execution.context.number


def prevrandao(frame: Frame) -> int:
    """Return the block's randomness."""
    return int.from_bytes(frame.execution.context.prev_randao)


def gaslimit(frame: Frame) -> int:
    """Return the block's gas limit."""
    return frame.execution.context.gas_limit


def chainid(frame: Frame) -> int:
    """Return the chain's number."""
    return frame.execution.context.chain_id


def selfbalance(frame: Frame) -> int:
    """Return the running account's balance."""
    return frame.journal.get(frame.address).balance


def basefee(frame: Frame) -> int:
    """Return the block's base fee."""
    return frame.execution.context.base_fee


def blobhash(frame: Frame, index: int) -> int:
    """Return the versioned hash of one of the transaction's blobs; 0 beyond the last (EIP-4844)."""
    hashes = frame.execution.blob_hashes
    return int.from_bytes(hashes[index]) if index < len(hashes) else 0


def blobbasefee(frame: Frame) -> int:
    """Return the price of blob gas."""
    return frame.execution.context.blob_base_fee
