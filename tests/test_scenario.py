"""Scenarios: TOML that describes a run. Wrong ones are refused by key and value, with what is allowed."""

import contextlib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidScenario
from chain.scenario import (
    Scenario,
    apply_settings,
    build,
    compute_hash_rates,
    convert_scenario,
    load_scenario,
    to_table,
)
from chain.simulation.report import compute_report
from chain.units import COIN, MINUTE, SECOND, Span, TimeUs

LIBRARY = {path.name.removesuffix(".toml"): path for path in (files("chain") / "scenarios").iterdir()}

EVERYTHING = """
title = "Everything"
seed = 9
until = "90m"
[network]
nodes = 4
topology = "explicit"
edges = [[0, 1], [1, 2], [2, 3]]
regions = ["EU", "AP"]
[consensus]
interval = "20s"
grind_hashes = 16
[ledger]
chain_id = 7
[nodes]
hash_rates_per_s = [5_000, 6_000]
[[node]]
index = 3
hash_rate_per_s = 7_000
[traffic]
rate_per_s = 0.25
[[event]]
at = "30s"
command = "partition"
groups = [[0, 1]]
[[event]]
at = "40s"
command = "request-coins"
node = 0
address = "AAECAwQFBgcICQoLDA0ODxAREhM="
amount = 5_000_000_000
[[event]]
at = "1m"
command = "heal"
[view]
layout = "ring"
"""


def load(name: str, *settings: str) -> Scenario:
    return apply_settings(load_scenario(LIBRARY[name].read_text(encoding="utf-8"), name), settings)


def explain(*settings: str) -> str:
    """Return why a scenario with these settings is refused."""
    with pytest.raises(InvalidScenario) as caught:
        load("two-continents", *settings)
    return str(caught.value)


def test_the_library_has_the_scenarios_the_documentation_names() -> None:
    assert {"classroom", "bitcoin-2015", "bitcoin-2019", "two-continents", "quiet"} <= set(LIBRARY)


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_a_shipped_scenario_says_what_it_is_and_runs(name: str) -> None:
    scenario = load(name)
    assert scenario.title
    assert scenario.description
    assert scenario.until > 0
    simulation = build(scenario)
    span_us = int(scenario.until) // 48
    simulation.run_until(TimeUs(span_us))
    report = compute_report(simulation)
    assert (report["scenario"], report["seed"], report["virtual_seconds"]) == (name, scenario.seed, span_us / SECOND)
    assert not [record for record in simulation.history.records if record.kind.startswith("refused")]


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_a_scenario_survives_being_written_down(name: str) -> None:
    scenario = load(name)
    assert convert_scenario(to_table(scenario)) == scenario


def test_every_table_arrives_where_it_belongs() -> None:
    scenario = load_scenario(EVERYTHING, "everything")
    assert compute_hash_rates(scenario, 1) == {0: 5_000, 1: 6_000, 2: 0, 3: 7_000}
    assert [(str(Span(event.at)), type(event.command).__name__) for event in scenario.event] == [
        ("30s", "Partition"),
        ("40s", "RequestCoins"),
        ("1m", "Heal"),
    ]
    simulation = build(scenario)
    world = simulation.world
    assert simulation.seed == 9
    assert [place.region for place in world.network.places] == ["EU", "AP", "EU", "AP"]
    assert world.ledger.parameters.chain_id == 7
    simulation.run_until(TimeUs(MINUTE))
    commands = [(record.time_us, record.detail) for record in simulation.history.records if record.kind == "command"]
    assert commands == [(30 * SECOND, "partition"), (40 * SECOND, "request-coins"), (60 * SECOND, "heal")]
    simulation.run_until(TimeUs(10 * MINUTE))
    head = world.view(3).get_head()
    assert world.ledger.state(head.hash).get_account(bytes(range(20))).balance == 5 * COIN  # type: ignore[arg-type]


def test_the_same_digest_after_writing_it_down() -> None:
    scenario = load_scenario(EVERYTHING, "everything")
    digests = []
    for described in (scenario, convert_scenario(to_table(scenario))):
        simulation = build(described)
        simulation.run_until(TimeUs(5 * MINUTE))
        digests.append(simulation.compute_digest())
    assert digests[0] == digests[1]


def test_an_event_that_cannot_be_applied_is_told_and_the_run_goes_on() -> None:
    scenario = load("quiet", 'event=[{at="5s", command="start-node", node=2}]')
    simulation = build(scenario)
    simulation.run_until(TimeUs(10 * SECOND))
    (record,) = simulation.history.records
    assert (record.time_us, record.kind, record.node) == (5 * SECOND, "refused-command", 2)
    assert record.detail == "command/online: node n02 is already running"


def test_hash_rates_are_drawn_by_seed_with_the_deviation_asked_for() -> None:
    scenario = load("bitcoin-2019", "network.nodes=2000")
    rates = compute_hash_rates(scenario, 1)
    assert rates == compute_hash_rates(scenario, 1) != compute_hash_rates(scenario, 2)
    mean = sum(rates.values()) / 2000
    deviation = (sum((rate - mean) ** 2 for rate in rates.values()) / 2000) ** 0.5
    assert mean == pytest.approx(400_000_000, rel=0.025)  # 4.5 standard errors
    assert deviation == pytest.approx(100_000_000, rel=0.07)


# Settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("network.nodes=10", 10),
        (" network . nodes = 10 ", 10),
        ("network.relay=announce", "announce"),  # no quotes needed
        ('network.relay="announce"', "announce"),
        ("network.compact_blocks=true", True),
        ("network.regions=['EU', 'NA']", ("EU", "NA")),
        ("consensus.interval=1h30m", "1h30m"),
        ("until=2h", 2 * 3600 * SECOND),
        ("traffic.rate_per_s=1_000.5", 1000.5),
        ("title=Two words", "Two words"),
    ],
)
def test_any_key_can_be_set(setting: str, value: object) -> None:
    found: object = load("two-continents", setting)
    for part in setting.partition("=")[0].split("."):
        found = found[part.strip()] if isinstance(found, dict) else getattr(found, part.strip())
    assert found == value


def test_later_settings_win() -> None:
    assert load("classroom", "network.nodes=20", "network.nodes=30").network.nodes == 30


def test_settings_leave_the_scenario_alone() -> None:
    scenario = load("classroom")
    apply_settings(scenario, ["network.nodes=20", "consensus.interval=3s"])
    assert scenario == load("classroom")


@pytest.mark.parametrize("setting", ["network.nodes", "=5", "a..b=5", "", ".=1"])
def test_a_setting_is_a_key_and_a_value(setting: str) -> None:
    assert explain(setting).endswith("allowed: key.name=value, such as network.nodes=40")


def test_a_setting_cannot_go_below_a_value() -> None:
    assert "nodes has none" in explain("network.nodes.more=5")


# What is refused ---------------------------------------------------------------------------------------------------

