"""A wallet on paper, as plain text: which accounts it has, how they are derived, and lines for the words.

Unless they are asked for, the words are not on it: there is a numbered line for each, to be filled in by hand. What is
written to a file or copied never has them.
"""

from collections.abc import Sequence
from typing import Final

from app.storage.accounts import Account
from app.widgets.text import clean
from chain.wallet.secret import Secret

WIDTH: Final = 66
WORD_LINES: Final = 24
"""Lines for words while nobody has opened the wallet: the file does not tell how many there are."""
_BLANK: Final = "________________"


def build_paper(
    name: str, accounts: Sequence[Account], phrase: Secret[str] | None = None, has_passphrase: bool | None = None
) -> Secret[str]:
    """Return the sheet. With a phrase its words are on it; ``has_passphrase`` is None while the wallet is locked."""
    rule = "-" * WIDTH
    lines = [f"chainroom wallet: {clean(name, 40)}", rule, *_build_words(phrase), ""]
    if has_passphrase is None:
        lines.append("passphrase (25th word), if there is one:  " + _BLANK)
    elif has_passphrase:
        lines.append("passphrase: there is; without it these words open another wallet")
    else:
        lines.append("passphrase: none")
    lines += [rule, "accounts (not secret)"]
    for account in accounts:
        lines.append(f"  {clean(account.label, 40)}  ·  {account.path or _describe(account)}")
        lines.append(f"    {account.address_text}")
    lines += [
        rule,
        "Whoever has the words has the coins. Keep this sheet where nobody",
        "else looks; a photograph or a file of it is not a safe place.",
        "To restore: chainroom, wallet, r",
    ]
    return Secret("\n".join(lines) + "\n")


def _build_words(phrase: Secret[str] | None) -> list[str]:
    words = [_BLANK] * WORD_LINES if phrase is None else phrase.reveal().split()
    rows = -(-len(words) // 3)
    return [
        "".join(f"{place + 1:>2}. {words[place]:<19}" for place in range(row, len(words), rows)).rstrip()
        for row in range(rows)
    ]


def _describe(account: Account) -> str:
    if account.policy is None:
        return "watched only: its key is elsewhere"
    keys = len(account.policy.public_keys)
    return f"{account.policy.threshold} of {keys} keys must sign" if keys > 1 else "time lock"
