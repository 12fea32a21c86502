"""The history of an account, searched and written out as a table for other programs.

A spreadsheet runs what begins like a formula, even out of a CSV file, and a memo comes from strangers. So every cell of
text that begins like one gets an apostrophe in front, every cell is quoted, and control characters are left out;
numbers are numbers.

Source: OWASP, CSV injection; RFC 4180.
"""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Final

from app.present.holders import Holders
from app.present.wallet import Payment
from app.present.wallet_rows import describe_other
from app.present.words import format_clock
from app.widgets.text import clean
from chain.units import COIN
from chain.wallet.address import encode_address

COLUMNS: Final = (
    "time", "time_us", "state", "direction", "name", "address", "amount", "fee", "memo", "label", "block",
    "confirmations", "nonce", "transaction",
)  # fmt: skip
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")

GetLabel = Callable[[bytes], str]
"""Transaction id → the person's label."""


def filter_payments(
    payments: Sequence[Payment], text: str, holders: Holders, get_label: GetLabel
) -> tuple[Payment, ...]:
    """Return the payments in which every word of the text occurs: in state, direction, names, memo, label or hash."""
    words = text.casefold().split()
    if not words:
        return tuple(payments)
    return tuple(it for it in payments if all(word in _get_haystack(it, holders, get_label) for word in words))


def _get_haystack(payment: Payment, holders: Holders, get_label: GetLabel) -> str:
    parties = [it.recipient for it in payment.action.get_payments()] + [payment.signed.sender]
    return " ".join(
        (
            payment.state,
            "out sent" if payment.is_outgoing else "in received",
            describe_other(payment, holders),
            *(holders.describe(it) for it in parties),
            *(encode_address(it) for it in parties),
            payment.memo,
            get_label(payment.id),
            f"block {payment.height}" if payment.height is not None else "",
            _format_number(payment.amount),
            payment.id.hex(),
        )
    ).casefold()


def build_csv(payments: Sequence[Payment], holders: Holders, get_label: GetLabel) -> str:
    """Return the payments as CSV, the oldest first; amounts in coins, what leaves the account is negative."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for payment in reversed(payments):
        writer.writerow(_build_row(payment, holders, get_label(payment.id)))
    return buffer.getvalue()


def _build_row(payment: Payment, holders: Holders, label: str) -> list[str]:
    is_paid = payment.is_outgoing and payment.state != "refused"
    amount = 0 if payment.is_own else -payment.amount if payment.is_outgoing else payment.amount
    return [
        format_clock(payment.time_us),
        str(payment.time_us),
        payment.state,
        "out" if payment.is_outgoing else "in",
        make_harmless(holders.describe(payment.other)),
        encode_address(payment.other) if payment.other is not None else "",
        _format_number(amount),
        _format_number(payment.fee if is_paid else 0),
        make_harmless(payment.memo),
        make_harmless(label),
        "" if payment.height is None else str(payment.height),
        str(payment.confirmations),
        str(payment.signed.transaction.nonce),
        payment.id.hex(),
    ]


def make_harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, on one line."""
    plain = clean(text, 2_000).strip()
    return "'" + plain if plain.startswith(_STARTS_A_FORMULA) else plain


def _format_number(units: int) -> str:
    """Return units as coins, exactly and without grouping: ``-12.5``."""
    whole, fraction = divmod(abs(units), COIN)
    tail = f".{fraction:09d}".rstrip("0").rstrip(".")
    return ("-" if units < 0 else "") + f"{whole}{tail}"
