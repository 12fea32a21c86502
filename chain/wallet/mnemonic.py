"""Recovery phrases: 12 to 24 common words that stand for a key, with a checksum, in a dozen languages.

Idea: the words are the entropy in groups of 11 bits, the last bits being a checksum; the seed of all keys is made from
the words as text. So the language only matters for reading a phrase, never for its keys.

Invariants: nothing here is random, entropy is an argument; an error never carries more of a phrase than the one word
that is in no list; the same words give the same seed however they were typed (case, spaces, ideographic spaces,
composed or decomposed accents).

Source: BIP-39; word lists and encoding from the package ``mnemonic`` (the reference implementation). Where a phrase is
made of words of several languages (English and French share a hundred, the Chinese lists 1275 at the same places), the
one in which the checksum holds is preferred, then the order of LANGUAGES.
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from mnemonic import Mnemonic

from chain.errors import InvalidInput, InvalidMnemonic
from chain.wallet.secret import Secret

LANGUAGES: Final = ("english", *sorted(set(Mnemonic.list_languages()) - {"english"}))
"""Every language of the package, English first."""
WORD_COUNTS: Final = (12, 15, 18, 21, 24)
ENTROPY_BYTES: Final = (16, 20, 24, 28, 32)
"""Bytes of entropy behind each word count."""
SEED_BYTES: Final = 64
PBKDF2_ROUNDS: Final = 2048
NEAREST_COUNT: Final = 3

NO_PASSPHRASE: Final = Secret("")
_LONGEST_WORD: Final = 24  # longer than any listed word: what is typed beyond it changes no suggestion


class UnknownWord(InvalidMnemonic):
    """A word that is not in the list: which place it has, and which listed words look like it."""

    def __init__(self, position: int, word: str, language: str, nearest: tuple[str, ...]) -> None:
        self.position, self.word, self.language, self.nearest = position, word[:_LONGEST_WORD], language, nearest
        allowed = f"words of the {language} list" + (f", such as {', '.join(nearest)}" if nearest else "")
        super().__init__(f"word {position}", self.word, allowed)


class WrongWordCount(InvalidMnemonic):
    """A phrase with too few or too many words."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__("number of words", count, ", ".join(map(str, WORD_COUNTS)))


