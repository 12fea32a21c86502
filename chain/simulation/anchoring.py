"""Anchoring: a public chain beside the private one, and the account that writes private block hashes into it.

The public chain is a whole simulation of its own – nodes, network, protocol, people – with luck from the same seed. It
is driven in lockstep: whenever the actor is due, the public chain is brought to the same moment of virtual time, and
its digest enters the private run's history, so that one digest covers both. A copy of the world copies it too.

Each time so many more private blocks are final, the hash of the newest such block goes into an ``Anchor`` transaction,
really signed by the consortium's account, to a node of the public chain. What it is worth there is asked of the public
chain, at any moment: in which block it is, how many confirmations that has, and what "final" means.
"""

from bisect import bisect_right
from itertools import islice
from typing import Any, Final, NamedTuple

from chain.anchors import build_anchor_proof
from chain.consensus.block_tree import BlockRecord
from chain.ledger.actions import Anchor
from chain.simulation.kernel import LANE_TRAFFIC
from chain.simulation.signer import Signer
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import SECOND, Hash, NodeId, TimeUs

POLL_US: Final = 2 * SECOND
"""Virtual time between two looks at what has become final; the public chain is never further behind."""
GATEWAY: Final = NodeId(0)
"""The public node that takes the consortium's transactions."""
MAX_UNDER_WAY: Final = 8
TIP_PER_GAS: Final = 100
MOST_HEADERS: Final = 200
"""Headers of the public chain that a proof holds at most."""


class AnchorRecord(NamedTuple):
    """An anchor that was sent."""

    height: int
    """Of the private block."""
    block: Hash
    transaction: Hash
    """Its id, on the public chain."""
    sent_us: TimeUs


class Inclusion(NamedTuple):
    """Where an anchor stands on the public chain at a moment."""

    block: BlockRecord
    confirmations: int
    """Blocks, the one that holds it included."""
    is_final: bool
    """In the public protocol's sense."""


class Anchoring:
    """The actor that anchors the private chain."""

    name = "anchoring"

    def __init__(self, public: Simulation, signer: Signer, every: int, index: int) -> None:
        self.public, self.signer, self.every, self.index = public, signer, every, index
        self.anchors: list[AnchorRecord] = []
        """What was sent, in order."""

    def start(self, world: World) -> None:
        self._schedule(world)

    def on_due(self, world: World, data: int) -> None:
        self.public.run_until(world.now_us)
        world.history.note(b"public" + bytes.fromhex(self.public.compute_digest()))
        self._anchor(world)
        self._schedule(world)

    def _schedule(self, world: World) -> None:
        world.kernel.schedule(TimeUs(world.now_us + POLL_US), LANE_TRAFFIC, "actor", self.index)

    def _anchor(self, world: World) -> None:
        final = world.get_finalized()
        height = final.height - final.height % self.every
        if height <= (self.anchors[-1].height if self.anchors else 0):
            return
        block = world.tree.get_ancestor(final, height).hash
        action = Anchor(world.setup.ledger.chain_id, height, block)
        signed = self.public.world.sign_action(self.signer, GATEWAY, action, TIP_PER_GAS, MAX_UNDER_WAY)
        if signed is None or self.public.world.submit_transaction(GATEWAY, signed) is None:
            return  # tried again at the next look
        self.anchors.append(AnchorRecord(height, block, signed.id, world.now_us))
        world.record("anchor", -1, block, f"#{height} in public transaction {signed.id.hex()[:16]}…", signed.id)

    def get_inclusion(self, anchor: AnchorRecord, at_us: TimeUs) -> Inclusion | None:
        """Return where an anchor stood at a moment; None while no block of the public main branch held it."""
        world = self.public.world
        record = world.transactions.get(anchor.transaction)
        head = world.get_canonical(at_us)
        for index in record.blocks if record else ():
            block = world.tree.records[index]
            if block.height <= head.height and world.tree.get_ancestor(head, block.height) is block:
                is_final = world.get_finalized(at_us).height >= block.height
                return Inclusion(block, head.height - block.height + 1, is_final)
        return None

    def build_proof(self, world: World, anchor: AnchorRecord, at_us: TimeUs) -> dict[str, Any] | None:
        """Return the document that proves an anchor (chain/anchors.py); None while it is in no public block."""
        public = self.public.world
        inclusion, record = self.get_inclusion(anchor, at_us), public.transactions.get(anchor.transaction)
        if inclusion is None or record is None:
            return None
        ids: list[bytes] = [signed.id for signed in inclusion.block.block.transactions]
        branch = list(islice(public.tree.iter_branch(public.get_canonical(at_us)), inclusion.confirmations))
        headers = tuple(block.block.header for block in branch[::-1][:MOST_HEADERS])
        finality = public.consensus.rules.finality.value
        return build_anchor_proof(world.tree[anchor.block].block.header, record.signed, ids, headers, finality)

    def get_sent(self, at_us: TimeUs) -> list[AnchorRecord]:
        """Return the anchors sent up to a moment, in order."""
        return self.anchors[: bisect_right(self.anchors, at_us, key=lambda anchor: anchor.sent_us)]

    def is_rewritten(self, world: World, anchor: AnchorRecord, at_us: TimeUs) -> bool:
        """Return whether an anchor's block was no longer part of the private chain: rewritten below the anchor."""
        head = world.get_canonical(at_us)
        return anchor.height > head.height or world.tree.get_ancestor(head, anchor.height).hash != anchor.block

    def copy(self) -> "Anchoring":
        other = Anchoring(self.public.copy(), self.signer.copy(), self.every, self.index)
        other.anchors = self.anchors.copy()
        return other


def get_anchoring(world: World) -> Anchoring | None:
    """Return the actor that anchors a world; None where nothing is anchored."""
    return next((actor for actor in world.actors if isinstance(actor, Anchoring)), None)
