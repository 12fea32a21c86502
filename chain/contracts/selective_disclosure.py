"""Credentials whose claims can be shown one by one: the part that happens off-chain.

Idea: an issuer's claims become leaves of a Merkle tree, each hashed together with a salt of 32 bytes; only the root
goes to the contract (``library/credentials.vy``). The holder keeps claims and salts. A presentation names the chosen
claims with their salts and the hashes beside their ways up, and is signed over the reader's challenge by the holder's
key, so that nobody else can show it again.

Invariants: a presentation is a function of the chosen claims and of hashes of salted leaves: who cannot guess a salt
learns nothing of the other claims, neither by trying every likely value nor from their places, since leaves stand in
the order of their salts. Their number is told to the next power of two only. A leaf never passes as a node.

Source: the salted hashes of SD-JWT (RFC 9901) and of ISO/IEC 18013-5, section 9.1.2.5; the tree is that of RFC 6962
with Keccak-256, because the contract has to recompute it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from chain.contracts.abi_types import Elementary, Tuple, encode_value
from chain.contracts.keccak import compute_keccak
from chain.crypto.hashing import digest
from chain.crypto.signatures import get_public_key
from chain.encoding import encode
from chain.errors import InvalidEncoding, InvalidInput
from chain.units import Address, Hash
from chain.wallet.address import compute_address
from chain.wallet.secret import Secret
from chain.wallet.signing import is_valid_bytes, sign_bytes

T = TypeVar("T")

SEED_BYTES: Final = 32
SALT_BYTES: Final = 32
MAX_NAME_BYTES: Final = 32
MAX_VALUE_BYTES: Final = 96
MAX_CLAIMS: Final = 256
MAX_SHOWN: Final = 16
"""Claims that the contract looks at in one call."""
MAX_CHALLENGE_BYTES: Final = 200
MAX_DOCUMENT_BYTES: Final = 256 << 10
"""The longest JSON that is read."""
SIGNATURE_DOMAIN: Final = "presentation"
_LEAF: Final = Tuple((Elementary("string"), Elementary("string"), Elementary("bytes", 32)))


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing the issuer says, and the salt that hides it."""

    name: str
    value: str
    salt: bytes
    """32 bytes, known to issuer and holder until it is shown."""


