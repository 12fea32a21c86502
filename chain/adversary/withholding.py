"""A proposer that keeps its blocks to itself for an interval, and then publishes them, too late to be of use.

Where blocks travel in proposals (Tendermint, Raft) it holds these back. Votes it sends in time.
"""

from typing import Any, Final

from chain.adversary.base import Byzantine, Handler
from chain.consensus.base import Agent, Broadcast, Effect, Effects, Publish, SetTimer, View
from chain.units import TimeUs

RELEASE: Final = "release"


class Withholding(Byzantine):
    """Publishes an interval late."""

    name = "withholding"

    def __init__(self, honest: Agent) -> None:
        super().__init__(honest)
        self.withheld: tuple[Effect, ...] = ()
        """What waits to be published."""

    def act(self, view: View, handle: Handler) -> Effects:
        effects, kept = list[Effect](), list[Effect]()
        for effect in handle(self.honest, view):
            has_block = isinstance(effect, Publish) or (isinstance(effect, Broadcast) and effect.block is not None)
            (kept if has_block else effects).append(effect)
        if not kept:
            return effects
        self.withheld = (*self.withheld, *kept)
        return [*effects, SetTimer(RELEASE, TimeUs(view.now_us + get_interval_us(self.honest)))]

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        if name != RELEASE:
            return super().on_timer(view, name, data)
        released, self.withheld = self.withheld, ()
        return released


def get_interval_us(agent: Any) -> int:
    """Return the interval of an agent's protocol."""
    rules = agent.rules
    return int(rules.interval_us if hasattr(rules, "interval_us") else rules.parameters.interval)
