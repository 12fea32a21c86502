"""Some claims of a credential are shown, the others stay unknown.

The example is a student, Ada: ``credential = build_credential({"name": "Ada", …}, seed)``; the issuer puts
``credential.root`` on the chain; Ada answers a reader's challenge with ``build_presentation(credential, number,
["degree"], challenge, key)``.
"""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis.strategies import binary, dictionaries, integers, sets, text

from chain.contracts.abi_types import Elementary, Tuple, encode_value
from chain.contracts.keccak import compute_keccak
from chain.contracts.selective_disclosure import (
    MAX_CLAIMS,
    Claim,
    Credential,
    Presentation,
    ShownClaim,
    build_credential,
    build_presentation,
    compute_leaf,
    compute_shown_root,
    is_presentation_valid,
    read_credential,
    read_presentation,
    write_json,
)
from chain.errors import InvalidEncoding, InvalidInput
from chain.wallet.secret import Secret

CLAIMS = {"name": "Ada Lovelace", "born": "1815-12-10", "degree": "mathematics", "grade": "1.0", "town": "London"}
SEED, KEY = Secret(bytes(range(32))), Secret(bytes(range(100, 132)))
CREDENTIAL = build_credential(CLAIMS, SEED)
SHOWN = build_presentation(CREDENTIAL, 7, ["degree", "name"], "reader 1, 9:41", KEY)


def test_chosen_claims_are_shown_and_prove_themselves() -> None:
    assert [(s.claim.name, s.claim.value) for s in SHOWN.claims] == [
        ("degree", "mathematics"),
        ("name", "Ada Lovelace"),
    ]
    assert SHOWN.credential == 7
    assert is_presentation_valid(SHOWN, CREDENTIAL.root, SHOWN.holder, "reader 1, 9:41")


def test_it_is_worthless_elsewhere() -> None:
    """Another challenge, credential, subject or key: who copied a presentation cannot use it."""
    thief = Secret(bytes(32))
    other = build_credential(CLAIMS, thief)
    root, holder, challenge = CREDENTIAL.root, SHOWN.holder, SHOWN.challenge
    assert not is_presentation_valid(SHOWN, root, holder, "reader 2, 9:42")
    assert not is_presentation_valid(SHOWN, other.root, holder, challenge)
    own = build_presentation(other, 7, ["name"], challenge, thief)
    assert not is_presentation_valid(SHOWN, root, own.holder, challenge)
    stolen = msgspec.structs.replace(SHOWN, public_key=own.public_key)
    assert not is_presentation_valid(stolen, root, own.holder, challenge)
    relabelled = msgspec.structs.replace(SHOWN, credential=8)
    assert not is_presentation_valid(relabelled, root, holder, challenge)


def test_a_changed_claim_proves_nothing() -> None:
    shown = SHOWN.claims[0]
    for claim in (
        msgspec.structs.replace(shown.claim, value="law"),
        msgspec.structs.replace(shown.claim, name="degre"),
        msgspec.structs.replace(shown.claim, salt=bytes(32)),
        msgspec.structs.replace(shown.claim, salt=b""),
    ):
        assert compute_shown_root(msgspec.structs.replace(shown, claim=claim)) != CREDENTIAL.root
    for place in (shown.place ^ 1, shown.place + 8, -1):
        assert compute_shown_root(msgspec.structs.replace(shown, place=place)) != CREDENTIAL.root
    for path in (shown.path[:-1], (*shown.path, bytes(32)), (b"", *shown.path[1:])):
        assert compute_shown_root(msgspec.structs.replace(shown, path=path)) != CREDENTIAL.root


def test_a_node_never_passes_as_a_leaf() -> None:
    """The claim would have to be 64 bytes that are two hashes; but a leaf begins with another byte."""
    shown = SHOWN.claims[0]
    above = ShownClaim(shown.claim, shown.place >> 1, shown.path[1:])
    assert compute_shown_root(above) != CREDENTIAL.root
    row = Tuple((Elementary("string"), Elementary("string"), Elementary("bytes", 32)))
    leaf = encode_value(row, ("degree", "mathematics", shown.claim.salt))
    assert compute_leaf(shown.claim) == compute_keccak(b"\0" + leaf)


@settings(max_examples=60)
@given(
    secrets=dictionaries(
        text("abcdefgh", min_size=1, max_size=4), text("0123456789", min_size=4, max_size=12), min_size=2
    ),
    seed=binary(min_size=32, max_size=32),
    shown=sets(integers(0, 20), min_size=1, max_size=8),
)
def test_what_is_not_shown_cannot_be_derived(secrets: dict[str, str], seed: bytes, shown: set[int]) -> None:
    """Neither text nor salt of a hidden claim is in a presentation; no guess can be checked against its hashes."""
    credential = build_credential(secrets, Secret(seed))
    chosen = {credential.names[place % len(secrets)] for place in sorted(shown)}
    presentation = build_presentation(credential, 0, chosen, "?", KEY)
    assert {s.claim.name for s in presentation.claims} == chosen
    shown_salts = [s.claim.salt for s in presentation.claims]
    hashes = {partner for s in presentation.claims for partner in s.path}
    document = write_json(presentation)
    for claim in credential.claims:
        if claim.name not in chosen:
            assert msgspec.json.encode(claim.salt) not in document
            assert claim.salt not in shown_salts
            for salt in (*shown_salts, bytes(32), seed):  # all that the reader could try: the right text, a known salt
                assert compute_leaf(Claim(claim.name, claim.value, salt)) not in hashes
    assert seed not in [*shown_salts, *hashes]


