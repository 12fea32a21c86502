"""How delegated proof of stake elects its producers, and when a new set of them takes over.

Everybody with stake approves candidates, up to thirty, with a ``Vote``; each of them gets the voter's whole stake.
Stake is put down for an account with a ``Deposit`` and taken back with an ``Exit``. Every ``election_interval`` the
votes are counted, and the most approved become the next producers.

EOS: the new schedule is proposed in the block that counts, pending once that block is irreversible, and active once the
block that made it pending is irreversible too, so no two branches disagree about who produces. An election with fewer
producers than before changes nothing. BitShares: the new set is active at once and takes turns from the next round on.

Sources: EOSIO eosio.contracts, eosio.system: voting.cpp (``update_votes``, ``update_elected_producers``),
producer_pay.cpp (``onblock``: more than 120 half seconds since the last count); EOSIO libraries/chain: controller.cpp
(``proposed_schedule_block_num``), block_header_state.cpp (``maybe_promote_pending``, ``set_new_producers``); BitShares,
graphene db_maint.cpp (``update_active_witnesses``), db_witness_schedule.cpp (``update_witness_schedule``).

Simplifications: stake counts as it stands, where EOS lets a vote that is not renewed lose weight by half a year; no
proxies; candidates are the nodes that had a key at genesis, and never resign.
"""

import msgspec
from msgspec.structs import replace

from chain.consensus.stake_book import StakeBook, apply_deposit, apply_exit, drop_due
from chain.ledger.actions import Deposit, Exit, Vote
from chain.ledger.context import StakeChange
from chain.units import SECOND, Address

Ballots = tuple[tuple[Address, tuple[int, ...]], ...]
"""By voter the candidates it approves, in order of address."""
Producers = tuple[int, ...]


class Electorate(msgspec.Struct, frozen=True):
    """Votes and stakes after a block."""

    ballots: Ballots
    book: StakeBook


class Schedule(msgspec.Struct, frozen=True):
    """Who produces after a block, and who will."""

    producers: Producers
    """Validators by place."""
    counted_slot: int = 0
    """Slot of the block that last counted the votes."""
    proposed: Producers = ()
    """Elected; waits until the block at ``proposed_height`` is irreversible (EOS)."""
    proposed_height: int = 0
    pending: Producers = ()
    """Waits until the block at ``pending_height`` is irreversible (EOS)."""
    pending_height: int = 0


def elect(ballots: dict[Address, tuple[int, ...]], stakes: dict[Address, int], count: int) -> list[int]:
    """Return the ``count`` candidates whom most stake approves, most first; the lower index on ties.

    ``ballots`` has the candidates each voter approves; each of them gets the voter's whole stake.
    """
    weights: dict[int, int] = {}
    for voter in sorted(ballots):
        for candidate in dict.fromkeys(ballots[voter]):
            weights[candidate] = weights.get(candidate, 0) + stakes.get(voter, 0)
    ranked = sorted(weights, key=lambda candidate: (-weights[candidate], candidate))
    return [candidate for candidate in ranked if weights[candidate]][:count]


def apply_changes(
    electorate: Electorate,
    changes: tuple[StakeChange, ...],
    candidates: dict[Address, int],
    parent_us: int,
    refund_us: int,
) -> Electorate:
    """Return votes and stakes after a block on a parent of this time, whose transactions ask for changes.

    ``candidates`` has the index of each candidate; a vote for anybody else counts for nobody. What is taken back comes
    ``refund_us`` later.
    """
    book, ballots = drop_due(electorate.book, parent_us), electorate.ballots
    for sender, action in changes:
        match action:
            case Vote(approved):
                known = tuple(candidates[it] for it in approved if it in candidates)
                ballots = tuple(sorted((dict(ballots) | {sender: known}).items()))
            case Deposit(units, validator):
                book = apply_deposit(book, sender, validator, units)
            case Exit(validator):
                book = apply_exit(book, sender, validator, parent_us + refund_us)
    if book is electorate.book and ballots is electorate.ballots:
        return electorate
    return Electorate(ballots, book)


def count_votes(schedule: Schedule, elected: Producers, slot: int, height: int, is_eos: bool) -> Schedule:
    """Return the schedule after the votes have been counted in a block of this slot and height."""
    schedule = replace(schedule, counted_slot=slot)
    if not elected or elected in (schedule.producers, schedule.proposed, schedule.pending):
        return schedule
    if not is_eos:
        return replace(schedule, producers=elected)
    if len(elected) < len(schedule.producers):
        return schedule
    return replace(schedule, proposed=elected, proposed_height=height)


def promote(schedule: Schedule, height: int, irreversible: int) -> Schedule:
    """Return EOS' schedule at the beginning of a block: what was pending is active, what was proposed is pending."""
    if schedule.pending and irreversible >= schedule.pending_height:
        return replace(schedule, producers=schedule.pending, pending=(), pending_height=0)
    if schedule.proposed and not schedule.pending and irreversible >= schedule.proposed_height:
        return replace(schedule, proposed=(), proposed_height=0, pending=schedule.proposed, pending_height=height)
    return schedule


def shuffle_producers(producers: Producers, time_us: int) -> Producers:
    """Return BitShares' order of a new round, from the time of the block before it (``update_witness_schedule``).

    Every round is shuffled anew from the producers by place, not from the order of the last one.
    """
    shuffled, mask = list(producers), (1 << 64) - 1
    time_high = (time_us // SECOND) << 32
    for index in range(len(shuffled)):
        luck = time_high + index * 2685821657736338717 & mask
        luck ^= luck >> 12
        luck ^= luck << 25 & mask
        luck ^= luck >> 27
        luck = luck * 2685821657736338717 & mask
        other = index + luck % (len(shuffled) - index)
        shuffled[index], shuffled[other] = shuffled[other], shuffled[index]
    return tuple(shuffled)
