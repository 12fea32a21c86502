"""Proposer reorgs: who proposes next builds beside a block that came too late for its committee, not on it.

Idea: a late block gets hardly any votes of its slot, so the proposer boost is enough to leave it behind; that takes
from proposers the temptation to be late. Only the last block is reorged, and only where the chain is otherwise well:
its parent has the votes of its own slot and of the late one's, finality is near, and nothing about duties or
justification depends on it.

Source: ethereum/consensus-specs phase0 ``fork-choice.md``, ``get_proposer_head`` and the helpers it names;
configs/mainnet.yaml (``REORG_HEAD_WEIGHT_THRESHOLD``, ``REORG_PARENT_WEIGHT_THRESHOLD``,
``REORG_MAX_EPOCHS_SINCE_FINALIZATION``). That one proposes on time need not be asked: here everybody does.
"""

from typing import Final

from chain.consensus.base import View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.gasper import GasperRules
from chain.consensus.lmd_ghost import Votes

HEAD_PERCENT: Final = 20
"""A head with less than this part of a committee's weight is weak."""
PARENT_PERCENT: Final = 160
"""A parent with more than this part of a committee's weight is strong: the votes of more than one slot."""
MAX_EPOCHS_SINCE_FINALIZATION: Final = 2


def get_proposer_head(rules: GasperRules, view: View, slot: int) -> BlockRecord:
    """Return what to build on in a slot: the head, or its parent where the head is to be reorged."""
    head = rules.head(view)
    parent = head.parent
    if parent is None or not _is_late(rules, view, head) or not _is_single_slot(head, parent, slot):
        return head
    if slot % rules.constants.slots_per_epoch == 0:  # is_shuffling_stable
        return head
    if not _is_ffg_competitive(rules, head, parent) or not _is_finalization_ok(rules, head, slot):
        return head
    return parent if _is_outvoted(rules, view, head, parent, slot) else head


def _is_late(rules: GasperRules, view: View, head: BlockRecord) -> bool:
    return view.get_known_us(head) >= rules.get_start_us(head.state.slot) + rules.due_us


def _is_single_slot(head: BlockRecord, parent: BlockRecord, slot: int) -> bool:
    return bool(parent.state.slot + 1 == head.state.slot and head.state.slot + 1 == slot)


def _is_ffg_competitive(rules: GasperRules, head: BlockRecord, parent: BlockRecord) -> bool:
    """Return whether the parent would justify the same if the epoch ended now."""
    pulled_up = [rules.get_justification(it.state, it.state.epoch + 1).justified for it in (head, parent)]
    return pulled_up[0] == pulled_up[1]


def _is_finalization_ok(rules: GasperRules, head: BlockRecord, slot: int) -> bool:
    finalized_epoch = rules.get_justification(head.state, rules.get_epoch(slot)).finalized.epoch
    return rules.get_epoch(slot) <= finalized_epoch + MAX_EPOCHS_SINCE_FINALIZATION


def _is_outvoted(rules: GasperRules, view: View, head: BlockRecord, parent: BlockRecord, slot: int) -> bool:
    """Return whether the head is weak and its parent strong (is_head_weak, is_parent_strong)."""
    justified = rules.get_justification(head.state, rules.get_epoch(slot)).justified
    root = view.get_known(justified.block)
    assert root is not None  # it is an ancestor
    state = rules.get_state(root.state, justified.epoch)
    votes = rules.get_votes(view, slot, state)
    committee = state.duties.total_balance // rules.constants.slots_per_epoch
    is_weak = compute_weight(votes, head) < committee * HEAD_PERCENT // 100
    return is_weak and compute_weight(votes, parent) > committee * PARENT_PERCENT // 100


def compute_weight(votes: Votes, block: BlockRecord) -> int:
    """Return the stake that votes for a block or for one above it."""
    total = 0
    for voted, stake in votes.values():
        above: BlockRecord | None = voted
        while above is not None and above.index > block.index:
            above = above.parent
        total += stake if above is block else 0
    return total
