"""The tables [access] and [public] of a scenario: what they may say, and what they mean."""

from collections.abc import Callable
from importlib.resources import files

import pytest

from chain.access import Right
from chain.consortium import build_members
from chain.errors import InvalidScenario
from chain.scenario import Scenario, apply_settings, convert_scenario, get_public_scenario, load_scenario, to_table
from chain.simulation.simulation import Simulation
from chain.wallet.address import encode_address

Start = Callable[..., Simulation]


def load(*settings: str, name: str = "quiet") -> Scenario:
    text = (files("chain") / f"scenarios/{name}.toml").read_text(encoding="utf-8")
    return apply_settings(load_scenario(text, name), settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["kind=secret"], "access.kind: 'secret' is not allowed; allowed: hybrid, private, public"),
        (["join=[0]"], "access.join: '[0]' is not allowed; allowed: a list under access.kind private or hybrid"),
        (["kind=private", "join=[0, 6]"], "access.join[1]: '6' is not allowed; allowed: 0 to 5"),
        (["kind=private", "join=[0, 1]", "read=[0, 2]"], "access.read: '2' is not allowed; allowed: nodes of access"),
        (["kind=private", "read=[0]", "propose=[1]"], "access.propose: '1' is not allowed; allowed: nodes of access"),
        (["kind=private", "propose=[]"], "access.propose: '[]' is not allowed; allowed: at least one node"),
        (["kind=private", "send=['n06']"], "access.send[0]: 'n06' is not allowed; allowed: n00 to n05"),
        (["kind=private", "send=['faucet', 'cr1qx']"], "access.send[1]: 'cr1qx' is not allowed; allowed: \"people\""),
        (["kind=private", "anchor_every=0"], "access.anchor_every: '0' is not allowed"),
        (["sort=private"], "key: 'access.sort' is not allowed; allowed: kind, join"),
    ],
)  # fmt: skip
def test_wrong_lists_are_refused_by_key_and_value(settings: list[str], words: str) -> None:
    with pytest.raises(InvalidScenario) as caught:
        load(*(f"access.{setting}" for setting in settings))
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["public.network.nodes=4"], "public: 'network' is not allowed; allowed: nothing, unless"),
        (["access.kind=hybrid", "public.network.nodes=0"], "public.network.nodes: '0' is not allowed"),
        (["access.kind=hybrid", "public.access.kind=private"], "public.access.kind: 'private' is not allowed"),
        (["access.kind=hybrid", "public.ledger.chain_id=1"], "public.ledger.chain_id: '1' is not allowed"),
        (["access.kind=hybrid", "public.consensus.protocol=magic"], "public.consensus.protocol: 'magic'"),
    ],
)  # fmt: skip
def test_the_public_chain_is_a_scenario_of_its_own(settings: list[str], words: str) -> None:
    with pytest.raises(InvalidScenario) as caught:
        load(*settings)
    assert str(caught.value).startswith(words)


def test_the_public_chain_has_defaults_and_any_protocol() -> None:
    plain = get_public_scenario(load("access.kind=hybrid"))
    assert (plain.consensus["protocol"], plain.network.nodes) == ("proof-of-work", 8)
    other = get_public_scenario(load("access.kind=hybrid", "public.consensus.protocol=tendermint"))
    assert (other.consensus["protocol"], other.consensus["interval"]) == ("tendermint", "10s")


def test_what_is_left_out_has_everybody(start: Start) -> None:
    world = start("classroom", "access.kind=private").world
    for right in (Right.JOIN, Right.READ, Right.PROPOSE):
        assert world.access.get_allowed(right, 0) == tuple(range(12))
    assert len(world.access.get_allowed(Right.SEND, 0)) == 24 + 12 + 1  # people, members, the faucet
    shorter = start("classroom", "access.kind=private", "access.join=[0, 1, 2]").world
    assert shorter.access.get_allowed(Right.PROPOSE, 0) == (0, 1, 2)


def test_senders_are_named_by_group_by_node_or_by_address(start: Start) -> None:
    address = encode_address(bytes(range(20)))  # type: ignore[arg-type]
    world = start("classroom", "access.kind=private", f"access.send=['n03', 'faucet', '{address}']").world
    member = build_members(5, 12)[3].address
    allowed = world.access.get_allowed(Right.SEND, 0)
    assert len(allowed) == 2 + 1 + 1 + 1  # the people of ranks 3 and 15, the member, the faucet, the address
    assert {member, world.faucet.address, bytes(range(20))} <= set(allowed)
    assert world.access.residents[3][-1] == member


@pytest.mark.parametrize("name", ["classroom-private", "classroom-hybrid"])
def test_a_shipped_scenario_survives_being_written_down(name: str) -> None:
    scenario = load(name=name)
    assert convert_scenario(to_table(scenario)) == scenario
