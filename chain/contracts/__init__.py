"""Smart contracts: the Ethereum machine, the language its callers speak, and what a debugger needs.

- ``evm/`` is the machine: a message, a host that keeps accounts, and a result. Nothing in it knows our ledger.
- ``keccak``, ``addresses``: the one hash Ethereum uses, and how a created contract gets its address.
- ``abi``: the encoding of arguments, results, events and errors; ``artifact`` reads what a compiler wrote.
- ``tracer``, ``disassembler``: what a program does, step by step, forwards and backwards.
"""