COMMANDS = "submit-transaction, request-coins, mine-block, stop-node, start-node"
SPANS = 'a span of time in quotes, such as "250ms", "30m", "1h30m", "7d"'


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        # keys that do not exist, with the one that was meant
        ("network.nods=4", "key: 'network.nods' is not allowed; allowed: nodes, topology"),
        ("network.nods=4", "(did you mean nodes?)"),
        ("netwrk.nodes=4", "(did you mean network?)"),
        ("consensus.intervall=10s", "(did you mean interval?)"),
        ("node=[{indx=1}]", "key: 'node[0].indx' is not allowed; allowed: index, hash_rate_per_s (did you mean"),
        # types
        ("network.nodes=four", "network.nodes: 'four' is not allowed; allowed: a whole number"),
        ("network.nodes=4.5", "network.nodes: '4.5' is not allowed; allowed: a whole number"),
        ("network.nodes=true", "network.nodes: 'true' is not allowed; allowed: a whole number"),
        ("network.nodes=", "network.nodes: '' is not allowed; allowed: a whole number"),
        ("network.nodes=1979-05-27", "allowed: a whole number"),
        ("network.compact_blocks=1", "network.compact_blocks: '1' is not allowed; allowed: true or false"),
        ("title=5", "title: '5' is not allowed; allowed: a text in quotes"),
        ("network=5", "network: '5' is not allowed; allowed: a table with the keys nodes, topology"),
        ("consensus=5", "consensus: '5' is not allowed; allowed: a table"),
        ("network.regions=EU", "network.regions: 'EU' is not allowed; allowed: a list, each entry a text in quotes"),
        ("network.edges=[[0, 1, 2]]", "network.edges[0]: '[0, 1, 2]' is not allowed; allowed: a list of 2: a whole"),
        ("network.edges=[[0, 'one']]", "network.edges[0][1]: 'one' is not allowed; allowed: a whole number"),
        # ranges
        ("network.nodes=0", "network.nodes: '0' is not allowed; allowed: 1 to 20000"),
        ("ledger.gas_limit=5", "ledger.gas_limit: '5' is not allowed; allowed: a whole number from 21000 to 10"),
        ("nodes.hash_rates_per_s=[1, -3]", "nodes.hash_rates_per_s[1]: '-3' is not allowed; allowed: a whole number"),
        ("traffic.rate_per_s=nan", "traffic.rate_per_s: 'nan' is not allowed; allowed: a number from 0 to 10000"),
        ("traffic.rate_per_s=inf", "traffic.rate_per_s: 'inf' is not allowed; allowed: a number from 0 to 10000"),
        ("view.speed=0", "view.speed: '0' is not allowed; allowed: a number from 0.1 to 10000"),
        ("seed=-1", "seed: '-1' is not allowed; allowed: a whole number from 0 to"),
        ("node=[{index=10}]", "node[0].index: '10' is not allowed; allowed: 0 to 9"),
        ("node=[{index=-1}]", "node[0].index: '-1' is not allowed; allowed: a whole number of at least 0"),
        ("nodes.hash_rates_per_s=[1,1,1,1,1,1,1,1,1,1,1]", "nodes.hash_rates_per_s: '11 rates' is not allowed"),
        # choices
        ("network.relay=pull", "network.relay: 'pull' is not allowed; allowed: announce, push"),
        ("network.relay=anounce", "(did you mean announce?)"),
        ("consensus.mining=lazy", "consensus.mining: 'lazy' is not allowed; allowed: automatic, manual"),
        ("consensus.protocol=proof-of-wrok", "(did you mean proof-of-work?)"),
        ("consensus.protocol=5", "consensus.protocol: '5' is not allowed; allowed: "),
        ("consensus.protocol=[]", "consensus.protocol: '[]' is not allowed; allowed: "),
        # spans
        ("until=5", f"until: '5' is not allowed; allowed: {SPANS}"),
        ("consensus.interval=10", f"consensus.interval: '10' is not allowed; allowed: {SPANS}"),
        ("consensus.interval=10 parsecs", f"consensus.interval: '10 parsecs' is not allowed; allowed: {SPANS}"),
        ("until=-5s", f"until: '-5s' is not allowed; allowed: {SPANS}"),
        # events, as a person writes them
        ("event=5", "event: '5' is not allowed; allowed: a list"),
        ("event=[5]", "event[0]: '5' is not allowed; allowed: a table with the keys at, command"),
        ("event=[{at='1s'}]", f"event[0].command: '(missing)' is not allowed; allowed: {COMMANDS}"),
        ("event=[{at='1s', command='mine-bloc', node=0}]", f"'mine-bloc' is not allowed; allowed: {COMMANDS}"),
        ("event=[{at='1s', command='mine-bloc', node=0}]", "(did you mean mine-block?)"),
        ("event=[{at='1s', command={command='heal'}}]", "event[0].command: '{'command': 'heal'}' is not allowed"),
        ("event=[{command='heal'}]", f"event[0].at: '(missing)' is not allowed; allowed: {SPANS}"),
        ("event=[{at=1, command='heal'}]", f"event[0].at: '1' is not allowed; allowed: {SPANS}"),
        ("event=[{at='1s', command='mine-block'}]", "event[0].node: '(missing)' is not allowed; allowed: a whole"),
        ("event=[{at='1s', command='mine-block', node='a'}]", "event[0].node: 'a' is not allowed; allowed: a whole"),
        ("event=[{at='1s', command='mine-block', nod=0}]", "key: 'event[0].nod' is not allowed; allowed: node (did"),
        ("event=[{at='1s', command='cut-link', node=0, other=10}]", "event[0].other: '10' is not allowed; allowed: 0"),
        ("event=[{at='1s', command='request-coins', node=0, address='?', amount=1}]", "event[0].address: '?' is not"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_its_key_and_what_is_allowed(setting: str, message: str) -> None:
    assert message in explain(setting)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[network]\nnodes = four",
            "scenario mine, line 2: 'nodes = four' is not allowed; allowed: TOML (Invalid value",
        ),
        ("title = 'a'\n[network\n", "scenario mine, line 2: '[network' is not allowed; allowed: TOML ("),
        ("seed = 1\nseed = 2", "scenario mine, line 2: 'seed = 2' is not allowed; allowed: TOML ("),
        ("title = 'cut", "scenario mine, line 1: 'title = 'cut' is not allowed; allowed: TOML ("),
        ("\x00", "scenario mine, line 1: '\\x00' is not allowed"),
        ("x = " + "[" * 100_000, "scenario mine, line 1: 'x = [[[["),
        ("x = " + "{a = " * 100_000, "scenario mine, line 1: 'x = {a"),
        ("seed = " + "9" * 5000, "scenario mine, line 1: 'seed = 999"),
        (".".join("a" * 3000) + " = 1", "key: 'a' is not allowed"),
    ],
)
def test_what_is_no_toml_is_told_by_line(text: str, message: str) -> None:
    with pytest.raises(InvalidScenario) as caught:
        load_scenario(text, "mine")
    assert message in str(caught.value)


@pytest.mark.parametrize("key", ["consensus", "network", "view", "deeper"])
def test_tables_in_tables_without_end_are_refused(key: str) -> None:
    deep: dict[str, object] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(InvalidScenario):
        convert_scenario({"name": "deep", key: deep})


@pytest.mark.parametrize("seed", [-1, 1 << 63])
def test_a_seed_has_63_bits(seed: int) -> None:
    with pytest.raises(InvalidScenario, match=f"seed: '{seed}' is not allowed; allowed: 0 to {(1 << 63) - 1}"):
        build(load("quiet"), seed)


KEYS = st.sampled_from(
    ["network", "nodes", "event", "consensus", "at", "command", "node", "index", "edges", "interval"]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(KEYS | st.sampled_from(["name", "until", "traffic", "ledger", "view", "seed"]), VALUES, max_size=4)
)
def test_any_table_is_a_scenario_or_refused(table: dict[str, object]) -> None:
    with contextlib.suppress(InvalidScenario):
        convert_scenario({"name": "any"} | table)


@given(st.sampled_from(["network.nodes", "event", "until", "consensus.interval", "traffic"]), st.text(max_size=20))
def test_any_setting_is_applied_or_refused(key: str, value: str) -> None:
    with contextlib.suppress(InvalidScenario):
        apply_settings(load("quiet"), [f"{key}={value}"])
