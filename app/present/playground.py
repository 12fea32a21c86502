"""The playgrounds: small things to try with one's own hands. Pure: texts in, lines out.

Hash a text, hunt a nonce, sign and verify, build a Merkle tree, go from entropy to words to keys to an address. Nothing
here touches a wallet or the run: keys are made for play, from what is typed or rolled.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from app.present.words import plural
from app.widgets.models import Tone
from app.widgets.text import clean
from chain.crypto.hashing import digest
from chain.crypto.merkle import build_proof, compute_levels, verify_proof
from chain.crypto.signatures import get_public_key
from chain.errors import ChainroomError
from chain.wallet.address import compute_address, encode_address
from chain.wallet.derivation import DEFAULT_PATH, derive_key
from chain.wallet.mnemonic import ENTROPY_BYTES, Phrase, build_phrase, check_phrase, get_word_list, to_seed
from chain.wallet.secret import Secret
from chain.wallet.signing import is_valid_bytes, sign_bytes

DOMAIN: Final = "playground"
HASH_BITS: Final = 256
BITS_IN_A_ROW: Final = 64
MOST_ZEROS: Final = 8
MOST_LEAVES: Final = 64
Values = Mapping[str, str]


class Line(NamedTuple):
    """A line of the answer."""

    label: str
    text: str
    tone: Tone = "text"


class Box(NamedTuple):
    """Something a person types."""

    key: str
    label: str
    value: str
    """What stands there at first."""


class Playground(NamedTuple):
    """One thing to try."""

    key: str
    tab: str
    title: str
    lead: str
    """What to notice."""
    boxes: tuple[Box, ...]
    compute: Callable[[Values], tuple[Line, ...]]
    buttons: tuple[tuple[str, str], ...] = ()
    """(key of what happens, words on the button)."""


def hash_text(text: str) -> bytes:
    """Return the hash of a text, in a domain of its own: it can be no block and no transaction."""
    return digest(DOMAIN, text.encode("utf-8", "replace"))


# Hash ------------------------------------------------------------------------------------------------------------


def count_flipped(left: bytes, right: bytes) -> int:
    """Return how many bits of two hashes differ."""
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()


def draw_flipped(left: bytes, right: bytes) -> tuple[str, ...]:
    """Return rows of bits: ``■`` where two hashes differ, ``·`` where they agree."""
    bits = f"{int.from_bytes(left) ^ int.from_bytes(right):0{HASH_BITS}b}"
    rows = (bits[start : start + BITS_IN_A_ROW] for start in range(0, HASH_BITS, BITS_IN_A_ROW))
    return tuple(row.replace("1", "■").replace("0", "·") for row in rows)


def _compute_hash(values: Values) -> tuple[Line, ...]:
    text, other = values["text"], values["other"]
    first, second = hash_text(text), hash_text(other)
    flipped = count_flipped(first, second)
    tone: Tone = "warning" if flipped else "good"
    rows = draw_flipped(first, second)
    return (
        Line("hash", first.hex(), "strong"),
        Line("other", second.hex(), "strong"),
        Line("differ in", f"{flipped} of {HASH_BITS} bits ({flipped * 100 // HASH_BITS} %)", tone),
        *(Line("avalanche" if not place else "", row, tone) for place, row in enumerate(rows)),
        Line("", "One letter more, less or another one, and half of the bits turn: the avalanche effect.", "muted"),
    )


# Nonce -----------------------------------------------------------------------------------------------------------


def count_zeros(data: bytes) -> int:
    """Return how many zeros the hexadecimal digits begin with."""
    digits = data.hex()
    return len(digits) - len(digits.lstrip("0"))


def read_number(text: str, least: int, most: int) -> int:
    """Return a whole number kept within bounds; the least one for what is none."""
    text = text.strip()
    number = int(text[:18]) if text.isascii() and text.isdecimal() else least
    return max(least, min(most, number))


def hunt(text: str, nonce: int, tries: int, zeros: int) -> int:
    """Return the first nonce from one on whose hash has so many zeros, or the one with most among so many tries."""
    best, best_zeros = nonce, -1
    for number in range(nonce, nonce + tries):
        found = count_zeros(hash_text(f"{text}{number}"))
        if found > best_zeros:
            best, best_zeros = number, found
        if found >= zeros:
            break
    return best


def _compute_nonce(values: Values) -> tuple[Line, ...]:
    text = values["text"]
    nonce, wanted = read_number(values["nonce"], 0, 10**15), read_number(values["zeros"], 0, MOST_ZEROS)
    found = hash_text(f"{text}{nonce}")
    zeros, tries = count_zeros(found), f"{16**wanted:,}".replace(",", " ")
    is_found = zeros >= wanted
    words = (
        f"✓ {plural(zeros, 'zero')}: this would do" if is_found else f"✗ {plural(zeros, 'zero')}, {wanted} asked for"
    )
    return (
        Line("hashed", f"{clean(text, 60)}{nonce}", "muted"),
        Line("hash", found.hex(), "strong"),
        Line("verdict", words, "good" if is_found else "bad"),
        Line("on average", f"{tries} tries for {plural(wanted, 'zero')}: each further zero takes 16 times as many"),
        Line("", "Nobody knows a way that is better than trying. Checking a nonce takes one hash.", "muted"),
    )


# Sign ------------------------------------------------------------------------------------------------------------


def make_play_key(name: str) -> Secret[bytes]:
    """Return a private key that anybody can make from a name: for play, never for money."""
    return Secret(digest(DOMAIN, b"key " + name.encode("utf-8", "replace")))


def _compute_signature(values: Values) -> tuple[Line, ...]:
    key = make_play_key(values["name"])
    public_key = get_public_key(key.reveal())
    signed, shown = (values[it].encode("utf-8", "replace") for it in ("signed", "shown"))
    signature = sign_bytes(key, DOMAIN, signed)
    holds = is_valid_bytes(public_key, DOMAIN, shown, signature)
    verdict = "✓ it holds: exactly these words were signed" if holds else "✗ it does not hold: these are other words"
    return (
        Line("public key", public_key.hex(), "accent"),
        Line("address", encode_address(compute_address(public_key)), "accent"),
        Line("signature", signature.hex()[:64], "strong"),
        Line("", signature.hex()[64:], "strong"),
        Line("verdict", verdict, "good" if holds else "bad"),
        Line("", "Only the private key makes it; the public key is enough to check it. Change a letter.", "muted"),
    )


# Merkle tree -----------------------------------------------------------------------------------------------------


def split_leaves(text: str) -> list[str]:
    """Return the leaves in a text, with commas between them."""
    return [leaf.strip() for leaf in text.split(",") if leaf.strip()][:MOST_LEAVES]


def build_levels(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the tree over the leaves in a text, hashes shortened, leaves first."""
    levels = compute_levels([leaf.encode("utf-8", "replace") for leaf in split_leaves(text)])
    return tuple(tuple(it.hex()[:4] for it in level) for level in levels)


