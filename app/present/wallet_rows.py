"""The wallet in words: rows of its tables, why a payment is as it is, and what a beginner could do next.

"Final" is never said alone: what it is worth under the run's protocol stands in app/present/finality.py.
"""

from typing import Final, NamedTuple

from app.present.actions import describe_action
from app.present.finality import Promise
from app.present.holders import Holders
from app.present.wallet import GLYPHS, AccountView, Payment, State
from app.present.wallet_advice import get_advice
from app.present.words import format_clock, format_coins
from app.storage.accounts import Account
from app.widgets.bars import get_bar
from app.widgets.models import Cell, Column, Tone
from app.widgets.text import clean
from chain.ledger.actions import Transfer
from chain.units import format_amount

ACCOUNT_COLUMNS: Final = (
    Column("account", 8, is_flexible=True), Column("coins", 12, "right"), Column("pending", 9, "right"),
)  # fmt: skip
CONTACT_COLUMNS: Final = (Column("name", 8, is_flexible=True), Column("address", 15))
HISTORY_COLUMNS: Final = (
    Column("state", 11), Column("when", 8), Column("who", 14, is_flexible=True), Column("amount", 13, "right"),
    Column("fee", 8, "right"), Column("", 34, is_flexible=True),
)  # fmt: skip
NARROW_HISTORY_COLUMNS: Final = (
    Column("state", 11), Column("who", 14), Column("amount", 11, "right"), Column("", 20, is_flexible=True),
)  # fmt: skip
_TONES: Final[dict[State, Tone]] = {
    "final": "final", "confirmed": "good", "failed": "bad", "pending": "pending", "queued": "pending",
    "replaced": "stale", "expired": "stale", "refused": "bad",
}  # fmt: skip


class Explanation(NamedTuple):
    """Why something is as it is."""

    title: str
    rule: str
    text: str


def build_account_row(account: Account, view: AccountView, *, is_chosen: bool) -> tuple[Cell, ...]:
    """Return label, balance and what is under way."""
    balance = view.balance
    under_way = balance.incoming - balance.outgoing
    mark = "▸ " if is_chosen else "  "
    label = clean(account.label, 24) + _describe_kind(account)
    pending = format_signed(under_way, 2) if under_way else ""
    return (
        Cell(mark + label, "strong" if is_chosen else "text"),
        Cell(format_amount(balance.confirmed, 3), "text"),
        Cell(pending, "pending"),
    )


def _describe_kind(account: Account) -> str:
    if account.policy is None:
        return " (watch)" if account.is_watch_only else ""
    count = len(account.policy.public_keys)
    return f" ({account.policy.threshold} of {count})" if count > 1 else " (locked)"


def describe_keys(account: Account) -> str:
    """Return what moves an account's coins: the path of its key, keys of several, one after a time, or none."""
    policy = account.policy
    if policy is None:
        return account.path or "no key"
    count = len(policy.public_keys)
    lock = f"locked until {format_clock(policy.not_before_us)[:-4]}" if policy.not_before_us else ""
    return ", ".join(filter(None, (f"{policy.threshold} of {count} keys" if count > 1 else "", lock))) or "1 key"


def build_history_row(
    payment: Payment, holders: Holders, label: str = "", *, is_narrow: bool, promise: Promise
) -> tuple[Cell, ...]:
    """Return a payment as a row of ``HISTORY_COLUMNS`` or ``NARROW_HISTORY_COLUMNS``."""
    tone = _TONES[payment.state]
    state = Cell(f"{GLYPHS[payment.state]} {payment.state}", tone)
    who = Cell(describe_other(payment, holders), "text")
    amount = Cell(format_change(payment, 2 if is_narrow else 4), "text" if payment.is_outgoing else "good")
    detail = Cell(describe_progress(payment, promise, label, is_narrow=is_narrow), tone if tone == "bad" else "muted")
    if is_narrow:
        return state, who, amount, detail
    fee = format_amount(payment.fee, 4) if payment.is_outgoing and payment.state != "refused" else ""
    return state, Cell(format_clock(payment.time_us).split(".")[0], "muted"), who, amount, Cell(fee, "muted"), detail


def describe_other(payment: Payment, holders: Holders) -> str:
    """Return who stands on the other side: ``→ Omar``, ``← faucet``."""
    if payment.is_own:
        return "↺ yourself"
    if payment.is_outgoing and not isinstance(payment.action, Transfer):
        phrase = describe_action(payment.action, holders)
        return f"→ {phrase.object}" if phrase.verb == "pay" else f"⇢ {phrase.verb} {phrase.object}"
    return f"{'→' if payment.is_outgoing else '←'} {holders.describe(payment.other)}"


