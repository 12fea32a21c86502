"""A bank is robbed by a contract that comes back in while it is being paid; the repaired bank beside it is not.

Contracts: naive_vault.vy, fixed_vault.vy, and reentrancy_thief.vy once against each. Savers use both banks alike. After
ten minutes the thief robs the naive one with a tenth of what lies there, and after fifteen tries the repaired one.
"""

from typing import Final

from chain.economy.look import Ask, Look
from chain.economy.staged import StagedApplication, Wish
from chain.units import COIN, MINUTE

THIEF: Final = 1
BANKS: Final = ("naive_vault", "fixed_vault")
ROBBED_US: Final = 10 * MINUTE
TRIED_US: Final = 15 * MINUTE
STAKES: Final = 10
"""The stake is a bank's money divided by this: the thief comes in once more than that."""


class Reentrancy(StagedApplication):
    """Two banks, savers and a thief."""

    name = "reentrancy"
    title = "Re-entrancy"
    least_people = 4

    def plan(self) -> None:
        """Open both banks; the thief makes a contract against each."""
        for bank in BANKS:
            self.deploy(bank)
        for bank, label, at_us in zip(BANKS, ("thief", "second_thief"), (ROBBED_US, TRIED_US), strict=True):
            self.deploy("reentrancy_thief", self.addresses[bank], label=label, person=THIEF)
            self.at(at_us, THIEF, "rob", label, bank)
        for person in range(2, len(self.signers)):
            for bank in BANKS:
                self.ask(person, bank, "deposit", value=40 * COIN)

    def get_person_name(self, person: int) -> str:
        """Return the role."""
        return {0: "bank's founder", THIEF: "thief"}.get(person, f"saver {person - 1}")

    def act(self, look: Look) -> Ask | None:
        """Save some more, or take all out; where a bank has not the money any more, insist."""
        if look.person <= THIEF:
            return None
        bank = BANKS[look.draw(2, "bank")]
        saved, cash = look.read(bank, "balances", look.me), look.get_balance(bank)
        if saved > cash:
            return look.ask(bank, "withdraw")._replace(is_forced=look.draw(3, "insist") == 0)
        if saved and look.draw(4, "out") == 0:
            return look.ask(bank, "withdraw")
        return look.ask(bank, "deposit", value=(1 + look.draw(10, "coins")) * COIN)

    def rob(self, look: Look, label: str, bank: str) -> Wish:
        """Stake a tenth and take all; insisting, for the thief does not believe that it can fail."""
        stake = max(1, look.get_balance(bank) // STAKES)
        return (look.ask(label, "rob", value=stake)._replace(is_forced=True),)