class Credential(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the holder keeps, and shows to nobody as a whole."""

    claims: tuple[Claim, ...]
    """In the order of their leaves; those without a name fill the tree up."""

    @property
    def root(self) -> Hash:
        """Return what the issuer writes to the contract."""
        return compute_levels(self.claims)[-1][0]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the claims in alphabetical order."""
        return tuple(sorted(claim.name for claim in self.claims if claim.name))


class ShownClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A claim with the proof that it is in the tree."""

    claim: Claim
    place: Annotated[int, Meta(ge=0, lt=MAX_CLAIMS)]
    """The leaf's place, from 0."""
    path: tuple[bytes, ...]
    """The hashes beside the way up, from the leaf."""


class Presentation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The chosen claims of a credential, for one reader."""

    credential: Annotated[int, Meta(ge=0, lt=2**53)]
    """Its number in the contract."""
    claims: tuple[ShownClaim, ...]
    challenge: str
    """What the reader asked to have signed, made anew for each presentation."""
    public_key: Annotated[bytes, Meta(min_length=32, max_length=32)]
    """The holder's; its address is the credential's subject."""
    signature: bytes = b""
    """Over everything above."""

    @property
    def holder(self) -> Address:
        """Return whose key signed, if the signature is right."""
        return compute_address(self.public_key)


def build_credential(claims: Mapping[str, str], seed: Secret[bytes]) -> Credential:
    """Return the salted claims. The seed is 32 random bytes, used for this credential only.

    Raises InvalidInput when there are no claims or too many, when a name or value is too long, or for another seed.
    """
    if len(seed.reveal()) != SEED_BYTES:
        raise InvalidInput("seed of the credential", f"{len(seed.reveal())} bytes", f"{SEED_BYTES} random bytes")
    if not 0 < len(claims) <= MAX_CLAIMS:
        raise InvalidInput("number of claims", len(claims), f"1 to {MAX_CLAIMS}")
    for name, value in claims.items():
        _check_text("name of a claim", name, 1, MAX_NAME_BYTES)
        _check_text("value of a claim", value, 0, MAX_VALUE_BYTES)
    size = 1 << (len(claims) - 1).bit_length()
    rows = [*sorted(claims.items()), *[("", "")] * (size - len(claims))]
    salted = [Claim(name, value, _compute_salt(seed, place)) for place, (name, value) in enumerate(rows)]
    return Credential(tuple(sorted(salted, key=lambda claim: claim.salt)))


def build_presentation(
    credential: Credential, number: int, names: Iterable[str], challenge: str, key: Secret[bytes]
) -> Presentation:
    """Return the named claims of the contract's credential ``number``, signed with the holder's key.

    Raises InvalidInput when a claim is not there, none or too many are named, or the challenge is too long.
    """
    chosen = sorted(dict.fromkeys(names))
    if not 0 < len(chosen) <= MAX_SHOWN:
        raise InvalidInput("number of claims to show", len(chosen), f"1 to {MAX_SHOWN}")
    _check_text("challenge", challenge, 1, MAX_CHALLENGE_BYTES)
    shown = tuple(_show_claim(credential, name) for name in chosen)
    unsigned = Presentation(number, shown, challenge, get_public_key(key.reveal()))
    return msgspec.structs.replace(unsigned, signature=sign_bytes(key, SIGNATURE_DOMAIN, encode(unsigned)))


def is_presentation_valid(presentation: Presentation, root: bytes, subject: Address, challenge: str) -> bool:
    """Tell whether the subject shows claims of the tree with this root in answer to this challenge.

    Root and subject come from the contract, which also knows whether the credential is still valid.
    """
    unsigned = msgspec.structs.replace(presentation, signature=b"")
    return (
        presentation.challenge == challenge
        and presentation.holder == subject
        and 0 < len(presentation.claims) <= MAX_SHOWN
        and all(compute_shown_root(shown) == root for shown in presentation.claims)
        and is_valid_bytes(presentation.public_key, SIGNATURE_DOMAIN, encode(unsigned), presentation.signature)
    )


def get_call_arguments(presentation: Presentation) -> tuple[int, list[tuple[Any, ...]]]:
    """Return the arguments of the contract's ``verify``: the credential's number and the claims."""
    rows = [(s.claim.name, s.claim.value, s.claim.salt, s.place, list(s.path)) for s in presentation.claims]
    return presentation.credential, rows


def compute_shown_root(shown: ShownClaim) -> Hash | None:
    """Return the root of the tree in which the claim would be; None when the place is beyond the tree."""
    if len(shown.claim.salt) != SALT_BYTES or shown.place < 0:
        return None
    node, place = compute_leaf(shown.claim), shown.place
    for partner in shown.path:
        if len(partner) != SALT_BYTES:
            return None
        node = _hash_pair(partner, node) if place & 1 else _hash_pair(node, partner)
        place >>= 1
    return None if place else node


def compute_leaf(claim: Claim) -> Hash:
    """Return the hash that stands for a claim in the tree."""
    return compute_keccak(b"\0" + encode_value(_LEAF, (claim.name, claim.value, claim.salt)))


def compute_levels(claims: Sequence[Claim]) -> list[list[Hash]]:
    """Return every level of the tree, leaves first; the number of claims is a power of two."""
    levels = [[compute_leaf(claim) for claim in claims]]
    while len(level := levels[-1]) > 1:
        levels.append([_hash_pair(level[i], level[i + 1]) for i in range(0, len(level), 2)])
    return levels


def write_json(document: Credential | Presentation) -> bytes:
    """Return a credential or presentation as JSON; bytes are in base64."""
    return msgspec.json.format(msgspec.json.encode(document))


def read_credential(data: bytes) -> Credential:
    """Return the credential in a JSON document. Raises InvalidEncoding."""
    credential = _read(Credential, data)
    size = len(credential.claims)
    if not 0 < size <= MAX_CLAIMS or size & (size - 1) or any(len(c.salt) != SALT_BYTES for c in credential.claims):
        raise InvalidEncoding("credential", f"{size} claims", "a power of two of claims, each with 32 bytes of salt")
    return credential


def read_presentation(data: bytes) -> Presentation:
    """Return the presentation in a JSON document, nothing of it checked. Raises InvalidEncoding."""
    return _read(Presentation, data)


def _read(kind: type[T], data: bytes) -> T:
    if len(data) > MAX_DOCUMENT_BYTES:
        raise InvalidEncoding("size of the document", len(data), f"at most {MAX_DOCUMENT_BYTES} bytes")
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise InvalidEncoding(kind.__name__.lower(), data[:24].decode(errors="replace"), f"JSON ({error})") from None


def _show_claim(credential: Credential, name: str) -> ShownClaim:
    found = [place for place, claim in enumerate(credential.claims) if claim.name == name]
    if not name or not found:
        raise InvalidInput("claim", name, f"one of {', '.join(credential.names)}")
    place = found[0]
    levels = compute_levels(credential.claims)[:-1]
    path = tuple(level[(place >> height) ^ 1] for height, level in enumerate(levels))
    return ShownClaim(credential.claims[place], place, path)


def _compute_salt(seed: Secret[bytes], place: int) -> bytes:
    return digest("credential-salt", seed.reveal() + place.to_bytes(2))


def _hash_pair(left: bytes, right: bytes) -> Hash:
    return compute_keccak(b"\1" + left + right)


def _check_text(thing: str, text: str, least: int, most: int) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput(thing, f"U+{ord(text[error.start]):04X}", "Unicode characters") from None
    if not least <= size <= most:
        raise InvalidInput(thing, text, f"{least} to {most} bytes, this has {size}")
