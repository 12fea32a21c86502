"""What a transaction does, in a few words: one phrase a kind of action, and who is on the other side."""

from typing import NamedTuple

from app.present.holders import Holders
from app.widgets.text import clean
from chain.ledger.actions import Action, Anchor, Batch, Call, Commit, Create, Deposit, Exit, Transfer, Vote


class Phrase(NamedTuple):
    """An action in words."""

    verb: str
    """One or two words, such as "pay" or "call"."""
    object: str
    """Whom or what it is about."""
    note: str
    """A memo, a hash, a number: what there is to add, harmless to show."""


def describe_action(action: Action, holders: Holders) -> Phrase:
    """Return what a transaction does."""
    match action:
        case Transfer(recipient, _, memo):
            return Phrase("pay", holders.describe(recipient), clean(memo, 256))
        case Batch(transfers):
            names = ", ".join(holders.describe(it.recipient) for it in transfers[:3])
            return Phrase("pay", f"{len(transfers)} at once", names + (", …" if len(transfers) > 3 else ""))
        case Create(_, code):
            return Phrase("create", "a contract", f"{len(code)} bytes of code")
        case Call(contract, _, data):
            return Phrase("call", holders.describe(contract), f"0x{data[:4].hex()}" if data else "no data")
        case Vote(candidates):
            names = ", ".join(holders.describe(it) for it in candidates[:3]) + (", …" if len(candidates) > 3 else "")
            return Phrase("vote for", f"{len(candidates)} producers" if candidates else "nobody", names)
        case Deposit(_, validator):
            return Phrase("stake with", holders.describe(validator), "")
        case Exit(validator):
            return Phrase("withdraw from", holders.describe(validator), "")
        case Anchor(chain_id, height, block):
            return Phrase("anchor", f"block {height} of chain {chain_id}", block.hex()[:16])
        case Commit(commitment):
            return Phrase("commit to", "a secret", commitment.hex()[:16])
