"""A lending market: suppliers bring dollars, borrowers leave coins, and the price of coins falls.

Contracts: wrapped_coin.vy, token.vy, oracle.vy, jump_rate_model.vy, lending.vy. Three reporters tell the oracle what
coins cost outside; twice in two hours that falls by more than a third. Careful borrowers take half of what they may
and pay back in time; careless ones take nearly all. Suppliers bring more when interest is high and take some back when
it is low. The liquidator looks for debts that are not healthy any more.
"""

from typing import Final

from chain.economy.application import Application
from chain.economy.applications.money import DOLLAR, FOUNDER, MOST, ask_for_money, deploy_money
from chain.economy.course import Course
from chain.economy.look import Ask, Look
from chain.economy.reporters import Reporters
from chain.theory.lending import WAD
from chain.units import COIN

REPORTERS: Final = (1, 2, 3)
LIQUIDATOR: Final = 4
FIRST: Final = 5
"""From here on every third person supplies, the others borrow."""
BASE, SLOPE, JUMP, KINK = 2 * WAD // 100, 20 * WAD // 100, 200 * WAD // 100, 80 * WAD // 100
"""The rate a year as parts of 10¹⁸: 2 % when nothing is lent, 18 % at the kink of 80 %, 58 % when all is."""
FACTOR, THRESHOLD, BONUS = 75 * WAD // 100, 80 * WAD // 100, 108 * WAD // 100
LEAST: Final = 250 * COIN
"""With less collateral than this a borrower begins again."""
MAX_AGE_S: Final = 300
CAREFUL: Final = 13 * WAD // 10
"""Below this health factor the careful pay back."""
TURNS: Final = (
    (0, 1_000_000), (420, 1_050_000), (900, 640_000), (1_500, 700_000), (3_000, 1_150_000),
    (4_200, 1_100_000), (4_500, 680_000), (5_400, 800_000), (7_200, 1_000_000),
)  # fmt: skip


class LendingMarket(Application):
    """Suppliers, borrowers, reporters and a liquidator."""

    name = "lending"
    title = "Lending market"
    least_people = 8
    reporters: Reporters

    def plan(self) -> None:
        """Deploy both moneys, the oracle, the rate and the market."""
        self.reporters = Reporters(Course(self.seed, self.name, 2 * WAD, TURNS), REPORTERS)
        deploy_money(self)
        oracle = self.deploy("oracle", self.reporters.get_addresses(self), 2, MAX_AGE_S)
        model = self.deploy("jump_rate_model", BASE, SLOPE, JUMP, KINK)
        dollar, coin = self.addresses["dollar"], self.addresses["coin"]
        self.deploy("lending", dollar, coin, oracle, model, FACTOR, THRESHOLD, BONUS)

    def is_supplier(self, person: int) -> bool:
        """Tell whether somebody brings dollars."""
        return person >= FIRST and (person - FIRST) % 3 == 0

    def is_careful(self, person: int) -> bool:
        """Tell whether a borrower keeps a distance: every other one."""
        return (person - FIRST) % 3 == 1

    def get_borrowers(self) -> list[int]:
        """Return who borrows."""
        return [person for person in range(FIRST, len(self.signers)) if not self.is_supplier(person)]

    def get_suppliers(self) -> list[int]:
        """Return who supplies."""
        return [person for person in range(FIRST, len(self.signers)) if self.is_supplier(person)]

    def get_person_name(self, person: int) -> str:
        """Return the role, and a number where there are several."""
        if person < FIRST:
            return {FOUNDER: "founder", LIQUIDATOR: "liquidator"}.get(person, f"reporter {person}")
        if self.is_supplier(person):
            return f"supplier {self.get_suppliers().index(person) + 1}"
        return f"borrower {self.get_borrowers().index(person) + 1}"

    def act(self, look: Look) -> Ask | None:
        """A third of the time somebody reports, a fifth the liquidator looks around; else whoever was drawn acts."""
        choice = look.draw(30, "choice")
        if choice < 10:
            return self.reporters.ask(look)
        if choice < 16:
            return self._liquidate(look.seen_by(LIQUIDATOR))
        if look.person < FIRST:
            return None
        return self._supply(look) if self.is_supplier(look.person) else self._borrow(look)

    def _supply(self, look: Look) -> Ask | None:
        missing = ask_for_money(look, "lending", dollars=6_000 * DOLLAR)
        if missing:
            return missing
        owned, supplied = look.read("dollar", "balanceOf", look.me), look.read("lending", "supplied_of", look.me)
        used, amount = look.read("lending", "utilization"), (200 + look.draw(800, "dollars")) * DOLLAR
        if owned and (not supplied or used > KINK):
            return look.ask("lending", "supply", min(owned, amount if supplied else 2 * amount))
        if supplied > amount and used < KINK // 2:
            return look.ask("lending", "withdraw", min(supplied // 3, look.read("lending", "cash")))
        return None

    def _borrow(self, look: Look) -> Ask | None:
        missing = ask_for_money(look, "lending", coins=1_200 * COIN)
        if missing:
            return missing
        coins = look.read("lending", "collateral_of", look.me)
        if coins < LEAST:
            return self._bring_coins(look)
        debt, is_careful = look.read("lending", "debt_of", look.me), self.is_careful(look.person)
        allowed = coins * look.read("oracle", "price") // WAD * FACTOR // WAD
        if is_careful and debt and look.read("lending", "health_factor", look.me) < CAREFUL:
            return self._save(look, debt)
        share = 45 + look.draw(20, "careful") if is_careful else 88 + look.draw(11, "careless")
        amount = min(allowed * share // 100 - debt, look.read("lending", "cash") * 9 // 10)
        return look.ask("lending", "borrow", amount) if amount > allowed // 10 else None

    def _bring_coins(self, look: Look) -> Ask | None:
        owned = look.read("coin", "balanceOf", look.me)
        if not owned:
            return look.ask("coin", "deposit", value=min(1_000 * COIN, look.get_balance() // 2))
        return look.ask("lending", "add_collateral", min(owned, (600 + look.draw(600, "coins")) * COIN))

    def _save(self, look: Look, debt: int) -> Ask | None:
        """Pay back half of a debt with what was borrowed, or bring more coins."""
        dollars = look.read("dollar", "balanceOf", look.me)
        if not look.read("dollar", "allowance", look.me, look.get_address("lending")):
            return look.ask("dollar", "approve", look.get_address("lending"), MOST)
        if dollars > debt // 10:
            return look.ask("lending", "repay", look.me, min(dollars, debt // 2))
        coins = look.read("coin", "balanceOf", look.me)
        return look.ask("lending", "add_collateral", coins // 2) if coins > COIN else None

    def _liquidate(self, look: Look) -> Ask | None:
        """Pay back for whoever is least healthy, if that is below one."""
        missing = ask_for_money(look, "lending", dollars=20_000 * DOLLAR)
        if missing:
            return missing
        health = [(look.read("lending", "health_factor", look.get_address(it)), it) for it in self.get_borrowers()]
        lowest, borrower = min(health)
        owned = look.read("dollar", "balanceOf", look.me)
        return look.ask("lending", "liquidate", look.get_address(borrower), owned) if lowest < WAD and owned else None
