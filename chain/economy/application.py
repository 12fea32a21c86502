"""People who use a smart contract: the common part of every application, from deployment to the last call.

An application has people, each with a real key, and a plan: contracts to deploy and calls to make before it opens. The
plan's steps are sent one by one, the next when the one before is in the chain that its sender's node follows. Then
people act, as a Poisson process: one of them is drawn, looks at the contracts as his node sees them, and may ask for a
call. A call is tried first on the node's own state; one that would fail is not sent, unless the asker insists.

A subclass (one a file in chain/economy/applications) writes ``plan`` and ``act``. It must keep its memory in
``self.memory``, a dictionary of values that never change, so that runs can be copied.

Simplification: people see the state at their node's head, not what waits in its mempool; contract code runs there once
more for every try.
"""

from abc import ABC, abstractmethod
from typing import Annotated, Any, ClassVar, Final

import msgspec
from msgspec import Meta

from chain.access import Right
from chain.contracts.abi import Abi, encode_arguments
from chain.contracts.addresses import compute_create_address
from chain.contracts.evm.message import Message
from chain.contracts.library import load_artifact
from chain.draws import draw_below, draw_bytes, draw_exponential
from chain.economy.look import TIP_PER_GAS, Ask, Deploy, Look
from chain.errors import InvalidEncoding, InvalidTransaction
from chain.ledger.actions import Call, Create
from chain.ledger.state import State
from chain.simulation.kernel import LANE_TRAFFIC
from chain.simulation.signer import Signer
from chain.simulation.world import World
from chain.units import SECOND, Address, NodeId

MAX_UNDER_WAY: Final = 4
PLAN_INTERVAL_US: Final = 2 * SECOND
"""How often the next step of a plan is looked at."""
RETRY_US: Final = 600 * SECOND
"""After so long a step that is in no chain is sent again."""
SPARE_GAS: Final = 20_000
"""Gas beyond a quarter more than the try took: states differ a little by the time a call is in a block."""


class ApplicationParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[application]]`` table of a scenario."""

    name: str
    """Which one: chain/economy/applications has them."""
    people: Annotated[int, Meta(ge=2, le=100)] = 8
    """How many people take part; the first one deploys."""
    rate_per_s: Annotated[float, Meta(ge=0, le=1_000)] = 0.1
    """How often somebody acts, a second of virtual time, to a thousandth."""
    savings_coins: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000
    """What each person owns at genesis, in coins."""


class Application(ABC):
    """The actor that lets people use contracts."""

    name: str
    title: str
    """A few words for headings."""
    least_people: ClassVar[int] = 2
    """How many its roles need."""
    is_patient: ClassVar[bool] = False
    """Whether people ask for nothing while something they asked for waits in their node's mempool."""

    def __init__(self, seed: int, parameters: ApplicationParameters, signers: tuple[Signer, ...], index: int) -> None:
        self.seed, self.parameters, self.signers, self.index = seed, parameters, signers, index
        self.per_1000_s = round(parameters.rate_per_s * 1000)
        self.addresses: dict[str, Address] = {}
        self.artifacts: dict[str, str] = {}
        """Label → name of the shipped contract."""
        self.steps: list[Deploy | Ask] = []
        self.memory: dict[str, Any] = {}
        self.done = 0
        """Steps of the plan that are in the chain."""
        self.let_be = 0
        """Calls people did not send because they would have failed, and why the last one would have."""
        self.last_reason = ""
        self._count, self._sent_us = 0, -1
        self._nonces = [0] * len(signers)
        self._step_nonces: list[int] = []
        self.plan()

    # For subclasses ----------------------------------------------------------------------------------------------

    @abstractmethod
    def plan(self) -> None:
        """Say what happens before it opens: `deploy` and `ask`, in order."""

    @abstractmethod
    def act(self, look: Look) -> Ask | None:
        """Return what the person wants now, or None."""

    def get_person_name(self, person: int) -> str:
        """Return what a person is called on the screens; applications with roles say the role."""
        return "founder" if person == 0 else f"user {person}"

    def deploy(self, artifact: str, *arguments: Any, label: str = "", person: int = 0, value: int = 0) -> Address:
        """Plan a contract, and return the address it will have."""
        label = label or artifact
        self._step_nonces.append(self._nonces[person])
        address = compute_create_address(self.signers[person].address, self._nonces[person])
        self._nonces[person] += 1
        self.addresses[label], self.artifacts[label] = address, artifact
        self.steps.append(Deploy(person, label, artifact, arguments, value))
        return address

    def ask(self, person: int, label: str, function: str, *arguments: Any, value: int = 0) -> None:
        """Plan a call."""
        self._step_nonces.append(self._nonces[person])
        self._nonces[person] += 1
        self.steps.append(Ask(person, label, function, arguments, value))

    def get_abi(self, label: str) -> Abi:
        """Return the interface of one of the contracts."""
        return load_artifact(self.artifacts[label]).abi

    def count_done(self, state: State) -> int:
        """Return how many steps of the plan are in a state: a step is when its sender's nonce is past it."""
        nonces = [state.get_account(signer.address).nonce for signer in self.signers]
        steps = zip(self.steps, self._step_nonces, strict=True)
        return next((n for n, (step, nonce) in enumerate(steps) if nonces[step.person] <= nonce), len(self.steps))

    # The actor ---------------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether the whole plan is in the chain."""
        return self.done == len(self.steps)

    def start(self, world: World) -> None:
        """Look at the plan as soon as there is a network."""
        world.kernel.schedule(world.now_us, LANE_TRAFFIC, "actor", self.index)

    def on_due(self, world: World, _data: int) -> None:
        """Send the plan's next step, or let somebody act."""
        if self.is_open:
            self._let_somebody_act(world)
        else:
            self._go_on_with_plan(world)
        if not self.is_open:
            world.kernel.schedule(world.now_us + PLAN_INTERVAL_US, LANE_TRAFFIC, "actor", self.index)
        elif self.per_1000_s:
            mean_us = 1000 * SECOND // self.per_1000_s
            wait_us = draw_exponential(self.seed, mean_us, f"{self.name}-wait", self._count)
            world.kernel.schedule(world.now_us + wait_us, LANE_TRAFFIC, "actor", self.index)

    def _go_on_with_plan(self, world: World) -> None:
        step = self.steps[self.done]
        node = self.get_node(world, step.person)
        if not world.network.links.is_online_now(node):
            return
        view = world.view(node)
        if self._sent_us >= 0:
            account = view.get_account_state().get_account(self.signers[step.person].address)
            if account.nonce > self._step_nonces[self.done]:
                self.done, self._sent_us = self.done + 1, -1
                return
            if world.now_us < self._sent_us + RETRY_US:
                return
        if self._send(world, node, step):
            self._sent_us = world.now_us

    def _let_somebody_act(self, world: World) -> None:
        self._count += 1
        person = draw_below(self.seed, len(self.signers), f"{self.name}-person", self._count)
        node = self.get_node(world, person)
        if not world.network.links.is_online_now(node):
            return
        look = self._look(world, node, person)
        try:
            wish = self.act(look)
        except (InvalidTransaction, InvalidEncoding) as error:  # no price yet, or no such contract on the node's branch
            self._note(str(error))
            return
        if wish is not None:
            node = self.get_node(world, wish.person)
            if not (self.is_patient and self._look(world, node, wish.person).is_busy):
                self._send(world, node, wish)

    def get_node(self, world: World, person: int) -> NodeId:
        """Return the node a person uses."""
        return NodeId((person + self.index) % world.node_count)

    def _look(self, world: World, node: NodeId, person: int) -> Look:
        head = world.view(node).get_head()
        host, context = world.ledger.open_next(head.hash, world.now_us)
        return Look(self, person, context.time_s, self._count, host, context, world.view(node))

    def _send(self, world: World, node: NodeId, step: Deploy | Ask) -> bool:
        action = self.build_action(step)
        look, limit = self._look(world, node, step.person), world.setup.ledger.gas_limit
        signer = self.signers[step.person]
        target, data = (None, action.code) if isinstance(action, Create) else (action.contract, action.data)
        try:
            result = look.run(Message(signer.address, target, limit, action.value, data))
        except InvalidTransaction as error:
            self._note(str(error))
            return False
        is_forced = isinstance(step, Ask) and step.is_forced
        if not result.success and not is_forced:
            abi = load_artifact(step.artifact).abi if isinstance(step, Deploy) else self.get_abi(step.label)
            self._note(abi.explain_revert(result.output) if result.output else str(result.error))
            return False
        gas = min(limit, result.gas_before_refund * 5 // 4 + SPARE_GAS)
        tip = step.tip_per_gas if isinstance(step, Ask) else TIP_PER_GAS
        signed = world.sign_action(signer, node, action, tip, MAX_UNDER_WAY, gas)
        if signed is None:
            return False
        is_taken = world.submit_transaction(node, signed) is not None
        if not is_taken and not world.access.is_allowed(Right.SEND, signed.sender, world.now_us):
            signer.forget_last()  # refused for good: the next one takes its nonce
        return is_taken

    def _note(self, reason: str) -> None:
        self.let_be += 1
        self.last_reason = reason

    def build_action(self, step: Deploy | Ask) -> Create | Call:
        """Return what is signed for a step."""
        if isinstance(step, Deploy):
            artifact = load_artifact(step.artifact)
            arguments = encode_arguments(artifact.abi.constructor.inputs, step.arguments)
            return Create(step.value, artifact.bytecode + arguments)
        abi = self.get_abi(step.label)
        data = abi.get_function(step.function).encode_call(step.arguments) if step.function else b""
        return Call(self.addresses[step.label], step.value, data)

    def copy(self) -> "Application":
        """Return an independent actor in the same state."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.signers = tuple(signer.copy() for signer in self.signers)
        other.memory = dict(self.memory)
        return other


def build_application_signers(seed: int, parameters: ApplicationParameters, index: int) -> tuple[Signer, ...]:
    """Return the accounts of an application's people; ``index`` tells applications of one run apart."""
    return tuple(
        Signer(draw_bytes(seed, 32, "application-key", parameters.name, index, person))
        for person in range(parameters.people)
    )
