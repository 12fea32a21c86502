"""Ed25519 signatures: made and checked by libsodium, checked once per content.

Idea: a signature is a pure function of key, message and bytes, so a world remembers the verdict by content and a
thousand nodes pay for one check.

Invariants: ``is_valid_signature`` answers for any bytes and never raises; a remembered verdict always equals a fresh
one, so the memo can forget at any time without changing a run.

Source: RFC 8032, section 5.1; libsodium's ``crypto_sign``, which also refuses scalars that are not reduced and public
keys and R of small order, as the Wycheproof verdicts ask.
"""

from typing import Final, NewType

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from chain.crypto.hashing import digest
from chain.errors import InvalidInput

PublicKey = NewType("PublicKey", bytes)
"""32 bytes: a compressed point of edwards25519."""
Signature = NewType("Signature", bytes)
"""64 bytes: the point R and the scalar S."""

SEED_BYTES: Final = 32
SIGNING_KEY_BYTES: Final = 64
PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
SIGNATURE_CACHE_LIMIT: Final = 1 << 14


def expand_seed(seed: bytes) -> bytes:
    """Return the 64-byte signing key of a 32-byte seed: the seed, then its public key. Raises InvalidInput."""
    if len(seed) != SEED_BYTES:
        raise InvalidInput("Ed25519 seed length", len(seed), f"{SEED_BYTES} bytes")
    return bytes(crypto_sign_seed_keypair(seed)[1])


def get_public_key(seed: bytes) -> PublicKey:
    """Return the public key of a 32-byte seed. Raises InvalidInput when the seed has another length."""
    return PublicKey(expand_seed(seed)[SEED_BYTES:])


def sign(key: bytes, message: bytes) -> Signature:
    """Return the signature of a message.

    ``key`` is a 32-byte seed, or the 64 bytes of ``expand_seed`` where one key signs often: that saves almost half of
    the time. Raises InvalidInput for other lengths.
    """
    signing_key = key if len(key) == SIGNING_KEY_BYTES else expand_seed(key)
    return Signature(bytes(crypto_sign(message, signing_key)[:SIGNATURE_BYTES]))


def is_valid_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether ``signature`` is the public key's signature of ``message``; any other bytes are simply not."""
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public_key)
    except BadSignatureError:
        return False
    return True


class SignatureCache:
    """The verdicts one world remembers, at most ``limit``; the oldest is forgotten first."""

    __slots__ = ("_verdicts", "checks", "limit")

    def __init__(self, limit: int = SIGNATURE_CACHE_LIMIT) -> None:
        self.limit = limit
        self.checks = 0
        """Signatures really checked so far."""
        self._verdicts: dict[bytes, bool] = {}

    def __len__(self) -> int:
        return len(self._verdicts)

    def is_valid(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Tell the same as ``is_valid_signature``, checking each content once while it is remembered."""
        if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
            return False
        content = digest(b"signature-memo", public_key + signature + message)
        verdict = self._verdicts.get(content)
        if verdict is None:
            self.checks += 1
            verdict = self._verdicts[content] = is_valid_signature(public_key, message, signature)
            if len(self._verdicts) > self.limit:
                del self._verdicts[next(iter(self._verdicts))]
        return verdict
