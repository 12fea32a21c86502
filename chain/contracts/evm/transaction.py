"""A message from outside: intrinsic gas, access lists, the refund, and the writing of what changed.

Source: ``process_transaction`` and ``process_message_call`` of the executable specification, fork Prague.

``execute_message`` is what a ledger calls that has fees, nonces and signatures of its own. ``execute_transaction``
adds Ethereum's: it buys the gas, counts the nonce, burns the base fee and pays the rest to the coinbase.

Simplification: a block's system contracts (EIP-4788, 2935, 7002, 7251) are the caller's business; a blob is no more
than its hash and its price (EIP-4844).
"""

from chain.contracts.addresses import compute_create_address
from chain.contracts.evm.authorization import apply_authorization
from chain.contracts.evm.calls import open_call, open_creation
from chain.contracts.evm.frame import Execution, Frame, Observer
from chain.contracts.evm.gas import (
    BLOB_GAS,
    BLOB_HASH_VERSION,
    MAX_BLOBS,
    MAX_INITCODE_BYTES,
    MAX_NONCE,
    MAX_REFUND_DIVISOR,
    compute_intrinsic_gas,
)
from chain.contracts.evm.halts import Halt
from chain.contracts.evm.host import Context, Host
from chain.contracts.evm.interpreter import run
from chain.contracts.evm.journal import get_delegate
from chain.contracts.evm.message import Message, Mode, Result
from chain.contracts.evm.precompiles import PRECOMPILES
from chain.errors import InvalidTransaction
from chain.units import Address, Hash


def execute_message(
    host: Host,
    context: Context,
    message: Message,
    *,
    mode: Mode = Mode.AUTO,
    observer: Observer | None = None,
    write: bool = True,
) -> Result:
    """Run a message and write what it changed to the host: nothing when it fails or when ``write`` is false.

    The sender's money for gas and its nonce are the caller's business. Raises InvalidTransaction when the gas limit
    does not cover the intrinsic gas, the initcode is too long or the sender has not the value: then nothing ran.
    """
    intrinsic, floor = _check_message(message)
    execution = Execution(host, context, message, mode, observer)
    balance = execution.journal.get(execution.origin).balance
    if balance < message.value:
        raise InvalidTransaction("evm/balance", f"the sender has {balance} and sends {message.value}")
    result = _run_message(execution, message, intrinsic, floor)
    if write:
        execution.journal.write()
    return result


def execute_transaction(host: Host, context: Context, message: Message, *, mode: Mode = Mode.AUTO) -> Result:
    """Run a message as Ethereum does a transaction: with its nonce and with fees at ``context.gas_price``.

    Raises InvalidTransaction when it may not be in a block: wrong nonce, not enough money, a sender with code, a gas
    price under the base fee, or what ``execute_message`` refuses. Blobs are paid for at ``context.blob_base_fee``.
    """
    intrinsic, floor = _check_message(message)
    execution = Execution(host, context, message, mode, None)
    journal, sender = execution.journal, execution.origin
    nonce, balance, code = journal.get(sender)
    if message.nonce is not None and message.nonce != nonce:
        raise InvalidTransaction("evm/nonce", f"the sender's nonce is {nonce}, the transaction's {message.nonce}")
    if nonce >= MAX_NONCE:
        raise InvalidTransaction("evm/nonce", f"the sender's nonce {nonce} is the last")
    if context.gas_price < context.base_fee:
        raise InvalidTransaction("evm/gas-price", f"{context.gas_price} offered, the base fee is {context.base_fee}")
    cost = message.gas * context.gas_price + BLOB_GAS * len(message.blob_hashes) * context.blob_base_fee
    if balance < cost + message.value:
        raise InvalidTransaction("evm/balance", f"the sender has {balance}, needs {cost + message.value}")
    if code and get_delegate(code) is None:
        raise InvalidTransaction("evm/sender", "the sender is a contract")
    journal.put_account(sender, nonce + 1, balance - cost, code)
    result = _run_message(execution, message, intrinsic, floor)
    journal.add_balance(sender, (message.gas - result.gas_used) * context.gas_price)
    fee = result.gas_used * (context.gas_price - context.base_fee)
    journal.add_balance(int.from_bytes(context.coinbase), fee)
    journal.write()
    return result


