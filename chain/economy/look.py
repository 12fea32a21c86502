"""What people of an application see and what they can want: the values that pass between a person and the network.

A person looks at the contracts as his own node sees them at its head (`Look`), and answers with a call to make (`Ask`).
Contracts that are to be there before it opens are planned as `Deploy`.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chain.contracts.evm.host import Context, Host
from chain.contracts.evm.message import Message, Result
from chain.contracts.evm.transaction import execute_message
from chain.draws import draw_below
from chain.errors import InvalidEncoding, InvalidTransaction
from chain.ledger.actions import Call
from chain.ledger.transaction import SignedTransaction
from chain.node.view import NodeView
from chain.units import Address

if TYPE_CHECKING:
    from chain.economy.application import Application

TIP_PER_GAS: Final = 100
"""What a call pays beyond the base fee where nobody says otherwise, in units a gas."""


class Ask(NamedTuple):
    """A call somebody wants to make."""

    person: int
    label: str
    """Which of the application's contracts."""
    function: str
    """Empty where only coins are sent."""
    arguments: tuple[Any, ...] = ()
    value: int = 0
    """Units that go along."""
    is_forced: bool = False
    """Sent even when it would fail: for attacks and lessons."""
    tip_per_gas: int = TIP_PER_GAS


class Pending(NamedTuple):
    """A call of one of the application's contracts that waits in a mempool."""

    signed: SignedTransaction
    label: str
    function: str
    arguments: tuple[Any, ...]

    @property
    def tip_per_gas(self) -> int:
        """The tip it offers at most, in units."""
        return self.signed.transaction.max_tip_per_gas


class Deploy(NamedTuple):
    """A contract somebody puts on the chain."""

    person: int
    label: str
    artifact: str
    arguments: tuple[Any, ...] = ()
    value: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """What a person sees at the moment: the contracts at his node's head, and his luck."""

    application: "Application"
    person: int
    time_s: int
    """The chain's time, in seconds."""
    count: int
    """How many times people of the application have acted before."""
    host: Host
    context: Context
    view: NodeView
    """What the person's node knows."""

    def iter_pending(self) -> Iterator[Pending]:
        """Yield the calls of the application's contracts that wait in the node's mempool, the best paid first."""
        labels = {address: label for label, address in self.application.addresses.items()}
        for signed in self.view.compute_mempool().pending:
            action = signed.transaction.action
            label = labels.get(action.contract) if isinstance(action, Call) else None
            if label is None or not isinstance(action, Call):
                continue
            function = self.application.get_abi(label).find_function(action.data)
            if function is not None:
                with suppress(InvalidEncoding):  # some write what nobody can read
                    yield Pending(signed, label, function.name, tuple(function.decode_call(action.data)))

    def is_waiting(self, label: str, function: str, *arguments: Any) -> bool:
        """Tell whether the same call, anybody's, waits in the mempool already."""
        return any((it.label, it.function, it.arguments) == (label, function, arguments) for it in self.iter_pending())

    def read(self, label: str, function: str, *arguments: Any) -> Any:
        """Return what a view function says: one value, or a tuple of several. Raises InvalidTransaction if it fails."""
        entry = self.application.get_abi(label).get_function(function)
        address, data = self.application.addresses[label], entry.encode_call(arguments)
        result = self.run(Message(self.application.signers[self.person].address, address, 30_000_000, 0, data))
        if not result.success:
            raise InvalidTransaction("contract/revert", self.application.get_abi(label).explain_revert(result.output))
        values = entry.decode_output(result.output)
        return values[0] if len(values) == 1 else values

    @property
    def is_busy(self) -> bool:
        """Whether a call of the person's waits in the mempool."""
        return any(pending.signed.sender == self.me for pending in self.iter_pending())

    @property
    def me(self) -> Address:
        """The person's own address."""
        return self.application.signers[self.person].address

    def seen_by(self, person: int) -> "Look":
        """Return the same look for somebody else, who asks the same node."""
        return replace(self, person=person)

    def run(self, message: Message) -> Result:
        """Try a message; nothing is written."""
        return execute_message(self.host, self.context, message, write=False)

    def would_succeed(self, ask: Ask) -> bool:
        """Tell whether a call would succeed now, with all the gas of a block."""
        action = self.application.build_action(ask)
        assert isinstance(action, Call)
        sender = self.get_address(ask.person)
        message = Message(sender, action.contract, self.context.gas_limit, action.value, action.data)
        return self.run(message).success

    def get_balance(self, who: int | str | None = None) -> int:
        """Return the units a person, by number, or a contract, by label, owns; one's own by default."""
        account = self.host.get_account(self.get_address(self.person if who is None else who))
        return account.balance if account else 0

    def get_address(self, who: int | str) -> Address:
        """Return the address of a person, by number, or of a contract, by label."""
        application = self.application
        return application.addresses[who] if isinstance(who, str) else application.signers[who].address

    def draw(self, n: int, purpose: str) -> int:
        """Return this moment's luck under a name: a whole number from 0 to n − 1."""
        return draw_below(self.application.seed, n, f"{self.application.name}-{purpose}", self.count)

    def ask(self, label: str, function: str, *arguments: Any, value: int = 0) -> Ask:
        """Return the wish to make a call oneself."""
        return Ask(self.person, label, function, arguments, value)
