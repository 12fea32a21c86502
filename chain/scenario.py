"""A described run: TOML read into typed values, and built into a simulation.

Every key can be set from outside with ``apply_settings(scenario, ["network.nodes=40", …])``. Errors name the key, the
value and what is allowed. ``[[event]]`` tables are commands with a time: ``at = "30m"``, ``command = "cut-node"``.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chain.consensus import registry
from chain.draws import draw_bytes, draw_normal
from chain.economy.people import People, TrafficParameters, build_signers
from chain.errors import InvalidInput, InvalidScenario
from chain.ledger.parameters import LedgerParameters
from chain.network.parameters import NetworkParameters
from chain.simulation.commands import Command
from chain.simulation.signer import Signer
from chain.simulation.simulation import Simulation
from chain.simulation.world import WorldSetup
from chain.units import COIN, Address, NodeId, Span, TimeUs, parse_span

FAUCET_COINS = 10_000_000
MAX_SEED = (1 << 63) - 1


class NodesParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[nodes]``: what is true of all nodes unless a ``[[node]]`` says otherwise."""

    hash_rate_per_s: Annotated[int, Meta(ge=0, le=10**18)] = 10**12
    """Mean hash rate of a miner, in hashes a second."""
    hash_rate_deviation_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    """Standard deviation of hash rates as a share of the mean; drawn normal, cut off at a hundredth of the mean."""
    hash_rates_per_s: tuple[Annotated[int, Meta(ge=0, le=10**18)], ...] = ()
    """Hash rates of the first nodes, one by one; nodes beyond the list do not mine. Empty: all nodes mine."""


class NodeParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[node]]`` table."""

    index: Annotated[int, Meta(ge=0)]
    hash_rate_per_s: Annotated[int, Meta(ge=0, le=10**18)] | None = None


class EventParameters(msgspec.Struct, frozen=True):
    """One ``[[event]]`` table: a command at a time."""

    at: Span
    command: Command


class ViewParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the interface opens the scenario. Changes nothing in the run."""

    speed: Annotated[float, Meta(ge=0.1, le=10_000)] = 10.0
    """Virtual seconds a second."""
    layout: Literal["map", "graph", "ring"] = "map"


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole run but for its seed and its inputs."""

    name: str
    title: str = ""
    description: str = ""
    seed: Annotated[int, Meta(ge=0, le=MAX_SEED)] = 1
    """The seed when none is given."""
    until: Span = Span(2 * 3600 * 10**6)
    """How far a headless run goes when nothing is said."""
    network: NetworkParameters = NetworkParameters()
    consensus: dict[str, Any] = {}
    ledger: LedgerParameters = LedgerParameters()
    nodes: NodesParameters = NodesParameters()
    node: tuple[NodeParameters, ...] = ()
    traffic: TrafficParameters = TrafficParameters()
    event: tuple[EventParameters, ...] = ()
    view: ViewParameters = ViewParameters()


# Reading ---------------------------------------------------------------------------------------------------------


def load_scenario(text: str, name: str) -> Scenario:
    """Read a scenario from TOML. Raises InvalidScenario."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidScenario(f"scenario {name}", str(error), "a TOML document") from None
    return convert_scenario({"name": name} | table)


def convert_scenario(table: dict[str, Any]) -> Scenario:
    """Return the typed scenario of a plain table. Raises InvalidScenario naming the key."""
    table = dict(table)
    if isinstance(table.get("event"), (list, tuple)):
        table["event"] = [_nest_command(entry) for entry in table["event"]]
    try:
        scenario = msgspec.convert(table, Scenario, dec_hook=_decode_span)
    except msgspec.ValidationError as error:
        raise _explain(error, table) from None
    check_scenario(scenario)
    return scenario


def to_table(scenario: Scenario) -> dict[str, Any]:
    """Return the scenario as plain values that ``convert_scenario`` reads back."""
    table: dict[str, Any] = msgspec.to_builtins(scenario, enc_hook=str)
    table["event"] = [{"at": entry["at"]} | entry["command"] for entry in table["event"]]
    return table


def apply_settings(scenario: Scenario, settings: Iterable[str]) -> Scenario:
    """Return the scenario with settings such as ``network.nodes=40`` applied. Raises InvalidScenario."""
    table = to_table(scenario)
    for setting in settings:
        key, equals, value = setting.partition("=")
        path = key.strip().split(".")
        if not equals or not all(path):
            raise InvalidScenario("setting", setting, "key.name=value, such as network.nodes=40")
        place = table
        for part in path[:-1]:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise InvalidScenario("setting", key, "a key of a table")
        place[path[-1]] = _parse_value(value.strip())
    return convert_scenario(table)


def _parse_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a bare word or span


def _nest_command(entry: Any) -> Any:
    if not isinstance(entry, dict) or isinstance(entry.get("command"), dict):
        return entry
    return {"at": entry.get("at", ""), "command": {k: v for k, v in entry.items() if k != "at"}}


def _decode_span(kind: type, value: Any) -> Any:
    if kind is Span:
        if isinstance(value, str):
            return Span(parse_span(value))
        raise InvalidInput("span", value, 'numbers with a unit in quotes, such as "250ms", "30m", "7d"')
    raise NotImplementedError(kind)


