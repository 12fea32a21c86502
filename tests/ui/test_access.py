"""The page that says who may do what: the matrix, grants by key and button, refusals, contents, anchors."""

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button, Input

from app.present import access as present
from app.present.holders import Holders
from app.present.lists import build_list_page
from app.present.node import build_facts
from app.present.pages import NotThere, Page
from app.screens.access import AccessPage
from app.screens.wallet_forms import FormDialog
from app.storage.keystore import Keystore
from app.storage.vault import CHEAPEST
from app.widgets.virtual_table import VirtualTable
from app.widgets.vote_grid import VoteGrid
from app.widgets.why import WhyModal
from chain.access import Right
from chain.anchors import verify_anchor
from chain.ledger.actions import Commit
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation import commands as c
from chain.simulation.anchoring import get_anchoring
from chain.simulation.simulation import Simulation
from chain.units import SECOND, TimeUs
from chain.wallet.secret import Secret

PHRASE = Secret("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about")

Start = Callable[..., Any]


def run(name: str, seconds: int, *settings: str) -> Simulation:
    text = (files("chain") / f"scenarios/{name}.toml").read_text(encoding="utf-8")
    simulation = build(apply_settings(load_scenario(text, name), settings), 7)
    simulation.run_until(TimeUs(seconds * SECOND))
    return simulation


# What is shown ---------------------------------------------------------------------------------------------------


def test_the_matrix_follows_the_cursor() -> None:
    simulation = run("classroom-private", 30)
    simulation.submit(c.RevokeAccess(2, "read"))
    world, now_us = simulation.world, simulation.now_us
    now, before = (present.build_matrix(world, at_us) for at_us in (now_us, now_us - 1))
    assert [cell.text for cell in now.rows[2].cells] == ["✓", "✗", "✓ 2/2", "✗"]
    assert [cell.text for cell in before.rows[2].cells] == ["✓", "✓", "✓ 2/2", "✓"]
    assert now.rows[2].cells[1].words == "n02 may not read."
    why = present.explain_cell(world, 2, Right.READ, now_us)
    assert why.rule == "access/read"
    assert why.numbers == (("who may", "n00, n01, n03, n04, n05, n06, n07, n08 and 1 more"),)
    assert [cell.text for cell in now.rows[11].cells] == ["✗", "✗", "✓ 1/1", "✗"]


def test_in_a_public_network_everybody_may() -> None:
    simulation = run("quiet", 1)
    matrix = present.build_matrix(simulation.world, simulation.now_us)
    assert {cell.text for row in matrix.rows for cell in row.cells} == {"✓"}
    assert "public" in present.explain_cell(simulation.world, 0, Right.SEND, simulation.now_us).text
    assert present.build_reading_field(simulation.world, 0, simulation.now_us) is None


def test_a_content_is_shown_only_from_a_members_view() -> None:
    simulation = run("classroom-private", 90)
    world, at_us = simulation.world, simulation.now_us
    (commitment, *_) = present.list_commitments(world, at_us)
    record = world.tables.payloads.records[commitment]
    text = record.payload.content.decode()
    for node in range(world.node_count):
        row = present.build_payload_row(world, commitment, node, at_us)
        why = present.explain_payload(world, commitment, node, at_us)
        assert (text in row[-1].text) == (node in record.members)  # type: ignore[union-attr]
        assert (text in why.text) == (node in record.members)
        assert why.rule == "access/read"
    assert text not in present.describe_commitment(world, commitment, at_us)
    assert present.list_commitments(world, TimeUs(0)) == []


def test_an_anchor_goes_from_on_its_way_to_final_and_verifies() -> None:
    simulation = run("classroom-hybrid", 300)
    world = simulation.world
    *_, first = present.list_anchors(world, simulation.now_us)
    states = [
        present.build_anchor_row(world, first, TimeUs(at_us))[-1].text  # type: ignore[union-attr]
        for at_us in (first.sent_us, simulation.now_us)
    ]
    assert states == ["◔ on its way", "▣ final there"]
    assert "on its way" in present.explain_anchor(world, first, first.sent_us).text
    why = present.explain_anchor(world, first, simulation.now_us)
    assert all(name.startswith("✓") for name, _ in why.numbers)
    assert "Every step holds" in why.text


