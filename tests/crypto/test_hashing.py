"""One hash with domains; grinding finds the first nonce that meets a target."""

import hashlib

import pytest

from chain.crypto.hashing import MAX_TARGET, digest, digest_with_nonce, grind, meets_target
from chain.errors import InvalidInput


def test_a_digest_is_blake2b_256_personalised_by_its_domain() -> None:
    expected = hashlib.blake2b(b"data", digest_size=32, person=b"some-domain").digest()
    assert digest("some-domain", b"data") == digest(b"some-domain", b"data") == expected


def test_the_blake2b_below_is_the_one_of_rfc_7693() -> None:
    assert hashlib.blake2b(b"abc").hexdigest().startswith("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b7")


def test_domains_keep_equal_bytes_apart() -> None:
    assert len({digest(domain, b"data") for domain in ("a", "b", "ab", "a-much-longer-1")}) == 4


@pytest.mark.parametrize("domain", ["", "seventeen-letters"])
def test_a_domain_has_1_to_16_bytes(domain: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 16 bytes"):
        digest(domain, b"")


def test_grind_returns_the_first_nonce_that_meets_the_target() -> None:
    target = 2**256 // 300
    nonce = grind("pow", b"header", target)
    met = [n for n in range(nonce + 1) if meets_target(digest_with_nonce("pow", b"header", n), target)]
    assert met == [nonce]


def test_grind_goes_on_from_a_start() -> None:
    target = 2**256 // 50
    first = grind("pow", b"header", target)
    second = grind("pow", b"header", target, first + 1)
    assert second > first
    assert meets_target(digest_with_nonce("pow", b"header", second), target)


def test_the_target_itself_is_met_and_one_less_is_not() -> None:
    exact = int.from_bytes(digest_with_nonce("pow", b"header", 7))
    assert grind("pow", b"header", exact, start=7) == 7
    assert grind("pow", b"header", exact - 1, start=7) != 7
    assert grind("pow", b"header", MAX_TARGET, start=5) == 5


def test_a_target_takes_about_as_many_tries_as_it_says() -> None:
    nonces = [grind("pow", bytes([i]), 2**256 // 64) for i in range(200)]
    assert 50 < sum(nonces) / len(nonces) < 80  # mean 63, standard error 4.5; the same on every machine


@pytest.mark.parametrize("target", [-1, MAX_TARGET + 1])
def test_a_target_out_of_range_is_refused(target: int) -> None:
    with pytest.raises(InvalidInput, match="proof-of-work target"):
        grind("pow", b"header", target)


def test_grinding_ends_when_the_nonces_do() -> None:
    with pytest.raises(InvalidInput, match="proof-of-work nonce"):
        grind("pow", b"header", 0, start=2**64 - 100)
