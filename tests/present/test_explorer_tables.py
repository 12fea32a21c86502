"""Raw bytes part by part, state before and after, events and lists: the tables of the explorer's pages."""

from pathlib import Path
from typing import Any

import pytest

from app.present.chain_why import explain_field
from app.present.events import build_event_page
from app.present.explorer import build_block_page
from app.present.explorer_address import build_address_page
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.present.light_client import check_seal
from app.present.listing import LISTS
from app.present.lists import build_list_page
from app.present.pages import Page
from app.present.raw import build_parts, build_raw_table, explain_part
from app.present.state_changes import get_changes
from app.present.tamper import build_cost, build_row, open_copy
from chain.crypto.signatures import get_public_key
from chain.encoding import encode
from chain.ledger.actions import Batch, Call, Commit, Create, Deposit, Transfer, Vote
from chain.ledger.policy import build_policy
from chain.ledger.transaction import SignedTransaction, Transaction
from chain.scenario import build, load_scenario
from chain.units import MINUTE, Address, Hash, TimeUs

ROOT = Path(__file__).resolve().parents[2]
WHO, KEYS = Address(b"w" * 20), tuple(get_public_key(bytes([n]) * 32) for n in range(1, 4))
ACTIONS = (
    Transfer(WHO, 5, "[/x] \u202e memo"),
    Batch((Transfer(WHO, 1), Transfer(WHO, 2, "é" * 80))),
    Create(0, b"\x60" * 300),
    Call(WHO, 3, b"data"),
    Vote((WHO,)),
    Deposit(7, WHO),
    Commit(Hash(b"c" * 32)),
)


@pytest.fixture(scope="module")
def simulation() -> Any:
    text = (ROOT / "chain" / "scenarios" / "classroom.toml").read_text(encoding="utf-8")
    simulation = build(load_scenario(text.replace("grind_hashes = 1024", "grind_hashes = 0"), "classroom"), 3)
    simulation.run_until(TimeUs(6 * MINUTE))
    return simulation


@pytest.mark.parametrize("action", ACTIONS, ids=lambda it: type(it).__name__)
def test_the_parts_laid_end_to_end_are_the_bytes(action: Any) -> None:
    single = SignedTransaction(Transaction(1, KEYS[0], 7, 21_000, 9, 1, action), bytes(64))
    policy = SignedTransaction(
        Transaction(1, build_policy(2, KEYS), 7, 21_000, 9, 1, action), ((0, bytes(64)), (2, bytes(64)))
    )
    for value in (single, policy):
        parts = build_parts(value)
        assert b"".join(part.data for part in parts) == encode(value)
        assert all(explain_part(part).text for part in parts)
        table = build_raw_table(value)
        assert "".join(table.get_row(row)[1].text for row in range(table.count)) == encode(value).hex()


def test_a_header_is_its_parts_too(simulation: Any) -> None:
    header = simulation.world.tree.records[-1].block.header
    assert b"".join(part.data for part in build_parts(header)) == encode(header)


def test_the_changes_of_the_transactions_and_the_reward_are_those_of_the_block(simulation: Any) -> None:
    world = simulation.world
    record = max(world.tree.records, key=lambda it: len(it.block.transactions))
    totals: dict[Address, int] = {}
    for place in range(len(record.block.transactions)):
        for change in get_changes(world, record, place):
            totals[change.address] = totals.get(change.address, 0) + change.delta
    proposer = record.block.header.proposer
    totals[proposer] = totals.get(proposer, 0) + world.ledger.execution(record.hash).subsidy
    block = {change.address: change.delta for change in get_changes(world, record) if change.what == "balance"}
    assert block == {address: delta for address, delta in totals.items() if delta}


def test_a_light_client_accepts_every_header(simulation: Any) -> None:
    assert [check_seal(simulation.world, record) for record in simulation.world.tree.records] == [""] * len(
        simulation.world.tree
    )


@pytest.mark.parametrize("name", LISTS)
def test_every_row_of_every_list_can_be_built_at_any_moment(simulation: Any, name: bytes) -> None:
    holders = Holders(simulation.world)
    for at_us in (TimeUs(0), TimeUs(simulation.now_us // 2), simulation.now_us):
        page = build_list_page(simulation, holders, name, at_us)
        assert isinstance(page, Page) != (name == b"public"), "only a hybrid network has a public chain beside it"
        for table in page.tables if isinstance(page, Page) else ():
            for row in range(table.count):
                assert len(table.get_row(row)) == len(table.columns)
                assert table.get_thing(row) is not None


def test_every_event_has_a_page_once_it_has_happened(simulation: Any) -> None:
    holders, records = Holders(simulation.world), simulation.history.records
    for place in range(0, len(records), 13):
        page = build_event_page(simulation, holders, place, records[place].time_us)
        assert isinstance(page, Page)
        assert page.next is None or records[place + 1].time_us == records[place].time_us  # the rest is still to come
        assert not isinstance(build_event_page(simulation, holders, place, TimeUs(-1)), Page)
    assert get_canonical(simulation.world, simulation.now_us).height > 10


PROTOCOLS = (
    "proof-of-work", "ghost", "proof-of-stake", "delegated-proof-of-stake", "proof-of-authority", "tendermint",
    "snowman", "raft",
)  # fmt: skip


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_pages_and_explanations_hold_under_every_protocol(protocol: str) -> None:
    text = f'[network]\nnodes = 5\n[consensus]\nprotocol = "{protocol}"\n'
    simulation = build(load_scenario(text, protocol), 9)
    simulation.run_until(TimeUs(40 * MINUTE if protocol in ("proof-of-work", "ghost") else 2 * MINUTE))
    world, holders = simulation.world, Holders(simulation.world)
    head = get_canonical(world, simulation.now_us)
    assert head.height > 1, head.height
    for record in (head, world.tree.records[1]):
        page = build_block_page(simulation, holders, record.hash, simulation.now_us)
        assert isinstance(page, Page)
        for field in page.facts.fields:
            assert explain_field(world, record, field.key, simulation.now_us).text
    page = build_address_page(simulation, holders, head.block.header.proposer, simulation.now_us)
    assert isinstance(page, Page)
    copy = open_copy(world, 0, world.tree.records[1], simulation.now_us)
    if not isinstance(copy, str):
        assert not copy.get_opinion(0).rule
        copy.edit("state_root", "ab" * 32)
        assert copy.get_opinion(0).rule
        assert build_row(copy, 0)
        assert build_cost(copy, 0, simulation.now_us)
