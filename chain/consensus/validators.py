"""Validators: who may propose and vote, with what power, and the keys they really sign with.

A validator is a node with a key and a stake. Keys are drawn from the run's seed; signatures are Ed25519 over the
canonical bytes of a message in the domain of its protocol, made once and checked once a run, however often a vote is
seen again in blocks and proofs.
"""

from dataclasses import dataclass, field
from itertools import accumulate

from chain.crypto.hashing import digest
from chain.crypto.signatures import SignatureCache, expand_seed, get_public_key, sign
from chain.draws import draw_bytes
from chain.units import Address, NodeId


@dataclass(frozen=True, slots=True)
class Context:
    """What a protocol is built from, beside its parameters."""

    seed: int
    nodes: int
    hash_rates_per_s: dict[NodeId, int]
    stakes: tuple[int, ...]
    """Stake of each node's validator, in units; 0 where a node does not validate."""
    accounts: tuple[Address, ...]
    """The account of each node, which its rewards go to."""
    sponsor: Address | None = None
    """Who put down the stakes of genesis and may take them back by transaction; None: each account its own."""


@dataclass(frozen=True, slots=True)
class Validator:
    """One validator; its index is its place in the protocol's set."""

    index: int
    node: NodeId
    public_key: bytes
    power: int
    """Stake in units, or 1 where all count alike."""
    account: Address


@dataclass(frozen=True, slots=True)
class Keyring:
    """The validators of a run and their signing keys. Shared by all agents; each uses its own key only."""

    validators: tuple[Validator, ...]
    _keys: tuple[bytes, ...]
    _cache: SignatureCache = field(default_factory=SignatureCache, compare=False)

    def __repr__(self) -> str:
        return f"Keyring({len(self.validators)} validators)"

    def sign(self, index: int, domain: str, data: bytes) -> bytes:
        """Return a validator's signature of data in a domain."""
        return sign(self._keys[index], digest(domain, data))

    def is_valid(self, index: int, domain: str, data: bytes, signature: bytes) -> bool:
        """Return whether a validator of this index exists and signed the data."""
        if not 0 <= index < len(self.validators):
            return False
        return self._cache.is_valid(self.validators[index].public_key, digest(domain, data), signature)

    def get_total_power(self) -> int:
        """Return the power of all validators together."""
        return sum(validator.power for validator in self.validators)


def build_keyring(context: Context, nodes: list[NodeId], powers: list[int]) -> Keyring:
    """Return validators for some nodes, in that order, with their powers."""
    seeds = [draw_bytes(context.seed, 32, "validator-key", node) for node in nodes]
    validators = tuple(
        Validator(index, node, get_public_key(seed), power, context.accounts[node])
        for index, (node, seed, power) in enumerate(zip(nodes, seeds, powers, strict=True))
    )
    return Keyring(validators, tuple(expand_seed(seed) for seed in seeds))


def choose_by_power(powers: list[int], luck: int) -> int:
    """Return an index with a probability in proportion to its power; ``luck`` is a uniform integer of 64 bits."""
    cumulative = list(accumulate(powers))
    point = luck * cumulative[-1] >> 64
    return next(index for index, bound in enumerate(cumulative) if point < bound)
