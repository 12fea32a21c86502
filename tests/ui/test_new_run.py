"""A new run from a form: what is typed is checked at its field, the protocol brings its own fields, begin opens it."""

from typing import Any

import pytest
from textual.widgets import Input, Select

from app.present.new_run import build_scenario, list_parameters, read_helps, read_seed, set_protocol
from app.screens.main import MainScreen
from app.screens.new_run import NewRunScreen, ParameterRow
from app.starting import read_shipped_scenario
from chain.consensus.registry import PROTOCOLS
from chain.consensus.tendermint import TendermintParameters
from chain.errors import InvalidScenario
from chain.scenario import get_consensus_parameters

# The model -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_brings_its_parameters_with_their_meaning(protocol: str) -> None:
    scenario = set_protocol(read_shipped_scenario("classroom"), protocol)
    parameters = list_parameters(scenario)
    own = [it for it in parameters if it.key.startswith("consensus.")]
    assert get_consensus_parameters(scenario).protocol == protocol
    assert "consensus.interval" in {it.key for it in own}
    assert sum(bool(it.help) for it in own) >= len(own) - 1
    assert build_scenario(scenario, {it.key: it.value for it in parameters}) == scenario


def test_the_meaning_is_what_stands_in_the_source() -> None:
    assert read_helps(TendermintParameters)["timeout_delta"] == "What each timeout grows by with each round."


def test_what_was_typed_becomes_part_of_the_scenario() -> None:
    scenario = set_protocol(read_shipped_scenario("classroom"), "tendermint")
    changed = build_scenario(scenario, {"consensus.timeout_propose": "7s", "network.nodes": "5"})
    assert get_consensus_parameters(changed).timeout_propose == 7_000_000
    assert changed.network.nodes == 5


@pytest.mark.parametrize(
    ("key", "value"), [("consensus.interval", "soon"), ("network.nodes", "-1"), ("consensus.mining", "sometimes")]
)
def test_what_is_wrong_is_told_with_its_key(key: str, value: str) -> None:
    with pytest.raises(InvalidScenario) as caught:
        build_scenario(read_shipped_scenario("classroom"), {key: value})
    assert caught.value.thing == key


@pytest.mark.parametrize("text", ["", "-1", "1.5", "seven", "9" * 30])
def test_a_seed_is_a_whole_number(text: str) -> None:
    with pytest.raises(InvalidScenario):
        read_seed(text)
    assert read_seed(" 42 ") == 42


# The form --------------------------------------------------------------------------------------------------------


def get_row(app: Any, key: str) -> ParameterRow:
    row: ParameterRow = next(row for row in app.screen.query(ParameterRow) if row.parameter.key == key)
    return row


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_opens_what_was_chosen(start_still: Any, size: tuple[int, int]) -> None:
    async with start_still(size, 5) as (app, pilot):
        await pilot.press("N")
        assert isinstance(app.screen, NewRunScreen)
        assert "Begin" in app.get_text()
        get_row(app, "protocol").query_one(Select).value = "raft"
        await pilot.pause()
        await pilot.pause()
        assert get_row(app, "consensus.election_timeout").value == "3s"
        get_row(app, "network.nodes").query_one(Input).value = "5"
        get_row(app, "seed").query_one(Input).value = "99"
        await pilot.press("ctrl+s")
        await app.wait_until(lambda: app.run_shown.simulation.world.consensus.name == "raft")
        assert app.run_shown.simulation.seed == 99
        assert app.run_shown.simulation.world.node_count == 5
        assert isinstance(app.screen, MainScreen)


async def test_says_at_the_field_what_is_wrong_and_goes_there(start_still: Any) -> None:
    async with start_still((120, 36), 5) as (app, pilot):
        await pilot.press("N")
        field = get_row(app, "consensus.interval").query_one(Input)
        field.value = "soon"
        await pilot.pause()
        assert "allowed: a span of time" in app.get_text()
        await pilot.press("ctrl+s")
        assert app.focused is field
        field.value = "9s"
        await pilot.pause()
        assert "allowed:" not in app.get_text()


async def test_leaving_changes_nothing_and_the_list_of_runs_offers_it_too(start_still: Any) -> None:
    async with start_still((120, 36), 5) as (app, pilot):
        before = app.run_shown
        await pilot.press("N", "escape")
        assert app.run_shown is before
        await pilot.press("o", "enter")
        assert isinstance(app.screen, NewRunScreen)
