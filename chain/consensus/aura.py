"""Authority round (AuRa): time is cut into steps, and each step has one signer who may propose.

Rules. The step of a moment is ``time // interval``, its primary the signer ``step mod N``. A block names its step,
which is later than its parent's, and is signed by the primary. Its score is 2^128 - 1 + parent's step - step, so the
longest chain wins, and of equally long ones the one whose last step is the earliest.

Finality. A block is final once more than half of the signers (or two thirds: ``majority``) have signed it or a block
above it. Screens must call that finality by depth: an honest signer who changes branches is counted on both, so two
branches can each become final while the network is divided, and the score then undoes one of them. That Aura is not
safe in partitions is the subject of Ekparinya, Gramoli and Jourjon, "The Attack of the Clones Against
Proof-of-Authority" (NDSS 2020).

Source: OpenEthereum, crates/ethcore/src/engines/authority_round: ``calculate_score``, ``step_proposer``,
``verify_block_family``, ``verify_external`` (mod.rs), ``RollingFinality`` (finality.rs).
Simplifications: a fixed list of signers, no contract that reports or changes them; no empty-step messages; the step
must be that of the header's time, as OpenEthereum asks of its clock; a node follows the score even away from a block it
has seen final, where OpenEthereum would stay and split for good.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from chain.consensus.base import Agent, Effects, Finality, Publish, Rules, SetTimer, Setup, View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.signed_seal import is_signed, sign_block
from chain.consensus.uptime import Uptime
from chain.consensus.validators import Keyring
from chain.encoding import decode, encode
from chain.errors import InvalidBlock
from chain.ledger.block import Block
from chain.ledger.context import StakeChange
from chain.units import Address, NodeId, TimeUs

MAX_SCORE: Final = (1 << 128) - 1
SEAL_DOMAIN: Final = "aura-seal"
_STEP: Final = "step"


class AuraSeal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What Aura puts into a header's ``consensus`` bytes."""

    step: int
    score: bytes
    """What the block adds to the score of its branch: 16 bytes, since it is a number of 128 bits."""
    signature: bytes = b""
    """The primary's, over the header without these bytes."""


class AuraState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The consensus state after a block."""

    step: int
    total_score: int


def compute_score(parent_step: int, step: int) -> int:
    """Return what a block adds to the score of its branch."""
    return MAX_SCORE + parent_step - step


def count_unfinal(signers: Iterable[Address], total: int, is_two_thirds: bool = False) -> int | None:
    """Return how many of the last blocks are not final yet; None when no block is.

    ``signers`` are those of the blocks of a branch, the latest first; ``total`` is the number of all signers.
    """
    seen: set[Address] = set()
    for count, signer in enumerate(signers):
        seen.add(signer)
        if 3 * len(seen) > 2 * total if is_two_thirds else 2 * len(seen) > total:
            return count
    return None


class AuraRules(Rules[AuraState]):
    """Checks steps and primaries. One object serves every node."""

    finality = Finality.DEPTH

    def __init__(self, keyring: Keyring, interval_us: int, is_two_thirds: bool) -> None:
        self.keyring, self.interval_us, self.is_two_thirds = keyring, interval_us, is_two_thirds

    def genesis(self, block: Block) -> AuraState:
        return AuraState(0, 0)

    def get_primary(self, step: int) -> int:
        """Return the index of the signer whose step it is."""
        return step % len(self.keyring.validators)

    def check(self, parent: AuraState, block: Block) -> None:
        header, seal = block.header, decode(AuraSeal, block.header.consensus)
        if seal.step != header.time_us // self.interval_us:
            message = f"step {seal.step} at {header.time_us} µs; that is in step {header.time_us // self.interval_us}"
            raise InvalidBlock("aura/step-time", message)
        if seal.step <= parent.step:
            raise InvalidBlock("aura/step", f"step {seal.step} is not after the parent's step {parent.step}")
        score = compute_score(parent.step, seal.step)
        if seal.score != score.to_bytes(16):
            raise InvalidBlock("aura/score", f"score {seal.score.hex()}; the steps ask for {score:032x}")
        primary = self.keyring.validators[self.get_primary(seal.step)]
        if header.proposer != primary.account:
            message = f"step {seal.step} is that of {primary.account.hex()[:16]}…, not of {header.proposer.hex()[:16]}…"
            raise InvalidBlock("aura/primary", message)
        if not is_signed(header, seal, self.keyring, primary.index, SEAL_DOMAIN):
            message = f"{seal.signature.hex()[:16]}… is no signature of this header by {primary.account.hex()[:16]}…"
            raise InvalidBlock("aura/signature", message)

    def apply(self, parent: AuraState, block: Block, changes: tuple[StakeChange, ...] = ()) -> AuraState:
        step = decode(AuraSeal, block.header.consensus).step
        return AuraState(step, parent.total_score + compute_score(parent.step, step))

    def weight(self, state: AuraState) -> int:
        return state.total_score

    def finalized(self, view: View) -> BlockRecord:
        record = view.heaviest()
        count = count_unfinal(_iter_signers(record), len(self.keyring.validators), self.is_two_thirds)
        for _ in range(record.height if count is None else count):
            assert record.parent is not None
            record = record.parent
        return record


def _iter_signers(record: BlockRecord) -> Iterator[Address]:
    while record.parent is not None:
        yield record.block.header.proposer
        record = record.parent


class Authority(Agent):
    """An honest signer: in its own steps it builds on the best block it knows."""

    __slots__ = ("_uptime", "index", "rules", "watts")

    def __init__(self, rules: AuraRules, index: int, watts: int) -> None:
        self.rules, self.index, self.watts = rules, index, watts
        self._uptime = Uptime()

    def start(self, view: View) -> Effects:
        self._uptime = self._uptime.start(view.now_us)
        return self._arm(view)

    def stop(self, view: View) -> None:
        self._uptime = self._uptime.stop(view.now_us)

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        head = view.heaviest()
        seal = AuraSeal(data, compute_score(head.state.step, data).to_bytes(16))
        block = view.build_block(head.hash, encode(seal))
        return [Publish(sign_block(block, seal, self.rules.keyring, self.index, SEAL_DOMAIN)), *self._arm(view)]

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        return self._uptime.compute_joules(self.watts, now_us)

    def _arm(self, view: View) -> Effects:
        step = view.now_us // self.rules.interval_us + 1
        step += (self.index - step) % len(self.rules.keyring.validators)
        return [SetTimer(_STEP, TimeUs(step * self.rules.interval_us), step)]


def build(name: str, keyring: Keyring, interval_us: int, is_two_thirds: bool, watts: int) -> Setup[AuraState]:
    """Return the rules and an agent for every signer."""
    rules = AuraRules(keyring, interval_us, is_two_thirds)
    agents: dict[NodeId, Agent] = {one.node: Authority(rules, one.index, watts) for one in keyring.validators}
    count = len(keyring.validators)
    depth = (2 * count // 3 if is_two_thirds else count // 2) + 1  # where every signer keeps to its step
    return Setup(name, rules, agents, depth)
