"""A proposer whose blocks claim a state they do not lead to, as if it had paid itself something.

Every neighbour executes the block, comes to another state and refuses it; nobody passes it on. Under proof of work the
false claim is made before the work is checked, and the work does not fit it.
"""

from msgspec.structs import replace

from chain.adversary.base import Byzantine, Handler
from chain.consensus.base import Broadcast, Effect, Effects, Publish, View
from chain.ledger.block import Block
from chain.units import Hash


class Forging(Byzantine):
    """Publishes invalid blocks."""

    name = "forging"

    def act(self, view: View, handle: Handler) -> Effects:
        return [_falsify(effect) for effect in handle(self.honest, view)]


def _falsify(effect: Effect) -> Effect:
    if isinstance(effect, Publish):
        return Publish(falsify(effect.block))
    if isinstance(effect, Broadcast) and effect.block is not None:
        return Broadcast(effect.message, effect.wakes, falsify(effect.block), effect.target)
    return effect


def falsify(block: Block) -> Block:
    """Return the block with another claim about the state after it; the signature no longer covers it."""
    false_root = Hash(bytes(byte ^ 0xFF for byte in block.header.state_root))
    return Block(replace(block.header, state_root=false_root), block.transactions)