def _explain(error: msgspec.ValidationError, table: dict[str, Any]) -> InvalidScenario:
    text = str(error)
    match = re.search(r"^(?P<what>.*?) - at `\$\.?(?P<path>[^`]*)`$", text, re.DOTALL)
    what, path = (match["what"], match["path"]) if match else (text, "")
    unknown = re.search(r"unknown field `([^`]*)`", what)
    if unknown:
        allowed = _get_fields(path)
        near = difflib.get_close_matches(unknown[1], allowed, 1)
        hint = f"{', '.join(allowed)}" + (f" (did you mean {near[0]}?)" if near else "")
        return InvalidScenario("scenario key", f"{path}.{unknown[1]}".strip("."), hint)
    return InvalidScenario(f"scenario key {path or 'at the top'}", _look_up(table, path), what)


def _look_up(table: Any, path: str) -> Any:
    for part in re.findall(r"[^.\[\]]+", path):
        try:
            table = table[int(part)] if isinstance(table, (list, tuple)) else table[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return ""
    return table


def _get_fields(path: str) -> list[str]:
    kind: Any = Scenario
    for part in re.findall(r"[^.\[\]0-9]+", path):
        found = [field.type for field in msgspec.structs.fields(kind) if field.name == part]
        kind = found[0] if found else kind
        kind = getattr(kind, "__args__", (kind,))[0]
    try:
        return [field.name for field in msgspec.structs.fields(kind)]
    except TypeError:
        return []


def check_scenario(scenario: Scenario) -> None:
    """Check what the types cannot say. Raises InvalidScenario."""
    nodes = scenario.network.nodes
    for entry in scenario.node:
        if entry.index >= nodes:
            raise InvalidScenario("scenario key node.index", entry.index, f"0 to {nodes - 1}")
    if len(scenario.nodes.hash_rates_per_s) > nodes:
        count = len(scenario.nodes.hash_rates_per_s)
        raise InvalidScenario("scenario key nodes.hash_rates_per_s", f"{count} rates", f"at most {nodes}, one a node")
    get_consensus_parameters(scenario)


def get_consensus_parameters(scenario: Scenario) -> Any:
    """Return the typed parameters of the scenario's protocol. Raises InvalidScenario."""
    protocol = scenario.consensus.get("protocol", "proof-of-work")
    if protocol not in registry.PROTOCOLS:
        raise InvalidScenario("scenario key consensus.protocol", protocol, ", ".join(registry.PROTOCOLS))
    kind = registry.PROTOCOLS[protocol].parameters
    try:
        return msgspec.convert(scenario.consensus, kind, dec_hook=_decode_span)
    except msgspec.ValidationError as error:
        unknown = re.search(r"unknown field `([^`]*)`", str(error))
        if unknown:
            allowed = ", ".join(field.name for field in msgspec.structs.fields(kind))
            raise InvalidScenario("scenario key", f"consensus.{unknown[1]}", f"{allowed} ({protocol})") from None
        raise InvalidScenario("scenario table consensus", protocol, str(error).replace("$.", "consensus.")) from None


# Building --------------------------------------------------------------------------------------------------------


def compute_hash_rates(scenario: Scenario, seed: int) -> dict[NodeId, int]:
    """Return the hash rate of every node, in hashes a second."""
    nodes, count = scenario.nodes, scenario.network.nodes
    if nodes.hash_rates_per_s:
        rates = list(nodes.hash_rates_per_s) + [0] * (count - len(nodes.hash_rates_per_s))
    elif nodes.hash_rate_deviation_percent:
        deviation = nodes.hash_rate_per_s * nodes.hash_rate_deviation_percent // 100
        least = max(1, nodes.hash_rate_per_s // 100)
        rates = [
            max(least, draw_normal(seed, nodes.hash_rate_per_s, deviation, "hash-rate", node)) for node in range(count)
        ]
    else:
        rates = [nodes.hash_rate_per_s] * count
    for entry in scenario.node:
        if entry.hash_rate_per_s is not None:
            rates[entry.index] = entry.hash_rate_per_s
    return {NodeId(node): rate for node, rate in enumerate(rates)}


def build(scenario: Scenario, seed: int | None = None) -> Simulation:
    """Return a simulation at its beginning. Raises InvalidScenario."""
    seed = scenario.seed if seed is None else seed
    if not 0 <= seed <= MAX_SEED:
        raise InvalidScenario("seed", seed, f"0 to {MAX_SEED}")
    parameters, rates = get_consensus_parameters(scenario), compute_hash_rates(scenario, seed)
    protocol = registry.PROTOCOLS[parameters.protocol]
    signers = build_signers(seed, scenario.traffic)
    faucet_seed = draw_bytes(seed, 32, "faucet-key")
    allocations = {signer.address: scenario.traffic.savings_coins * COIN for signer in signers}
    allocations[Signer(faucet_seed).address] = FAUCET_COINS * COIN
    setup = WorldSetup(
        seed=seed,
        network=scenario.network,
        ledger=scenario.ledger,
        allocations=allocations,
        proposers=tuple(Address(draw_bytes(seed, 20, "proposer", node)) for node in range(scenario.network.nodes)),
        build_consensus=lambda: protocol.build(parameters, rates),
        build_actors=lambda: (People(seed, scenario.traffic, tuple(signer.copy() for signer in signers), 0),),
        faucet_seed=faucet_seed,
        events=tuple((TimeUs(int(entry.at)), entry.command) for entry in scenario.event),
    )
    return Simulation(setup, scenario)
