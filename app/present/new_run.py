"""What can be chosen for a new run: a scenario, its protocol, the protocol's parameters, the seed.

The fields are made from the typed parameters themselves: name, value, what is allowed, and the sentence that stands
under each in the source. What was typed goes through the same door as ``--set`` on the command line, so what is wrong
is told in the same words, at the field it is about.
"""

import ast
import inspect
from itertools import pairwise
from textwrap import dedent
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect as types

from chain.errors import InvalidScenario
from chain.scenario import MAX_SEED, Scenario, apply_settings, get_consensus_parameters
from chain.schema import describe

WORK: Final = ("proof-of-work", "ghost")


class Parameter(NamedTuple):
    """One field of the form."""

    key: str
    """As ``--set`` names it: ``consensus.interval``."""
    label: str
    value: str
    help: str
    """What it is, in a sentence."""
    allowed: str
    choices: tuple[str, ...] = ()
    """The values there are, where they can be counted."""


def set_protocol(scenario: Scenario, protocol: str) -> Scenario:
    """Return the scenario under another protocol. Raises InvalidScenario."""
    return apply_settings(scenario, [f"consensus.protocol={protocol}"])


def list_parameters(scenario: Scenario) -> tuple[Parameter, ...]:
    """Return the fields of a scenario: its network and what its members bring, then the protocol's own."""
    parameters = get_consensus_parameters(scenario)
    resource = "hash_rate_per_s" if parameters.protocol in WORK else "stake_coins"
    common = [
        *_read_struct("access", scenario.access, ("kind",)),
        *_read_struct("network", scenario.network, ("nodes",)),
        *_read_struct("nodes", scenario.nodes, (resource,)),
    ]
    names = tuple(field.name for field in msgspec.structs.fields(parameters) if field.name != "protocol")
    return (*common, *_read_struct("consensus", parameters, names))


def _read_struct(prefix: str, values: Any, names: tuple[str, ...]) -> list[Parameter]:
    kind, helps = type(values), read_helps(type(values))
    info = types.type_info(kind)
    assert isinstance(info, types.StructType)
    described = {field.name: field.type for field in info.fields}
    found = []
    for name in names:
        value, allowed = getattr(values, name), describe(described[name])
        info_of = described[name]
        choices = tuple(map(str, info_of.values)) if isinstance(info_of, types.LiteralType) else ()
        label = "access" if name == "kind" else name.replace("_per_s", "").replace("_", " ")
        found.append(Parameter(f"{prefix}.{name}", label, _format(value), helps.get(name, ""), allowed, choices))
    return found


def _format(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_helps(kind: Any) -> dict[str, str]:
    """Return, by field, the text that stands under it in the source; nothing where there is no source to read."""
    try:
        tree = ast.parse(dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):
        return {}
    body, helps = tree.body[0].body, dict[str, str]()  # type: ignore[attr-defined]  # a class
    for field, text in pairwise(body):
        is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            helps[field.target.id] = " ".join(str(text.value.value).split())
    return helps


def build_scenario(scenario: Scenario, typed: dict[str, str]) -> Scenario:
    """Return the scenario with what was typed, by key. Raises InvalidScenario naming the key."""
    before = {parameter.key: parameter.value for parameter in list_parameters(scenario)}
    changed = [f"{key}={value}" for key, value in typed.items() if value.strip() != before.get(key)]
    return apply_settings(scenario, changed)


def read_seed(text: str) -> int:
    """Return a seed that was typed. Raises InvalidScenario."""
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdecimal() and len(stripped) < 20 and int(stripped) <= MAX_SEED):
        raise InvalidScenario("seed", text, f"a whole number from 0 to {MAX_SEED}")
    return int(stripped)
