"""Commands: typed, named as in a save, and applied or refused whatever numbers they hold."""

from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chain.errors import CommandRefused
from chain.simulation import commands as c
from chain.simulation.simulation import Simulation
from chain.units import MINUTE, SECOND, TimeUs

Start = Callable[..., Simulation]
KINDS: tuple[type[Any], ...] = get_args(c.Command)

NUMBERS = st.one_of(
    st.integers(min_value=-2, max_value=13), st.sampled_from([10**9, 10**18, 2**63, -(2**63), 10**30, -(10**30)])
)
FIELDS: dict[Any, st.SearchStrategy[Any]] = {
    int: NUMBERS,
    bool: st.booleans(),
    bytes: st.binary(max_size=24) | st.binary(min_size=20, max_size=20),
}


def draw_command(kind: type[Any]) -> st.SearchStrategy[c.Command]:
    return st.builds(kind, **{field.name: draw_field(field.type) for field in msgspec.structs.fields(kind)})


def draw_field(kind: Any) -> st.SearchStrategy[Any]:
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) is tuple:
        return st.lists(draw_field(get_args(kind)[0]), max_size=4).map(tuple)
    return FIELDS[kind]


COMMANDS = st.sampled_from(KINDS).flatmap(draw_command)


@pytest.fixture(scope="module")
def trunk(start: Start) -> Simulation:
    simulation = start("classroom", 5, "network.nodes=6")
    simulation.run_until(TimeUs(30 * SECOND))
    return simulation


def test_a_command_is_named_in_a_save_by_its_class() -> None:
    entry = c.CommandEntry(TimeUs(5), 3, c.SetLinkLag(0, 1, 250))
    assert msgspec.json.encode(entry) == (
        b'{"time_us":5,"step":3,"command":{"command":"set-link-lag","node":0,"other":1,"extra_us":250}}'
    )
    names = [kind.__struct_config__.tag for kind in KINDS]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalpha() and name.islower() for name in names)


@given(COMMANDS)
def test_what_is_written_is_read_back(command: c.Command) -> None:
    entry = c.CommandEntry(TimeUs(0), 0, command)
    assert msgspec.convert(msgspec.to_builtins(entry), c.CommandEntry) == entry


@hypothesis_settings(max_examples=300)
@given(commands=st.lists(COMMANDS, min_size=1, max_size=4))
def test_any_command_is_applied_and_logged_or_refused_without_a_trace(
    trunk: Simulation, commands: list[c.Command]
) -> None:
    simulation = trunk.copy()
    for command in commands:
        digest, log = simulation.compute_digest(), list(simulation.log)
        try:
            simulation.submit(command)
        except CommandRefused as error:
            assert (simulation.compute_digest(), simulation.log) == (digest, log)
            assert str(error).isprintable()  # noqa: PT017
        else:
            assert simulation.compute_digest() != digest
            assert simulation.log[-1].command == command
    simulation.run_until(TimeUs(simulation.now_us + 20 * SECOND), max_events=300)


def test_a_refused_event_of_a_scenario_is_history(start: Start) -> None:
    simulation = start("quiet", 5, 'event=[{at="1s", command="partition", groups=[]}]')
    simulation.run_until(TimeUs(MINUTE))
    (record,) = simulation.history.records
    assert (record.kind, record.detail.partition(":")[0]) == ("refused-command", "command/partition")
