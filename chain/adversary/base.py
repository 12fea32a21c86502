"""Byzantine nodes: an honest agent inside, whose effects another one changes before they happen.

A behaviour sees what the honest agent would do and does something else: nothing, later, twice, or wrongly. It has no
powers that a real node lacks: it signs with its own keys only, and what breaks a rule is refused by its neighbours
(chain/simulation/refusals.py). What others make of it, such as evidence and slashing, follows from the rules.

Source: Lamport, Shostak and Pease, The Byzantine Generals Problem (TOPLAS 1982): a traitor may do anything, but forge
no signature.
"""

from collections.abc import Callable
from typing import Any

from chain.consensus.base import Agent, Await, Effects, View
from chain.consensus.block_tree import BlockRecord
from chain.units import TimeUs

Handler = Callable[[Agent, View], Effects]
"""One call of a handler, still without its agent and view, so that a behaviour may make it more than once."""


class Byzantine(Agent):
    """A node that runs the protocol, but not as it should. A behaviour overrides ``act``."""

    name = ""
    """As the command TurnByzantine names it."""

    def __init__(self, honest: Agent) -> None:
        self.honest = honest
        """What it would be if it were honest; it keeps the state of the protocol."""

    def __getattr__(self, name: str) -> Any:
        if name == "honest":
            raise AttributeError(name)  # not yet set, while being copied
        return getattr(self.honest, name)

    def act(self, view: View, handle: Handler) -> Effects:
        """Return what the node does where an honest one would do ``handle(self.honest, view)``."""
        return handle(self.honest, view)

    def start(self, view: View) -> Effects:
        return self.act(view, lambda agent, seen: agent.start(seen))

    def stop(self, view: View) -> None:
        self.honest.stop(view)

    def on_block(self, view: View, block: BlockRecord) -> Effects:
        return self.act(view, lambda agent, seen: agent.on_block(seen, block))

    def on_message(self, view: View, message: Any) -> Effects:
        return self.act(view, lambda agent, seen: agent.on_message(seen, message))

    def on_quorum(self, view: View, quorum: Await) -> Effects:
        return self.act(view, lambda agent, seen: agent.on_quorum(seen, quorum))

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        return self.act(view, lambda agent, seen: agent.on_timer(seen, name, data))

    def on_demand(self, view: View) -> Effects:
        return self.act(view, lambda agent, seen: agent.on_demand(seen))

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        return self.honest.compute_energy_joules(now_us)

    def copy(self) -> "Byzantine":
        other = super().copy()
        assert isinstance(other, Byzantine)
        other.honest = self.honest.copy()
        return other
