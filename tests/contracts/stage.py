"""A small stage for contracts: people with money, a clock, shipped contracts deployed on the machine's memory host.

``stage = Stage()``, ``token = stage.deploy("token", ALICE, "Coin", "CN", 18, 1000)``,
``token.send(ALICE, "transfer", BOB, 5)``, ``token.get("balanceOf", BOB)``; what reverts raises ``Reverted`` with the
reason in words, so ``pytest.raises(Reverted, match="…")`` reads as the rule.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from chain.contracts.artifact import Artifact
from chain.contracts.evm import Account, Context, MemoryHost, Message, Result, execute_message
from chain.contracts.library import load_artifact
from chain.units import Address

COIN = 10**9
GAS = 5_000_000


def make_address(number: int) -> Address:
    """Return the address of the person with a number from 1."""
    return Address(bytes(18) + b"\xaa" + bytes([number]))


ALICE, BOB, CAROL, DAVE, ERIN, FRANK = map(make_address, range(1, 7))
NOBODY = Address(bytes(20))


class Reverted(Exception):
    """A call that the contract refused; its text is the reason."""


class Event(NamedTuple):
    """A decoded event."""

    contract: "Contract"
    name: str
    values: dict[str, Any]


class Outcome(NamedTuple):
    """What a successful call did."""

    value: Any
    """What it returned: one value, a tuple of several, or None."""
    events: list[Event]
    gas_used: int


@dataclass(eq=False)
class Stage:
    """People, money, time and contracts."""

    host: MemoryHost = field(default_factory=MemoryHost)
    time_s: int = 1_000_000
    number: int = 1
    contracts: dict[Address, "Contract"] = field(default_factory=dict)
    listeners: ClassVar[list[Callable[["Stage", Message], None]]] = []
    """Told every message before it is executed, on any stage: for those who compare machines."""

    def __post_init__(self) -> None:
        for number in range(1, 10):
            self.fund(make_address(number), 1_000_000 * COIN)

    def fund(self, person: Address, amount: int) -> None:
        """Give somebody money from nowhere."""
        self.host.accounts[person] = Account(0, self.get_balance(person) + amount)

    def get_balance(self, who: "Address | Contract") -> int:
        """Return somebody's money."""
        account = self.host.accounts.get(who.address if isinstance(who, Contract) else who)
        return account.balance if account else 0

    def pass_time(self, seconds: int) -> None:
        """Let time pass: the next block comes so much later."""
        self.time_s += seconds
        self.number += 1

    def execute(self, message: Message, write: bool = True) -> Result:
        """Execute a message in the present block."""
        for listen in self.listeners:
            listen(self, message)
        context = Context(number=self.number, time_s=self.time_s)
        result = execute_message(self.host, context, message, write=write)
        if write:  # the ledger counts what people send
            account = self.host.accounts[message.sender]
            self.host.accounts[message.sender] = account._replace(nonce=account.nonce + 1)
        return result

    def deploy(self, name: str | Artifact, sender: Address, *values: Any, value: int = 0) -> "Contract":
        """Deploy a contract, shipped or not, with its constructor's arguments. Raises Reverted."""
        artifact = load_artifact(name) if isinstance(name, str) else name
        data = artifact.bytecode + artifact.abi.constructor.encode_call([_unwrap(v) for v in values])[4:]
        result = self.execute(Message(sender, None, 2 * GAS, value=value, data=data))
        if not result.success or result.created is None:
            raise Reverted(explain(artifact, result))
        return self.attach(artifact, result.created)

    def attach(self, artifact: Artifact, address: Address) -> "Contract":
        """Name the contract at an address, which another one may have created."""
        self.contracts[address] = Contract(self, artifact, address)
        return self.contracts[address]


@dataclass(eq=False)
class Contract:
    """A deployed contract."""

    stage: Stage
    artifact: Artifact
    address: Address

    def send(self, sender: "Address | Contract", name: str, *values: Any, value: int = 0, gas: int = GAS) -> Outcome:
        """Call a function for good. Raises Reverted."""
        result = self._execute(_unwrap(sender), name, values, value, gas, write=True)
        return Outcome(self._decode(name, result), self._read_events(result), result.gas_used)

    def get(self, name: str, *values: Any, sender: Address = ALICE) -> Any:
        """Return what a function returns, without effect. Raises Reverted."""
        return self._decode(name, self._execute(sender, name, values, 0, GAS, write=False))

    def _execute(
        self, sender: Address, name: str, values: tuple[Any, ...], value: int, gas: int, write: bool
    ) -> Result:
        data = self.artifact.abi.get_function(name).encode_call([_unwrap(v) for v in values])
        result = self.stage.execute(Message(sender, self.address, gas, value=value, data=data), write)
        if not result.success:
            raise Reverted(explain(self.artifact, result))
        return result

    def _decode(self, name: str, result: Result) -> Any:
        values = self.artifact.abi.get_function(name).decode_output(result.output)
        return None if not values else values[0] if len(values) == 1 else tuple(values)

    def _read_events(self, result: Result) -> list[Event]:
        events = []
        for log in result.logs:
            contract = self.stage.contracts.get(log.address)
            decoded = contract and contract.artifact.abi.decode_log(log)
            if contract and decoded:
                events.append(Event(contract, decoded[0].name, decoded[1]))
        return events


def explain(artifact: Artifact, result: Result) -> str:
    """Return in words why a call failed."""
    halt = result.error.name.lower() if result.error else "failed"
    return artifact.abi.explain_revert(result.output) if result.output else halt


def _unwrap(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_unwrap(part) for part in value]
    return value.address if isinstance(value, Contract) else value
