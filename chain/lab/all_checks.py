"""Every check there is, in the order of the table."""

from typing import Final

from chain.lab import checks_stake, checks_stale, checks_votes, checks_work
from chain.lab.checks import Check

CHECKS: Final[tuple[Check, ...]] = (
    *checks_work.CHECKS,
    *checks_stale.CHECKS,
    *checks_stake.CHECKS,
    *checks_votes.CHECKS,
)