def format_change(payment: Payment, decimals: int) -> str:
    """Return what a payment does to the account, with its sign."""
    if payment.is_own:
        return format_amount(0)
    return format_signed(-payment.amount if payment.is_outgoing else payment.amount, decimals)


def format_signed(amount: int, decimals: int) -> str:
    """Return an amount with its sign: ``−25``, ``+3.5``; what is cut away to nothing shows as much."""
    text = format_amount(abs(amount), decimals)
    return ("−" if amount < 0 else "+") + (text if text != "0" or not amount else "<0." + "0" * (decimals - 1) + "1")


def describe_progress(payment: Payment, promise: Promise, label: str = "", *, is_narrow: bool = False) -> str:
    """Return how far a payment has come, in a few words, with the person's label or else its memo."""
    note = label or payment.memo
    tail = f" · {note}" if note and not is_narrow else ""
    match payment.state:
        case "final":
            word = "" if is_narrow else " confirmations"
            how = f"{promise.word}: {payment.confirmations}{word}" if promise.depth else promise.word
            return f"{how} · block {payment.height}{tail}"
        case "confirmed":
            progress = promise.describe_progress(payment.confirmations)
            return f"block {payment.height} · {progress.rpartition(' ')[0] if is_narrow else progress}{tail}"
        case "failed":
            return f"block {payment.height} · the contract failed: {payment.message}"
        case "pending":
            bar = "" if is_narrow or not payment.nodes else " " + get_bar(payment.seen / payment.nodes, 6)
            return f"seen by {payment.seen}/{payment.nodes} nodes{bar} {payment.message}".rstrip()
        case "queued":
            return f"waits: {payment.message}"
        case _:
            return f"? why · {payment.message}"


def explain_payment(payment: Payment, holders: Holders, promise: Promise) -> Explanation:
    """Return why a payment is in its state, for ``?``."""
    title = f"{format_change(payment, 9)} {describe_other(payment, holders)}: {payment.state}"
    progress = promise.describe_progress(payment.confirmations)
    text = _EXPLAIN[payment.state].format(p=payment, promise=promise, progress=progress, message=payment.message)
    advice = get_advice(payment.rule) if payment.state == "refused" else ""
    return Explanation(title, payment.rule, f"{text} {advice}".rstrip())


_EXPLAIN: Final[dict[State, str]] = {
    "final": "Block {p.height} includes it, and is {promise.final}: {p.confirmations} confirmations, the block itself "
    "counted. {promise.keeps}",
    "confirmed": "Block {p.height} includes it: {progress}. {promise.waits} If another branch replaces the block, the "
    "payment goes back into the mempool and waits for another one.",
    "failed": "Block {p.height} includes it, but the contract failed and all it did was undone: {message}. The gas is "
    "paid all the same, because the work was done.",
    "pending": "{p.seen} of {p.nodes} nodes have heard of it and checked it: signature, nonce, balance, fee. It is in "
    "no block of the wallet's node yet; miners take the highest tips first. u offers more, x cancels it. {message}",
    "queued": "The node holds it, but it cannot be in the next block: {message}.",
    "replaced": "Another transaction with the same nonce took its place, and a nonce is used only once: {message}.",
    "expired": "Nodes drop what waits too long: {message}. Its money never moved; send it again with a higher fee.",
    "refused": "The node did not take it, so no other node has heard of it and nothing was paid: {message}.",
}


def describe_next_step(view: AccountView, holders: Holders, promise: Promise) -> str:
    """Return what a beginner sees and could do next; empty once the first payment is final."""
    incoming = next((it for it in view.payments if not it.is_outgoing and it.is_waiting), None)
    mine = [it for it in view.payments if it.is_outgoing]
    if not view.payments:
        return "① This account is empty. Press f: the faucet sends 100 coins."
    if not mine and view.balance.confirmed == 0 and incoming is not None:
        return (
            f"② {format_coins(incoming.amount)} are on their way: seen by {incoming.seen} of {incoming.nodes} nodes. "
            "The next block that takes them in makes them yours."
        )
    if not mine:
        return "③ The coins are yours. Press s to make your first payment."
    first = mine[-1]
    if len(mine) > 1 or first.state == "final":
        return ""
    who = holders.describe(first.other)
    if first.is_waiting:
        return (
            f"④ Signed and on its way to {who}: {first.seen} of {first.nodes} nodes have it. "
            "Now a miner has to put it into a block."
        )
    if first.state == "confirmed":
        return (
            f"⑤ Block {first.height} has it: {promise.describe_progress(first.confirmations)}. "
            f"{promise.waits} enter opens it."
        )
    return "④ The payment did not go through. Choose it in the history and press ? to learn why."
