"""The debugger's models: any past transaction of a run with contracts can be opened and walked, both ways."""

import pytest

from app.present.contracts import (
    Shelf,
    build_call_row,
    build_contract_fields,
    build_deployed_row,
    build_event_row,
    get_contract_index,
    get_doings,
    list_deployed,
    list_events,
)
from app.present.debugger import open_debugger
from app.present.debugger_tables import (
    build_gas_notes,
    build_marked,
    build_step_fields,
    describe_change,
    list_calls,
    list_memory,
    list_stack,
    list_writes,
)
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.present.index import get_index
from app.present.storage import list_storage
from chain.contracts.storage_places import Place
from chain.contracts.tracer import StorageChange
from chain.scenario import build, convert_scenario
from chain.units import MINUTE, Address, TimeUs

TABLE = {
    "name": "token-test",
    "network": {"nodes": 4},
    "consensus": {"interval": "5s", "grind_hashes": 0},
    "ledger": {"gas_limit": 30_000_000, "initial_base_fee_per_gas": 10},
    "application": [{"name": "token", "people": 4, "rate_per_s": 0.2}],
}


@pytest.fixture(scope="module")
def world():
    simulation = build(convert_scenario(TABLE), 3)
    simulation.run_until(TimeUs(35 * MINUTE), 10**9)
    return simulation.world


@pytest.fixture(scope="module")
def contracts(world):
    return list_deployed(world, world.now_us, Shelf(), Holders(world))


def open_calls(world, contract, name):
    """Return debuggers over the calls of a function, the first ten."""
    function = contract.artifact.abi.get_function(name)
    calls = [
        it for it in contract.doings if getattr(it.signed.transaction.action, "data", b"")[:4] == function.selector
    ]
    return [open_debugger(world, it.block.hash, it.place, Shelf()) for it in calls[:10]]


def test_the_contracts_of_a_run_are_found_by_their_code(world, contracts):
    assert [contract.name for contract in contracts] == ["token", "token sale"]
    assert [contract.artifact.name for contract in contracts] == ["token", "token_sale"]
    assert list_deployed(world, TimeUs(0), Shelf(), Holders(world)) == ()


def test_their_rows_tell_what_they_did(world, contracts):
    holders, state = Holders(world), world.ledger.state(world.get_canonical().hash)
    token, sale = contracts
    rows = [build_call_row(doing, sale, holders) for doing in sale.doings]
    texts = [row[3].text for row in rows]
    assert texts[0] == "created"
    assert texts[1] == "start()"
    assert "buy()" in texts
    events = [build_event_row(told, token, holders) for told in list_events(token)]
    assert events[-1][1].text == "Transfer"
    assert "receiver token sale" in " ".join(row[2].text for row in events)
    assert build_deployed_row(token, state)[1].text == str(len(token.doings))
    assert {field.key: field.value for field in build_contract_fields(sale, state, holders)}["source"] == "token_sale"
    names = [row[0].text for row in list_storage(world, sale, state, holders)[0]]
    assert "sold_lots" in names