def test_refusals_are_gathered_as_history_grows() -> None:
    simulation = run("quiet", 1, "access.kind=private", "access.propose=[0]")
    refusals = present.Refusals(simulation.world)
    assert refusals.get(simulation.now_us) == []
    simulation.submit(c.MineBlock(1))
    simulation.run_until(TimeUs(simulation.now_us + 5 * SECOND))
    found = refusals.get(simulation.now_us)
    assert found
    why = present.explain_refusal(found[0])
    assert (why.title, why.rule) == ("A block was refused", "access/propose")
    assert why.text == "n01 may not propose block #1; may: n00"
    assert refusals.get(TimeUs(1)) == []


def test_the_public_chain_tells_which_header_holds_which_anchor() -> None:
    simulation = run("classroom-hybrid", 200)
    world, at_us = simulation.world, simulation.now_us
    page = build_list_page(simulation, Holders(world), b"public", at_us)
    assert isinstance(page, Page)
    anchoring = get_anchoring(world)
    assert anchoring is not None
    public = anchoring.public.world
    (table,) = page.tables
    height = public.get_canonical(at_us).height
    assert table.count == height + 1
    told = {anchor.height for anchor in anchoring.get_sent(at_us) if anchoring.get_inclusion(anchor, at_us)}
    rows = [table.get_row(place) for place in range(table.count)]
    assert rows[-1][0].text == "#0"
    held = [row[2].text.removeprefix("private ") for row in rows if row[2].text != "–"]
    assert {int(name.strip("# ")) for names in held for name in names.split(",")} == told
    holding = next(place for place, row in enumerate(rows) if row[2].text != "–")
    assert "Every step holds" in table.get_why(holding).text
    bare = next(place for place, row in enumerate(rows) if row[2].text == "–")
    block = public.tree.get_ancestor(public.get_canonical(at_us), height - bare)
    assert dict(table.get_why(bare).numbers)["hash"] == block.hash.hex()
    early = build_list_page(simulation, Holders(world), b"public", TimeUs(at_us // 2))
    assert isinstance(early, Page)
    assert early.tables[0].count < table.count


def test_a_network_that_is_not_hybrid_has_no_public_chain() -> None:
    simulation = run("classroom-private", 5)
    page = build_list_page(simulation, Holders(simulation.world), b"public", simulation.now_us)
    assert isinstance(page, NotThere)
    assert "private" in page.message


# The page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_public_chain_is_one_key_or_click_away(start_still: Start, size: tuple[int, int]) -> None:
    async with start_still(size=size, seconds=120, scenario="classroom-hybrid") as (app, pilot):
        await pilot.press("A")
        await pilot.pause()
        await pilot.click("#access-public")
        await pilot.pause()
        assert "Public chain" in app.get_text()
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, AccessPage)
        await pilot.press("u")
        await pilot.pause()
        assert "Public chain" in app.get_text()


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_rights_are_granted_and_revoked_by_key(start_still: Start, size: tuple[int, int]) -> None:
    async with start_still(size=size, seconds=30, scenario="classroom-private") as (app, pilot):
        await pilot.press("A")
        await pilot.pause()
        assert isinstance(app.screen, AccessPage)
        assert "join read send  propose" in app.get_text()
        await pilot.press("down", "down", "down", "right", "right", "right", "r")
        await pilot.pause()
        world = app.run_shown.simulation.world
        assert not world.access.is_allowed(Right.PROPOSE, 3, world.now_us)
        assert world.access.is_allowed(Right.READ, 3, world.now_us)
        await pilot.press("g")
        await pilot.pause()
        assert world.access.is_allowed(Right.PROPOSE, 3, world.now_us)
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, WhyModal)
        assert "access/propose" in app.get_text()
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert not isinstance(app.screen, AccessPage)


async def test_rights_are_revoked_by_mouse_and_what_is_refused_says_why(start_still: Start) -> None:
    async with start_still(size=(200, 50), seconds=30, scenario="classroom-private") as (app, pilot):
        assert "Raft · private · 12 nodes" in app.get_text()
        await pilot.press("A")
        await pilot.pause()
        await pilot.click("#access-revoke")  # n00: join
        await pilot.pause()
        world = app.run_shown.simulation.world
        assert not world.access.is_allowed(Right.JOIN, 0, world.now_us)
        await app.wait_until(lambda: not app.screen.query_one("#access-revoke").has_class("-active"))
        await pilot.click("#access-revoke")
        await pilot.pause()
        assert app.last_refusal is not None
        assert app.last_refusal.text == "n00 may not join as it is"


