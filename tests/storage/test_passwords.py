"""Which passwords are refused, and that the reason never repeats them."""

import pytest

from app.storage.errors import WeakPassword
from app.storage.passwords import check_password, encode_password
from chain.wallet.secret import Secret


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "has 0 characters; at least 8 are needed"),
        ("tr4!kQz", "has 7 characters"),
        ("x7" * 600, "at most 1024"),
        ("password", "everybody tries"),
        ("Password123!", "everybody tries"),
        ("chainroom", "everybody tries"),
        ("aaaaaaaaaaaa", "repeats fewer than 4 different characters"),
        ("abababababab", "repeats fewer than 4"),
        ("abcdefgh", "is a run"),
        ("87654321", "is a run"),
        ("QWERTYUIOP", "is a run"),
        ("30051987", "is a number"),
        *(
            (text, "put together of common words")
            for text in (
                "12345678a",
                "1234qwer",
                "abcd1234",
                "abc12345",
                "123qweasd",
                "1q2w3e4r5t!",
                "zaq12wsx!!",
                "summer 4 winter",
                "qwertyuiop1",
                "passwordpassword",
                "LoveMoney99",
                "monkey 1234 dragon",
            )
        ),
    ],
)
def test_weak_passwords_are_refused_with_a_reason(password: str, reason: str) -> None:
    with pytest.raises(WeakPassword, match=reason) as caught:
        check_password(Secret(password))
    assert not password or password not in str(caught.value).removeprefix("the password ")


@pytest.mark.parametrize(
    "password",
    ["correct horse", "tr4!kQz9", "наш пароль", "мой-код-7", "491827365018273", "summer in Omsk", "§%&/=?+#*"],
)
def test_others_are_taken(password: str) -> None:
    check_password(Secret(password))


def test_one_password_has_one_encoding_however_it_was_typed() -> None:
    assert encode_password(Secret("Zu\u0308rich")) == encode_password(Secret("Z\u00fcrich"))
    assert encode_password(Secret("\ud800 half a character"))