@given(seed=binary(min_size=32, max_size=32), value=text("ab", max_size=3))
def test_hidden_values_leave_no_pattern(seed: bytes, value: str) -> None:
    """The same claims under another seed share no salt; a proof's length tells the number to a power of two only."""
    claims = {"a": value, "b": value, "c": "x"}
    first, second = build_credential(claims, SEED), build_credential(claims, Secret(seed))
    assert not {c.salt for c in first.claims} & {c.salt for c in second.claims}
    three = build_presentation(second, 0, ["c"], "?", KEY)
    four = build_presentation(build_credential({**claims, "d": "y"}, Secret(seed)), 0, ["c"], "?", KEY)
    assert len(three.claims[0].path) == len(four.claims[0].path) == 2


def test_places_do_not_follow_names() -> None:
    """Leaves stand in the order of their salts, so a place does not tell which claims there are besides."""
    orders = {
        tuple(c.name for c in build_credential(CLAIMS, Secret(bytes([seed]) * 32)).claims if c.name)
        for seed in range(20)
    }
    assert len(orders) > 10  # of the 120 there are


@pytest.mark.parametrize("count", [1, 2, 3, 16, 17, MAX_CLAIMS])
def test_any_number_of_claims(count: int) -> None:
    claims = {f"claim {n}": str(n) for n in range(count)}
    credential = build_credential(claims, SEED)
    shown = build_presentation(credential, 0, [f"claim {count - 1}"], "?", KEY)
    assert 1 << len(shown.claims[0].path) == len(credential.claims)
    assert is_presentation_valid(shown, credential.root, shown.holder, "?")


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({}, "number of claims"),
        ({str(n): "" for n in range(MAX_CLAIMS + 1)}, "number of claims"),
        ({"": "x"}, "name of a claim"),
        ({"é" * 17: "x"}, "name of a claim"),
        ({"x": "v" * 97}, "value of a claim"),
        ({"x": "\ud800"}, "value of a claim"),
    ],
)
def test_claims_that_the_contract_could_not_read_are_refused(claims: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        build_credential(claims, SEED)


def test_what_cannot_be_shown_is_named() -> None:
    with pytest.raises(InvalidInput, match="one of born, degree, grade, name, town"):
        build_presentation(CREDENTIAL, 0, ["salary"], "?", KEY)
    with pytest.raises(InvalidInput, match="number of claims to show"):
        build_presentation(CREDENTIAL, 0, [], "?", KEY)
    with pytest.raises(InvalidInput, match="claim"):
        build_presentation(CREDENTIAL, 0, [""], "?", KEY)  # the leaves that fill the tree up
    with pytest.raises(InvalidInput, match="challenge"):
        build_presentation(CREDENTIAL, 0, ["name"], "", KEY)
    with pytest.raises(InvalidInput, match="seed of the credential"):
        build_credential(CLAIMS, Secret(b"short"))


def test_documents_survive_files() -> None:
    assert read_credential(write_json(CREDENTIAL)) == CREDENTIAL
    assert read_presentation(write_json(SHOWN)) == SHOWN


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[" * 10_000,
        b"\xff",
        b" " * 300_000,
        write_json(SHOWN),
        msgspec.json.encode(Credential(CREDENTIAL.claims[:5])),
        msgspec.json.encode(Credential((Claim("a", "b", b"short"),))),
        msgspec.json.encode(Credential(())),
    ],
)
def test_what_is_no_credential_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidEncoding):
        read_credential(data)


@pytest.mark.parametrize("place", ["-1", "256", "9" * 400])
def test_numbers_that_no_presentation_has_are_refused(place: str) -> None:
    data = write_json(SHOWN).replace(b'"place": %d' % SHOWN.claims[0].place, b'"place": ' + place.encode())
    with pytest.raises(InvalidEncoding):
        read_presentation(data)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidEncoding):
        read_presentation(write_json(msgspec.structs.replace(SHOWN, public_key=bytes(length))))


@given(key=binary(min_size=32, max_size=32), signature=binary(max_size=70))
def test_a_foreign_presentation_is_checked_never_trusted(key: bytes, signature: bytes) -> None:
    """Whatever stands in it, the answer is no, not an error."""
    foreign = read_presentation(write_json(Presentation(7, SHOWN.claims, SHOWN.challenge, key, signature)))
    assert not is_presentation_valid(foreign, CREDENTIAL.root, foreign.holder, SHOWN.challenge)
