"""The page of the protocol, as a person uses it: open with c, ask every number why, see it as a node does."""

import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from textual.widgets import Button, Input
from wallet_player import PASSWORD, PHRASE, Player, play

from app.screens.access import AccessPage
from app.screens.consensus import ConsensusPage
from app.screens.dialogs import NameDialog
from app.screens.explorer import ThingPage
from app.screens.new_run import NewRunScreen
from app.screens.wallet_dialogs import ReviewDialog
from app.session import Session
from app.starting import read_shipped_scenario
from app.storage.keystore import Keystore
from app.storage.vault import CHEAPEST
from app.widgets.field_list import FieldList
from app.widgets.virtual_table import VirtualTable
from app.widgets.vote_grid import VoteGrid
from app.widgets.why import WhyModal
from chain.consensus import registry
from chain.scenario import Scenario, apply_settings, build
from chain.units import COIN, SECOND, TimeUs
from chain.wallet.secret import Secret

TITLES = {
    "proof-of-work": "Proof of work",
    "ghost": "GHOST with uncles",
    "proof-of-stake": "Gasper",
    "delegated-proof-of-stake": "Delegated proof of stake",
    "proof-of-authority": "Clique",
    "proof-of-authority aura": "Aura",
    "tendermint": "Tendermint",
    "snowman": "Snowman",
    "raft": "Raft",
}


def get_scenario(case: str) -> Scenario:
    """The classroom under a protocol, with six nodes; ``proof-of-authority aura`` takes the variant."""
    protocol, _, variant = case.partition(" ")
    settings = [f"consensus.protocol={protocol}", "network.nodes=6", "consensus.interval=4s"]
    settings += [f"consensus.variant={variant}"] if variant else []
    return apply_settings(read_shipped_scenario("classroom-pos" if case == "proof-of-stake" else "classroom"), settings)


def get_members(app: Any) -> VirtualTable:
    table: VirtualTable = app.screen.query_one("#consensus-members")
    return table


def show_run(app: Any, case: str) -> None:
    """Put another run in place of the one that is shown, as opening one does."""
    simulation = build(get_scenario(case), 7)
    simulation.run_until(TimeUs(41 * SECOND))
    app.session = Session(simulation, is_playing=False)
    app.session.go_live()
    app.show()


def check_numbers(app: Any, case: str) -> None:
    """Every number, cell and member can be asked why."""
    assert TITLES[case] in app.get_text()
    fields = app.screen.query_one(FieldList)
    assert {"head", "final"} <= {field.key for field in fields.fields}
    fields.focus()
    for place in range(len(fields.fields)):
        fields.cursor = place
        why = app.screen.get_why()
        assert why is not None
        assert "/" in why.rule
        assert why.text
        assert why.numbers[-1][1].startswith("docs/protocols/")
    fields.cursor = 0
    grid = app.screen.query_one(VoteGrid)
    assert grid.grid.rows
    assert any(cell.words for row in grid.grid.rows for cell in row.cells)
    table = get_members(app)
    assert table.count == 6
    assert all(app.screen._get_row(place) for place in range(6))


async def check_tabs(app: Any, pilot: Any) -> None:
    """Where there is little room the three panels are tabs; what happened may stand below the numbers."""
    seen = set()
    for kind in (FieldList, VoteGrid, VirtualTable):
        shown = [it for it in app.screen.query(".panel") if it.display and it.parent.display]
        assert [type(it) for it in shown if it.id != "consensus-events" or kind is not FieldList] == [kind]
        assert "v next" in app.get_text()
        seen.add(app.get_text())
        await pilot.press("v")
    assert len(seen) == 3


async def test_every_number_says_why_and_the_panels_fold_at_every_protocol(start_still: Any) -> None:
    async with start_still((120, 36), 1) as (app, pilot):
        await pilot.press("c")
        assert isinstance(app.screen, ConsensusPage)
        for case in TITLES:
            show_run(app, case)
            await pilot.pause()
            check_numbers(app, case)
        await pilot.resize_terminal(80, 24)
        for case in TITLES:
            show_run(app, case)
            await pilot.pause()
            await check_tabs(app, pilot)


