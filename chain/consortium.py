"""A scenario's ``[access]`` and ``[public]`` tables, read and built: the lists of a run, its members, its public chain.

Members are the nodes' own accounts: each has a key and money at genesis, and sends what only members share. People and
the faucet live in every network; who lives at a node sends through it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from chain.access import Access, AccessParameters, Right
from chain.draws import draw_bytes
from chain.errors import InvalidAddress, InvalidScenario
from chain.simulation.signer import Signer
from chain.units import Address
from chain.wallet.address import decode_address

MEMBER_COINS: Final = 1_000
"""What each member's account owns at genesis, in coins."""
SENDERS: Final = '"people", "members", "faucet", a node such as "n03" (who lives there), or an address cr1…'
NODE_LISTS: Final = (("join", Right.JOIN), ("read", Right.READ), ("propose", Right.PROPOSE))
PUBLIC_TABLE: Final[dict[str, Any]] = {
    "name": "public",
    "title": "Public chain",
    "network": {"nodes": 8, "topology": "random", "degree": 3, "relay": "push", "shares": "even"},
    "consensus": {"protocol": "proof-of-work", "interval": "10s", "confirmations": 6, "grind_hashes": 256},
    "ledger": {"chain_id": 1_000_003, "gas_limit": 420_000, "initial_subsidy": 5_000_000_000},
    "nodes": {"hash_rate_per_s": 1_000_000_000_000, "hash_rate_deviation_percent": 40},
    "traffic": {"rate_per_s": 0.2, "people": 12},
}
"""The public chain of a hybrid network, but for what ``[public]`` sets."""


def build_members(seed: int, nodes: int) -> tuple[Signer, ...]:
    """Return the account of each node's owner."""
    return tuple(Signer(draw_bytes(seed, 32, "member-key", node)) for node in range(nodes))


def merge_public_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of a hybrid network's public chain: the defaults, and what a scenario sets instead."""
    merged = dict(PUBLIC_TABLE)
    for key, value in table.items():
        default = merged.get(key)
        merged[key] = default | value if isinstance(default, dict) and isinstance(value, dict) else value
    return merged


def check_access(parameters: AccessParameters, nodes: int) -> None:
    """Check the lists against the network and each other. Raises InvalidScenario naming the key."""
    lists = {key: getattr(parameters, key) for key, _ in NODE_LISTS}
    if parameters.kind == "public":
        for key, listed in (lists | {"send": parameters.send}).items():
            if listed is not None:
                raise InvalidScenario(f"access.{key}", str(list(listed)), "a list under access.kind private or hybrid")
        return
    resolved = _resolve_nodes(parameters, nodes)
    for key, listed in lists.items():
        for place, node in enumerate(listed or ()):
            if node >= nodes:
                raise InvalidScenario(f"access.{key}[{place}]", node, f"0 to {nodes - 1}")
    for (lower, _), (upper, _) in (NODE_LISTS[:2], NODE_LISTS[1:]):
        missing = sorted(set(resolved[upper]) - set(resolved[lower]))
        if missing:
            name = f"access.{upper}"
            raise InvalidScenario(name, missing[0], f"nodes of access.{lower}: {', '.join(map(str, resolved[lower]))}")
    if not resolved["propose"]:
        raise InvalidScenario("access.propose", "[]", "at least one node, or no block could ever be made")
    for place, name in enumerate(parameters.send or ()):
        _get_senders(name, f"access.send[{place}]", {"n": ()} | {f"n{node:02d}": () for node in range(nodes)})


def _resolve_nodes(parameters: AccessParameters, nodes: int) -> dict[str, tuple[int, ...]]:
    """Return the nodes on each list; one left out is that of the right it rests on."""
    resolved, before = dict[str, tuple[int, ...]](), tuple(range(nodes))
    for key, _ in NODE_LISTS:
        listed = getattr(parameters, key)
        before = resolved[key] = before if listed is None else tuple(sorted(set(listed)))
    return resolved


def _get_senders(name: str, key: str, groups: Mapping[str, tuple[Address, ...]]) -> tuple[Address, ...]:
    if name in groups or name in ("people", "members", "faucet"):
        return groups.get(name, ())
    if re.fullmatch(r"n\d+", name):
        raise InvalidScenario(key, name, f"n00 to n{len(groups) - 2:02d}")
    try:
        return (decode_address(name),)
    except InvalidAddress:
        raise InvalidScenario(key, name, SENDERS) from None


def build_access(
    parameters: AccessParameters,
    accounts: tuple[Address, ...],
    people: tuple[Address, ...],
    members: tuple[Address, ...],
    faucet: Address,
    everybody: tuple[Address, ...],
) -> Access:
    """Return the lists at the beginning. ``accounts``: of each node for its rewards; ``people``: by rank.

    ``everybody`` may send when no list says who. Raises InvalidScenario.
    """
    if parameters.kind == "public":
        return Access("public", accounts)
    nodes = len(accounts)
    residents = tuple((*people[node::nodes], *members[node : node + 1]) for node in range(nodes))
    groups = {"people": people, "members": members, "faucet": (faucet,)}
    groups |= {f"n{node:02d}": those for node, those in enumerate(residents)}
    senders = [one for name in parameters.send or () for one in _get_senders(name, "access.send", groups)]
    senders = senders if parameters.send is not None else list(everybody)
    resolved = _resolve_nodes(parameters, nodes)
    allowed: dict[Right, tuple[Any, ...]] = {right: resolved[key] for key, right in NODE_LISTS}
    return Access(parameters.kind, accounts, residents, allowed | {Right.SEND: tuple(dict.fromkeys(senders))})
