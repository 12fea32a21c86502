"""A node's mempool, as a query: what of all it has heard waits for a block on top of its head.

Nothing is stored. A mempool is computed from the transactions that have reached the node, in the order they did, and
from the state of its head. So a block takes its transactions out and a reorg puts them back by itself, and the mempool
of any past moment is the same question with another time.

The order of the rules, for each sender:

1. What has expired, or whose nonce the head's state has used, is not there.
2. Of two with one nonce the first stays, unless both fees of the later are higher by the replacement bump.
3. A run of nonces from the account's next one is *pending*, as long as the balance covers all of it at its highest cost
   and each fee cap reaches the base fee. The rest is *queued*, with the rule it waits for.
4. If there are more than fit, the lowest effective tips are *refused*; queued ones before pending ones. No transaction
   ranks above one of the same sender that must come first.

Invariants: every transaction is in one group at most; pending nonces have no gaps; the result depends on nothing that
has expired or is in the chain.

Sources: go-ethereum 1.13, core/txpool/legacypool (pending and queue, price bump, lifetime), its order by effective tip.
Simplifications: a node that dropped a transaction for want of room has it back when there is room; signatures are
checked when a transaction is submitted and again in execution, not here.
"""

from collections.abc import Iterable

import msgspec

from chain.errors import InvalidTransaction
from chain.ledger.checks import check_balance, check_fee_cap, check_nonce_unused, check_validity
from chain.ledger.fees import compute_effective_tip
from chain.ledger.ledger import Ledger
from chain.ledger.parameters import MAX_UNITS, LedgerParameters
from chain.ledger.state import Account, State
from chain.ledger.transaction import SignedTransaction
from chain.units import Address, Hash, format_amount


class Hindrance(msgspec.Struct, frozen=True, gc=False):
    """A transaction that is not pending, and why."""

    signed: SignedTransaction
    rule: str
    message: str


class MempoolView(msgspec.Struct, frozen=True):
    """A node's mempool at one moment."""

    pending: tuple[SignedTransaction, ...]
    """What could be in the next block, best first."""
    queued: tuple[Hindrance, ...]
    """What waits for an earlier nonce, for money or for a lower base fee; the best tips first."""
    refused: tuple[Hindrance, ...]
    """What was replaced, failed to replace, or finds no room, in that order."""


def check_admissible(
    signed: SignedTransaction, state: State, base_fee_per_gas: int, parameters: LedgerParameters
) -> None:
    """Check whether a node lets a transaction in, from what it knows at its head. Raises InvalidTransaction.

    A nonce further on is let in and queued. Everything else that would keep it out of the next block refuses it.
    """
    check_validity(signed, parameters)
    account = state.get_account(signed.sender)
    check_nonce_unused(signed.transaction, account)
    check_fee_cap(signed.transaction, base_fee_per_gas)
    check_balance(signed.transaction, account.balance)


