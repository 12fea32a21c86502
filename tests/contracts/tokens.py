"""A token to play with: the artifact in material/, deployed on a host."""

from pathlib import Path

from chain.contracts.artifact import Artifact, read_artifact
from chain.contracts.evm import Account, Context, MemoryHost, Message, Result, execute_message
from chain.units import Address

ALICE, BOB = Address(bytes(19) + b"\xa1"), Address(bytes(19) + b"\xb0")
SUPPLY = 1_000_000
TOKEN: Artifact = read_artifact((Path(__file__).parent / "material" / "token.json").read_bytes())


def deploy_token(gas: int = 2_000_000) -> tuple[MemoryHost, Address]:
    """Return a host on which Alice has deployed the token, and the token's address."""
    host = MemoryHost(accounts={ALICE: Account(0, 10**18), BOB: Account(0, 10**18)})
    data = TOKEN.bytecode + TOKEN.abi.constructor.encode_call(["Coin", "CN", 2, SUPPLY])[4:]
    result = execute_message(host, Context(), Message(ALICE, None, gas, data=data))
    assert result.created is not None
    return host, result.created


def make_call(token: Address, sender: Address, name: str, *values: object, gas: int = 200_000) -> Message:
    """Return the message that calls a function of the token."""
    return Message(sender, token, gas, data=TOKEN.abi.get_function(name).encode_call(values))


def call(host: MemoryHost, token: Address, sender: Address, name: str, *values: object) -> Result:
    """Call a function of the token."""
    return execute_message(host, Context(), make_call(token, sender, name, *values))
