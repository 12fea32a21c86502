"""The box in the wallet file: a phrase and its passphrase, closed with a password.

Idea: Argon2id turns the password, a salt and a cost (both stand in the file) into the key of a SecretBox. The box is
filled up to a multiple of some size, so that its length does not tell the length of the phrase.

Invariants: no exception, ``repr`` or log holds password, key or content; a file from elsewhere cannot ask for more
work than twice the usual.

Source: libsodium's crypto_pwhash (Argon2id, RFC 9106) and crypto_secretbox (XSalsa20-Poly1305).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from nacl.utils import random as random_bytes

from app.storage.errors import DamagedFile, WrongPassword
from app.storage.passwords import encode_password
from chain.wallet.secret import Secret

_BOX_STEP: Final = 512


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess of the password costs."""

    passes: int
    memory_bytes: int


MODERATE: Final = Cost(argon2id.OPSLIMIT_MODERATE, argon2id.MEMLIMIT_MODERATE)
"""About half a second and 256 MB."""
CHEAPEST: Final = Cost(argon2id.OPSLIMIT_MIN, argon2id.MEMLIMIT_MIN)
"""For tests."""
_LIMIT: Final = 2 * MODERATE.passes * MODERATE.memory_bytes


def close_box(phrase: Secret[str], passphrase: Secret[str], password: Secret[str], cost: Cost) -> dict[str, Any]:
    """Return the box and what is needed, with the password, to open it."""
    content = json.dumps({"phrase": phrase.reveal(), "passphrase": passphrase.reveal()}).encode()
    padded = content.ljust(-(-len(content) // _BOX_STEP) * _BOX_STEP)
    salt = random_bytes(argon2id.SALTBYTES)
    return {
        "kdf": "argon2id",
        "salt": salt.hex(),
        "passes": cost.passes,
        "memory_bytes": cost.memory_bytes,
        "box": bytes(SecretBox(_compute_key(password, salt, cost)).encrypt(padded)).hex(),
    }


def open_box(vault: Mapping[str, Any], password: Secret[str], where: Path) -> tuple[Secret[str], Secret[str]]:
    """Return phrase and passphrase. Raises WrongPassword, DamagedFile."""
    salt, box, cost = check_vault(vault, where)
    try:
        content = json.loads(SecretBox(_compute_key(password, salt, cost)).decrypt(box))
    except CryptoError:
        raise WrongPassword(f"{where}: this is not the password of the wallet") from None
    return Secret(content["phrase"]), Secret(content["passphrase"])


def check_vault(vault: Mapping[str, Any], where: Path) -> tuple[bytes, bytes, Cost]:
    """Return salt, box and cost, all within what this program is willing to compute. Raises DamagedFile."""
    try:
        salt, box = bytes.fromhex(vault["salt"]), bytes.fromhex(vault["box"])
        passes, memory_bytes = vault["passes"], vault["memory_bytes"]
    except (KeyError, TypeError, ValueError):
        raise DamagedFile(f"{where}: its encrypted box is broken") from None
    is_known = vault.get("kdf") == "argon2id" and len(salt) == argon2id.SALTBYTES and len(box) > SecretBox.NONCE_SIZE
    if not (is_known and type(passes) is type(memory_bytes) is int):
        raise DamagedFile(f"{where}: its encrypted box is made in an unknown way")
    is_possible = passes >= CHEAPEST.passes and memory_bytes >= CHEAPEST.memory_bytes
    if not is_possible or passes * memory_bytes > _LIMIT:
        raise DamagedFile(f"{where}: opening it takes {passes} passes of {memory_bytes:,} bytes, which is not allowed")
    return salt, box, Cost(passes, memory_bytes)


def _compute_key(password: Secret[str], salt: bytes, cost: Cost) -> bytes:
    return argon2id.kdf(
        SecretBox.KEY_SIZE, encode_password(password), salt, opslimit=cost.passes, memlimit=cost.memory_bytes
    )
