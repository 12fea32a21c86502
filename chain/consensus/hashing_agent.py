"""What every miner has in common: a hash rate, the hashes it has tried, and the nonce it grinds.

A protocol of proof of work derives its miner from ``HashingAgent`` and says in ``work`` how long the next block takes.

That waiting is drawn, and the nonce ground against an easier target, is told in chain/consensus/proof_of_work.py.
"""

from abc import abstractmethod
from typing import Any, Final

from chain.consensus.base import Agent, Effects, View
from chain.crypto.hashing import grind
from chain.ledger.block import HEADER_DOMAIN, Block, encode_header_prefix, set_nonce
from chain.units import NEVER, SECOND, TimeUs

MAX_GRIND_HASHES: Final = 1 << 17
"""No block asks for more tries on average, however high the difficulty: a fraction of a second."""


def grind_nonce(block: Block, target: int) -> Block:
    """Return the block with a nonce under which its hash meets a target, found by trying one after the other."""
    return set_nonce(block, grind(HEADER_DOMAIN, encode_header_prefix(block.header), target).to_bytes(8))


class HashingAgent(Agent):
    """A node that mines: always at work while it runs, unless a person says when (``mining = "manual"``)."""

    __slots__ = ("_hashes", "_since_us", "hash_rate_per_s", "rules")

    def __init__(self, rules: Any, hash_rate_per_s: int) -> None:
        self.rules, self.hash_rate_per_s = rules, hash_rate_per_s
        self._hashes, self._since_us = 0, NEVER  # tried before, and since when it has been at work

    @abstractmethod
    def work(self, view: View) -> Effects:
        """Return what makes the node find its next block on the head it knows now."""

    def start(self, view: View) -> Effects:
        self._since_us = view.now_us
        return self.work(view)

    def stop(self, view: View) -> None:
        self._hashes, self._since_us = self._count_hashes(view.now_us), NEVER

    def set_hash_rate(self, view: View, hash_rate_per_s: int) -> Effects:
        """Change the hash rate from now on; exact, because waiting is memoryless."""
        self._hashes = self._count_hashes(view.now_us)
        self._since_us = NEVER if self._since_us == NEVER else view.now_us
        self.hash_rate_per_s = hash_rate_per_s
        return self.work(view)

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        return self._count_hashes(now_us) * int(self.rules.parameters.joules_per_terahash) // 10**12

    def _count_hashes(self, now_us: TimeUs) -> int:
        is_working = self.rules.parameters.mining == "automatic" and self._since_us <= now_us
        return self._hashes + (self.hash_rate_per_s * (now_us - self._since_us) // SECOND if is_working else 0)
