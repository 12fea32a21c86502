"""How much gas a message needs: asked before it is sent."""

from dataclasses import replace

from chain.contracts.evm.host import Context, Host
from chain.contracts.evm.message import Message, Result
from chain.contracts.evm.transaction import execute_message


def estimate_gas(host: Host, context: Context, message: Message) -> tuple[int, Result]:
    """Return the gas limit that a message needs and what it does with it; nothing is written.

    ``message.gas`` is the most that may be tried. A message that fails even with that returns it with the failed
    result. Calls keep back a part of the gas (EIP-150) and programs may look at it, so the limit is searched for, by
    halving. Raises InvalidTransaction when the message cannot run at all.
    """
    result = execute_message(host, context, message, write=False)
    if not result.success:
        return message.gas, result
    low, high = result.gas_before_refund - 1, message.gas
    likely = result.gas_before_refund
    while low + 1 < high:
        limit = likely if low < likely < high else (low + high) // 2
        likely = -1
        tried = execute_message(host, context, replace(message, gas=limit), write=False)
        if tried.success:
            high, result = limit, tried
        else:
            low = limit
    return high, result
