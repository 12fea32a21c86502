"""Pages of the explorer and the search, at several moments of the story of conftest.py."""

import re
from pathlib import Path
from typing import Any

import pytest

from app.present import search as finder
from app.present.explorer import NotThere, Page, build_block_page
from app.present.explorer_address import build_address_page
from app.present.explorer_transaction import build_transaction_page, find_submitted
from app.present.holders import Holders
from app.present.index import get_index
from app.screens.view import Thing
from chain.ledger.transaction import encode_transaction
from chain.scenario import build, load_scenario
from chain.units import Address, Hash
from chain.wallet.address import encode_address


@pytest.fixture
def holders(story: Any) -> Holders:
    """Somebody whose own label is not kind to screens."""
    return Holders(story.simulation.world, {story.stranger: "Ma\x1bya [/red]\u202e"})


def get_page(page: Page | NotThere) -> Page:
    assert isinstance(page, Page), page
    return page


def get_values(page: Page) -> dict[str, str]:
    return {field.key: field.value for field in page.facts.fields}


def get_transaction_page(story: Any, holders: Holders, name: str) -> Page:
    return get_page(build_transaction_page(story.simulation, holders, story.transaction, story.moments[name]))


# Transactions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("asked", "◔ pending · seen by 3 of 6 nodes"),
        ("lost", "✓ in block #2 · 1 of 6 confirmations"),
        ("ahead", "◔ pending · seen by 3 of 6 nodes · was in #2′, which went stale"),
        ("healed", "◔ pending · seen by 6 of 6 nodes · was in #2′, which went stale"),
        ("included", "✓ in block #4 · 1 of 6 confirmations"),
        ("deep", "✔ in block #4 · final by depth · 6 confirmations"),
    ],
)
def test_a_transaction_tells_its_state_at_every_moment(story: Any, holders: Holders, moment: str, state: str) -> None:
    assert get_transaction_page(story, holders, moment).state == state


def test_a_transaction_is_not_there_before_it_was_sent(story: Any, holders: Holders) -> None:
    page = build_transaction_page(story.simulation, holders, story.transaction, story.moments["first"])
    assert isinstance(page, NotThere)
    assert "No such transaction has been handed to a node" in page.message


def test_the_timeline_runs_from_submission_to_final(story: Any, holders: Holders) -> None:
    page = get_transaction_page(story, holders, "deep")
    texts = [milestone.text for milestone in page.timeline]
    assert texts == [
        "submitted to n04",
        "reached its first peer",
        "reached half of the nodes",
        "reached all 6 nodes",
        "in block #2′ by n04, went stale",
        "in block #4 by n02",
        *(f"{count} confirmations" for count in range(2, 6)),
        "6 confirmations · final by depth",
    ]
    assert page.timeline[5].thing == Thing("block", get_index(story.simulation.world).heights[4][0].hash)


def test_what_is_still_to_come_stands_last_and_has_no_time(story: Any, holders: Holders) -> None:
    waiting = get_transaction_page(story, holders, "asked").timeline
    assert [(it.time, it.text) for it in waiting[-2:]] == [("", "on 3 of 6 nodes so far"), ("", "waits for a block")]
    confirmed = get_transaction_page(story, holders, "included").timeline
    assert (confirmed[-1].time, confirmed[-1].text) == ("", "final by depth after 5 more blocks")


def test_the_fee_is_told_as_paid_only_in_a_block(story: Any, holders: Holders) -> None:
    waiting, final = get_transaction_page(story, holders, "asked"), get_transaction_page(story, holders, "deep")
    assert get_values(waiting)["fee"].startswith("at most ")
    block = get_index(story.simulation.world).heights[4][0]
    receipt = story.simulation.world.ledger.receipts(block.hash)[0]
    assert receipt.fee == receipt.burned + receipt.tip
    assert {"fee", "burned", "tip"} <= set(get_values(final))
    assert get_values(final)["signature"] == "✓ valid Ed25519"


def test_raw_bytes_are_the_canonical_ones(story: Any, holders: Holders) -> None:
    page = get_transaction_page(story, holders, "deep")
    raw = next(table for table in page.tables if table.key == "raw")
    shown = "".join(raw.get_row(place)[1].text for place in range(raw.count)).replace(" ", "")
    assert shown == encode_transaction(story.simulation.world.transactions.get(story.transaction).signed).hex()


