"""Tampering with a stored copy: what is edited is refused by the rule it breaks; the run stays as it is."""

from typing import Any

import pytest

from chain.contracts.abi import encode_arguments
from chain.contracts.library import load_artifact
from chain.errors import InvalidInput
from chain.ledger.actions import Action, Create, Transfer
from chain.ledger.transaction import encode_transaction
from chain.scenario import build, load_scenario
from chain.simulation.commands import MineBlock, RequestCoins, SubmitTransaction
from chain.simulation.simulation import Simulation
from chain.simulation.tampering import EDITABLE, StoredCopy, get_parts
from chain.units import COIN, MINUTE, SECOND, Address, NodeId, TimeUs
from chain.wallet.address import encode_address

SCENARIO = """
[network]
nodes = 3
[consensus]
protocol = "proof-of-work"
mining = "manual"
grind_hashes = 64
"""
WHO = Address(b"w" * 20)


def build_run(scenario: str = SCENARIO) -> Simulation:
    """Six blocks, a payment in the second."""
    simulation = build(load_scenario(scenario, "tampering"), 5)
    for number in range(6):
        if number == 1:
            simulation.submit(RequestCoins(NodeId(0), WHO, 3 * COIN))
        simulation.run_until(TimeUs(simulation.now_us + 30 * SECOND))
        simulation.submit(MineBlock(NodeId(0)))
    return simulation


@pytest.fixture
def copy() -> StoredCopy:
    world = build_run().world
    return StoredCopy(world, world.tree.records[2], world.tree.records[3:])


def get_rules(copy: StoredCopy) -> list[str]:
    return [copy.get_opinion(place).rule for place in range(len(copy.blocks))]


def test_a_copy_without_edits_is_accepted_throughout(copy: StoredCopy) -> None:
    assert get_rules(copy) == [""] * 5
    assert copy.find_broken() is None
    assert not copy.is_changed


@pytest.mark.parametrize(
    ("field", "text", "rule"),
    [
        ("time_us", "1", "proof-of-work/target"),
        ("amount-0", "2", "ledger/transactions-root"),
        ("memo-0", "[/x]\x1b[2J", "ledger/transactions-root"),
        ("parent", "00" * 32, "ledger/parent"),
    ],
)
def test_an_edit_is_refused_and_everything_above_hangs_in_the_air(
    copy: StoredCopy, field: str, text: str, rule: str
) -> None:
    before = copy.world.history.compute_digest()
    copy.edit(field, text)
    rules = get_rules(copy)
    assert rules[0] == rule
    assert all(rules)
    assert copy.world.history.compute_digest() == before
    copy.heal()
    assert get_rules(copy) == [""] * 5


@pytest.mark.parametrize("field", EDITABLE)
def test_every_field_can_be_edited_and_none_is_taken(copy: StoredCopy, field: str) -> None:
    value: Any = getattr(copy.blocks[0].header, field)
    if field == "proposer":
        text = encode_address(WHO)
    elif isinstance(value, bytes):
        text = bytes([value[0] ^ 255, *value[1:]]).hex()
    else:
        text = str(value + 1)
    copy.edit(field, text)
    assert all(get_rules(copy))


@pytest.mark.parametrize(("field", "text"), [("height", "-1"), ("height", "x"), ("nonce", "00"), ("proposer", "me"),
                                             ("amount-0", "much"), ("state_root", "zz")])  # fmt: skip
def test_what_is_no_value_is_refused_and_changes_nothing(copy: StoredCopy, field: str, text: str) -> None:
    with pytest.raises(InvalidInput):
        copy.edit(field, text)
    assert not copy.is_changed


def mine_everything(copy: StoredCopy) -> int:
    count = 0
    while (place := copy.find_broken()) is not None:
        copy.mine_again(place)
        count += 1
    return count


def test_mining_again_makes_another_time_acceptable_block_by_block(copy: StoredCopy) -> None:
    copy.edit("time_us", str(copy.blocks[0].header.time_us + 1))
    assert mine_everything(copy) == 5
    assert get_rules(copy) == [""] * 5
    assert all(block.hash != record.hash for block, record in zip(copy.blocks, copy.records, strict=True))


def test_a_dropped_payment_can_be_mined_away_and_the_balance_with_it(copy: StoredCopy) -> None:
    copy.drop(0)
    mine_everything(copy)
    assert get_rules(copy) == [""] * 5
    assert copy.blocks[-1].header.state_root != copy.records[-1].block.header.state_root


