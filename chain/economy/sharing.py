"""Members who share offers, prices and reports with some of the others, so that a private network lives.

Every so often – a Poisson process – one member picks one to three others, writes a line, and commits to it on the chain
with its own account. Who the line is not for sees the commitment alone (chain/node/payloads.py).
"""

from typing import Final

from chain.access import Right
from chain.draws import draw_below, draw_bytes, draw_exponential
from chain.ledger.actions import Commit
from chain.node.payloads import SALT_BYTES, Payload, compute_commitment
from chain.simulation.admission import may_join, share_payload
from chain.simulation.kernel import LANE_TRAFFIC
from chain.simulation.signer import Signer
from chain.simulation.world import World
from chain.units import SECOND, NodeId, TimeUs

MAX_UNDER_WAY: Final = 4
TIP_PER_GAS: Final = 60
MOST_OTHERS: Final = 3
LINES: Final = (
    "offer: {} t of copper at 8 412 a ton",
    "price list of week {}: 4 percent off",
    "lot {} failed inspection, see report",
    "credit line of {} 000 confirmed",
    "shipment {} delayed by two days",
    "bid {} in the tender for storage",
)
"""What members write; the number is drawn."""


class Sharing:
    """The actor that shares payloads among the members of a private network."""

    name = "sharing"

    def __init__(self, seed: int, per_1000_s: int, signers: tuple[Signer, ...], index: int) -> None:
        """``signers``: each node's own account."""
        self.per_1000_s, self.signers, self.index = per_1000_s, signers, index
        self._seed, self._count = seed, 0

    def start(self, world: World) -> None:
        self._schedule(world)

    def on_due(self, world: World, data: int) -> None:
        self._share(world, self._count)
        self._count += 1
        self._schedule(world)

    def _schedule(self, world: World) -> None:
        if self.per_1000_s:
            wait_us = draw_exponential(self._seed, 1000 * SECOND // self.per_1000_s, "sharing-wait", self._count)
            world.kernel.schedule(TimeUs(world.now_us + wait_us), LANE_TRAFFIC, "actor", self.index)

    def _share(self, world: World, count: int) -> None:
        readers = [NodeId(node) for node in range(world.node_count) if self._is_able(world, node)]
        if len(readers) < 2:
            return
        node = readers.pop(draw_below(self._seed, len(readers), "sharing-node", count))
        others = 1 + draw_below(self._seed, min(MOST_OTHERS, len(readers)), "sharing-others", count)
        chosen = [
            readers.pop(draw_below(self._seed, len(readers), "sharing-member", count, place)) for place in range(others)
        ]
        line = LINES[draw_below(self._seed, len(LINES), "sharing-line", count)]
        text = line.format(1 + draw_below(self._seed, 90, "sharing-number", count))
        payload = Payload(draw_bytes(self._seed, SALT_BYTES, "sharing-salt", count), text.encode())
        action = Commit(compute_commitment(payload))
        signed = world.sign_action(self.signers[node], node, action, TIP_PER_GAS, MAX_UNDER_WAY)
        if signed is None:
            return
        if world.submit_transaction(node, signed) is None:
            self.signers[node].forget_last()  # refused for good
        else:
            share_payload(world, node, payload, tuple(sorted((node, *chosen))))

    def _is_able(self, world: World, node: int) -> bool:
        may_read = world.access.is_allowed(Right.READ, node, world.now_us)
        return may_read and may_join(world, node) and world.network.links.is_online_now(node)

    def copy(self) -> "Sharing":
        other = Sharing(self._seed, self.per_1000_s, tuple(signer.copy() for signer in self.signers), self.index)
        other._count = self._count
        return other
