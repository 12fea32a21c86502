"""Reporters of an oracle: each sees the price outside with an error of their own, and writes it down now and then.

One may fall asleep and one may lie, each from a moment on; chain/contracts/library/oracle.vy tells why neither helps.
"""

from typing import Final, NamedTuple

from chain.economy.application import Application
from chain.economy.course import PPM, Course
from chain.economy.look import Ask, Look
from chain.units import Address

ERROR_PPM: Final = 4_000
"""How far an honest report is off at most."""
NEVER_S: Final = 10**12


class Reporters(NamedTuple):
    """Who tells an application's contract ``oracle`` what a coin costs outside."""

    course: Course
    """In the unit the oracle is asked in: dollars for 10¹⁸ units of coins."""
    people: tuple[int, ...]
    sleeps_from_s: int = NEVER_S
    """From when the last but one says nothing more."""
    lies_from_s: int = NEVER_S
    """From when the last one says too much."""
    lie: int = 10
    """How many times too much."""

    def get_addresses(self, application: Application) -> list[Address]:
        """Return the accounts that may report."""
        return [application.signers[person].address for person in self.people]

    def ask(self, look: Look) -> Ask | None:
        """Let one of them report; None when it is the sleeper."""
        person = self.people[look.draw(len(self.people), "reporter")]
        if person == self.people[-2] and look.time_s >= self.sleeps_from_s:
            return None
        error_ppm = look.draw(2 * ERROR_PPM + 1, "error") - ERROR_PPM
        price = self.course.compute_price(look.time_s) * (PPM + error_ppm) // PPM
        is_lie = person == self.people[-1] and look.time_s >= self.lies_from_s
        return look.seen_by(person).ask("oracle", "report", price * self.lie if is_lie else price)
