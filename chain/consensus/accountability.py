"""Who is to blame when what was final conflicts: what votes and blocks prove.

Tendermint. When two blocks are decided at one height, validators of at least a third of the power broke a rule, and
their votes show it. In one round: they voted twice (equivocation). In different rounds: they precommitted a block and
later prevoted another, though nothing allowed them to give up their lock (amnesia). The first proves itself; the second
holds once neither the accused nor the others could show two thirds of prevotes that allow it.

EOS. Two irreversible blocks of which neither is an ancestor of the other need more than two thirds of the producers
each, so at least a third confirmed blocks of one height on both branches. Their signed headers show it.

Source: CometBFT, spec/light-client/accountability.md ("equivocation" and "amnesia"); arXiv:1807.04938, lines 28 and 29
of Algorithm 1; EOSIO block_header_state.cpp (``producer_double_confirm`` forbids the same on one branch).
"""

from collections.abc import Iterable, Sequence

from chain.consensus.block_tree import BlockRecord
from chain.consensus.delegated import DelegatedSeal
from chain.consensus.quorums import compute_quorum
from chain.consensus.tendermint_messages import NIL, PRECOMMIT, PREVOTE, Vote
from chain.encoding import decode
from chain.units import Address

Claim = tuple[int, int, BlockRecord]
"""The lowest and the highest height that a block confirms."""


def find_culprits(votes: Iterable[Vote], powers: Sequence[int]) -> dict[int, tuple[Vote, Vote]]:
    """Return the validators that broke a rule, each with two votes that show it; all votes are of one height."""
    by_place: dict[tuple[str, int, int], Vote] = {}
    culprits: dict[int, tuple[Vote, Vote]] = {}
    ordered = sorted(votes, key=lambda vote: (vote.round, vote.kind, vote.validator, vote.block))
    for vote in ordered:
        first = by_place.setdefault((vote.kind, vote.round, vote.validator), vote)
        if first.block != vote.block:
            culprits.setdefault(vote.validator, (first, vote))
    for lock in ordered:
        if lock.kind == PRECOMMIT and lock.block != NIL:
            for vote in ordered:
                if _breaks_lock(lock, vote) and not _is_allowed(lock, vote, ordered, powers):
                    culprits.setdefault(vote.validator, (lock, vote))
    return culprits


def _breaks_lock(lock: Vote, vote: Vote) -> bool:
    is_later = vote.kind == PREVOTE and vote.validator == lock.validator and vote.round > lock.round
    return is_later and vote.block not in (NIL, lock.block)


def _is_allowed(lock: Vote, vote: Vote, votes: Sequence[Vote], powers: Sequence[int]) -> bool:
    """Return whether two thirds prevoted the later block in between: lines 28 and 29."""
    for round_ in range(lock.round, vote.round):
        place = (PREVOTE, round_, vote.block)
        voters = {it.validator for it in votes if (it.kind, it.round, it.block) == place}
        if sum(powers[voter] for voter in sorted(voters)) >= compute_quorum(sum(powers)):
            return True
    return False


def find_double_confirmers(
    one: BlockRecord, other: BlockRecord, fork: BlockRecord
) -> dict[Address, tuple[BlockRecord, BlockRecord]]:
    """Return the producers that confirmed one height on both branches above their fork, each with two blocks."""
    claims, counterclaims = _get_claims(one, fork), _get_claims(other, fork)
    culprits: dict[Address, tuple[BlockRecord, BlockRecord]] = {}
    for producer, mine in sorted(claims.items()):
        for low, high, block in mine:
            for other_low, other_high, contradicting in counterclaims.get(producer, ()):
                if low <= other_high and other_low <= high:
                    culprits.setdefault(producer, (block, contradicting))
    return culprits


def _get_claims(tip: BlockRecord, fork: BlockRecord) -> dict[Address, list[Claim]]:
    """Return what each producer's blocks above a fork confirm above it."""
    claims: dict[Address, list[Claim]] = {}
    record = tip
    while record.height > fork.height and record.parent is not None:
        header = record.block.header
        low = max(fork.height + 1, record.height - decode(DelegatedSeal, header.consensus).confirmed)
        claims.setdefault(header.proposer, []).append((low, record.height, record))
        record = record.parent
    return claims
