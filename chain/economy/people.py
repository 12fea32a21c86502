"""People who pay each other, so that a network lives without anyone typing.

Payments arrive as a Poisson process. Who pays is drawn with weights ``1 / rank ** skew`` (0: all alike, 1: Zipf's law),
who is paid likewise; amounts are exponential. Each person owns a real key, made from the run's seed, and hands signed
transfers to a node of his own. Somebody who cannot pay, or who already waits for four payments, lets it be.

Simplification: people choose tips from three steps (slow, normal, fast) and do not react to prices.
"""

from itertools import accumulate
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from chain.access import Right
from chain.draws import draw_below, draw_bytes, draw_exponential, draw_weighted
from chain.ledger.actions import Transfer
from chain.simulation.kernel import LANE_TRAFFIC
from chain.simulation.signer import Signer
from chain.simulation.world import World
from chain.units import COIN, SECOND, NodeId

MAX_UNDER_WAY: Final = 4
TIPS_PER_GAS: Final = (20, 60, 60, 60, 200)
"""Tips people offer, in units per gas; one is drawn for each payment."""
MEMOS: Final = ("", "", "", "coffee", "lunch", "rent", "tickets", "thank you", "books", "taxi", "flowers", "bread")


class TrafficParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[traffic]``."""

    rate_per_s: Annotated[float, Meta(ge=0, le=10_000)] = 0.0
    """Payments a second of virtual time, to a thousandth."""
    people: Annotated[int, Meta(ge=2, le=100_000)] = 24
    """How many people take part."""
    skew: Annotated[int, Meta(ge=0, le=3)] = 1
    """How unequal people are: 0 alike, 1 as in Zipf's law, 2 and 3 more so."""
    amount_mean_coins: Annotated[int, Meta(ge=1, le=1_000_000)] = 5
    """Mean amount of a payment, in coins."""
    savings_coins: Annotated[int, Meta(ge=0, le=1_000_000)] = 2_000
    """What each person owns at genesis, in coins."""

    def compute_rate_per_1000_s(self) -> int:
        """Return the rate as the integer that the run uses."""
        return round(self.rate_per_s * 1000)


def build_signers(seed: int, parameters: TrafficParameters) -> tuple[Signer, ...]:
    """Return the account of each person, by rank."""
    return tuple(Signer(draw_bytes(seed, 32, "person-key", rank)) for rank in range(parameters.people))


class People:
    """The actor that makes the payments."""

    name = "people"

    def __init__(self, seed: int, parameters: TrafficParameters, signers: tuple[Signer, ...], index: int) -> None:
        self.parameters, self.signers, self.index = parameters, signers, index
        self.per_1000_s = parameters.compute_rate_per_1000_s()
        self.skipped = 0
        """Payments people let be: no money, or too many under way."""
        self._seed, self._count, self._generation = seed, 0, 0
        self._cumulative = list(accumulate(10**6 // (rank + 1) ** parameters.skew for rank in range(parameters.people)))

    def start(self, world: World) -> None:
        self._schedule(world)

    def set_rate(self, world: World, per_1000_s: int) -> None:
        """Change the rate from now on; exact, because waiting is memoryless."""
        self.per_1000_s = per_1000_s
        self._generation += 1
        self._schedule(world)

    def on_due(self, world: World, data: int) -> None:
        if data != self._generation:
            return  # the rate has changed since
        self._pay(world, self._count)
        self._count += 1
        self._schedule(world)

    def _schedule(self, world: World) -> None:
        if self.per_1000_s:
            mean_us = 1000 * SECOND // self.per_1000_s
            wait_us = draw_exponential(self._seed, mean_us, "payment-wait", self._count, self._generation)
            world.kernel.schedule(world.now_us + wait_us, LANE_TRAFFIC, "actor", self.index, "", self._generation)

    def _pay(self, world: World, count: int) -> None:
        payer = draw_weighted(self._seed, self._cumulative, "payer", count)
        payee = draw_weighted(self._seed, self._cumulative, "payee", count)
        if payee == payer:
            payee = (payer + 1) % len(self.signers)
        node = NodeId(payer % world.node_count)
        amount = 1 + draw_exponential(self._seed, self.parameters.amount_mean_coins * COIN, "amount", count)
        amount -= amount % (COIN // 100) if amount > COIN // 100 else 0
        tip = TIPS_PER_GAS[draw_below(self._seed, len(TIPS_PER_GAS), "tip", count)]
        memo = MEMOS[draw_below(self._seed, len(MEMOS), "memo", count)]
        if not world.network.links.is_online_now(node):
            self.skipped += 1
            return
        payment = Transfer(self.signers[payee].address, amount, memo)
        signed = world.sign_action(self.signers[payer], node, payment, tip, MAX_UNDER_WAY)
        if signed is None:
            self.skipped += 1
        elif world.submit_transaction(node, signed) is None and not world.access.is_allowed(
            Right.SEND, signed.sender, world.now_us
        ):
            self.signers[payer].forget_last()  # refused for good: the next one takes its nonce

    def copy(self) -> "People":
        other = People.__new__(People)
        other.__dict__.update(self.__dict__)
        other.signers = tuple(signer.copy() for signer in self.signers)
        return other
