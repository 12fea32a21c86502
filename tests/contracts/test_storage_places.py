"""Places in storage get the names their source gives them: from the layout, from what was hashed, from keys tried."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from chain.contracts.abi import encode_arguments
from chain.contracts.artifact import Artifact, Variable, read_artifact
from chain.contracts.evm import Account, Context, MemoryHost, Message, execute_message
from chain.contracts.keccak import compute_keccak, compute_keccak_word
from chain.contracts.library import iter_names, load_artifact
from chain.contracts.storage_layout import Layout, List, Map, Row, Struct, Text, Word, read_layout
from chain.contracts.storage_places import Key, StoragePlaces
from chain.contracts.tracer import trace_message
from chain.units import Address

MATERIAL = Path(__file__).parent / "material"
ALICE = Address(b"\x0a" * 20)
A_WORD = ALICE.rjust(32, b"\0")


def write(path):
    """A path as one would read it, keys in hexadecimal without zeros before them."""
    return "".join(f"[{part.value.lstrip(bytes(1)).hex() or 0}]" if isinstance(part, Key) else part for part in path)


def build(variables, source=""):
    rows = [list(it) for it in variables]
    return read_artifact({"abi": [], "bytecode": "0x00", "variables": rows, "source": source})


# Layouts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", iter_names())
def test_the_variables_of_shipped_contracts_fill_their_places_without_a_gap(name) -> None:
    """Vyper says where each begins; how long each is was read from its type, structures from the source."""
    artifact = load_artifact(name)
    members = read_layout(artifact).members
    assert [it.name for it in members] == [it.name for it in artifact.variables]
    for one, following in pairwise(members):
        assert one.slot + one.shape.slots == following.slot, one.name


def test_types_of_vyper_are_shapes() -> None:
    source = "MOST: constant(uint256) = 3\nstruct Pair:\n    # two\n    a: address  # one\n    b: String[33]\n\n"
    source += "flag Kind:\n    X\n"
    kinds = [
        "Pair",
        "Kind",
        "IERC20",
        "uint8[2][MOST]",
        "DynArray[Pair, MOST]",
        "HashMap[bytes32, HashMap[int8, Kind]]",
    ]
    members = read_layout(build([(f"v{n}", kind, 100 * n) for n, kind in enumerate(kinds)], source)).members
    pair, kind, interface, rows, pairs, maps = (it.shape for it in members)
    assert isinstance(pair, Struct)
    assert [(it.name, it.slot) for it in pair.members] == [("a", 0), ("b", 1)]
    assert (pair.slots, kind, interface) == (4, Word("uint256"), Word("address"))
    assert rows == Row(Row(Word("uint8"), 2), 6)
    assert pairs == List(Row(pair, 12), 13)
    assert maps == Map("bytes32", Map("int8", Word("uint256")))


@pytest.mark.parametrize(
    "kind", ["uint256[MANY]", "HashMap[uint256", "DynArray[uint8]", "a b", "x[0]", "u[9999999999999]"]
)
def test_what_is_not_understood_is_left_out(kind) -> None:
    """A guess would give names to places that have none; deep types end too."""
    assert read_layout(build([("v", kind, 0)])).members == ()
    assert read_layout(build([("v", "HashMap[uint8, " * 50 + "uint8" + "]" * 50, 0)])).members == ()


def test_structures_that_multiply_have_an_end() -> None:
    """Thirty names for each part, sixteen deep, would be more types than atoms."""
    source = "".join(f"struct S{n}:\n" + "".join(f"    m{m}: S{n + 1}\n" for m in range(30)) for n in range(15))
    assert read_layout(build([("v", "S0", 0), ("w", "uint8", 1)], source)).members == ()
    entry = {"encoding": "inplace", "label": "struct S", "numberOfBytes": "32"}
    members = [{"label": f"m{n}", "slot": "0", "offset": 0, "type": "S"} for n in range(30)]
    layout = {
        "storage": [{"label": "v", "slot": "0", "offset": 0, "type": "S"}],
        "types": {"S": {**entry, "members": members}},
    }
    ledger = {"abi": [], "bytecode": "0x00", "storageLayout": layout}
    assert read_layout(read_artifact(ledger)).members == ()
    entry["members"] = ["no", {"slot": "x"}]
    layout["types"] = {"S": entry}
    assert read_layout(read_artifact(ledger)).members == ()


def test_types_of_solidity_are_shapes_with_offsets() -> None:
    layout = read_layout(read_artifact((MATERIAL / "Ledger.json").read_bytes()))
    assert layout.is_solidity
    by_name = {it.name: it for it in layout.members}
    assert (by_name["open"].slot, by_name["open"].offset, by_name["open"].shape) == (0, 16, Word("bool", 1))
    assert by_name["title"].shape == Text("string", 1)
    entries = by_name["entries"].shape
    assert isinstance(entries, Map)
    assert isinstance(entries.value, Map)
    assert isinstance(entries.value.value, Struct)
    assert [(it.name, it.slot, it.offset) for it in entries.value.value.members] == [
        ("owner", 0, 0),
        ("weight", 0, 20),
        ("amount", 1, 0),
    ]


# Names ---------------------------------------------------------------------------------------------------------------


def deploy(artifact: Artifact, *arguments) -> tuple[MemoryHost, Address]:
    host = MemoryHost()
    host.set_account(ALICE, Account(0, 10**18))
    code = artifact.bytecode + encode_arguments(artifact.abi.constructor.inputs, arguments)
    result = execute_message(host, Context(), Message(ALICE, None, 10**7, 0, code))
    assert result.success
    assert result.created is not None
    return host, result.created


def trace_names(artifact: Artifact, host: MemoryHost, contract: Address, name: str, *arguments, value: int = 0):
    """The names of the places a call writes, from what it hashed."""
    call = artifact.abi.get_function(name).encode_call(arguments)
    trace = trace_message(host, Context(), Message(ALICE, contract, 10**6, value, call))
    assert trace.result.success
    places = StoragePlaces(read_layout(artifact))
    places.learn(trace.preimages)
    return [[write(it.path) for it in places.find(change.key)] for change in trace.storage_changes]


def test_what_solidity_hashed_names_maps_lists_and_texts() -> None:
    """Maps in maps, a string as a key, packed members of a structure, a list that grows."""
    artifact = read_artifact((MATERIAL / "Ledger.json").read_bytes())
    host, contract = deploy(artifact, "gold and silver", 3)
    assert artifact.is_code(host.get_code(contract))  # though its maker is written into it
    a, gold = ALICE.hex(), b"gold".hex()
    assert trace_names(artifact, host, contract, "put", 5, value=9) == [
        [f"balances[{a}]"],
        [f"entries[{a}][05].owner", f"entries[{a}][05].weight"],
        [f"entries[{a}][05].amount"],
        ["list"],
        ["list[0]"],
        ["three[1]"],
        [f"byName[{gold}]"],
    ]


def test_what_vyper_hashed_names_maps_in_maps() -> None:
    artifact = load_artifact("token")
    host, contract = deploy(artifact, "Gold", "G", 18, 1000)
    bob = Address(b"\x0b" * 20)
    a, b = ALICE.hex(), bob.hex()
    assert trace_names(artifact, host, contract, "approve", bob, 7) == [[f"allowance[{a}][{b}]"]]
    assert trace_names(artifact, host, contract, "transfer", bob, 7) == [[f"balanceOf[{a}]"], [f"balanceOf[{b}]"]]


def test_keys_that_somebody_used_are_tried_and_nothing_else_gets_a_name() -> None:
    artifact = load_artifact("token")
    host, contract = deploy(artifact, "Gold", "G", 18, 1000)
    words = host.storages[contract]
    places = StoragePlaces(read_layout(artifact))
    names = {slot: [write(it.path) for it in places.find(slot)] for slot in words}
    hashed = [slot for slot, found in names.items() if not found]
    assert len(hashed) == 1
    places.try_keys([b"\x0c" * 32, bytes(31) + b"\7"])
    assert places.find(hashed[0]) == ()
    places.try_keys([A_WORD])
    assert [write(it.path) for it in places.find(hashed[0])] == [f"balanceOf[{ALICE.hex()}]"]
    assert names[0] == ["name"]
    assert names[1] == ["name[0]"]


def test_numbers_are_tried_as_keys_without_being_named() -> None:
    """Many maps count from zero, and no transaction says how far they are."""
    layout = read_layout(build([("v", "HashMap[address, HashMap[uint256, uint256[2]]]", 4)]))
    places, unnamed = StoragePlaces(layout, 3), StoragePlaces(layout)
    for it in (places, unnamed):
        it.try_keys([A_WORD])
    slot = compute_keccak_word(compute_keccak(bytes(31) + b"\4" + A_WORD) + bytes(31) + b"\2")
    assert [write(it.path) for it in places.find(slot + 1)] == [f"v[{ALICE.hex()}][02][1]"]
    assert unnamed.find(slot + 1) == places.find(slot + 2) == ()


def test_an_empty_layout_knows_nothing() -> None:
    places = StoragePlaces(Layout(()))
    places.learn([bytes(64)])
    places.try_keys([A_WORD])
    assert places.find(0) == ()


def test_layouts_come_back_from_our_own_form() -> None:
    ledger = read_artifact((MATERIAL / "Ledger.json").read_bytes())
    again = read_artifact(json.dumps(ledger.to_json()).encode())
    assert read_layout(again) == read_layout(ledger) != Layout(())
    assert Variable("open", "t_bool", 0, 16) in again.variables
