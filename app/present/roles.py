"""What a node is in the protocol of its run: a miner, a validator, a signer, or one who only follows."""

from typing import Final

from app.present.heads import get_canonical
from chain.simulation.world import World
from chain.units import NodeId, TimeUs

ROLES: Final = {
    "proof-of-stake": "validator", "tendermint": "validator", "snowman": "validator", "raft": "member",
    "proof-of-authority": "signer", "delegated-proof-of-stake": "candidate",
}  # fmt: skip
"""What those with a key are called, by protocol."""


def get_making(world: World) -> str:
    """Return what making a block is called, as in ``found by n03``."""
    return "found" if world.consensus.name in ("proof-of-work", "ghost") else "proposed"


def describe_role(world: World, node: int) -> str:
    """Return what a node does in the protocol, in a word; whoever only follows is a full node."""
    if get_hash_rate(world, node):
        return "miner"
    return ROLES.get(world.consensus.name, "validator") if get_power(world, node) else "full node"


def count_proposers(world: World, at_us: TimeUs) -> tuple[int, str]:
    """Return how many running nodes may make blocks without mining, by the canonical head, and what each is called."""
    rules, state = world.consensus.rules, get_canonical(world, at_us).state
    keyring = getattr(rules, "keyring", None)
    if keyring is None:
        return sum(world.network.links.is_online(node, at_us) for node in world.consensus.agents), "proposer"
    accounts = {one.account: one.index for one in keyring.validators}
    if hasattr(state, "snapshot"):
        acting = [accounts[account] for account in state.snapshot.signers if account in accounts]
    elif hasattr(state, "schedule"):
        acting = list(state.schedule.producers)
    elif hasattr(state, "powers"):
        acting = [index for index, power in enumerate(state.powers) if power]
    elif hasattr(state, "registry"):
        acting = [index for index, it in enumerate(state.registry.validators) if it.is_active(state.epoch)]
    else:
        acting = [one.index for one in keyring.validators if one.power]
    online = sum(world.network.links.is_online(keyring.validators[index].node, at_us) for index in acting)
    name = world.consensus.name
    return online, "producer" if name == "delegated-proof-of-stake" else ROLES.get(name, "validator")


def get_power(world: World, node: int) -> int:
    """Return the weight of a node's key at the start of the run; 0 for one without."""
    keyring = getattr(world.consensus.rules, "keyring", None)
    return sum(one.power for one in keyring.validators if one.node == node) if keyring is not None else 0


def get_hash_rate(world: World, node: int) -> int:
    """Return a miner's hash rate as of now; 0 for whoever does not mine."""
    return int(getattr(world.consensus.agents.get(NodeId(node)), "hash_rate_per_s", 0))
