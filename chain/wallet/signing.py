"""Signing bytes and messages with a wallet key.

Idea: what is signed is the hash of the data in a domain, so that a signature made for one purpose is worthless for any
other: a signed message can never be a transaction.

A signed message travels as armoured text that survives mail and chat: the message itself, readable, then the address,
the public key and the signature. A line of the message that begins with a dash is written with ``- `` before it, so
that no message can end its own armour.

Invariants: parsing an armour and writing it again gives the same text; anything parsed is checked, never trusted.

Source: the cleartext framework of OpenPGP (RFC 9580, section 7) for the form; Bitcoin's signed messages for the use.

Simplification: line ends count as one newline each, whatever the system; trailing spaces count as they are.
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

from chain.crypto.hashing import digest
from chain.crypto.signatures import PublicKey, Signature, get_public_key, is_valid_signature, sign
from chain.errors import InvalidInput
from chain.units import Address
from chain.wallet.address import compute_address, decode_address, encode_address
from chain.wallet.secret import Secret

MESSAGE_DOMAIN: Final = "signed-message"

_BEGIN_MESSAGE: Final = "-----BEGIN CHAINROOM SIGNED MESSAGE-----"
_BEGIN_SIGNATURE: Final = "-----BEGIN CHAINROOM SIGNATURE-----"
_END: Final = "-----END CHAINROOM SIGNATURE-----"
_FIELDS: Final = ("Address", "Public-Key", "Signature")


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A text and who says to have signed it; ``is_valid_message`` tells whether that is so."""

    text: str
    public_key: PublicKey
    signature: Signature

    @property
    def address(self) -> Address:
        """The account of the key."""
        return compute_address(self.public_key)


class WrongSignature(InvalidInput):
    """A signature that its key did not make of this text: the text was changed, or somebody else signed."""

    def __init__(self, message: SignedMessage) -> None:
        self.address = message.address
        shown = b64encode(message.signature).decode()
        super().__init__("signature", shown, f"one that {encode_address(message.address)} made of this text")

    def __str__(self) -> str:
        return (
            f"the signature does not fit: {encode_address(self.address)} has not signed exactly this text;"
            " it was changed on the way, or somebody else signed it"
        )


def sign_bytes(private_key: Secret[bytes], domain: str, data: bytes) -> Signature:
    """Return the signature of data for one purpose. Raises InvalidInput when the key has not 32 bytes."""
    return sign(private_key.reveal(), digest(domain, data))


def is_valid_bytes(public_key: bytes, domain: str, data: bytes, signature: bytes) -> bool:
    """Tell whether the key signed these data for this purpose."""
    return is_valid_signature(public_key, digest(domain, data), signature)


def sign_message(private_key: Secret[bytes], text: str) -> SignedMessage:
    """Return the signed message. Raises InvalidInput when the text is not Unicode that can be written."""
    clean = _unify_lines(text)
    signature = sign_bytes(private_key, MESSAGE_DOMAIN, _encode_text(clean))
    return SignedMessage(clean, get_public_key(private_key.reveal()), signature)


def is_valid_message(message: SignedMessage) -> bool:
    """Tell whether the message's key signed its text."""
    return is_valid_bytes(message.public_key, MESSAGE_DOMAIN, _encode_text(message.text), message.signature)


def format_armour(message: SignedMessage) -> str:
    """Return the text form of a signed message."""
    lines = ["- " + line if line.startswith("-") else line for line in message.text.split("\n")]
    values = (encode_address(message.address), message.public_key.hex(), b64encode(message.signature).decode())
    fields = [f"{name}: {value}" for name, value in zip(_FIELDS, values, strict=True)]
    return "\n".join((_BEGIN_MESSAGE, *lines, _BEGIN_SIGNATURE, *fields, _END, ""))


def parse_armour(armour: str) -> SignedMessage:
    """Return the signed message of a text form, signature not yet checked.

    Raises InvalidInput (or InvalidAddress) naming the part that is wrong, also when key and address do not belong
    together.
    """
    lines = _unify_lines(armour).strip("\n ").split("\n")
    for marker, place in ((_BEGIN_MESSAGE, 0), (_BEGIN_SIGNATURE, -5), (_END, -1)):
        if len(lines) < 7 or lines[place].rstrip() != marker:
            raise InvalidInput("signed message", lines[place] if len(lines) >= 7 else armour, f"a line {marker}")
    values = []
    for name, line in zip(_FIELDS, lines[-4:-1], strict=True):
        found, _, value = line.partition(":")
        if found.strip() != name:
            raise InvalidInput("signed message", line, f"the line {name}: …")
        values.append(value.strip())
    address = decode_address(values[0])
    text = "\n".join(line[2:] if line.startswith("- ") else line for line in lines[1:-5])
    message = SignedMessage(text, PublicKey(_parse_hex(values[1])), Signature(_parse_base64(values[2])))
    if message.address != address:
        raise InvalidInput("signed message address", values[0], f"{encode_address(message.address)}, the key's own")
    return message


def verify_armour(armour: str) -> SignedMessage:
    """Return the signed message of a text form. Raises InvalidInput when it is malformed or not signed by its key."""
    message = parse_armour(armour)
    if not is_valid_message(message):
        raise WrongSignature(message)
    return message


def _unify_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encode_text(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("message character", f"U+{ord(text[error.start]):04X}", "Unicode characters") from None


def _parse_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InvalidInput("public key", text, "64 hexadecimal digits") from None


def _parse_base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise InvalidInput("signature", text, "64 bytes in base64") from None
