"""Ed25519: the verdicts of RFC 8032 and of Wycheproof, never an exception, and a memo that changes nothing."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.crypto.signatures import SignatureCache, expand_seed, get_public_key, is_valid_signature, sign
from chain.errors import InvalidInput

VECTORS = Path(__file__).parents[1] / "vectors"
RFC_8032 = json.loads((VECTORS / "rfc8032_ed25519.json").read_text())["tests"]
WYCHEPROOF = json.loads((VECTORS / "wycheproof_ed25519.json").read_text())["tests"]

SEED = bytes(range(32))
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize("vector", RFC_8032, ids=["1", "2", "3", "1024", "SHA(abc)"])
def test_rfc_8032(vector: list[str]) -> None:
    seed, public_key, message, signature = map(bytes.fromhex, vector)
    assert get_public_key(seed) == public_key
    assert sign(seed, message) == signature
    assert is_valid_signature(public_key, message, signature)


def test_wycheproof_verdicts() -> None:
    for number, public_key, message, signature, verdict, comment in WYCHEPROOF:
        found = is_valid_signature(*map(bytes.fromhex, (public_key, message, signature)))
        if verdict != "acceptable":  # there, implementations may differ
            assert found == (verdict == "valid"), (number, comment)


def test_public_keys_of_small_order_are_refused() -> None:
    small = [v for v in WYCHEPROOF if "torsion point" in v[5] and v[5].startswith("canonical")]
    assert len(small) == 7
    assert not any(is_valid_signature(*map(bytes.fromhex, vector[1:4])) for vector in small)


def test_a_signature_cannot_be_written_in_a_second_way() -> None:
    public_key, signature = get_public_key(SEED), sign(SEED, b"message")
    scalar = int.from_bytes(signature[32:], "little") + GROUP_ORDER
    malleable = signature[:32] + scalar.to_bytes(32, "little")
    assert not is_valid_signature(public_key, b"message", malleable)


@given(bit=st.integers(0, 64 * 8 - 1))
def test_any_flipped_bit_makes_it_invalid(bit: int) -> None:
    signature = int.from_bytes(sign(SEED, b"message")) ^ 1 << bit
    assert not is_valid_signature(get_public_key(SEED), b"message", signature.to_bytes(64))


@given(public_key=st.binary(max_size=70), message=st.binary(max_size=70), signature=st.binary(max_size=70))
def test_any_bytes_get_an_answer(public_key: bytes, message: bytes, signature: bytes) -> None:
    assert not is_valid_signature(public_key, message, signature)
    assert not SignatureCache().is_valid(public_key, message, signature)


def test_an_expanded_seed_signs_alike() -> None:
    assert sign(expand_seed(SEED), b"message") == sign(SEED, b"message")


@pytest.mark.parametrize("length", [0, 31, 33, 63, 65])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidInput, match="Ed25519 seed length"):
        sign(bytes(length), b"message")


def test_a_cache_checks_each_content_once() -> None:
    cache, public_key, signature = SignatureCache(), get_public_key(SEED), sign(SEED, b"message")
    assert all(cache.is_valid(public_key, b"message", signature) for _ in range(3))
    assert not any(cache.is_valid(public_key, b"another", signature) for _ in range(3))
    assert cache.checks == 2


def test_a_full_cache_forgets_the_oldest_and_answers_as_before() -> None:
    cache, public_key = SignatureCache(limit=2), get_public_key(SEED)
    messages = [bytes([i]) for i in range(3)]
    for message in messages:
        assert cache.is_valid(public_key, message, sign(SEED, message))
    assert len(cache) == 2
    assert cache.is_valid(public_key, messages[0], sign(SEED, messages[0]))
    assert cache.checks == 4
    assert cache.is_valid(public_key, messages[2], sign(SEED, messages[2]))
    assert cache.checks == 4