def _check_message(message: Message) -> tuple[int, int]:
    """Return the intrinsic gas and the floor of a message that may run."""
    slots = sum(len(keys) for _, keys in message.access_list)
    creates, consents = message.target is None, len(message.authorizations)
    intrinsic, floor = compute_intrinsic_gas(message.data, creates, len(message.access_list), slots, consents)
    if message.gas < max(intrinsic, floor):
        needed = max(intrinsic, floor)
        raise InvalidTransaction("evm/intrinsic-gas", f"gas limit {message.gas}, at least {needed} is needed")
    if creates and len(message.data) > MAX_INITCODE_BYTES:
        size = len(message.data)
        raise InvalidTransaction("evm/initcode-size", f"{size} bytes of initcode, at most {MAX_INITCODE_BYTES}")
    if creates and (message.blob_hashes or consents):
        raise InvalidTransaction("evm/no-creation", "a transaction with blobs or consents to delegate creates nothing")
    _check_blobs(message.blob_hashes)
    return intrinsic, floor


def _check_blobs(hashes: tuple[Hash, ...]) -> None:
    if len(hashes) > MAX_BLOBS:
        raise InvalidTransaction("evm/blobs", f"{len(hashes)} blobs, at most {MAX_BLOBS}")
    for versioned in hashes:
        if versioned[0] != BLOB_HASH_VERSION:
            raise InvalidTransaction("evm/blobs", f"a hash of version {versioned[0]}, not {BLOB_HASH_VERSION}")


def _run_message(execution: Execution, message: Message, intrinsic: int, floor: int) -> Result:
    journal = execution.journal
    _warm_up(execution, message)
    for consent in message.authorizations:
        apply_authorization(journal, execution.context.chain_id, consent)
    created = _compute_created(execution, message)
    frame = _open_frame(execution, message, message.gas - intrinsic, created)
    error: Halt | None = Halt.ADDRESS_COLLISION
    gas_left, output = 0, b""
    if frame is not None:
        run(execution, frame)
        gas_left, output, error = frame.gas, frame.output, frame.error
    success = error is None
    refund = journal.refund
    spent = message.gas - gas_left
    return Result(
        success=success,
        output=output,
        gas_used=max(spent - min(spent // MAX_REFUND_DIVISOR, refund), floor),
        refund=refund,
        logs=tuple(journal.logs) if success else (),
        created=created if success else None,
        error=error,
        gas_before_refund=max(spent, floor),
    )


def _warm_up(execution: Execution, message: Message) -> None:
    """Make warm what a transaction has paid for: sender, precompiles, coinbase (EIP-3651), access list, target."""
    journal = execution.journal
    warm = [execution.origin, *PRECOMPILES, int.from_bytes(execution.context.coinbase)]
    journal.warm.update(dict.fromkeys(warm, True))
    for name, keys in message.access_list:
        address = int.from_bytes(name)
        journal.warm[address] = True
        slots = journal.get_slots(address)
        for key in keys:
            slots[key] = journal.get_original(address, key)


def _compute_created(execution: Execution, message: Message) -> Address | None:
    if message.target is not None:
        return None
    nonce = message.nonce
    if nonce is None:
        account = execution.host.get_account(message.sender)
        nonce = account.nonce if account else 0
    return compute_create_address(message.sender, nonce)


def _open_frame(execution: Execution, message: Message, gas: int, created: Address | None) -> Frame | None:
    """Return the first frame; None when the address of a creation is taken."""
    journal, sender = execution.journal, execution.origin
    name = message.target if created is None else created
    assert name is not None
    target = int.from_bytes(name)
    journal.warm[target] = True
    if created is not None:
        if journal.is_taken(target):
            return None
        return open_creation(execution, target, sender, message.value, message.data, gas, 0)
    delegate = get_delegate(journal.get(target).code)
    if delegate is not None:
        journal.warm[delegate] = True
    return open_call(execution, target, sender, message.value, message.data, gas, 0, False, target, True)
