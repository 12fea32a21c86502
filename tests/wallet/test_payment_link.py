"""Payment links: written and read again, and everything that is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidAddress, InvalidInput
from chain.units import Address, Amount
from chain.wallet.address import encode_address
from chain.wallet.payment_link import PaymentLink, format_link, is_link, parse_link

BAKERY = Address(bytes(range(20)))
TEXT = encode_address(BAKERY)


def test_a_link_says_whom_how_much_and_why() -> None:
    link = PaymentLink(BAKERY, Amount(12_500_000_000), "Bakery & Sons", "two rolls + coffee")
    text = format_link(link)
    assert text == f"{TEXT}?amount=12.5&label=Bakery%20%26%20Sons&memo=two%20rolls%20%2B%20coffee"
    assert parse_link(text) == parse_link(f"  chainroom:{text}\n") == link


def test_an_address_alone_is_a_link_too() -> None:
    assert parse_link(TEXT) == parse_link(TEXT + "?") == PaymentLink(BAKERY)
    assert format_link(PaymentLink(BAKERY)) == TEXT
    assert not is_link(TEXT)
    assert not is_link("Omar")
    assert is_link(f"{TEXT}?amount=1")


@given(
    st.integers(1, 10**18),
    st.text(max_size=40).filter(lambda text: text.isprintable()),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
)
def test_whatever_is_written_is_read_again(amount: int, label: str, memo: str) -> None:
    link = PaymentLink(BAKERY, Amount(amount), label, memo)
    assert parse_link(format_link(link)) == link


def test_what_is_unknown_is_ignored_unless_it_is_required() -> None:
    assert parse_link(f"{TEXT}?colour=red&amount=2") == PaymentLink(BAKERY, Amount(2 * 10**9))
    with pytest.raises(InvalidInput, match="'req-escrow'"):
        parse_link(f"{TEXT}?req-escrow=1")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("amount=1&amount=2", "each part once"),
        ("amount=0", "more than nothing"),
        ("amount=-1", "amount"),
        ("amount=1e3", "amount"),
        ("amount=", "amount"),
        ("memo=%ff", "UTF-8"),
        ("label=" + "x" * 41, "at most 40"),
        ("memo=" + "x" * 3000, "at most 2048"),
    ],
)
def test_what_is_wrong_is_named(query: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse_link(f"{TEXT}?{query}")


def test_a_mistyped_address_is_named() -> None:
    with pytest.raises(InvalidAddress):
        parse_link(TEXT[:-1] + "b?amount=1")
    with pytest.raises(InvalidInput, match="label"):
        format_link(PaymentLink(BAKERY, None, "x" * 41))


def test_halves_of_characters_are_refused_and_the_scheme_is_read_in_any_case() -> None:
    for link in (PaymentLink(BAKERY, label="a\ud800"), PaymentLink(BAKERY, memo="a\ud800")):
        with pytest.raises(InvalidInput, match=r"U\+D800 at position 1"):
            format_link(link)
    assert parse_link(f"CHAINROOM:{TEXT.upper()}") == PaymentLink(BAKERY)
