"""A described run: TOML read into typed values, and built into a simulation.

Every key can be set from outside with ``apply_settings(scenario, ["network.nodes=40", …])``. Errors name the key, the
value and what is allowed. ``[[event]]`` tables are commands with a time: ``at = "30m"``, ``command = "cut-node"``.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from chain.access import AccessParameters
from chain.consensus import registry
from chain.consensus.validators import Context
from chain.consortium import MEMBER_COINS, build_access, build_members, check_access, merge_public_table
from chain.draws import draw_below, draw_bytes, draw_normal
from chain.economy.application import ApplicationParameters, build_application_signers
from chain.economy.applications import build_application, check_application
from chain.economy.people import People, TrafficParameters, build_signers
from chain.economy.sharing import Sharing
from chain.errors import InvalidInput, InvalidScenario
from chain.ledger.parameters import LedgerParameters
from chain.network.parameters import NetworkParameters
from chain.schema import SPANS, explain, suggest
from chain.simulation.anchoring import Anchoring
from chain.simulation.commands import Command
from chain.simulation.signer import Signer
from chain.simulation.simulation import Simulation
from chain.simulation.world import Actor, WorldSetup
from chain.units import COIN, Address, NodeId, Span, TimeUs, parse_span

T = TypeVar("T")

FAUCET_COINS = 10_000_000
ANCHOR_COINS = 100_000
"""What the consortium's account owns on the public chain of a hybrid network."""
MAX_SEED = (1 << 63) - 1


class NodesParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[nodes]``: what is true of all nodes unless a ``[[node]]`` says otherwise."""

    hash_rate_per_s: Annotated[int, Meta(ge=0, le=10**18)] = 10**12
    """Mean hash rate of a miner, in hashes a second."""
    hash_rate_deviation_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    """Standard deviation of hash rates as a share of the mean; drawn normal, cut off at a hundredth of the mean."""
    hash_rates_per_s: tuple[Annotated[int, Meta(ge=0, le=10**18)], ...] = ()
    """Hash rates of the first nodes, one by one; nodes beyond the list do not mine. Empty: all nodes mine."""
    stake_coins: Annotated[int, Meta(ge=0, le=10**9)] = 32
    """Stake of each node's validator, in coins. Ethereum: 32 a validator."""
    stakes_coins: tuple[Annotated[int, Meta(ge=0, le=10**9)], ...] = ()
    """Stakes of the first nodes, one by one; nodes beyond the list do not validate. Empty: all validate alike."""


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
    application: tuple[ApplicationParameters, ...] = ()
    """Smart contracts, and the people who use them."""
    event: tuple[EventParameters, ...] = ()
    access: AccessParameters = AccessParameters()
    public: dict[str, Any] = {}
    """The public chain of a hybrid network, a scenario of its own; what is left out has defaults."""
    view: ViewParameters = ViewParameters()


# Reading ---------------------------------------------------------------------------------------------------------