def test_nodes_stand_in_order_of_arrival(story: Any, holders: Holders) -> None:
    early, late = get_transaction_page(story, holders, "asked"), get_transaction_page(story, holders, "healed")
    assert early.tables[0].title == "Nodes 3/6"
    assert early.tables[0].get_row(0)[0].text == "n04"
    assert [early.tables[0].get_row(place)[2].text for place in range(3, 6)] == ["◌ not yet"] * 3
    assert late.tables[0].title == "Nodes 6/6"
    assert late.tables[0].get_thing(0) == Thing("node", 4)


def test_a_refused_transaction_explains_itself(story: Any, holders: Holders) -> None:
    page = get_page(build_transaction_page(story.simulation, holders, story.refused, story.moments["deep"]))
    assert page.state == "✗ refused by n03"
    assert page.why.rule == "ledger/signature"
    assert "the signature is not one of public key" in page.why.text
    assert get_values(page)["signature"] == "✗ not valid"
    before = build_transaction_page(story.simulation, holders, story.refused, story.moments["included"])
    assert isinstance(before, NotThere)
    assert find_submitted(story.simulation, Hash(bytes(32))) is None


# Blocks ----------------------------------------------------------------------------------------------------------


def test_a_block_knows_its_siblings_neighbours_and_nodes(story: Any, holders: Holders) -> None:
    index = get_index(story.simulation.world)
    lost, kept = index.heights[2]
    page = get_page(build_block_page(story.simulation, holders, kept.hash, story.moments["deep"]))
    tables = {table.key: table for table in page.tables}
    assert page.title == "Block #2"
    assert tables["siblings"].get_thing(0) == Thing("block", lost.hash)
    assert tables["siblings"].get_row(0)[4].text == "stale"
    assert page.previous == Thing("block", index.heights[1][0].hash)
    assert page.next == Thing("block", index.heights[3][0].hash)
    assert tables["nodes"].title == "Nodes 6/6"
    stale = get_page(build_block_page(story.simulation, holders, lost.hash, story.moments["deep"]))
    assert stale.title == "Block #2′"
    assert stale.next is None
    assert stale.tables[0].get_thing(0) == Thing("transaction", story.transaction)


def test_a_block_of_the_future_is_not_there(story: Any, holders: Holders) -> None:
    block = get_index(story.simulation.world).heights[3][0]
    page = build_block_page(story.simulation, holders, block.hash, story.moments["lost"])
    assert isinstance(page, NotThere)


# Addresses -------------------------------------------------------------------------------------------------------


def test_a_balance_is_that_of_the_moment(story: Any, holders: Holders) -> None:
    balances = {
        name: get_values(build_address_page(story.simulation, holders, story.stranger, story.moments[name]))["balance"]
        for name in ("asked", "lost", "ahead", "included")
    }
    assert balances == {"asked": "0 CR", "lost": "25 CR", "ahead": "0 CR", "included": "25 CR"}


def test_history_shows_where_each_payment_is(story: Any, holders: Holders) -> None:
    waiting = build_address_page(story.simulation, holders, story.stranger, story.moments["asked"])
    final = build_address_page(story.simulation, holders, story.stranger, story.moments["deep"])
    assert [cell.text for cell in waiting.tables[0].get_row(0)][2:6] == ["←", "faucet", "+25", "waiting"]
    assert [cell.text for cell in final.tables[0].get_row(0)][5] == "#4"
    assert final.tables[0].get_thing(0) == Thing("transaction", story.transaction)
    assert get_values(waiting)["waiting"] == "1 transaction"
    assert "waiting" not in get_values(final)


def test_a_miner_has_its_rewards_and_its_lost_blocks(story: Any, holders: Holders) -> None:
    world = story.simulation.world
    page = build_address_page(story.simulation, holders, world.setup.proposers[4], story.moments["deep"])
    assert page.title == "Address n04"
    assert page.facts.links["node"] == Thing("node", 4)
    fields = {field.key: field for field in page.facts.fields}
    assert (fields["rewards"].value, fields["rewards"].note) == ("0 CR", "0 blocks, 1 lost")
    mined = next(table for table in page.tables if table.key == "mined")
    assert mined.get_row(0)[4].text == "–"


def test_labels_are_data_not_markup(story: Any, holders: Holders) -> None:
    page = build_address_page(story.simulation, holders, story.stranger, story.moments["deep"])
    assert page.title == "Address Maya [/red]"
    assert "own account" in page.state


def test_every_field_of_an_address_leads_somewhere_or_explains_itself(story: Any, holders: Holders) -> None:
    for address in (story.simulation.world.setup.proposers[4], story.simulation.world.faucet.address):
        page = get_page(build_address_page(story.simulation, holders, address, story.moments["deep"]))
        for field in page.facts.fields:
            assert field.key == "balance" or field.key in page.facts.links or page.whys[field.key].text


