"""What "final" is worth, in the screen's words: never, by depth, at the cost of stake, or at once.

One ``Promise`` a run says which kind of finality its protocol has, what keeps a final block from being undone, and what
an unfinished one still waits for. Wherever a confirmation is shown, its words come from here, so that "final" is never
said alone.
"""

from typing import Final, NamedTuple

from app.present.heads import is_never_final
from app.present.words import format_coins, format_hashes, format_span, plural
from chain.consensus.base import Finality
from chain.consensus.block_tree import BlockRecord
from chain.consensus.difficulty import compute_work, decode_compact
from chain.simulation.world import World
from chain.units import SECOND


class Promise(NamedTuple):
    """What a protocol calls final, in words."""

    kind: Finality
    depth: int
    """Confirmations asked for; 0 where finality does not come from counting."""
    word: str
    """After a height: ``806 by depth``."""
    final: str
    """Before what is final: ``final by depth``."""
    keeps: str
    """A sentence: what keeps a final block from being undone, and what would undo it all the same."""
    waits: str
    """A sentence: what a block that is not final yet waits for."""

    def describe_progress(self, confirmations: int) -> str:
        """Return how far a block that is not final has come: ``3 of 6 confirmations``."""
        if self.depth:
            return f"{confirmations} of {self.depth} confirmations"
        return plural(confirmations, "confirmation")

    def describe_final(self, confirmations: int) -> str:
        """Return what a final block is called: ``final by depth · 7 confirmations``."""
        return f"{self.final} · {plural(confirmations, 'confirmation')}"


_NEVER: Final = Promise(
    Finality.NONE,
    0,
    "",
    "never final",
    "Nothing here is ever final: a heavier branch would undo any block, however deep it lies.",
    "Nothing here is ever final: confirmations only make it costlier to undo.",
)
_BY_DEPTH: Final = "A convention, no guarantee: "
_PROMISES: Final[dict[str, tuple[str, str, str, str]]] = {
    "proof-of-work": (
        "by depth", "final by depth",
        _BY_DEPTH + "whoever finds more work than lies on top of the block would still undo it.",
        "Final by depth, once enough blocks lie on top; until then a heavier branch would undo it at little cost.",
    ),
    "ghost": (
        "by depth", "final by depth",
        _BY_DEPTH + "a subtree with more work, stale blocks counted, would still undo it.",
        "Final by depth, once enough blocks lie on top; until then a heavier subtree would undo it at little cost.",
    ),
    "proof-of-authority": (
        "by depth", "final by depth",
        _BY_DEPTH + "a majority of the signers, or a partition that heals, would still undo it; nobody loses stake.",
        "Final by depth, once enough signers have built on it.",
    ),
    "delegated-proof-of-stake": (
        "by depth", "final by depth",
        _BY_DEPTH + "70 % of the producers have built on it, but one who changes branches is counted on both: a "
        "partition that heals can still undo it.",
        "Final by depth, once 70 % of the producers have built on it.",
    ),
    "delegated-proof-of-stake, eos": (
        "irreversible", "irreversible",
        "More than two thirds of the producers have seen it proposed as irreversible; no other branch gets there while "
        "fewer than a third of them lie.",
        "Not irreversible yet: that takes two passes through two thirds of the producers.",
    ),
    "proof-of-stake": (
        "by stake", "finalized",
        "Two thirds of the stake voted for it twice in a row. To undo it, a third of all stake must contradict itself "
        "and be slashed; only a partition that outlasts the inactivity leak divides it with nobody to blame.",
        "Not final yet: its checkpoint must be justified by two thirds of the stake, and the next one after it.",
    ),
    "tendermint": (
        "decided", "final at once",
        "Two thirds of the voting power precommitted it. It cannot be undone while less than a third is Byzantine; "
        "with more, every conflict comes with evidence against at least a third.",
        "A proposal: it is no block of the chain until two thirds of the voting power precommit it.",
    ),
    "snowman": (
        "accepted", "accepted",
        "The nodes never go back on it. That two of them accept different blocks is improbable, not impossible, while "
        "few validators lie; nobody is slashed for it.",
        "Preferred, not accepted yet: that takes so many polls in a row that agree.",
    ),
    "raft": (
        "by majority", "final at once",
        "A majority has written it down: crashes of the others cannot undo it. Raft trusts its members: a leader that "
        "lies could, so this holds for crash faults only.",
        "Not committed yet: a majority must have written it down.",
    ),
}  # fmt: skip
"""By protocol: word, what is final, what keeps it, what it waits for."""


def get_promise(world: World) -> Promise:
    """Return what the protocol of a run calls final."""
    rules, depth, name = world.consensus.rules, world.consensus.depth, world.consensus.name
    if is_never_final(world):
        return _NEVER
    if name == "delegated-proof-of-stake" and rules.finality is Finality.INSTANT:
        name += ", eos"
    fallback = (rules.finality.value, f"final ({rules.finality.value})", "", "Not final yet.")
    return Promise(rules.finality, depth, *_PROMISES.get(name, fallback))


