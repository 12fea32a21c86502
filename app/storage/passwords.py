"""Whether a password is good enough to keep a wallet.

Argon2id makes every guess cost half a second, so what must go is what is guessed first: short ones, the common ones
with or without a few digits behind, repetitions, runs on the keyboard, and short numbers. No rule asks for a special
character: length is worth more (NIST SP 800-63B, section 5.1.1).
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
    mypassword mywallet test testtest correcthorsebatterystaple hunter
"""
_COMMON: Final = frozenset(_COMMON_WORDS.split())
_RUNS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc",
)


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
    return None
