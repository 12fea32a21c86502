"""What the send form is made of: whom to pay as a field, what a person wants, and mistakes in a sentence."""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from textual import events
from textual.message import Message
from textual.suggester import Suggester

from app.payments import FeeChoice
from app.present.words import format_span
from app.screens.wallet_dialogs import Recipient
from app.widgets.plain_input import PlainInput
from chain.errors import ChainroomError, InvalidInput
from chain.ledger.actions import Action
from chain.units import SECOND, Amount, parse_amount
from chain.wallet.payment_link import is_link

_THOUSANDS: Final = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?")


class Wish(NamedTuple):
    """A payment that a person wants to make."""

    action: Action
    name: str
    """What the recipient is called, empty when nobody knows; of several, how many they are."""
    choice: FeeChoice

    @property
    def amount(self) -> int:
        """Units, of several payments together."""
        return self.action.amount


class Names(Suggester):
    """Completes the name of somebody who can be paid."""

    def __init__(self, get_recipients: Callable[[], Sequence[Recipient]]) -> None:
        super().__init__(use_cache=False, case_sensitive=False)
        self._get_recipients = get_recipients

    async def get_suggestion(self, value: str) -> str | None:
        """The first name that begins like this."""
        return next((it.name for it in self._get_recipients() if it.name.casefold().startswith(value)), None)


class RecipientInput(PlainInput):
    """A name or an address; a payment link that is pasted is handed out part by part."""

    class LinkPasted(Message):
        """A payment link was pasted."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def _on_paste(self, event: events.Paste) -> None:
        if is_link(event.text):
            event.stop()
            event.prevent_default()
            self.post_message(self.LinkPasted(event.text))
        else:
            super()._on_paste(event)


class UnknownName(ChainroomError):
    """Nobody is called that."""


def read_amount(text: str) -> Amount:
    """Return an amount as a person types it, with a point or a comma before the decimals.

    Raises InvalidInput, also for 1,000, which is one for some people and a thousand for others.
    """
    if _THOUSANDS.fullmatch(text.strip()):
        raise InvalidInput("amount", text, "clear: 1000 for a thousand, 1.0 for one, no comma before three digits")
    return parse_amount(text.replace(",", "."))


def describe_wait(choice: FeeChoice) -> str:
    """Return when a payment with this fee is expected to be in a block."""
    if choice.wait_us is None:
        return "the next block made" if choice.blocks == 1 else f"{choice.blocks} blocks"
    where = "next block" if choice.blocks == 1 else f"{choice.blocks} blocks"
    seconds = choice.wait_us // SECOND
    return f"~{seconds} s, {where}" if seconds < 100 else f"~{format_span(choice.wait_us)}, {where}"