def test_an_address_nobody_used_has_a_page_too(story: Any, holders: Holders) -> None:
    page = build_address_page(story.simulation, holders, Address(bytes(20)), story.moments["deep"])
    assert "unknown holder · never used" in page.state
    assert get_values(page)["balance"] == "0 CR"


# Search ----------------------------------------------------------------------------------------------------------


def find(story: Any, holders: Holders, text: str, name: str = "deep") -> finder.Found:
    return finder.search(story.simulation.world, holders, text, story.moments[name])


def test_search_by_height_gives_the_canonical_block_first(story: Any, holders: Holders) -> None:
    lost, kept = get_index(story.simulation.world).heights[2]
    for text in ("#2", " #2 ", "#2′"):
        assert [it.thing for it in find(story, holders, text).results] == [
            Thing("block", kept.hash),
            Thing("block", lost.hash),
        ]
    both = find(story, holders, "2").results
    assert both[2].thing == Thing("node", 2)


def test_search_by_either_end_of_a_hash(story: Any, holders: Holders) -> None:
    digits = story.transaction.hex()
    for text in (digits, digits.upper(), digits[:8], digits[-6:], f"{digits[:4]}…{digits[-4:]}", f"0x{digits[:10]}"):
        assert find(story, holders, text).results[0].thing == Thing("transaction", story.transaction), text
    refused = find(story, holders, story.refused.hex()).results[0]
    assert (refused.thing, refused.note) == (Thing("transaction", story.refused), "refused by n03")


def test_search_by_address_node_and_name(story: Any, holders: Holders) -> None:
    text = encode_address(story.stranger)
    for query in (text, text.upper(), text[:12], "maya"):
        assert find(story, holders, query).results[0].thing == Thing("address", story.stranger), query
    assert find(story, holders, "n05").results[0].thing == Thing("node", 5)
    assert find(story, holders, "FAU").results[0].thing == Thing("address", story.simulation.world.faucet.address)
    unused = encode_address(Address(bytes(20)))
    assert find(story, holders, unused).results[0].thing == Thing("address", bytes(20))


def test_search_finds_only_what_existed(story: Any, holders: Holders) -> None:
    found = find(story, holders, story.transaction.hex(), "first")
    assert found.results == ()
    assert "has been published by 00:00:19.000" in found.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("99", "There is no block #99 at"),
        ("n77", "this network has n00 to n05"),
        ("zebra", "matches “zebra”. Search takes a height"),
        ("cr1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", "is not right"),
        ("ffffffffffff", "No block or transaction whose hash begins or ends with ffffffffffff"),
    ],
)
def test_finding_nothing_says_why(story: Any, holders: Holders, text: str, words: str) -> None:
    found = find(story, holders, text)
    assert found.results == ()
    assert words in found.message


@pytest.mark.parametrize("text", ["\x1b[31m", "[/foo]", "\u202e", "💥" * 200, "#" * 300, "0x", "…", "n", "9" * 40])
def test_search_survives_anything(story: Any, holders: Holders, text: str) -> None:
    found = find(story, holders, text)
    assert found.message


def test_an_empty_search_suggests_where_to_begin(story: Any, holders: Holders) -> None:
    kinds = [it.thing.kind for it in find(story, holders, " ").results]
    assert kinds == ["block", "address", "address"]


def test_people_are_found_by_name(story: Any) -> None:
    path = Path(__file__).parents[2] / "chain" / "scenarios" / "classroom.toml"
    world = build(load_scenario(path.read_text(encoding="utf-8"), "classroom"), 1).world
    holders = Holders(world)
    people = holders.search("person", 100)
    assert len(people) == 24
    address, holder = people[0]
    assert finder.search(world, holders, holder.name, world.now_us).results[0].thing == Thing("address", address)


def test_every_rule_the_explorer_names_is_documented() -> None:
    root = Path(__file__).parents[2]
    sources = [*(root / "app" / "present").glob("*.py"), *(root / "app" / "screens").glob("*.py")]
    rule = re.compile(r'"((?:consensus|ledger|mempool|proof-of-work)/[a-z-]+)"')
    named = {name for source in sources for name in rule.findall(source.read_text(encoding="utf-8"))}
    documented = set(re.findall(r"^### (.+)$", (root / "docs" / "rules.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"consensus/fork-choice", "mempool/expiry"} <= named
    assert named - documented == set()