def test_no_work_makes_somebody_elses_signature(copy: StoredCopy) -> None:
    copy.edit("amount-0", "2")
    assert mine_everything(copy) == 5
    assert get_rules(copy)[0] == "ledger/signature"
    assert all(get_rules(copy))


def test_genesis_cannot_be_edited() -> None:
    world = build_run().world
    with pytest.raises(InvalidInput):
        StoredCopy(world, world.tree.records[0], world.tree.records[1:])


def test_without_proof_of_work_the_seal_needs_the_proposers_key() -> None:
    simulation = build(load_scenario('[network]\nnodes = 4\n[consensus]\nprotocol = "tendermint"\n', "bft"), 5)
    simulation.run_until(TimeUs(60 * SECOND))
    world = simulation.world
    head = world.get_canonical()
    copy = StoredCopy(world, head, [])
    assert get_rules(copy) == [""]
    copy.edit("time_us", str(head.block.header.time_us + 1))
    assert get_rules(copy) == ["consensus/finality"]
    with pytest.raises(InvalidInput, match="key"):
        copy.mine_again(0)


PROTOCOLS = (
    "proof-of-work", "ghost", "proof-of-stake", "delegated-proof-of-stake", "proof-of-authority", "tendermint",
    "snowman", "raft",
)  # fmt: skip


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_under_every_protocol_no_part_of_a_block_can_be_edited_unnoticed(protocol: str) -> None:
    """Header and transactions, plain values and raw bytes; then the others' blocks are taken again."""
    scenario = f'[network]\nnodes = 4\n[consensus]\nprotocol = "{protocol}"\n'
    simulation = build(load_scenario(scenario, "tampering"), 5)
    faucet, artifact = simulation.world.faucet, load_artifact("token")
    create = artifact.bytecode + encode_arguments(artifact.abi.constructor.inputs, ["Token", "TOK", 2, 1000])
    actions: tuple[tuple[Action, int], ...] = ((Transfer(WHO, COIN, "lunch"), 30_000), (Create(0, create), 850_000))
    for nonce, (action, gas) in enumerate(actions):
        signed = faucet.sign(1, nonce, action, 1_000, 10, gas)
        simulation.submit(SubmitTransaction(NodeId(0), encode_transaction(signed)))
    records, minutes = simulation.world.tree.records, 0
    while not any(len(it.block.transactions) > 0 for it in records[:-1]) and minutes < 30:
        minutes += 1
        simulation.run_until(TimeUs(minutes * MINUTE))
    place = next(place for place, it in enumerate(records) if it.block.transactions)
    first = records[place]
    copy = StoredCopy(simulation.world, first, [it for it in records[place + 1 :] if it.parent is first][:1])
    parts = [(name, getattr(first.block.header, name), name) for name in EDITABLE]
    for number, signed in enumerate(first.block.transactions):
        parts += [(f"{name}-{number}", value, name) for name, value in get_parts(signed).items()]
    assert {"amount-0", "signature-0"} <= {key for key, _, _ in parts}
    for key, value, name in parts:
        for text in get_other_texts(name, value):
            try:
                copy.edit(key, text)
            except InvalidInput:
                continue
            assert copy.is_changed, (key, text)
            opinions = [copy.get_opinion(at) for at in range(len(copy.blocks))]
            assert any(it.rule and it.message for it in opinions), (key, text, opinions)
            copy.heal()
            assert not any(get_rules(copy)), key


def get_other_texts(name: str, value: object) -> list[str]:
    """Return what somebody may type instead of a value, some of it nonsense."""
    if isinstance(value, bytes):
        text = encode_address(bytes(byte ^ 1 for byte in value)) if len(value) == 20 else value.hex()
        places = (0, len(text) // 2, len(text) - 1) if text else ()
        flipped = [f"{text[:at]}{'0' if text[at] == '1' else '1'}{text[at + 1 :]}" for at in places]
        return [text, *flipped, "", "zz", "00"] if len(value) == 20 else [*flipped, text + "00", "", "zz", "00"]
    if isinstance(value, int):
        return [str(value + 1), "0" if value else "7", str((1 << 63) - 1), "-1", "9" * 30, "½", ""]
    return [f"{value}x", "", "[/x]\x1b[2J", "\ud800", "x" * 10_000]