def _compute_merkle(values: Values) -> tuple[Line, ...]:
    leaves = split_leaves(values["leaves"])
    if not leaves:
        return (Line("", "Type some words with commas between them.", "muted"),)
    data = [leaf.encode("utf-8", "replace") for leaf in leaves]
    place = read_number(values["place"], 1, len(leaves)) - 1
    root, proof = compute_levels(data)[-1][0], build_proof(data, place)
    holds = verify_proof(root, data[place], proof)
    return (
        Line("root", root.hex(), "strong"),
        Line(
            "proof", f"{len(proof.path)} hashes show that “{clean(leaves[place], 30)}” is one of {len(leaves)} leaves"
        ),
        *(Line(f"  {number}", it.hex(), "accent") for number, it in enumerate(proof.path, 1)),
        Line("verdict", "✓ the path leads to the root" if holds else "✗ it does not", "good" if holds else "bad"),
    )


# From entropy to an address --------------------------------------------------------------------------------------


def _compute_keys(values: Values) -> tuple[Line, ...]:
    try:
        entropy = bytes.fromhex(values["entropy"].strip())
        if len(entropy) not in ENTROPY_BYTES:
            raise ValueError
        phrase = check_phrase(build_phrase(entropy).reveal())
        seed = to_seed(phrase, Secret(values["passphrase"]))
        key = derive_key(seed, values["path"].strip() or DEFAULT_PATH)
    except ChainroomError as error:
        return (Line("problem", clean(str(error), 200), "bad"),)
    except ValueError:
        sizes = ", ".join(str(size * 2) for size in ENTROPY_BYTES)
        return (Line("problem", f"entropy takes {sizes} hexadecimal digits; press the button to roll some", "bad"),)
    return _list_key_steps(entropy, phrase, seed, key.private_key, key.path)


