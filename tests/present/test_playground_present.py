"""The playgrounds by themselves: what is typed gives these lines, whatever is typed."""

import pytest

from app.present.playground import PLAYGROUNDS, Playground, act, count_flipped, count_zeros, hash_text, hunt
from chain.crypto.merkle import compute_root

BY_KEY = {playground.key: playground for playground in PLAYGROUNDS}
HOSTILE = ("", "[/x]", "\x1b[31m", "\u202eabc", "\ud800", "9" * 400, "a" * 10_000, ",,,,", "-1", "½", "٣")


def answer(key: str, **typed: str) -> dict[str, str]:
    playground = BY_KEY[key]
    values = {box.key: box.value for box in playground.boxes} | typed
    return {line.label: line.text for line in playground.compute(values)}


def test_one_letter_flips_about_half_of_the_bits() -> None:
    flipped = [count_flipped(hash_text(f"text {n}"), hash_text(f"text {n + 1}")) for n in range(200)]
    assert 120 < sum(flipped) / 200 < 136
    assert answer("hash", text="a", other="a")["differ in"].startswith("0 of 256")


def test_the_hunt_ends_at_the_first_nonce_that_will_do() -> None:
    found = hunt("block", 0, 100_000, 2)
    assert count_zeros(hash_text(f"block{found}")) >= 2
    assert all(count_zeros(hash_text(f"block{nonce}")) < 2 for nonce in range(found))
    assert "✓" in answer("nonce", text="block", nonce=str(found), zeros="2")["verdict"]
    assert "✗" in answer("nonce", text="block", nonce=str(found), zeros="8")["verdict"]


def test_a_signature_holds_for_the_signed_words_only() -> None:
    assert "✓" in answer("sign")["verdict"]
    assert "✗" in answer("sign", shown="pay Omar 50 CR")["verdict"]


def test_every_leaf_is_proved() -> None:
    leaves = [b"a", b"b", b"c", b"d", b"e"]
    for place in range(1, 6):
        told = answer("merkle", leaves="a,b,c,d,e", place=str(place))
        assert told["root"] == compute_root(leaves).hex()
        assert "✓" in told["verdict"]


def test_entropy_becomes_the_words_of_bip_39() -> None:
    told = answer("keys", entropy="00" * 16)
    assert told["2 words"] == "abandon abandon abandon abandon abandon abandon"
    assert told["6 address"].startswith("cr1q")
    assert "problem" in answer("keys", entropy="00" * 15)
    assert "problem" in answer("keys", path="m/x")


@pytest.mark.parametrize("playground", PLAYGROUNDS, ids=lambda it: it.key)
@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_typed_is_answered(playground: Playground, text: str) -> None:
    lines = playground.compute({box.key: text for box in playground.boxes})
    assert lines


def test_buttons_change_what_they_name() -> None:
    assert act("keys", "roll-long", {}, lambda size: b"\x07" * size) == {"entropy": "07" * 32}
    values = {"text": "x", "nonce": "4", "zeros": "1"}
    assert act("nonce", "next", values, bytes)["nonce"] == "5"
    assert int(act("nonce", "hunt", values, bytes)["nonce"]) >= 5