async def test_a_cell_can_be_asked_and_opened_and_seen_as_one_node_does(start_still: Any) -> None:
    async with start_still((120, 36), 41, get_scenario("tendermint")) as (app, pilot):
        await pilot.press("c")
        grid = app.screen.query_one(VoteGrid)
        grid.focus()
        await pilot.press("right", "question_mark")
        assert isinstance(app.screen, WhyModal)
        assert "precommit" in app.screen.why.text
        await pilot.press("escape", "enter")
        assert isinstance(app.screen, ThingPage)
        await pilot.press("escape")
        assert isinstance(app.screen, ConsensusPage)
        assert "as heard by everybody" in app.get_text()
        await pilot.press("right_square_bracket")
        assert "as heard by n00" in app.get_text()
        await pilot.press("left_square_bracket", "left_square_bracket")
        assert "as heard by n05" in app.get_text()


async def test_the_past_shows_what_was_known_then(start_still: Any) -> None:
    async with start_still((120, 36), 41, get_scenario("proof-of-stake")) as (app, pilot):
        await pilot.press("c")
        now = app.screen.query_one(FieldList).fields
        first = app.run_shown.simulation.world.tree.records[1]
        app.run_shown.seek(TimeUs(first.published_us + 1))
        app.show()
        then = {field.key: field.value for field in app.screen.query_one(FieldList).fields}
        assert then["head"].startswith("#1 ")
        assert then != {field.key: field.value for field in now}


async def test_the_hash_rate_of_a_miner_changes_with_what_is_typed(start_still: Any) -> None:
    async with start_still((120, 36), 41, get_scenario("proof-of-work")) as (app, pilot):
        await pilot.press("c")
        node = app.screen.get_node()
        await pilot.press("e", "enter")
        assert isinstance(app.screen, NameDialog)
        app.screen.query_one(Input).value = "much"
        await pilot.press("enter")
        assert "such as 500G or 1.2T" in app.get_text()
        app.screen.query_one(Input).value = "7.5T"
        await pilot.press("enter")
        assert app.run_shown.simulation.world.consensus.agents[node].hash_rate_per_s == 7_500_000_000_000


async def test_signers_vote_somebody_out_before_ones_eyes(start_still: Any) -> None:
    async with start_still((120, 36), 41, get_scenario("proof-of-authority")) as (app, pilot):
        await pilot.press("c")
        node = app.screen.get_node()
        buttons = {str(button.label): button for button in app.screen.query(Button) if button.display}
        buttons["Vote out"].press()
        await pilot.pause()
        app.play(60)
        assert f"n{node:02d} was voted out" in app.get_text()
        assert len(app.run_shown.simulation.world.get_canonical().state.snapshot.signers) == 5


async def test_what_is_not_possible_is_told_with_its_rule(start_still: Any) -> None:
    async with start_still((120, 36), 41, get_scenario("raft")) as (app, pilot):
        await pilot.press("c")
        app.run_shown.seek(0)
        app.show()
        buttons = {str(button.label): button for button in app.screen.query(Button) if button.display}
        buttons["Stop"].press()
        await pilot.pause()
        assert app.last_refusal is not None
        assert app.last_refusal.rule == "session/past"


async def test_who_may_do_what_and_a_new_run_are_a_click_away(start_still: Any) -> None:
    async with start_still((120, 36), 5) as (app, pilot):
        await pilot.press("c")
        await pilot.click("#go-access")
        await pilot.pause()
        assert isinstance(app.screen, AccessPage)
        await pilot.press("escape")
        await pilot.click("#run-new")
        await pilot.pause()
        assert isinstance(app.screen, NewRunScreen)


def find_button(app: Any, title: str) -> Button:
    """The button of a change, which must be on the screen."""
    button: Button = next(it for it in app.screen.query(Button) if it.display and str(it.label) == title)
    return button


def choose_member(app: Any, node: int) -> None:
    """Put the cursor of the members on a node."""
    page = app.screen
    get_members(app).cursor = [member.node for member in page._model.members].index(node)
    assert page.get_node() == node


async def agree(player: Player) -> None:
    """Read the review and sign."""
    review = await player.expect(ReviewDialog)
    await player.press("enter")
    await player.until(lambda: player.app.screen is not review, "signed")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)] if os.environ.get("CHAINROOM_FULL") else [(80, 24)])
