"""Applications in which some things happen at set times: the stages of the attacks on contracts.

Around a Poisson process of ordinary life, ``at`` lets one person do something at a moment, and ``watch`` lets one look
again and again, as a program that reads the mempool does. What they do is a method that takes a `Look` and returns what
they ask for, in order; None means that it is too early, and they look again.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from chain.economy.application import PLAN_INTERVAL_US, Application, ApplicationParameters
from chain.economy.look import Ask
from chain.simulation.kernel import LANE_TRAFFIC
from chain.simulation.signer import Signer
from chain.simulation.world import World

Wish = Sequence[Ask] | None


class Moment(NamedTuple):
    """Something one person does."""

    at_us: int
    """Virtual time, or when the plan is in the chain if that is later."""
    person: int
    method: str
    """Of the application: takes a `Look`, returns a `Wish`."""
    arguments: tuple[Any, ...] = ()
    """What the method takes beside the look."""
    every_us: int = 0
    """Looked at again after so long; 0: done once."""


NOTHING: Final[tuple[Ask, ...]] = ()


class StagedApplication(Application):
    """An application whose ``plan`` also says `at` and `watch`."""

    def __init__(self, seed: int, parameters: ApplicationParameters, signers: tuple[Signer, ...], index: int) -> None:
        self.moments: list[Moment] = []
        super().__init__(seed, parameters, signers, index)

    def at(self, at_us: int, person: int, method: str, *arguments: Any) -> None:
        """Plan what a person does once."""
        self.moments.append(Moment(at_us, person, method, arguments))

    def watch(self, every_us: int, person: int, method: str) -> None:
        """Plan what a person looks for all the time."""
        self.moments.append(Moment(0, person, method, (), every_us))

    def start(self, world: World) -> None:
        """Look at the plan, and wait for the moments."""
        super().start(world)
        for number, moment in enumerate(self.moments, 1):
            self._schedule(world, max(world.now_us, moment.at_us), number)

    def on_due(self, world: World, data: int) -> None:
        """Go on with ordinary life, or come to a moment: ``data`` is its number, from 1."""
        if not data:
            super().on_due(world, data)
            return
        moment = self.moments[data - 1]
        is_done = self.is_open and self._come_to(world, moment)
        if moment.every_us or not is_done:
            self._schedule(world, world.now_us + (moment.every_us or PLAN_INTERVAL_US), data)

    def _schedule(self, world: World, at_us: int, number: int) -> None:
        world.kernel.schedule(at_us, LANE_TRAFFIC, "actor", self.index, "", number)

    def _come_to(self, world: World, moment: Moment) -> bool:
        """Let the person look and send what they ask for; return False where it is too early."""
        node = self.get_node(world, moment.person)
        if not world.network.links.is_online_now(node):
            return False
        wishes: Wish = getattr(self, moment.method)(self._look(world, node, moment.person), *moment.arguments)
        for wish in wishes or NOTHING:
            self._send(world, node, wish)
        return wishes is not None
