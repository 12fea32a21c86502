"""Every protocol a scenario may name under ``consensus.protocol``: adding one is a module and a line here."""

from collections.abc import Callable
from typing import Any, NamedTuple

from chain.consensus import (
    delegated,
    ghost,
    proof_of_authority,
    proof_of_stake,
    proof_of_work,
    raft,
    snowman,
    tendermint,
    tendermint_rules,
)
from chain.consensus.base import Setup


class ProtocolEntry(NamedTuple):
    """How a protocol is built."""

    parameters: type[Any]
    """The msgspec struct of its ``[consensus]`` table; has ``protocol`` and ``interval``."""
    build: Callable[..., Setup[Any]]


PROTOCOLS: dict[str, ProtocolEntry] = {
    "delegated-proof-of-stake": ProtocolEntry(delegated.DelegatedParameters, delegated.build),
    "ghost": ProtocolEntry(ghost.GhostParameters, ghost.build),
    "proof-of-authority": ProtocolEntry(proof_of_authority.ProofOfAuthorityParameters, proof_of_authority.build),
    "proof-of-stake": ProtocolEntry(proof_of_stake.ProofOfStakeParameters, proof_of_stake.build),
    "proof-of-work": ProtocolEntry(proof_of_work.ProofOfWorkParameters, proof_of_work.build),
    "raft": ProtocolEntry(raft.RaftParameters, raft.build),
    "snowman": ProtocolEntry(snowman.SnowmanParameters, snowman.build),
    "tendermint": ProtocolEntry(tendermint_rules.TendermintParameters, tendermint.build),
}