async def test_somebody_stakes_votes_two_nodes_in_and_takes_it_all_back(tmp_path: Path, size: tuple[int, int]) -> None:
    """Delegated proof of stake from the page alone: what the chain counts, and who produces then."""
    Keystore(tmp_path / "wallet.json", cost=CHEAPEST).create(Secret(PHRASE), Secret(PASSWORD), label="Maya")
    more = ["consensus.producers=3", "nodes.stakes_coins=[9, 8, 7, 6, 5, 4]", "traffic.rate_per_s=0"]
    more += ["consensus.election_interval=20s", "consensus.refund_delay=30s"]
    scenario = apply_settings(get_scenario("delegated-proof-of-stake"), more)
    async with play(tmp_path, size, scenario=scenario, seed=7) as player:
        player.wallet.wallets.unlock(Secret(PASSWORD))
        await player.advance(1)
        await player.press("3", "f")
        await player.until(lambda: player.payments, "coins on their way")
        await player.advance_until(lambda: player.payments[0].state == "confirmed")
        app, world, voter = player.app, player.session.simulation.world, player.wallet.wallets.accounts[0].address
        await player.press("c")
        page = await player.expect(ConsensusPage)
        await player.advance(1)

        find_button(app, "Stake").press()
        dialog = await player.expect(NameDialog)
        dialog.query_one(Input).value = "60"
        await player.press("enter")
        await agree(player)
        for node in (4, 5):  # the second vote while the first is not in a block: none is lost
            choose_member(app, node)
            find_button(app, "Vote").press()
            await agree(player)
        await player.advance_until(lambda: voter in dict(world.get_canonical().state.electorate.ballots))
        electorate, rules = world.get_canonical().state.electorate, world.consensus.rules
        assert electorate.book.compute_stakes()[voter] == 60 * COIN
        indices = tuple(rules.candidates[world.tables.proposers[node]] for node in (4, 5))
        assert dict(electorate.ballots)[voter] == indices
        await player.advance(90)  # counted, proposed, pending, active
        await player.see("n04 was elected", "n05 was elected")
        assert {record.origin for record in world.tree.records[-9:]} == {0, 4, 5}

        find_button(app, "Vote").press()  # n05 has it already
        await player.until(lambda: [it for it in app._notifications if "does not approve yet" in it.message], "refused")
        choose_member(app, 4)
        find_button(app, "Unvote").press()
        await agree(player)
        find_button(app, "Unstake").press()
        await agree(player)
        await player.advance_until(lambda: not world.get_canonical().state.electorate.book.compute_stakes().get(voter))
        assert dict(world.get_canonical().state.electorate.ballots)[voter] == indices[1:]
        await player.advance(150)
        assert {record.origin for record in world.tree.records[-9:]} == {0, 1, 2}
        assert app.screen is page


async def test_a_protocol_without_a_presenter_has_a_page_and_can_be_chosen(
    start_still: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one of docs/adding-a-protocol.md, as it stands there: nothing of the interface knows it by name."""
    page = (Path(__file__).parents[2] / "docs" / "adding-a-protocol.md").read_text(encoding="utf-8")
    module = ModuleType("round_robin")
    exec(page.split("```python\n")[1].split("```")[0], module.__dict__)  # noqa: S102  # the page's own code is what is tested
    entry = registry.ProtocolEntry(module.RoundRobinParameters, module.build)
    monkeypatch.setitem(registry.PROTOCOLS, "round-robin", entry)
    async with start_still((80, 24), 41, get_scenario("round-robin")) as (app, pilot):
        await pilot.press("c")
        assert get_members(app).count == 6
        await pilot.press("v", "v", "down", "down")
        assert app.screen.get_node() == 2
        assert "n02" in app.get_text()
        await pilot.press("question_mark")
        assert isinstance(app.screen, WhyModal)
        await pilot.press("escape")
        find_button(app, "Stop").press()
        await pilot.pause()
        app.play(30)
        assert "○ off" in app.get_text()
        await pilot.press("N")
        assert isinstance(app.screen, NewRunScreen)
        assert "round-robin" in app.get_text()