def check_replacement(signed: SignedTransaction, rival: SignedTransaction, parameters: LedgerParameters) -> None:
    """Check that a transaction may take the place of one with the same sender and nonce, which came first.

    Both fees must rise by the bump, and by one unit at least. Raises InvalidTransaction, rule mempool/replacement.
    """
    new, old, percent = signed.transaction, rival.transaction, 100 + parameters.replacement_bump_percent
    fee_cap = max(old.max_fee_per_gas + 1, -(-old.max_fee_per_gas * percent // 100))
    tip = max(old.max_tip_per_gas + 1, -(-old.max_tip_per_gas * percent // 100))
    if new.max_fee_per_gas < fee_cap or new.max_tip_per_gas < tip:
        raise InvalidTransaction(
            "mempool/replacement",
            f"fee cap {new.max_fee_per_gas} and tip {new.max_tip_per_gas} units per gas; to replace the transaction "
            f"with nonce {old.nonce} they must be at least {fee_cap} and {tip}",
        )


def compute_mempool(
    entries: Iterable[tuple[int, SignedTransaction]], ledger: Ledger, head: Hash, now_us: int
) -> MempoolView:
    """Return the mempool of a node whose head is ``head``.

    ``entries`` are the moments of arrival and the transactions, by arrival; those after ``now_us`` are not looked at.
    """
    state, parameters = ledger.state(head), ledger.parameters
    oldest_us = now_us - parameters.expiry_us
    senders: dict[Address, list[_Entry]] = {}
    for place, (arrival_us, signed) in enumerate(entries):
        if oldest_us < arrival_us <= now_us:
            senders.setdefault(signed.sender, []).append((place, signed))
    pool = _Pool(ledger.next_base_fee(head), parameters)
    for sender, arrived in senders.items():
        pool.add_sender(state.get_account(sender), arrived)
    return pool.finish()


_Entry = tuple[int, SignedTransaction]
"""The place in the order of arrival, and what arrived."""
_Ranked = tuple[int, int, int, SignedTransaction]
"""Lowest tip so far, negated; latest place so far; nonce. Less is better; along a sender's nonces it only rises."""


class _Pool:
    """A mempool while it is computed."""

    __slots__ = ("base_fee", "parameters", "pending", "queued", "refused")

    def __init__(self, base_fee_per_gas: int, parameters: LedgerParameters) -> None:
        self.base_fee, self.parameters = base_fee_per_gas, parameters
        self.pending: list[_Ranked] = []
        self.queued: list[tuple[int, int, Hindrance]] = []
        """With the tip, negated, and the place."""
        self.refused: list[Hindrance] = []

    def add_sender(self, account: Account, arrived: list[_Entry]) -> None:
        """Sort in what one sender has sent."""
        slots = self._fill_slots(account, arrived)
        next_nonce, spent, worst, latest = account.nonce, 0, -MAX_UNITS, 0
        for nonce in sorted(slots):
            place, signed = slots[nonce]
            transaction = signed.transaction
            tip = compute_effective_tip(transaction.max_fee_per_gas, transaction.max_tip_per_gas, self.base_fee)
            hindrance = self._find_hindrance(signed, next_nonce, account.balance, spent)
            if hindrance is None:
                next_nonce, spent = nonce + 1, spent + transaction.compute_max_cost()
                worst, latest = max(worst, -tip), max(latest, place)
                self.pending.append((worst, latest, nonce, signed))
            else:
                self.queued.append((-tip, place, hindrance))

    def _fill_slots(self, account: Account, arrived: list[_Entry]) -> dict[int, _Entry]:
        """Return for each unused nonce the one transaction that holds it."""
        slots: dict[int, _Entry] = {}
        for entry in arrived:
            nonce = entry[1].transaction.nonce
            if nonce >= account.nonce:
                held = slots.get(nonce)
                slots[nonce] = entry if held is None else self._choose(held, entry)
        return slots

    def _choose(self, held: _Entry, entry: _Entry) -> _Entry:
        """Return which of two transactions with one nonce stays; the other is refused."""
        if held[1] == entry[1]:
            return held
        try:
            check_replacement(entry[1], held[1], self.parameters)
        except InvalidTransaction as error:
            self.refused.append(Hindrance(entry[1], error.rule, error.message))
            return held
        replaced = f"replaced by transaction {entry[1].id.hex()[:16]}… with higher fees"
        self.refused.append(Hindrance(held[1], "mempool/replacement", replaced))
        return entry

    def _find_hindrance(self, signed: SignedTransaction, next_nonce: int, balance: int, spent: int) -> Hindrance | None:
        """Return what keeps a transaction from being pending after those that may cost its sender ``spent``."""
        transaction = signed.transaction
        if transaction.nonce > next_nonce:
            return Hindrance(signed, "ledger/nonce", f"nonce {transaction.nonce} waits for nonce {next_nonce}")
        try:
            check_fee_cap(transaction, self.base_fee)
            check_balance(transaction, balance - spent)
        except InvalidTransaction as error:
            earlier = f"; earlier ones may take {format_amount(spent)}" if spent else ""
            return Hindrance(signed, error.rule, error.message + earlier)
        return None

    def finish(self) -> MempoolView:
        """Rank everything and refuse what finds no room."""
        self.pending.sort()
        self.queued.sort(key=lambda queued: queued[:2])
        room = self.parameters.max_transactions
        room_queued = max(room - len(self.pending), 0)
        crowded = [(tip, hindrance.signed) for tip, _, hindrance in self.queued[room_queued:]]
        crowded += [(tip, signed) for tip, _, _, signed in self.pending[room:]]
        for tip, signed in crowded:
            message = f"the mempool is full with {room} transactions; an effective tip of {-tip} is not enough"
            self.refused.append(Hindrance(signed, "mempool/full", message))
        return MempoolView(
            pending=tuple(signed for _, _, _, signed in self.pending[:room]),
            queued=tuple(hindrance for _, _, hindrance in self.queued[:room_queued]),
            refused=tuple(self.refused),
        )
