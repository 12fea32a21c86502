"""What a node is in the protocol of its run: a miner, a validator, a signer, or one who only follows."""

from typing import Final

from chain.simulation.world import World
from chain.units import NodeId

ROLES: Final = {
    "proof-of-stake": "validator", "tendermint": "validator", "snowman": "validator", "raft": "member",
    "proof-of-authority": "signer", "delegated-proof-of-stake": "candidate",
}  # fmt: skip
"""What those with a key are called, by protocol."""


def describe_role(world: World, node: int) -> str:
    """Return what a node does in the protocol, in a word; whoever only follows is a full node."""
    if get_hash_rate(world, node):
        return "miner"
    return ROLES.get(world.consensus.name, "validator") if get_power(world, node) else "full node"


def get_power(world: World, node: int) -> int:
    """Return the weight of a node's key at the start of the run; 0 for one without."""
    keyring = getattr(world.consensus.rules, "keyring", None)
    return sum(one.power for one in keyring.validators if one.node == node) if keyring is not None else 0


def get_hash_rate(world: World, node: int) -> int:
    """Return a miner's hash rate as of now; 0 for whoever does not mine."""
    return int(getattr(world.consensus.agents.get(NodeId(node)), "hash_rate_per_s", 0))
