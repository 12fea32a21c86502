"""Credentials on the chain: only a root, and whether it is still good; see docs/contracts/identity.md."""

import pytest
from hypothesis import given, settings
from hypothesis.strategies import booleans, dictionaries, integers, lists, sampled_from, text, tuples
from stage import ALICE, BOB, CAROL, NOBODY, Contract, Reverted, Stage

from chain.contracts.selective_disclosure import (
    Presentation,
    build_credential,
    build_presentation,
    get_call_arguments,
    is_presentation_valid,
)
from chain.units import Address
from chain.wallet.secret import Secret

UNIVERSITY, REGISTRY_OFFICE, STRANGER = ALICE, BOB, CAROL
YEAR_S = 365 * 24 * 3600
SEED, KEY = Secret(bytes(range(32))), Secret(bytes(range(100, 132)))
CREDENTIAL = build_credential({"name": "Ada", "born": "1815-12-10", "degree": "mathematics"}, SEED)
ADA: Address = build_presentation(CREDENTIAL, 0, ["name"], "?", KEY).holder


@pytest.fixture
def registry() -> Contract:
    """Credential 0: Ada's degree, for a year."""
    stage = Stage()
    registry = stage.deploy("credentials", STRANGER)
    registry.send(UNIVERSITY, "issue", ADA, CREDENTIAL.root, stage.time_s + YEAR_S)
    return registry


def verify(registry: Contract, presentation: Presentation) -> bool:
    """Ask the contract."""
    answer: bool = registry.get("verify", *get_call_arguments(presentation))
    return answer


def test_the_chain_learns_a_root_and_nothing_else(registry: Contract) -> None:
    issuer, subject, root, _, is_revoked = registry.get("credentials", 0)
    assert (issuer, subject, root, is_revoked) == (UNIVERSITY, ADA, CREDENTIAL.root, False)


def test_a_reader_of_the_events_learns_no_more(registry: Contract) -> None:
    expires_s = registry.stage.time_s + YEAR_S
    issued = registry.send(REGISTRY_OFFICE, "issue", STRANGER, CREDENTIAL.root, expires_s)
    assert issued.value == 1
    assert [(event.name, *event.values.values()) for event in issued.events] == [
        ("Issued", 1, REGISTRY_OFFICE, STRANGER, CREDENTIAL.root, expires_s)
    ]


def test_a_reader_asks_the_contract_and_checks_the_signature(registry: Contract) -> None:
    """The whole way: subject and root from the chain, claims and signature from the presentation."""
    shown = build_presentation(CREDENTIAL, 0, ["degree", "born"], "library card, 9:41", KEY)
    assert verify(registry, shown)
    _, subject, root, *_ = registry.get("credentials", shown.credential)
    assert is_presentation_valid(shown, root, subject, "library card, 9:41")


def test_a_revoked_credential_never_verifies(registry: Contract) -> None:
    shown = build_presentation(CREDENTIAL, 0, ["degree"], "?", KEY)
    with pytest.raises(Reverted, match="not the issuer"):
        registry.send(REGISTRY_OFFICE, "revoke", 0, "envy")
    done = registry.send(UNIVERSITY, "revoke", 0, "copied")
    assert done.events == [(registry, "Revoked", {"credential": 0, "reason": "copied"})]
    assert not verify(registry, shown)
    assert not registry.get("is_valid", 0)
    with pytest.raises(Reverted, match="revoked already"):
        registry.send(UNIVERSITY, "revoke", 0, "again")


def test_it_expires(registry: Contract) -> None:
    shown = build_presentation(CREDENTIAL, 0, ["degree"], "?", KEY)
    registry.stage.pass_time(YEAR_S - 1)
    assert verify(registry, shown)
    registry.stage.pass_time(1)
    assert not verify(registry, shown)


def test_one_wrong_claim_spoils_all(registry: Contract) -> None:
    number, claims = get_call_arguments(build_presentation(CREDENTIAL, 0, ["degree", "name"], "?", KEY))
    name, value, salt, place, path = claims[0]
    assert registry.get("verify", number, claims)
    for wrong in (
        (name, "law", salt, place, path),
        ("degrees", value, salt, place, path),
        (name, value, bytes(32), place, path),
        (name, value, salt, place ^ 1, path),
        (name, value, salt, place + (1 << len(path)), path),
        (name, value, salt, place, path[:-1]),
        (name, value, salt, place, [*path, bytes(32)]),
    ):
        assert not registry.get("verify", number, [claims[1], wrong])
    assert not registry.get("verify", number, [])
    assert not registry.get("verify", 1, claims)


def test_no_root_is_in_no_tree(registry: Contract) -> None:
    """A place beyond the tree yields the empty root, so the empty root is never issued."""
    stage = registry.stage
    for subject, root, expires_s, reason in (
        (ADA, bytes(32), stage.time_s + 1, "no root"),
        (NOBODY, CREDENTIAL.root, stage.time_s + 1, "no subject"),
        (ADA, CREDENTIAL.root, stage.time_s, "expired already"),
    ):
        with pytest.raises(Reverted, match=reason):
            registry.send(UNIVERSITY, "issue", subject, root, expires_s)


@settings(max_examples=40)
@given(
    claims=dictionaries(text(min_size=1, max_size=8), text(max_size=24), min_size=1, max_size=20),
    chosen=lists(integers(0, 19), min_size=1, max_size=10),
    history=lists(tuples(sampled_from([UNIVERSITY, REGISTRY_OFFICE]), booleans(), integers(0, YEAR_S)), max_size=4),
)
def test_contract_and_holder_compute_the_same_tree(
    claims: dict[str, str], chosen: list[int], history: list[tuple[Address, bool, int]]
) -> None:
    """Whatever the claims, they verify exactly until they expire or their issuer revokes: never again afterwards."""
    stage = Stage()
    registry = stage.deploy("credentials", STRANGER)
    credential = build_credential(claims, SEED)
    expires_s, is_revoked = stage.time_s + YEAR_S, False
    registry.send(UNIVERSITY, "issue", ADA, credential.root, expires_s)
    names = [credential.names[place % len(claims)] for place in chosen]
    shown = build_presentation(credential, 0, names, "?", KEY)
    for who, does_revoke, wait_s in [(UNIVERSITY, False, 0), *history]:
        stage.pass_time(wait_s)
        if does_revoke and not is_revoked:
            if who == UNIVERSITY:
                registry.send(who, "revoke", 0, "why not")
                is_revoked = True
            else:
                with pytest.raises(Reverted, match="not the issuer"):
                    registry.send(who, "revoke", 0, "why not")
        assert verify(registry, shown) == (not is_revoked and stage.time_s < expires_s)
