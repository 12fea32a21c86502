"""Why a block and its fields are as they are, with the rule and the numbers: what ``?`` says."""

from typing import Final

from app.present.chain import format_gas, format_title, get_standing
from app.present.finality import describe_weight, get_promise
from app.present.heads import get_canonical, get_finalized
from app.present.index import get_index
from app.present.words import format_coins, format_count, format_hashes, name_node, shorten_hash
from app.widgets.models import Why
from chain.consensus.block_tree import BlockRecord
from chain.consensus.difficulty import compute_work, decode_compact
from chain.consensus.proof_of_work import ProofOfWorkRules
from chain.simulation.world import World
from chain.units import TimeUs
from chain.wallet.address import encode_address


def explain_block(world: World, record: BlockRecord, at_us: TimeUs) -> Why:
    """Return why a block counts or does not, for ``?``."""
    standing = get_standing(world, get_index(world), record, at_us)
    rule = "consensus/finality" if standing.confirmations else "consensus/fork-choice"
    head, final, promise = get_canonical(world, at_us), get_finalized(world, at_us), get_promise(world)
    depth = f" of {promise.depth}" if promise.depth else ""
    numbers = (
        ("confirmations", f"{standing.confirmations}{depth}"),
        describe_weight(record),
        ("canonical head", f"#{head.height} {shorten_hash(head.hash)}, {describe_weight(head)[1]}"),
        ("final", f"#{final.height} {promise.word}".strip() if promise.word else promise.final),
    )
    return Why(f"Block {format_title(record, standing)}: {standing.words}", rule, numbers, standing.meaning)


def explain_field(world: World, record: BlockRecord, key: str, at_us: TimeUs) -> Why:
    """Return why a field of a block has its value."""
    explain = _EXPLAINED.get(key)
    return explain_block(world, record, at_us) if explain is None or record.parent is None else explain(world, record)


def _explain_hash(world: World, record: BlockRecord) -> Why:
    rules = world.consensus.rules
    if not isinstance(rules, ProofOfWorkRules):
        return _explain_plain_hash(record)
    target = rules.get_ground_target(record.state.bits)
    numbers = (
        ("hash", f"{record.hash.hex()[:24]}…"),
        ("target", f"{target:064x}"[:24] + "…"),
        ("nonce", record.block.header.nonce.hex()),
        ("claimed work", format_hashes(compute_work(decode_compact(record.state.bits)))),
    )
    text = (
        "Read as a number, the hash must not be above the target, so it begins with zeros. The nonce was tried from "
        "0 on until it did. Any change to the block changes the hash, and the search begins anew. The target is made "
        f"easier by a constant factor of {format_count(rules.grind_scale)}, so that it is found quickly here; the "
        "waiting times are those of the full difficulty."
    )
    return Why("The hash meets the target", "proof-of-work/target", numbers, text)


def _explain_plain_hash(record: BlockRecord) -> Why:
    """Return what the hash is under a protocol whose blocks are not ground to a target of Bitcoin's kind."""
    numbers = (("hash", record.hash.hex()[:32] + "…"), ("nonce", record.block.header.nonce.hex()))
    text = (
        "The hash of the header identifies the block and commits to all that came before it: any change gives another "
        "one. Who may propose it is decided by the seal in the header, not by its zeros."
    )
    return Why("The hash of the header", "ledger/parent", numbers, text)


def _explain_base_fee(_world: World, record: BlockRecord) -> Why:
    assert record.parent is not None
    before, header = record.parent.block.header, record.block.header
    numbers = (
        ("parent's base fee", f"{format_count(before.base_fee_per_gas)} per gas"),
        ("parent's gas", format_gas(record.parent.block)),
        ("target", format_count(before.gas_limit // 2)),
        ("this base fee", f"{format_count(header.base_fee_per_gas)} per gas"),
    )
    text = (
        "A block above half of its gas limit raises the base fee of the next one, a block below lowers it, by an "
        "eighth at most. The base fee is burned, so miners gain nothing from filling their own blocks."
    )
    return Why("How the base fee came about", "ledger/base-fee", numbers, text)


def _explain_reward(world: World, record: BlockRecord) -> Why:
    execution, interval = world.ledger.execution(record.hash), world.ledger.parameters.halving_interval_blocks
    numbers = (
        ("subsidy", format_coins(execution.subsidy)),
        ("tips", format_coins(execution.tips)),
        ("burned", format_coins(execution.burned)),
        ("next halving", f"at #{(record.height // interval + 1) * interval}"),
    )
    text = "The subsidy is the only new money there is; it halves at fixed heights. Tips come from the senders."
    return Why("What the proposer earned", "ledger/subsidy", numbers, text)


_PROPOSERS: Final = {
    "proof-of-work": ("proof-of-work/target", "Whoever finds a nonce first: each miner as often as its part of all "
    "hash rate, and nobody knows beforehand."),
    "ghost": ("ghost/work", "Whoever finds a nonce first: each miner as often as its part of all hash rate."),
    "proof-of-stake": ("proof-of-stake/proposer", "Drawn for the slot among all validators by their stake; the draw "
    "follows from the reveals of earlier proposers."),
    "delegated-proof-of-stake": ("dpos/producer", "The schedule of elected producers gives each slot to one of them."),
    "proof-of-authority": ("clique/signer", "The signers take turns by height or step; others may step in later."),
    "tendermint": ("tendermint/proposer", "Proposers rotate, each as often as its voting power; a new round has the "
    "next one."),
    "raft": ("raft/leader", "The leader of the term proposes all blocks, until a majority elects another one."),
    "snowman": ("snowman/proposer", "Validators may propose in windows drawn by stake; after the last, anybody may."),
}  # fmt: skip
"""By protocol: the rule, and who proposes."""


def _explain_proposer(world: World, record: BlockRecord) -> Why:
    rule, text = _PROPOSERS.get(world.consensus.name, ("", "The protocol says whose turn it is."))
    numbers = (
        ("proposed by", name_node(record.origin)),
        ("reward to", encode_address(record.block.header.proposer)),
        ("seal", f"{record.block.header.consensus.hex()[:32]}…"),
    )
    return Why(f"Why {name_node(record.origin)} proposed it", rule, numbers, text)


_EXPLAINED: Final = {
    "proposer": _explain_proposer,
    "node": _explain_proposer,
    "hash": _explain_hash,
    "target": _explain_hash,
    "work": _explain_hash,
    "nonce": _explain_hash,
    "base-fee": _explain_base_fee,
    "gas": _explain_base_fee,
    "burned": _explain_reward,
    "reward": _explain_reward,
}
