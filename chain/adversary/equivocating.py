"""A node that says two things at once: two blocks where it may make one, two votes where it has one.

Two blocks: the honest agent is asked twice, once as if a microsecond later and with no transaction to put in. Two
votes: under Gasper a second one for another head, under Tendermint one for nil beside that for a block. What comes of
it is the rules' business: slashing (chain/consensus/gasper.py), the loss of the seat (tendermint_rules.py), or two
branches of which one stays (delegated.py, proof_of_authority.py, aura.py, snowman.py).
"""

from typing import Any, cast

from msgspec.structs import replace

from chain.adversary.base import Byzantine, Handler
from chain.consensus.base import Agent, Broadcast, Effect, Effects, Publish, View
from chain.consensus.casper_ffg import VOTE_DOMAIN, Attestation
from chain.consensus.delegated import DelegatedRules
from chain.consensus.tendermint_messages import NIL, Vote
from chain.encoding import encode
from chain.ledger.block import Block
from chain.units import Hash, TimeUs


class Equivocating(Byzantine):
    """Signs everything twice."""

    name = "equivocating"

    def act(self, view: View, handle: Handler) -> Effects:
        other = self.honest.copy()
        effects = list(handle(self.honest, view))
        if any(_get_block(effect) for effect in effects):
            is_timed = isinstance(getattr(other, "rules", None), DelegatedRules)  # a header's time is its slot's
            twins = list(handle(other, cast(View, _TwinView(view, 0 if is_timed else 1))))
            effects += [twin for twin in twins if _get_block(twin)]
        return [*effects, *(twin for effect in effects for twin in _contradict(self.honest, effect))]


class _TwinView:
    """The same knowledge, a moment later, and an empty mempool."""

    def __init__(self, view: View, later_us: int) -> None:
        self._view, self.now_us = view, TimeUs(view.now_us + later_us)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._view, name)

    def build_block(self, parent: Hash, consensus: bytes) -> Block:
        return self._view.build_block(parent, consensus, later_us=self.now_us - self._view.now_us, is_empty=True)


def _get_block(effect: Effect) -> Block | None:
    return effect.block if isinstance(effect, Publish | Broadcast) else None


def _contradict(agent: Agent, effect: Effect) -> list[Effect]:
    """Return a second vote beside one; nothing beside anything else."""
    message, rules = getattr(effect, "message", None), getattr(agent, "rules", None)
    if isinstance(message, Attestation) and message.validator == getattr(agent, "index", None):
        vote = replace(message.vote, head=message.vote.source.block)  # of an older block: no vote of its committee
        if vote == message.vote:
            return []
        signature = rules.keyring.sign(message.validator, VOTE_DOMAIN, encode(vote))  # type: ignore[union-attr]
        return [Broadcast(Attestation(message.validator, vote, signature))]
    if isinstance(message, Vote) and message.validator == getattr(agent, "index", None) and message.block != NIL:
        return [Broadcast(rules.sign(replace(message, block=NIL, signature=b"")))]  # type: ignore[union-attr]
    return []
