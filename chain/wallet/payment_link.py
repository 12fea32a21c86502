"""Payment links: an address with what to pay and why, as one text to paste or to show as a code.

A link is ``cr1…?amount=12.5&label=Bakery&memo=two%20rolls``; every part behind the address may be missing. ``amount``
is in coins, ``label`` says who asks, ``memo`` goes into the payment. ``chainroom:`` may stand in front.

Invariants: writing what was read gives the same link again; a part whose name begins with ``req-`` and is not known
makes the link unusable, any other unknown part is ignored; a part that stands twice is refused, since two readers could
take different ones.

Source: BIP-21, whose ``message`` is called ``memo`` here. A plus sign stands for itself, as there.
"""

from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from chain.errors import InvalidInput
from chain.units import Address, Amount, format_amount, parse_amount
from chain.wallet.address import decode_address, encode_address

SCHEME: Final = "chainroom:"
MAX_LENGTH: Final = 2_048
LABEL_LIMIT: Final = 40
_PARTS: Final = ("amount", "label", "memo")


class PaymentLink(NamedTuple):
    """What somebody asks for."""

    recipient: Address
    amount: Amount | None = None
    """Units; None when the payer decides."""
    label: str = ""
    """Who asks, in their own words: nothing anybody checked."""
    memo: str = ""


def is_link(text: str) -> bool:
    """Tell whether a text looks like a link rather than an address or a name."""
    return text.strip().lower().startswith(SCHEME) or "?" in text


def format_link(link: PaymentLink) -> str:
    """Return the text of a link. Raises InvalidInput for a label that is too long, and for halves of characters."""
    if len(link.label) > LABEL_LIMIT:
        raise InvalidInput("label", link.label, f"at most {LABEL_LIMIT} characters")
    amount = "" if link.amount is None else format_amount(link.amount).replace(" ", "")
    values = zip(_PARTS, (amount, link.label, link.memo), strict=True)
    query = "&".join(f"{name}={_encode_part(name, value)}" for name, value in values if value)
    return encode_address(link.recipient) + (f"?{query}" if query else "")


def parse_link(text: str) -> PaymentLink:
    """Return what a link asks for.

    Raises InvalidInput (or InvalidAddress) naming the part that is wrong.
    """
    clean = text.strip()
    if len(clean) > MAX_LENGTH:
        raise InvalidInput("payment link length", len(clean), f"at most {MAX_LENGTH} characters")
    has_scheme = clean[: len(SCHEME)].lower() == SCHEME  # schemes are read in any case (RFC 3986, section 3.1)
    address, _, query = clean[len(SCHEME) if has_scheme else 0 :].partition("?")
    recipient = decode_address(address)
    parts: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name in parts:
            raise InvalidInput("payment link", name, "each part once")
        if name.startswith("req-"):
            raise InvalidInput("payment link", name, f"{', '.join(_PARTS)}; this link needs something unknown here")
        parts[name] = _decode_part(name, value)
    label = parts.get("label", "")
    if len(label) > LABEL_LIMIT:
        raise InvalidInput("label of the payment link", label, f"at most {LABEL_LIMIT} characters")
    return PaymentLink(recipient, _read_amount(parts), label, parts.get("memo", ""))


def _read_amount(parts: dict[str, str]) -> Amount | None:
    if "amount" not in parts:
        return None
    amount = parse_amount(parts["amount"])
    if amount < 1:
        raise InvalidInput("amount of the payment link", parts["amount"], "more than nothing")
    return amount


def _encode_part(name: str, value: str) -> str:
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as error:
        character = f"U+{ord(value[error.start]):04X} at position {error.start}"
        raise InvalidInput(f"{name} of the payment link", character, "whole Unicode characters") from None


def _decode_part(name: str, value: str) -> str:
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise InvalidInput(f"{name} of the payment link", value, "text in UTF-8, percent-encoded") from None