class WrongChecksum(InvalidMnemonic):
    """Words that are all in the list but do not fit together: one is another, or two have changed places."""

    def __init__(self, language: str) -> None:
        self.language = language
        super().__init__("checksum", "wrong", "the words that were written down, in their order")

    def __str__(self) -> str:
        return (
            f"every word is in the {self.language} list, but the checksum does not fit:"
            " one is another word, or two have changed places"
        )


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase whose words and checksum are right."""

    language: str
    text: Secret[str]
    """The words as BIP-39 hashes them: lower case, NFKD, single spaces."""
    entropy: Secret[bytes]


@cache
def get_word_list(language: str) -> tuple[str, ...]:
    """Return the 2048 words of a language in NFKD. Raises InvalidInput for a language that is not in LANGUAGES."""
    if language not in LANGUAGES:
        raise InvalidInput("language", language, ", ".join(LANGUAGES))
    return tuple(_normalize(word) for word in Mnemonic(language).wordlist)


@cache
def _get_word_index(language: str) -> Mapping[str, int]:
    return MappingProxyType({word: index for index, word in enumerate(get_word_list(language))})


def build_phrase(entropy: bytes, language: str = "english") -> Secret[str]:
    """Return the phrase of 16, 20, 24, 28 or 32 bytes of entropy, as people write it in that language.

    Raises InvalidInput for another length or language.
    """
    if len(entropy) not in ENTROPY_BYTES:
        raise InvalidInput("entropy length", len(entropy), ", ".join(map(str, ENTROPY_BYTES)) + " bytes")
    get_word_list(language)
    phrase = Mnemonic(language).to_mnemonic(entropy)
    return Secret(unicodedata.normalize("NFC", phrase))  # composed accents and syllables: terminals draw them right


def check_phrase(text: str, language: str | None = None) -> Phrase:
    """Return the checked phrase of what was typed; the language is found out when it is not given.

    Raises WrongWordCount, UnknownWord or WrongChecksum (all InvalidMnemonic), or InvalidInput for an unknown language.
    """
    words = _normalize(text).split()
    if len(words) not in WORD_COUNTS:
        raise WrongWordCount(len(words))
    known = {
        name: sum(word in _get_word_index(name) for word in words)
        for name in (LANGUAGES if language is None else (language,))
    }
    most = max(known.values())
    candidates = [name for name, count in known.items() if count == most]
    if most < len(words):
        position, word = next((i, w) for i, w in enumerate(words, 1) if w not in _get_word_index(candidates[0]))
        raise UnknownWord(position, word, candidates[0], find_nearest_words(word, candidates[0]))
    for name in candidates:
        entropy = _compute_entropy([_get_word_index(name)[word] for word in words])
        if entropy is not None:
            return Phrase(name, Secret(" ".join(words)), Secret(entropy))
    raise WrongChecksum(candidates[0])


def to_seed(phrase: Phrase, passphrase: Secret[str] = NO_PASSPHRASE) -> Secret[bytes]:
    """Return the 64-byte seed of a phrase; any passphrase is right and leads to keys of its own.

    Raises InvalidInput when the passphrase has half characters that cannot be written in UTF-8.
    """
    try:
        salt = unicodedata.normalize("NFKD", "mnemonic" + passphrase.reveal()).encode()
    except UnicodeEncodeError:
        raise InvalidInput("passphrase", "…", "Unicode characters") from None
    return Secret(hashlib.pbkdf2_hmac("sha512", phrase.text.reveal().encode(), salt, PBKDF2_ROUNDS, SEED_BYTES))


def find_nearest_words(word: str, language: str, count: int = NEAREST_COUNT) -> tuple[str, ...]:
    """Return the listed words most like what was typed, best first: fewest edits, then the longest common beginning.

    Accents do not count. Words that would have to be replaced altogether are left out.
    """
    typed = _strip_accents(_normalize(word)[:_LONGEST_WORD])
    ranked = []
    for index, (listed, plain) in enumerate(zip(get_word_list(language), _get_plain_words(language), strict=True)):
        distance = count_edits(typed, plain)
        if distance < min(len(typed), len(plain)):
            ranked.append((distance, -_count_common_start(typed, plain), index, listed))
    return tuple(listed for *_, listed in sorted(ranked)[:count])


def complete_word(prefix: str, language: str) -> tuple[str, ...]:
    """Return the listed words that begin with what was typed so far, in the order of the list; accents do not count."""
    typed = _strip_accents(_normalize(prefix))
    pairs = zip(get_word_list(language), _get_plain_words(language), strict=True)
    return tuple(listed for listed, plain in pairs if plain.startswith(typed))


def count_edits(left: str, right: str) -> int:
    """Return how many insertions, deletions, replacements or swaps of neighbours lead from one text to the other.

    Source: Damerau (1964), in the form that edits no place twice (optimal string alignment).
    """
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left):
        older, before, row = before, row, [i + 1]
        for j, b in enumerate(right):
            edits = min(before[j] + (a != b), before[j + 1] + 1, row[j] + 1)
            if i and j and a == right[j - 1] and b == left[i - 1]:
                edits = min(edits, older[j - 1] + 1)
            row.append(edits)
    return row[-1]


def _compute_entropy(indices: list[int]) -> bytes | None:
    """Return the entropy behind word numbers, or None when their checksum is wrong."""
    number = 0
    for index in indices:
        number = number << 11 | index
    checksum_bits = len(indices) * 11 // 33
    entropy = (number >> checksum_bits).to_bytes(len(indices) * 4 // 3)
    right = hashlib.sha256(entropy).digest()[0] >> 8 - checksum_bits
    return entropy if number & ((1 << checksum_bits) - 1) == right else None


def _normalize(text: str) -> str:
    """Return text in lower case and NFKD; half characters become question marks."""
    whole = text.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", whole).lower())


def _strip_accents(text: str) -> str:
    return "".join(character for character in text if not unicodedata.combining(character))


@cache
def _get_plain_words(language: str) -> tuple[str, ...]:
    return tuple(_strip_accents(word) for word in get_word_list(language))


def _count_common_start(left: str, right: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
