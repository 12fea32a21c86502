"""Payments for later: kept beside the wallet, signed and sent when their time or their block has come.

A scheduled payment is a wish, not a signature: the nonce and the fee are those of the moment in which it is sent, so
payments made meanwhile do no harm. It belongs to one chain (named by its genesis block), so another run does not send
it. If the wallet is locked when it is due, it is sent as soon as the wallet is open. That no key can move the money
before a time is another thing: a time-locked account (``chain.ledger.policy``).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.storage.database import FileKind, Notice, change_database, log_notice, read_database
from app.storage.errors import StorageError
from chain.errors import ChainroomError, InvalidInput
from chain.ledger.actions import Transfer
from chain.units import Address, TimeUs
from chain.wallet.address import decode_address, encode_address

SCHEDULE: Final = FileKind("schedule", format=1)
SCHEDULE_FILE: Final = "schedule.json"
MOST_SCHEDULED: Final = 200
FEES: Final = ("slow", "normal", "fast")
_TABLE: Final = "payments"


class Scheduled(NamedTuple):
    """A payment for later."""

    number: int
    """From 1; names it in the file."""
    chain: str
    """The hash of the genesis block of its run, in hexadecimal."""
    sender: Address
    payments: tuple[Transfer, ...]
    fee: str
    """Slow, normal or fast."""
    at_us: TimeUs | None
    """The virtual time from which it is due; None when it waits for a block."""
    height: int | None
    """The height of the wallet's node from which it is due; None when it waits for a time."""

    def is_due(self, now_us: int, height: int) -> bool:
        """Whether its moment has come."""
        return (self.at_us is not None and now_us >= self.at_us) or (self.height is not None and height >= self.height)


class Schedule:
    """The payments for later of all wallets of one person."""

    def __init__(self, path: Path, on_notice: Notice = log_notice) -> None:
        self._path, self._on_notice = path, on_notice
        self.entries: tuple[Scheduled, ...] = ()
        """By number."""
        self.reload()

    def reload(self) -> None:
        """Read the file again; one that cannot be read is told, and costs nothing else."""
        try:
            table = read_database(self._path, SCHEDULE, self._on_notice).table(_TABLE)
            self.entries = tuple(_read(document.doc_id, document) for document in table)
        except (StorageError, ChainroomError, KeyError, TypeError, ValueError, AttributeError) as error:
            self._on_notice(f"{self._path.name}: the scheduled payments cannot be read: {error}")
            self.entries = ()

    def get_entries(self, chain: str, senders: Iterable[Address]) -> tuple[Scheduled, ...]:
        """Return what is scheduled on a chain by these accounts, the next one first."""
        wanted = tuple(senders)
        mine = [it for it in self.entries if it.chain == chain and it.sender in wanted]
        return tuple(sorted(mine, key=lambda it: (it.at_us is None, it.at_us or 0, it.height or 0, it.number)))

    def add(
        self,
        chain: str,
        sender: Address,
        payments: tuple[Transfer, ...],
        fee: str,
        at_us: int | None,
        height: int | None,
    ) -> Scheduled:
        """Keep a payment for later. Raises InvalidInput, InvalidTransaction, StorageError."""
        if (at_us is None) == (height is None):
            raise InvalidInput("moment of the payment", (at_us, height), "either a time or a height")
        if fee not in FEES:
            raise InvalidInput("fee", fee, ", ".join(FEES))
        if len(self.entries) >= MOST_SCHEDULED:
            raise InvalidInput("scheduled payments", len(self.entries), f"at most {MOST_SCHEDULED}")
        for payment in payments:
            payment.check()
        moment = None if at_us is None else TimeUs(at_us)
        entry = Scheduled(0, chain, sender, payments, fee, moment, height)
        with change_database(self._path, SCHEDULE, on_notice=self._on_notice) as database:
            number = database.table(_TABLE).insert(_write(entry))
        self.reload()
        return entry._replace(number=number)

    def remove(self, number: int) -> bool:
        """Forget a payment; tell whether it was there, so that of two programs only one sends it."""
        with change_database(self._path, SCHEDULE, on_notice=self._on_notice) as database:
            table = database.table(_TABLE)
            was_there = table.contains(doc_id=number)
            if was_there:
                table.remove(doc_ids=[number])
        self.reload()
        return was_there


def _write(entry: Scheduled) -> dict[str, Any]:
    return {
        "chain": entry.chain,
        "sender": encode_address(entry.sender),
        "payments": [[encode_address(it.recipient), it.amount, it.memo] for it in entry.payments],
        "fee": entry.fee,
        "at_us": entry.at_us,
        "height": entry.height,
    }


def _read(number: int, document: Any) -> Scheduled:
    payments = tuple(Transfer(decode_address(it[0]), int(it[1]), str(it[2])) for it in document["payments"])
    at_us, height, fee = document["at_us"], document["height"], document["fee"]
    if fee not in FEES or not payments:
        raise ValueError(f"payment {number} is broken")
    moment = None if at_us is None else TimeUs(int(at_us))
    sender = decode_address(document["sender"])
    return Scheduled(
        number, str(document["chain"]), sender, payments, fee, moment, None if height is None else int(height)
    )