def describe_cost(world: World, record: BlockRecord, head: BlockRecord) -> str:
    """Return, as a sentence, what undoing a block of the branch under ``head`` would cost."""
    describe = _COSTS.get(world.consensus.name)
    return describe(world, record, head) if describe is not None else ""


def compute_network_hash_rate(world: World) -> int:
    """Return the hash rate of all miners together, now."""
    return sum(getattr(agent, "hash_rate_per_s", 0) for agent in world.consensus.agents.values())


def _describe_work(world: World, record: BlockRecord, head: BlockRecord) -> str:
    below = record.parent.weight if record.parent is not None else 0
    work, rate = head.weight - below, compute_network_hash_rate(world)
    span = f", {format_span(work * SECOND // rate)} of all miners' work" if rate else ""
    return f"A branch with more than {format_hashes(work)} of work{span}, would undo it."


def _describe_stake(_world: World, _record: BlockRecord, head: BlockRecord) -> str:
    total = head.state.duties.total_balance
    return f"A third of the stake is {format_coins(-(-total // 3), 0)}."


def _describe_power(_world: World, record: BlockRecord, _head: BlockRecord) -> str:
    state = record.parent.state if record.parent is not None else record.state
    return f"A third of the voting power is {state.witness} of {sum(state.powers)}."


def _describe_authority(_world: World, _record: BlockRecord, head: BlockRecord) -> str:
    snapshot = getattr(head.state, "snapshot", None)
    if snapshot is None:
        return ""
    return f"A majority is {plural(snapshot.signer_limit, 'signer')} of {len(snapshot.signers)}."


def _describe_majority(world: World, _record: BlockRecord, _head: BlockRecord) -> str:
    rules = world.consensus.rules
    return f"A majority is {rules.majority} of {plural(len(rules.members), 'member')}."  # type: ignore[attr-defined]


_COSTS: Final = {
    "proof-of-work": _describe_work,
    "ghost": _describe_work,
    "proof-of-stake": _describe_stake,
    "tendermint": _describe_power,
    "proof-of-authority": _describe_authority,
    "raft": _describe_majority,
}


# What a branch weighs, in the protocol's own numbers ----------------------------------------------------------------


def describe_weight(record: BlockRecord) -> tuple[str, str]:
    """Return the number by which branches are compared, and its name, as the protocol counts it."""
    state = record.state
    if hasattr(state, "bits"):
        return "work of its branch", format_hashes(state.total_work)
    if hasattr(state, "total_difficulty"):
        number = state.total_difficulty
        return "total difficulty", str(number) if hasattr(state, "snapshot") else format_hashes(number)
    if hasattr(state, "total_score"):
        return "score of its branch", f"2^128 × {record.height} − {record.height + state.step}"
    if hasattr(state, "justification"):
        return "slot, justified epoch", f"{state.slot}, {state.justification.justified.epoch}"
    if hasattr(state, "confirmations"):
        return "irreversible, height", f"#{state.confirmations.irreversible}, #{record.height}"
    if hasattr(state, "term"):
        return "term, index", f"{state.term}, {state.index}"
    return "height", str(record.height)


def compute_difficulty(record: BlockRecord) -> int:
    """Return the expected hashes of a block that was mined; 0 for others."""
    state = record.state
    if hasattr(state, "bits"):
        return compute_work(decode_compact(state.bits))
    return state.difficulty if hasattr(state, "ancestors") else 0


# Fork choice ---------------------------------------------------------------------------------------------------------

_HEAVIEST: Final = "A node follows the heaviest branch among the blocks it has heard of; of equal ones, the first seen."
_CHOICES: Final = {
    "proof-of-work": "A node follows the branch with the most work among the blocks it has heard of; of equally heavy "
    "ones the first seen stays.",
    "ghost": "From genesis on a node goes to the child whose subtree holds the most work, stale blocks counted.",
    "proof-of-stake": "From the justified checkpoint on a node goes to the child that the latest votes it has heard of "
    "carry the most stake for; a timely block of this slot has a boost.",
    "delegated-proof-of-stake": "A node follows the branch with the highest irreversible block, and of those the "
    "longest one.",
    "proof-of-authority": "A node follows the branch with the most difficulty (Clique) or the highest score (Aura) "
    "among the blocks it has heard of.",
    "tendermint": "A node builds on the last block it has seen decided; proposals are no heads.",
    "snowman": "From what it has accepted upwards a node prefers the child its polls led it to, or the first it knew.",
    "raft": "A node takes the last committed entry of the leader's log; what is not committed is no head.",
}


def describe_fork_choice(world: World) -> str:
    """Return, in a sentence, which head a node chooses under the run's protocol."""
    return _CHOICES.get(world.consensus.name, _HEAVIEST)