def load_scenario(text: str, name: str) -> Scenario:
    """Read a scenario from TOML. Raises InvalidScenario."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of thousands of digits
        raise _explain_toml(error, text, name) from None
    return convert_scenario({"name": name} | table)


def _explain_toml(error: Exception, text: str, name: str) -> InvalidScenario:
    what, _, place = str(error).partition(" (at ")
    lines = text.splitlines() or [""]
    found = re.match(r"line (\d+)", place)
    number = min(int(found[1]), len(lines)) if found else len(lines)
    return InvalidScenario(f"scenario {name}, line {number}", lines[number - 1].strip(), f"TOML ({what})")


def convert_scenario(table: dict[str, Any]) -> Scenario:
    """Return the typed scenario of a plain table. Raises InvalidScenario naming the key."""
    nested = dict(table)
    if isinstance(table.get("event"), (list, tuple)):
        nested["event"] = [_nest_command(entry) for entry in table["event"]]
    scenario = _convert(nested, Scenario)
    check_scenario(scenario)
    return scenario


def _convert(table: dict[str, Any], kind: type[T], prefix: str = "") -> T:
    try:
        return msgspec.convert(table, kind, dec_hook=_decode_span)
    except msgspec.ValidationError as error:
        explained = explain(error, kind, table, prefix)
    except RecursionError:
        explained = InvalidScenario(prefix or "the scenario", "tables in tables", "fewer of them")
    thing, value = (
        re.sub(r"^(event\[\d+\])\.command(?=\.)", r"\1", it) if isinstance(it, str) else it
        for it in (explained.thing, explained.value)
    )  # a person writes a command's keys beside `at`, not in a table of their own
    raise InvalidScenario(str(thing), value, explained.allowed)


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
        path = [part.strip() for part in key.split(".")]
        if not equals or not all(path):
            raise InvalidScenario("setting", setting, "key.name=value, such as network.nodes=40")
        place = table
        for part in path[:-1]:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise InvalidScenario("setting", key, f"keys without another one below; {part} has none")
        place[path[-1]] = _parse_value(value.strip())
    return convert_scenario(table)


def _parse_value(text: str) -> Any:
    """Return what TOML understands by a value; a word or a span without quotes is a text."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _nest_command(entry: Any) -> Any:
    """Move a command's keys into a table of their own, as ``EventParameters`` has them."""
    if not isinstance(entry, dict):
        return entry
    command = {key: value for key, value in entry.items() if key != "at"}
    return {key: value for key, value in entry.items() if key == "at"} | {"command": command}


def _decode_span(kind: type, value: Any) -> Any:
    if kind is Span and isinstance(value, str):
        try:
            return Span(parse_span(value))
        except InvalidInput as error:
            raise ValueError(str(error)) from None  # which msgspec tells the place of
    raise ValueError(SPANS)


def check_scenario(scenario: Scenario) -> None:
    """Check what the types cannot say. Raises InvalidScenario."""
    nodes = scenario.network.nodes
    for number, entry in enumerate(scenario.node):
        if entry.index >= nodes:
            raise InvalidScenario(f"node[{number}].index", entry.index, f"0 to {nodes - 1}")
    for number, event in enumerate(scenario.event):
        for key in ("node", "other"):
            if not 0 <= getattr(event.command, key, 0) < nodes:
                raise InvalidScenario(f"event[{number}].{key}", getattr(event.command, key), f"0 to {nodes - 1}")
    if len(scenario.nodes.hash_rates_per_s) > nodes:
        count = len(scenario.nodes.hash_rates_per_s)
        raise InvalidScenario("nodes.hash_rates_per_s", f"{count} rates", f"at most {nodes}, one a node")
    get_consensus_parameters(scenario)
    for number, application in enumerate(scenario.application):
        check_application(application, f"application[{number}].name")
    check_access(scenario.access, nodes)
    if scenario.public and scenario.access.kind != "hybrid":
        raise InvalidScenario("public", ", ".join(scenario.public), "nothing, unless access.kind is hybrid")
    if scenario.access.kind == "hybrid":
        get_public_scenario(scenario)


def get_public_scenario(scenario: Scenario) -> Scenario:
    """Return the scenario of a hybrid network's public chain. Raises InvalidScenario with keys below ``public``."""
    try:
        public = convert_scenario(merge_public_table(scenario.public))
    except InvalidScenario as error:
        raise InvalidScenario(f"public.{error.thing}", error.value, error.allowed) from None
    if public.access.kind != "public":
        raise InvalidScenario("public.access.kind", public.access.kind, "public")
    if public.ledger.chain_id == scenario.ledger.chain_id:
        raise InvalidScenario("public.ledger.chain_id", public.ledger.chain_id, "a number other than ledger.chain_id")
    return public


def get_consensus_parameters(scenario: Scenario) -> Any:
    """Return the typed parameters of the scenario's protocol. Raises InvalidScenario."""
    protocol = scenario.consensus.get("protocol", "proof-of-work")
    if not isinstance(protocol, str) or protocol not in registry.PROTOCOLS:
        names = list(registry.PROTOCOLS)
        raise InvalidScenario("consensus.protocol", protocol, ", ".join(names) + suggest(protocol, names))
    kind = registry.PROTOCOLS[protocol].parameters
    return _convert(_leave_out_other_protocols(scenario.consensus, kind), kind, "consensus")


