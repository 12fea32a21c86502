"""Many keys from one seed: SLIP-0010 for Ed25519 along BIP-44 paths.

Idea: a key and a chain code are hashed with an index to give the next key and chain code; a path such as
``m/44'/1'/0'/0'`` is the list of indices from the seed (m) down. With Ed25519 only hardened steps exist (written with
an apostrophe): a child's public key cannot be found from its parent's.

Source: SLIP-0010 (derivation), BIP-32 (paths), BIP-44 (meaning of the levels), SLIP-0044 (coin numbers). Twenty lines
of HMAC here instead of bip-utils, which takes 300 ms and 600 modules to import; the tests compare the two.

The program's own path uses coin 1, "testnet, all coins", so that keys of the simulated coin are never keys of a real
one even if somebody types a real phrase.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from chain.crypto.signatures import PublicKey, get_public_key
from chain.errors import InvalidInput
from chain.units import Address
from chain.wallet.address import compute_address
from chain.wallet.secret import Secret

HARDENED: Final = 1 << 31
MAX_DEPTH: Final = 255
"""BIP-32 stores the depth in one byte."""

PRESETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "chainroom": "m/44'/1'/{account}'/0'",
        "solana": "m/44'/501'/{account}'/0'",  # Phantom, Solflare, Trust
        "solana-ledger": "m/44'/501'/{account}'",
        "solana-cli": "m/44'/501'",  # solana-keygen's prompt: without a key, one account
        "solana-keygen": "seed",  # solana-keygen new without a path, one account
        "stellar": "m/44'/148'/{account}'",  # SEP-0005
        "tezos": "m/44'/1729'/{account}'/0'",
        "near": "m/44'/397'/{account}'",
        "aptos": "m/44'/637'/{account}'/0'/0'",
        "sui": "m/44'/784'/{account}'/0'/0'",
        "multiversx": "m/44'/508'/0'/0'/{account}'",
    }
)
"""Where well-known wallets put their Ed25519 accounts."""
NO_PATH: Final = "seed"
"""Instead of a path: the first half of the seed is the private key itself, as some programs without BIP-32 have it."""
DEFAULT_PRESET: Final = "chainroom"
DEFAULT_PATH: Final = PRESETS[DEFAULT_PRESET].format(account=0)

_ACCOUNT: Final = "{account}"
_ALLOWED_PATH: Final = "m, then /index' for each level, as in m/44'/1'/0'/0'"


@dataclass(frozen=True, slots=True)
class DerivedKey:
    """A key at the end of a path."""

    path: str
    private_key: Secret[bytes]
    """32 bytes: the Ed25519 seed."""
    public_key: PublicKey
    chain_code: Secret[bytes]
    """32 bytes that go, with the private key, into the keys below."""

    @property
    def address(self) -> Address:
        """The account of this key."""
        return compute_address(self.public_key)


def get_path(account: int, preset: str = DEFAULT_PRESET) -> str:
    """Return the path of an account, from 0, in the way of a known wallet, or along a path of one's own.

    A path of one's own has ``{account}`` where the number goes; without it, it has one account only. Raises
    InvalidInput.
    """
    pattern = preset.strip() if preset.strip().startswith("m") and preset not in PRESETS else PRESETS.get(preset)
    if pattern is None:
        raise InvalidInput("derivation preset", preset, ", ".join(PRESETS) + f", or a path: {_ALLOWED_PATH}")
    if not 0 <= account < HARDENED:
        raise InvalidInput("account number", account, "0 to 2**31 - 1")
    if account and _ACCOUNT not in pattern:
        raise InvalidInput("account number", account, f"0: the path {pattern} leads to one account")
    path = pattern.replace(_ACCOUNT, str(account))
    check_path(path)
    return path


def check_path(path: str) -> None:
    """Refuse what leads to no key. Raises InvalidInput as ``parse_path``."""
    if path != NO_PATH:
        parse_path(path)


def parse_path(path: str) -> tuple[int, ...]:
    """Return the indices of a path without the hardened bit; ``'``, ``h`` and ``H`` mark hardened ones.

    Raises InvalidInput naming the level (from 1) that is malformed, too large or not hardened.
    """
    root, *levels = path.strip().split("/")
    if root != "m" or len(levels) > MAX_DEPTH:
        raise InvalidInput("derivation path", path, _ALLOWED_PATH + f", at most {MAX_DEPTH} levels")
    return tuple(_parse_level(number, level) for number, level in enumerate(levels, 1))


def _parse_level(number: int, level: str) -> int:
    thing = f"derivation path level {number}"
    digits = level.rstrip("'hH")
    if not (digits.isascii() and digits.isdecimal()) or len(level) - len(digits) > 1:
        raise InvalidInput(thing, level, _ALLOWED_PATH)
    if digits == level:
        raise InvalidInput(thing, level, f"{level}', since Ed25519 has hardened keys only")
    if len(digits) > 10 or int(digits) >= HARDENED:
        raise InvalidInput(thing, level, f"an index from 0 to {HARDENED - 1}")
    return int(digits)


def derive_key(seed: Secret[bytes], path: str = DEFAULT_PATH) -> DerivedKey:
    """Return the key at a path below a seed of 16 to 64 bytes. Raises InvalidInput for another length or a bad path."""
    if not 16 <= len(seed.reveal()) <= 64:
        raise InvalidInput("seed length", len(seed.reveal()), "16 to 64 bytes")
    if path == NO_PATH:
        return _build_key(path, seed.reveal())
    indices = parse_path(path)
    node = hmac.digest(b"ed25519 seed", seed.reveal(), "sha512")
    for index in indices:
        data = b"\0" + node[:32] + (HARDENED | index).to_bytes(4)
        node = hmac.digest(node[32:], data, "sha512")
    return _build_key(path.strip(), node)


def _build_key(path: str, node: bytes) -> DerivedKey:
    return DerivedKey(path, Secret(node[:32]), get_public_key(node[:32]), Secret(node[32:]))
