"""Every error the engine raises on purpose, as one tree.

::

    ChainroomError                  something a person or another program got wrong, or a rule refused
    ├── InvalidInput                a value typed, pasted or read: names the thing, the value, what is allowed
    │   ├── InvalidMnemonic         a recovery phrase that cannot be right (chain/wallet/mnemonic.py has the three)
    │   │   ├── UnknownWord         a word that is not in the list: which one, and the nearest
    │   │   ├── WrongWordCount      neither 12 nor 15, 18, 21 or 24 words
    │   │   └── WrongChecksum       every word is in the list, but together they are no phrase
    │   ├── InvalidAddress          an address: which character, or that only the checksum fails
    │   ├── WrongSignature          a signature that does not fit the text and the address (chain/wallet/signing.py)
    │   ├── InvalidEncoding         bytes that are not the canonical encoding of anything
    │   └── InvalidScenario         a key of a scenario: the key, the value, what is allowed
    ├── RuleBroken                  a protocol rule refused something: the rule's name and the numbers that disagreed
    │   ├── InvalidTransaction
    │   ├── InvalidBlock
    │   ├── InvalidMessage      a vote or another consensus message
    │   ├── AccessRefused           somebody may not read something
    │   └── CommandRefused          a command that cannot be applied now
    └── InvalidReplay               a save that cannot be read
        └── ReplayDiverged          a re-execution that left the recorded path: event, virtual time, node

``assert`` is for our own bugs only. An invalid input leaves no trace.
"""

from typing import Final

MAX_SHOWN: Final = 80
"""Characters of an offending value that a message shows."""


class ChainroomError(Exception):
    """The root: catching it catches everything chainroom refuses on purpose."""


class InvalidInput(ChainroomError):
    """A value that is not allowed: what it is, what was given, what is allowed."""

    def __init__(self, thing: str, value: object, allowed: str) -> None:
        self.thing, self.value, self.allowed = thing, value, allowed
        super().__init__(f"{thing}: '{_show(value)}' is not allowed; allowed: {allowed}")


def _show(value: object) -> str:
    """Return at most ``MAX_SHOWN`` characters that cannot move a cursor, change a colour or break a line."""
    shown = value if isinstance(value, str) else repr(value)
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in shown[: MAX_SHOWN + 1])
    return shown if len(shown) <= MAX_SHOWN else shown[: MAX_SHOWN - 3] + "..."


class InvalidMnemonic(InvalidInput):
    """A recovery phrase that cannot be right. Never carries the phrase, only the offending word if there is one."""


class InvalidAddress(InvalidInput):
    """A text that is not an address of this network."""


class InvalidEncoding(InvalidInput):
    """Bytes that are not the one canonical encoding of a value."""


class InvalidScenario(InvalidInput):
    """A scenario key with a value that is not allowed, or a key that does not exist."""


class RuleBroken(ChainroomError):
    """A named rule refused something; ``rule`` is like ``ledger/nonce`` and has a section in docs/rules.md."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule, self.message = rule, message
        super().__init__(f"{message}; rule: {rule}")


class InvalidTransaction(RuleBroken):
    """A transaction that the ledger refuses."""


class InvalidBlock(RuleBroken):
    """A block that the ledger or the consensus refuses."""


class InvalidMessage(RuleBroken):
    """A consensus message that a protocol refuses."""


class AccessRefused(RuleBroken):
    """Somebody asked for what he is not allowed to read."""


class CommandRefused(RuleBroken):
    """A command that cannot be applied at this moment."""


class InvalidReplay(ChainroomError):
    """A save that is damaged, foreign or of a newer format."""


class ReplayDiverged(InvalidReplay):
    """A re-execution that does not reproduce the recorded digests."""

    def __init__(self, event: int, time_us: int, where: str) -> None:
        self.event, self.time_us, self.where = event, time_us, where
        super().__init__(f"diverged at event {event}, {where}")