async def test_every_panel_is_reached_on_a_small_screen(start_still: Start) -> None:
    async with start_still(size=(80, 24), seconds=120, scenario="classroom-hybrid") as (app, pilot):
        await pilot.press("A")
        await pilot.pause()
        seen = []
        for _ in range(4):
            focused = app.screen.focused
            assert isinstance(focused, VoteGrid | VirtualTable)
            seen.append(focused.id)
            await pilot.press("v")
            await pilot.pause()
        assert seen == [None, "refusals", "shared", "anchors"]


async def test_an_anchor_is_verified_and_exported(start_still: Start, tmp_path: Path) -> None:
    async with start_still(seconds=200, scenario="classroom-hybrid") as (app, pilot):
        await pilot.press("A")
        await pilot.pause()
        table = app.screen.query_one("#anchors", VirtualTable)
        table.focus()
        await pilot.press("end", "enter")
        await pilot.pause()
        assert isinstance(app.screen, WhyModal)
        assert "Every step holds" in app.get_text()
        await pilot.press("escape", "e")
        await pilot.pause()
        assert isinstance(app.screen, FormDialog)
        target = tmp_path / "proof.json"
        app.screen.query_one(Input).value = str(target)
        await pilot.press("enter")
        await app.wait_until(target.exists)
        assert verify_anchor(json.loads(target.read_text(encoding="utf-8"))).is_good


async def test_a_text_is_shared_with_those_one_names(start_still: Start) -> None:
    async with start_still(size=(80, 24), seconds=30, scenario="classroom-private") as (app, pilot):
        await pilot.press("A")
        await pilot.pause()
        await pilot.press("down", "x")
        await pilot.pause()
        app.screen.query(Input).first().value = "[b]hi[/foo]"
        await pilot.press("enter", *"n99", "enter")
        await pilot.pause()
        assert "nodes, such as n00 n11" in app.get_text()
        app.screen.query(Input).last().value = "n03, 5"
        await pilot.press("enter", "enter")
        await app.wait_until(lambda: isinstance(app.screen, AccessPage))
        world = app.run_shown.simulation.world
        (record,) = [it for it in world.tables.payloads.records.values() if it.payload.content == b"[b]hi[/foo]"]
        assert (record.origin, record.members) == (1, (1, 3, 5))
        app.play(30)
        committed = [signed.transaction.action for it in world.tree.records for signed in it.block.transactions]
        assert Commit(record.commitment) in committed
        await pilot.press("v", "v")
        await pilot.pause()
        assert "[b]hi[/foo]" in app.get_text()


async def test_ones_own_accounts_are_put_on_the_list(start_still: Start, tmp_path: Path) -> None:
    account = Keystore(tmp_path / "wallet.json", cost=CHEAPEST).create(PHRASE, Secret("violet tractor 81"))
    async with start_still(seconds=5, scenario="classroom-private") as (app, pilot):
        await pilot.press("A")
        await pilot.pause()
        await pilot.press("w")
        await pilot.pause()
        world = app.run_shown.simulation.world
        assert world.access.is_allowed(Right.SEND, account.address, world.now_us)


async def test_a_public_network_has_nothing_to_grant(start_still: Start) -> None:
    async with start_still(seconds=5, scenario="quiet") as (app, pilot):
        await pilot.press("A")
        await pilot.pause()
        assert "public" in app.get_text()
        assert app.screen.query_one("#access-grant", Button).disabled
        await pilot.press("v", "question_mark")
        await pilot.pause()
        assert "A public network" in app.get_text()
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("g")
        await pilot.pause()
        assert app.last_refusal is not None
        assert app.last_refusal.rule == "access/kind"


def test_a_node_says_that_it_may_not_read() -> None:
    simulation = run("classroom-private", 10)
    for node, words in ((10, "✗ not allowed to read"), (11, "✗ outside: not let in")):
        field = build_facts(simulation, node, simulation.now_us)[0]
        assert field.value == words
