"""Whether a password is good enough to keep a wallet.

Argon2id makes every guess cost half a second, so what must go is what is guessed first: short ones, the common ones
with or without a few digits behind, repetitions, runs on the keyboard, short numbers, and what is put together of
nothing but these. No rule asks for a special character: length is worth more (NIST SP 800-63B, section 5.1.1).
"""

import unicodedata
from typing import Final

from app.storage.errors import WeakPassword
from chain.wallet.secret import Secret

PASSWORD_MIN: Final = 8
PASSWORD_MAX: Final = 1024
_FEWEST_DIFFERENT: Final = 4
_DIGITS_MIN: Final = 12
_COMMON_WORDS: Final = """
    password passwort passw0rd p@ssw0rd p@ssword qwerty qwertz azerty letmein welcome iloveyou monkey dragon football
    baseball superman batman trustno starwars sunshine princess master shadow michael jennifer computer internet access
    administrator admin login secret changeme default whatever bitcoin ethereum satoshi chainroom blockchain wallet
    mypassword mywallet test testtest correcthorsebatterystaple hunter summer winter spring autumn january february
    march april june july august september october november december monday friday sunday hello love money freedom
"""
_COMMON: Final = frozenset(_COMMON_WORDS.split())
_RUNS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
    "zaq12wsxcde34rfv",
    "1q2w3e4r5t6y7u8i9o0p",
)
_RUN_PARTS: Final = frozenset(way[i : i + 3] for run in _RUNS for way in (run, run[::-1]) for i in range(len(run) - 2))
_FEWEST_OWN: Final = 4
_SYMBOLS_FREE: Final = 2
"""Symbols that everybody puts in; only further ones count."""


def check_password(password: Secret[str]) -> None:
    """Refuse a password that is guessed first. Raises WeakPassword saying why, never what."""
    if reason := _get_weakness(password.reveal()):
        raise WeakPassword(f"the password {reason}")


def encode_password(password: Secret[str]) -> bytes:
    """Return the bytes of a password, however its letters were composed."""
    return unicodedata.normalize("NFKC", password.reveal()).encode("utf-8", "surrogatepass")


def _get_weakness(text: str) -> str | None:
    plain = text.lower()
    core = plain.rstrip("0123456789!?.*#$-_ ")
    if len(text) < PASSWORD_MIN:
        return f"has {len(text)} characters; at least {PASSWORD_MIN} are needed"
    if len(text) > PASSWORD_MAX:
        return f"has {len(text)} characters; at most {PASSWORD_MAX} are allowed"
    if plain in _COMMON or core in _COMMON:
        return "is one of the first that everybody tries, or one with a few digits behind"
    if len(set(plain)) < _FEWEST_DIFFERENT:
        return f"repeats fewer than {_FEWEST_DIFFERENT} different characters"
    if any(plain in run * 3 or plain in run[::-1] * 3 for run in _RUNS):
        return "is a run of the alphabet, the digits or the keyboard"
    if text.isdecimal() and len(text) < _DIGITS_MIN:
        return f"is a number; use letters too, or at least {_DIGITS_MIN} digits"
    if not text.isdecimal() and _count_own(plain) < _FEWEST_OWN:
        return "is put together of common words, runs and digits only; add a word of your own"
    return None


def _count_own(plain: str) -> int:
    """Return how many characters belong to no common word, no run of three and no number."""
    for word in sorted(_COMMON, key=len, reverse=True):
        plain = plain.replace(word, " ")
    in_run = {i + k for i in range(len(plain) - 2) if plain[i : i + 3] in _RUN_PARTS for k in range(3)}
    own = [letter for i, letter in enumerate(plain) if i not in in_run and not letter.isdecimal()]
    letters = sum(letter.isalpha() for letter in own)
    symbols = sum(not letter.isalpha() and not letter.isspace() for letter in own)
    return letters + max(0, symbols - _SYMBOLS_FREE)
