"""Several payments typed at once: a line for each, ``whom, how much, memo``.

Whom is an address or a name that is known; the memo may be missing and may hold commas. Empty lines and lines that
begin with ``#`` do not count. A whole column pasted from a spreadsheet (tabs instead of commas) is read too.
"""

from collections.abc import Callable
from typing import NamedTuple

from app.present.wallet_advice import explain_mistake
from chain.errors import ChainroomError, InvalidInput
from chain.ledger.actions import MAX_TRANSFERS, Transfer
from chain.units import Address, parse_amount

FindAddress = Callable[[str], Address]
"""Name or address → address; raises ChainroomError."""


class Reading(NamedTuple):
    """What was typed, line by line."""

    payments: tuple[Transfer, ...]
    problems: tuple[str, ...]
    """What is wrong, with the number of the line."""

    @property
    def amount(self) -> int:
        """Units of all payments together."""
        return sum(payment.amount for payment in self.payments)


def parse_payments(text: str, find_address: FindAddress) -> Reading:
    """Return the payments of a text, and what is wrong with the lines that are none."""
    payments: list[Transfer] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            payments.append(_parse_line(line, find_address))
        except ChainroomError as error:
            problems.append(f"line {number}: {explain_mistake(error, 40)}")
    if len(payments) > MAX_TRANSFERS:
        problems.append(f"{len(payments)} payments; at most {MAX_TRANSFERS} go into one transaction")
    return Reading(tuple(payments), tuple(problems))


def _parse_line(line: str, find_address: FindAddress) -> Transfer:
    separator = "\t" if "\t" in line else ","
    raw = line.split(separator, 2)
    parts = [part.strip() for part in raw]
    if len(parts) < 2:
        raise InvalidInput("payment", line.strip(), "whom, how much, memo")
    if separator == "," and raw[2:] and raw[2][:1].isdecimal():  # 2,5 would pay 2 and begin the memo with 5
        raise InvalidInput(
            "payment", line.strip(), "an amount with a point, and a space before a memo: Omar, 2.5, 3 rolls"
        )
    transfer = Transfer(find_address(parts[0]), parse_amount(parts[1]), parts[2] if len(parts) > 2 else "")
    transfer.check()
    return transfer
