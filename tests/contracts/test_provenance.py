"""The way of goods, read from events alone. (tests/contracts/library/test_supply_chain.py plays the contract.)"""

from chain.contracts.abi_types import encode_value
from chain.contracts.evm import Log
from chain.contracts.library import load_artifact
from chain.contracts.provenance import HandOver, find_recall, get_descendants, get_lineage, read_batches
from chain.units import Address, Hash

ABI = load_artifact("supply_chain").abi
FARM, MILL, SHOP = (Address(bytes(19) + bytes([n])) for n in (1, 2, 3))


def make_log(name: str, *values: object) -> Log:
    """Return the log in which the contract tells an event."""
    event = next(event for event in ABI.events if event.name == name)
    topics, data, tail = [event.topic], b"", b""
    plain = [parameter for parameter in event.inputs if not parameter.indexed]
    for parameter, value in zip(event.inputs, values, strict=True):
        if parameter.indexed:
            topics.append(Hash(encode_value(parameter.type, value)))
            continue
        encoded = encode_value(parameter.type, value)
        if isinstance(value, str):
            data += (32 * len(plain) + len(tail)).to_bytes(32)
            tail += encoded
        else:
            data += encoded
    return Log(Address(bytes(20)), tuple(topics), data + tail)


STORY = [
    (10, make_log("Licensed", FARM, True)),
    (20, make_log("Made", 0, FARM, "wheat", 100)),
    (30, make_log("Made", 1, FARM, "wheat", 50)),
    (40, make_log("Offered", 0, FARM, MILL)),
    (50, make_log("Handed", 0, FARM, MILL)),
    (60, make_log("Derived", 2, 0, 70)),
    (60, make_log("Derived", 3, 0, 30)),
    (70, make_log("Offered", 1, FARM, MILL)),
    (80, make_log("Handed", 1, FARM, MILL)),
    (90, make_log("Derived", 4, 1, 80)),
    (90, make_log("Derived", 4, 3, 80)),
    (95, make_log("Offered", 4, MILL, SHOP)),
]


def test_a_batch_knows_how_it_came_to_be_and_through_whose_hands_it_went() -> None:
    batches = read_batches(ABI, STORY)
    assert batches[0].hand_overs == (HandOver(50, FARM, MILL),)
    assert (batches[0].maker, batches[0].holder, batches[0].is_live) == (FARM, MILL, False)
    assert (batches[4].maker, batches[4].quantity, batches[4].product) == (MILL, 80, "wheat")
    assert (batches[4].time_us, batches[4].parents, batches[4].offered_to) == (90, (1, 3), SHOP)


def test_the_way_back_and_the_way_forward() -> None:
    batches = read_batches(ABI, STORY)
    assert get_lineage(batches, 4) == (0, 1, 3, 4)
    assert get_lineage(batches, 2) == (0, 2)
    assert get_descendants(batches, 0) == (0, 2, 3, 4)
    assert get_descendants(batches, 1) == (1, 4)


def test_a_recall_is_found_at_whatever_distance() -> None:
    batches = read_batches(ABI, [*STORY, (100, make_log("Recalled", 0, FARM, "ergot"))])
    assert find_recall(batches, 1) is None
    found = find_recall(batches, 4)
    assert found is not None
    assert (found.number, found.recall) == (0, "ergot")


def test_what_is_retired_or_no_longer_offered_says_so() -> None:
    taken_back = make_log("Offered", 4, MILL, Address(bytes(20)))
    batches = read_batches(ABI, [*STORY, (100, taken_back), (110, make_log("Retired", 4, MILL))])
    assert (batches[4].offered_to, batches[4].is_live, batches[4].is_used) == (None, False, False)


def test_other_logs_are_passed_over() -> None:
    assert read_batches(ABI, [(1, Log(FARM, (), b"")), (2, Log(FARM, (Hash(bytes(32)),), b"x"))]) == {}