@pytest.mark.parametrize("address", [0, 1])
def test_what_was_done_by_a_moment_does_not_depend_on_what_was_asked_before(world, contracts, address):
    """The latest answer is gone on from: forwards, backwards, and from one branch to another."""
    contract, index = contracts[address].address, get_index(world)
    everything = get_contract_index(world).doings[contract]
    blocks = world.tree.records[:: max(1, len(world.tree) // 40)]
    for block in (*blocks, *reversed(blocks), *blocks[::7]):
        at_us = block.published_us
        head = get_canonical(world, at_us)
        expected = tuple(it for it in everything if index.is_on_branch(it.block, head))
        assert get_doings(world, contract, at_us) == expected
    assert len(everything) > 3


def test_lines_are_walked_forwards_and_backwards_alike(world, contracts):
    debugger = open_calls(world, contracts[1], "buy")[0]
    lines, places = [], []
    while debugger.index < len(debugger.trace) - 1:
        before = debugger.index
        debugger.move_line(1)
        marked = build_marked(debugger)
        lines.append(marked.line if marked else None)
        places.append(debugger.index)
        assert debugger.index > before
    assert len(set(lines)) > 5
    for place in reversed(places[:-1]):
        debugger.move_line(-1)
        assert debugger.index <= place
    debugger.go(0)
    debugger.move_line(-1)
    assert debugger.index == 0


def test_storage_changes_as_the_source_says(world, contracts):
    debugger = open_calls(world, contracts[1], "buy")[0]
    holders = Holders(world)
    debugger.move_to_write(1)
    assert debugger.step.name == "SSTORE"
    row = next(row for row in list_writes(debugger, holders) if row[0].text == "▸")
    assert "sold_lots" in row[1].text
    assert int(row[3].text.replace(" ", "")) > int(row[2].text.replace(" ", ""))
    source = debugger.get_artifact(debugger.call).source.splitlines()
    assert "self.sold_lots += lots" in source[build_marked(debugger).line - 1]


def test_one_begins_in_the_function_that_was_called(world, contracts):
    """What chooses the function is mapped to other functions' heads by the compiler: it is passed over."""
    for name in ("buy", "claim"):
        debugger = open_calls(world, contracts[1], name)[0]
        debugger.begin()
        lines = debugger.get_artifact(debugger.call).source.splitlines()
        heads = [line for line in lines[: build_marked(debugger).line] if line.startswith("def ")]
        assert heads[-1].startswith(f"def {name}(")


def test_every_word_that_is_kept_or_written_has_its_name(world, contracts):
    """From what was hashed in the debugger, from what transactions name on the page; only what is whole is compared."""
    holders, state = Holders(world), world.ledger.state(world.get_canonical().hash)
    for contract in contracts:
        rows, is_unfinished = list_storage(world, contract, state, holders)
        while is_unfinished:
            rows, is_unfinished = list_storage(world, contract, state, holders)
        assert all(row[1].text for row in rows), contract.name
        for doing in contract.doings[::7]:
            debugger = open_debugger(world, doing.block.hash, doing.place, Shelf())
            assert not [row[1].text for row in list_writes(debugger, holders) if row[1].text.startswith("0x")]
    token = [row[0].text for row in list_storage(world, contracts[0], state, holders)[0]]
    assert "balanceOf[founder]" in token
    assert sum(name.startswith("balanceOf[") for name in token) >= 4


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (2**256 - 1, 2**256 - 8, ("1.1579208…e77", "−7")),
        (1_234_567_890_123, 1_234_567_890_223, ("1.2345678…e12", "+100")),
        (0, 987_654_321_987_654_321, ("0", "+9.876543…e17")),
        (5, 7, ("5", "7")),
        (10**24, 0, ("1e24", "0")),
    ],
)
def test_of_long_numbers_the_difference_is_told(world, old, new, shown):
    """Two numbers whose first digits are the same say nothing side by side."""
    change = StorageChange(0, 0, Address(bytes(20)), 1, old, new)
    texts = describe_change(Place(("v",), "uint256"), change, Holders(world))
    assert texts == shown
    assert all(len(text) <= 14 for text in texts)


def test_calls_are_stepped_into_over_and_out_of(world, contracts):
    debugger = open_calls(world, contracts[1], "claim")[0]
    assert len(debugger.trace.calls) == 2
    inner = debugger.trace.calls[1]
    debugger.go(inner.first_step)
    assert debugger.get_artifact(debugger.call).name == "token"
    debugger.move_out()
    assert debugger.call.index == 0
    debugger.go(0)
    while debugger.index < len(debugger.trace) - 1:
        debugger.move_over()
        assert debugger.call.index == 0
    rows = list_calls(debugger, Holders(world))
    assert "claim()" in rows[0][0].text
    assert "transfer(" in rows[1][0].text


def test_every_past_transaction_can_be_shown_at_every_step(world, contracts):
    holders, seen = Holders(world), 0
    for contract in contracts:
        for doing in contract.doings[::9]:
            debugger = open_debugger(world, doing.block.hash, doing.place, Shelf())
            assert debugger.trace.result.gas_used == doing.receipt.gas_used
            for index in range(0, len(debugger.trace), max(1, len(debugger.trace) // 5)):
                debugger.go(index)
                assert build_step_fields(debugger, holders)
                assert len(list_stack(debugger.step, holders)) == len(debugger.step.stack)
                list_memory(debugger)
                build_gas_notes(debugger)
                seen += 1
    assert seen > 30


def test_gas_by_line_adds_up_to_what_the_code_took(world, contracts):
    debugger = open_calls(world, contracts[0], "transfer")[0]
    by_line = sum(int(note.replace(" ", "").replace(",", "")) for note in build_gas_notes(debugger).values())
    whole = debugger.trace.calls[0].gas_used
    assert 0.9 * whole <= by_line <= whole


def test_a_creation_is_walked_through_its_constructor(world, contracts):
    made = contracts[1].doings[0]
    debugger = open_debugger(world, made.block.hash, made.place, Shelf())
    assert debugger.get_artifact(debugger.call).name == "token_sale"
    lines = set()
    while debugger.index < len(debugger.trace) - 1:
        debugger.move_line(1)
        marked = build_marked(debugger)
        lines.add(marked.line if marked else None)
    source = debugger.get_artifact(debugger.call).source.splitlines()
    assert any("token = token_" in source[line - 1] for line in lines if line)