def _list_key_steps(
    entropy: bytes, phrase: Phrase, seed: Secret[bytes], private_key: Secret[bytes], path: str
) -> tuple[Line, ...]:
    words, bits = phrase.text.reveal().split(), len(entropy) * 8
    public_key = get_public_key(private_key.reveal())
    number = get_word_list("english").index(words[0])
    half = len(words) // 2
    return (
        Line("1 entropy", f"{bits} bits, and {bits // 32} more as a checksum: {len(words)} numbers of 11 bits"),
        Line("2 words", " ".join(words[:half]), "strong"),
        Line("", " ".join(words[half:]), "strong"),
        Line("", f"the first 11 bits are {number:011b} = {number}: “{words[0]}”", "muted"),
        Line("3 seed", f"{seed.reveal().hex()[:64]}…", "accent"),
        Line("", "2048 rounds of PBKDF2 over words and passphrase (BIP-39)", "muted"),
        Line("4 key", private_key.reveal().hex(), "warning"),
        Line("", f"SLIP-0010 along {path}: an HMAC a step", "muted"),
        Line("5 public", public_key.hex(), "accent"),
        Line("6 address", encode_address(compute_address(public_key)), "good"),
        Line("", "For play: keys that have been on a screen are nobody's secret any more.", "muted"),
    )


PLAYGROUNDS: Final = (
    Playground(
        "hash",
        "Hash",
        "Hash a text",
        "A hash is a fingerprint. Change one letter and look at the bits.",
        (Box("text", "text", "a block of 12 payments"), Box("other", "other text", "a block of 13 payments")),
        _compute_hash,
    ),
    Playground(
        "nonce",
        "Nonce",
        "Hunt a nonce",
        "What miners do: try numbers until the hash begins with enough zeros.",
        (Box("text", "text", "block 812, parent 9f3a, "), Box("nonce", "nonce", "0"), Box("zeros", "zeros", "3")),
        _compute_nonce,
        (("next", "next nonce"), ("hunt", "try 2000"), ("hunt-more", "try 50 000")),
    ),
    Playground(
        "sign",
        "Sign",
        "Sign and verify",
        "Sign some words, then show others under the same signature.",
        (
            Box("name", "play key of", "Maya"),
            Box("signed", "signed words", "pay Omar 5 CR"),
            Box("shown", "shown words", "pay Omar 5 CR"),
        ),
        _compute_signature,
    ),
    Playground(
        "merkle",
        "Merkle tree",
        "Build a Merkle tree",
        "One hash for a whole list, and a short proof for each of its parts.",
        (Box("leaves", "leaves", "tea, bread, milk, salt, rice"), Box("place", "prove leaf", "3")),
        _compute_merkle,
    ),
    Playground(
        "keys",
        "Keys",
        "From dice to an address",
        "Roll entropy: it becomes words, a seed, a key, a public key, an address.",
        (
            Box("entropy", "entropy", "0c1e24e5917779d297e14d45f14e1a1a"),
            Box("passphrase", "passphrase", ""),
            Box("path", "path", DEFAULT_PATH),
        ),
        _compute_keys,
        (("roll", "roll 128 bits"), ("roll-long", "roll 256 bits")),
    ),
)


def act(playground: str, button: str, values: Values, roll: Callable[[int], bytes]) -> dict[str, str]:
    """Return what a button changes in the boxes; ``roll`` gives so many random bytes."""
    if playground == "keys":
        return {"entropy": roll(16 if button == "roll" else 32).hex()}
    if playground == "nonce":
        start = read_number(values["nonce"], 0, 10**15) + 1
        tries = {"next": 1, "hunt": 2_000}.get(button, 50_000)
        wanted = read_number(values["zeros"], 0, MOST_ZEROS)
        return {"nonce": str(hunt(values["text"], start, tries, wanted))}
    return {}
