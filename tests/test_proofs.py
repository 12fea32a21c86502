"""Proofs: made from a run, checked from the document alone; whatever is changed in one is noticed."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import InvalidInput
from chain.ledger.block import Header
from chain.proofs import build_balance_proof, build_transaction_proof, describe_proven, verify
from chain.scenario import build, load_scenario
from chain.simulation.commands import MineBlock, RequestCoins
from chain.simulation.simulation import Simulation
from chain.units import COIN, SECOND, Address, Hash, NodeId, TimeUs
from chain.wallet.address import encode_address

SCENARIO = """
[network]
nodes = 2
[consensus]
protocol = "proof-of-work"
mining = "manual"
grind_hashes = 0
"""


def _build_run() -> Simulation:
    """Seven payments in one block, two blocks on top."""
    simulation = build(load_scenario(SCENARIO, "proofs"), 3)
    for number in range(7):
        simulation.submit(RequestCoins(NodeId(0), Address(bytes([number]) * 20), (number + 1) * COIN))
    for _ in range(3):
        simulation.run_until(TimeUs(simulation.now_us + 20 * SECOND))
        simulation.submit(MineBlock(NodeId(0)))
    return simulation


RUN = _build_run()
BLOCKS = [record.block for record in RUN.world.tree.records]
FULL = next(block for block in BLOCKS if block.transactions)
ABOVE = tuple(block.header for block in BLOCKS if block.header.height > FULL.header.height)


def prove_transaction(index: int, headers: tuple[Header, ...] = ABOVE) -> dict[str, Any]:
    receipts = RUN.world.ledger.receipts(FULL.hash)
    return build_transaction_proof(FULL.header, FULL.transactions, receipts, index, headers)


def prove_balance(address: Address) -> dict[str, Any]:
    state = RUN.world.ledger.state(FULL.hash)
    return build_balance_proof(FULL.header, address, state.get_account(address), state.prove_account(address), ABOVE)


PROVED = {
    "transaction": prove_transaction(4),
    "balance": prove_balance(Address(bytes([3]) * 20)),
    "absence": prove_balance(Address(bytes([77]) * 20)),
}


@pytest.mark.parametrize("index", range(7))
def test_every_transaction_of_a_block_can_be_proved(index: int) -> None:
    document = json.loads(json.dumps(prove_transaction(index)))
    verdict = verify(document, FULL.hash)
    assert verdict.is_good, verdict.steps[-1]
    assert FULL.transactions[index].id.hex()[:16] in describe_proven(document)
    assert "with 2 more on top of it" in describe_proven(document)


def test_a_balance_and_its_absence_can_be_proved() -> None:
    assert verify(PROVED["balance"]).is_good
    assert "owned 4 CR and had sent 0 transactions" in describe_proven(PROVED["balance"])
    assert verify(PROVED["absence"]).is_good
    assert "owned 0 CR" in describe_proven(PROVED["absence"])


def test_what_must_be_trusted_is_said() -> None:
    trusted = verify(PROVED["transaction"]).trusted
    assert "on the chain the network follows" in trusted[0]
    assert "3 confirmations are enough" in trusted[1]
    assert "executed it rightly" in verify(PROVED["balance"]).trusted[1]


def test_a_proof_about_another_block_than_the_trusted_one_fails_at_once() -> None:
    verdict = verify(PROVED["transaction"], Hash(bytes(32)))
    assert (len(verdict.steps), verdict.steps[-1].name) == (1, "header")


def check_fails(document: dict[str, Any], changed: Any) -> None:
    """What is not the document says what is wrong with it, one way or the other."""
    try:
        verdict = verify(changed)
    except InvalidInput:
        return
    assert not verdict.is_good, [key for key in document if document.get(key) != changed.get(key)]
    assert verdict.steps[-1].text


@pytest.mark.parametrize("name", PROVED)
@settings(max_examples=400)
@given(data=st.data())
def test_a_file_with_any_character_changed_lost_or_added_proves_nothing(name: str, data: st.DataObject) -> None:
    document = json.loads(json.dumps(PROVED[name]))
    text = json.dumps(document)
    place = data.draw(st.integers(0, len(text) - 1))
    end = place + data.draw(st.integers(0, 2))
    try:
        changed = json.loads(text[:place] + data.draw(st.text(max_size=2)) + text[end:])
    except ValueError:
        return
    if changed != document:
        check_fails(document, changed)


def iter_parts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every part of a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*path, key)
        yield from iter_parts(part, (*path, key))


@pytest.mark.parametrize("name", PROVED)
def test_every_digit_and_every_part_counts(name: str) -> None:
    document = json.loads(json.dumps(PROVED[name]))
    for *path, last in iter_parts(document):
        changed = copy.deepcopy(document)
        place = changed
        for key in path:
            place = place[key]
        value = place[last]
        others: list[Any] = [None, [], {}, "", 0, -1, True]
        if isinstance(value, str):
            others += [value.upper(), value + " ", value[:-2], value + "00"]
            others += [f"{value[:at]}{'0' if value[at] == '1' else '1'}{value[at + 1 :]}" for at in range(len(value))]
        for other in others:
            place[last] = other
            if json.dumps(changed) != json.dumps(document):
                check_fails(document, changed)
        del place[last]
        check_fails(document, changed)


def test_headers_on_top_must_be_linked() -> None:
    document = prove_transaction(0)
    verdict = verify({**document, "headers": document["headers"][::-1]})
    assert verdict.steps[-1].name == "headers on top"
    assert not verdict.is_good


@pytest.mark.parametrize(
    "document",
    [None, [], "text", {}, {"kind": "rumour"}, {"kind": []}, {"kind": "balance", "version": 1}, {"kind": {}}],
)
def test_what_is_no_proof_is_refused_with_a_reason(document: object) -> None:
    with pytest.raises(InvalidInput):
        verify(document)


def test_an_address_in_a_proof_is_checked() -> None:
    other = encode_address(Address(bytes([4]) * 20))
    verdict = verify({**PROVED["balance"], "address": other})
    assert not verdict.is_good