def _leave_out_other_protocols(table: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    """Return the table without keys that only other protocols have, so that one scenario runs under each of them."""
    own = {field.name for field in msgspec.structs.fields(kind)}
    others = {field.name for entry in registry.PROTOCOLS.values() for field in msgspec.structs.fields(entry.parameters)}
    return {key: value for key, value in table.items() if key in own or key not in others}


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


def compute_stakes(scenario: Scenario) -> tuple[int, ...]:
    """Return the stake of every node, in units."""
    nodes, count = scenario.nodes, scenario.network.nodes
    if not nodes.stakes_coins:
        return (nodes.stake_coins * COIN,) * count
    return tuple(stake * COIN for stake in nodes.stakes_coins) + (0,) * (count - len(nodes.stakes_coins))


def build(scenario: Scenario, seed: int | None = None, more: Mapping[Address, int] | None = None) -> Simulation:
    """Return a simulation at its beginning; ``more`` accounts own units at genesis. Raises InvalidScenario."""
    seed = scenario.seed if seed is None else seed
    if not 0 <= seed <= MAX_SEED:
        raise InvalidScenario("seed", seed, f"0 to {MAX_SEED}")
    parameters, rates = get_consensus_parameters(scenario), compute_hash_rates(scenario, seed)
    protocol = registry.PROTOCOLS[parameters.protocol]
    signers = build_signers(seed, scenario.traffic)
    faucet_seed = draw_bytes(seed, 32, "faucet-key")
    allocations = {signer.address: scenario.traffic.savings_coins * COIN for signer in signers}
    allocations[Signer(faucet_seed).address] = FAUCET_COINS * COIN
    for number, application in enumerate(scenario.application):
        users = build_application_signers(seed, application, number)
        allocations |= {user.address: application.savings_coins * COIN for user in users}
    accounts = tuple(Address(draw_bytes(seed, 20, "proposer", node)) for node in range(scenario.network.nodes))
    members = build_members(seed, scenario.network.nodes) if scenario.access.kind != "public" else ()
    allocations |= {member.address: MEMBER_COINS * COIN for member in members}
    allocations |= more or {}
    access = build_access(
        scenario.access,
        accounts,
        tuple(signer.address for signer in signers),
        tuple(member.address for member in members),
        Signer(faucet_seed).address,
        tuple(allocations),
    )
    context = Context(
        seed, scenario.network.nodes, rates, compute_stakes(scenario), accounts, Signer(faucet_seed).address
    )
    setup = WorldSetup(
        seed=seed,
        network=scenario.network,
        ledger=scenario.ledger,
        allocations=allocations,
        proposers=accounts,
        build_consensus=lambda: protocol.build(parameters, context),
        build_actors=lambda: _build_actors(scenario, seed, signers, members),
        faucet_seed=faucet_seed,
        events=tuple((TimeUs(int(entry.at)), entry.command) for entry in scenario.event),
        access=access,
    )
    return Simulation(setup, scenario)


def _build_actors(
    scenario: Scenario, seed: int, signers: tuple[Signer, ...], members: tuple[Signer, ...]
) -> tuple[Actor, ...]:
    """Return everybody who acts by himself; an actor's index is its place."""
    actors: list[Actor] = [People(seed, scenario.traffic, tuple(signer.copy() for signer in signers), 0)]
    for number, application in enumerate(scenario.application):
        actors.append(build_application(seed, application, number, len(actors)))
    if scenario.access.payloads_per_1000_s and members:
        copies = tuple(member.copy() for member in members)
        actors.append(Sharing(seed, scenario.access.payloads_per_1000_s, copies, len(actors)))
    if scenario.access.kind == "hybrid":
        actors.append(_build_anchoring(scenario, seed, len(actors)))
    return tuple(actors)


def _build_anchoring(scenario: Scenario, seed: int, index: int) -> Anchoring:
    """Return the public chain of a hybrid network and the account that writes into it."""
    signer = Signer(draw_bytes(seed, 32, "anchor-key"))
    public_seed = draw_below(seed, MAX_SEED, "public-chain")
    public = build(get_public_scenario(scenario), public_seed, {signer.address: ANCHOR_COINS * COIN})
    return Anchoring(public, signer, scenario.access.anchor_every, index)
