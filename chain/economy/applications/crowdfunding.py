"""Three projects ask the same people for money, and each gets all of it or none.

Contracts: crowdfunding.vy, one for each project. The well is liked; hardly anybody wants the statue; the
library has longer. From three quarters of a goal on people wait for others; in the last minutes they help all the more.
Afterwards founders claim and backers are refunded, and nobody had to trust anybody with the money in between.
"""

from typing import Final, NamedTuple

from chain.economy.application import Application
from chain.economy.look import Ask, Look
from chain.units import COIN


class Project(NamedTuple):
    """What a founder asks for; the founder's number is the project's place."""

    label: str
    title: str
    goal_coins: int
    deadline_s: int
    """When pledging ends, in seconds of the chain's time."""
    liking: int
    """How many of ten backers would choose it."""


PROJECTS: Final = (
    Project("well", "A well for the village", 700, 600, 6),
    Project("statue", "A statue of the mayor", 500, 720, 1),
    Project("library", "Books for the library", 700, 1_500, 3),
)
LAST_PART: Final = 5
"""In the last fifth of the time a project that is nearly there is helped first."""


class Crowdfunding(Application):
    """Founders and backers."""

    name = "crowdfunding"
    title = "Crowdfunding"
    least_people = 6

    def plan(self) -> None:
        """Let every founder put the own project on the chain."""
        for founder, it in enumerate(PROJECTS):
            arguments = it.title, it.goal_coins * COIN, it.deadline_s
            self.deploy("crowdfunding", *arguments, label=it.label, person=founder)

    def get_person_name(self, person: int) -> str:
        """Return the founder's project, and a number for backers."""
        if person < len(PROJECTS):
            return f"{PROJECTS[person].label} founder"
        return f"backer {person - len(PROJECTS) + 1}"

    def act(self, look: Look) -> Ask | None:
        """Pledge while there is something open; then claim, or take the money back."""
        for founder, it in enumerate(PROJECTS):
            if look.time_s >= it.deadline_s and (ask := self._finish(look, founder, it)):
                return ask
        running = [it for it in PROJECTS if look.time_s < it.deadline_s]
        if look.person < len(PROJECTS) or not running:
            return None
        project = self._choose(look, running)
        return look.ask(project.label, "pledge", value=(5 + look.draw(46, "amount")) * COIN) if project else None

    def _finish(self, look: Look, founder: int, it: Project) -> Ask | None:
        """Let a founder claim, or a backer take a pledge back."""
        if look.read(it.label, "is_reached"):
            is_claimed = look.read(it.label, "claimed") or look.is_waiting(it.label, "claim")
            return None if is_claimed else look.seen_by(founder).ask(it.label, "claim")
        return look.ask(it.label, "refund") if look.read(it.label, "pledges", look.me) else None

    def _choose(self, look: Look, running: list[Project]) -> Project | None:
        """Return what a backer pledges to: what is liked until most is there, at last what is nearly there."""
        for it in running:
            is_last = it.deadline_s - look.time_s < it.deadline_s // LAST_PART
            if is_last and it.goal_coins * COIN * 3 // 5 <= look.read(it.label, "total") < it.goal_coins * COIN:
                return it
        place = look.draw(10, "liking")
        for it in PROJECTS:
            place -= it.liking
            if place < 0:
                is_waited_for = it not in running or look.read(it.label, "total") >= it.goal_coins * COIN * 3 // 4
                return None if is_waited_for else it
        return None
