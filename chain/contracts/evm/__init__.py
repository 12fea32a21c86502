"""The Ethereum machine: the fork Prague (May 2025), opcode by opcode and unit of gas by unit of gas.

``execute_message(host, context, message)`` runs a message against any host of accounts and returns a ``Result``.

What is in: EIP-150 (63/64 of the gas), 160, 170 (code size), 161 (empty accounts), 211, 214 (static calls), 145
(shifts), 1014 (CREATE2), 1052, 1344, 1884, 2028, 2200, 2929 and 2930 (access costs and lists), 3198 (BASEFEE), 3529
(refunds), 3541 (0xEF), 3651 (warm coinbase), 3855 (PUSH0), 3860 (initcode), 4399 (PREVRANDAO), 1153 (transient
storage), 5656 (MCOPY), 6780 (SELFDESTRUCT), 4844 and 7516 (hashes of blobs and their price), 7610
(collisions), 7623 (the floor of calldata) and 7702 (accounts that delegate, and transactions that make them).

What is not: a block's system contracts, and the precompiles 10 to 17.

How a message runs: ``transaction`` checks and opens the first ``Frame``; ``interpreter`` runs frames from a list;
``opcodes`` is the table of what each opcode costs and which function does it; those functions live in
``arithmetic``, ``environment``, ``storage`` and ``calls``; ``journal`` keeps every change until it is certain;
``translate`` turns hot code into Python.

Source: Yellow Paper; the EIPs; the executable specification (ethereum/execution-specs), against which the tests run
every opcode and random programs.
"""

from chain.contracts.evm.halts import Halt
from chain.contracts.evm.host import Account, Context, Host, MemoryHost
from chain.contracts.evm.message import Authorization, Log, Message, Mode, Result
from chain.contracts.evm.transaction import execute_message, execute_transaction

__all__ = [
    "Account",
    "Authorization",
    "Context",
    "Halt",
    "Host",
    "Log",
    "MemoryHost",
    "Message",
    "Mode",
    "Result",
    "execute_message",
    "execute_transaction",
]
