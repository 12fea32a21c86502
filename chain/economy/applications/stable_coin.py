"""A stable coin: vault owners lock coins and make dollars, whatever five reporters say of what coins cost.

Contracts: oracle.vy, stable_coin.vy. Owners keep their vaults between 160 and 300 %, lock more or pay back when that
sinks below 160 %, but look only now and then; in the middle coins lose half of their price. Shoppers pass the dollars
around. The keeper, whose own vault is worth far too much, liquidates what is worth too little. Of the reporters one
falls asleep after twenty minutes, and another tells ten times the price from minute 25 on.
"""

from typing import Final

from chain.economy.application import Application
from chain.economy.course import Course
from chain.economy.look import Ask, Look
from chain.economy.reporters import Reporters
from chain.theory.lending import WAD
from chain.units import COIN

REPORTERS: Final = (1, 2, 3, 4, 5)
KEEPER: Final = 6
FIRST: Final = 7
"""From here on vault owners and shoppers in turn."""
QUORUM, MAX_AGE_S = 3, 240
MINIMUM_RATIO: Final = 150 * WAD // 100
FEE_PER_SECOND: Final = 1_000_000_001_547_125_957_863_212_448
"""Parts of 10²⁷: 5 % a year."""
SLEEPS_FROM_S, LIES_FROM_S = 1_200, 1_500
SAFE: Final = 160 * WAD // 100
DOLLAR: Final = COIN
TURNS: Final = (
    (0, 1_000_000), (480, 1_050_000), (1_080, 520_000), (2_400, 600_000), (4_500, 1_100_000), (5_700, 650_000),
    (7_200, 1_000_000),
)  # fmt: skip


class StableCoin(Application):
    """Vault owners, shoppers, reporters and a keeper."""

    name = "stable_coin"
    title = "Stable coin"
    is_patient = True
    least_people = 9
    reporters: Reporters

    def plan(self) -> None:
        """Deploy the oracle and the stable coin."""
        course = Course(self.seed, self.name, 2 * WAD, TURNS)
        self.reporters = Reporters(course, REPORTERS, SLEEPS_FROM_S, LIES_FROM_S)
        oracle = self.deploy("oracle", self.reporters.get_addresses(self), QUORUM, MAX_AGE_S)
        self.deploy("stable_coin", oracle, MINIMUM_RATIO, FEE_PER_SECOND)

    def get_owners(self) -> list[int]:
        """Return who owns a vault, beside the keeper."""
        return list(range(FIRST, len(self.signers), 2))

    def get_shoppers(self) -> list[int]:
        """Return who only pays with dollars."""
        return list(range(FIRST + 1, len(self.signers), 2))

    def get_person_name(self, person: int) -> str:
        """Return the role, and a number where there are several."""
        if person < FIRST:
            return {0: "treasury", KEEPER: "keeper"}.get(person, f"reporter {person}")
        return f"{('owner', 'shopper')[(person - FIRST) % 2]} {(person - FIRST) // 2 + 1}"

    def act(self, look: Look) -> Ask | None:
        """A third of the time somebody reports, a sixth the keeper looks around; else whoever was drawn acts."""
        choice = look.draw(30, "choice")
        if choice < 10:
            return self.reporters.ask(look)
        if choice < 15:
            return self._keep(look.seen_by(KEEPER))
        if look.person < FIRST:
            return look.ask("stable_coin", "collect_fee") if look.person == 0 else None
        return self._own(look) if look.person in self.get_owners() else self._pay(look)

    def _own(self, look: Look) -> Ask | None:
        """Lock and make dollars; later see that the vault is worth enough, make more when it is worth much more."""
        coins, _ = look.read("stable_coin", "vault_of", look.me)
        ratio = look.read("stable_coin", "ratio_of", look.me)
        if not coins:
            return look.ask("stable_coin", "lock", value=(400 + look.draw(800, "coins")) * COIN)
        if ratio < SAFE:
            return self._save(look)
        wanted = (160 + look.draw(140, "ratio")) * WAD // 100
        if ratio > wanted * 5 // 4:
            debt = look.read("stable_coin", "debt_of", look.me)
            return look.ask("stable_coin", "mint", coins * look.read("oracle", "price") // wanted - debt)
        return self._pay(look)

    def _save(self, look: Look) -> Ask | None:
        """Pay back what one has, or else lock coins worth a third of those that lie there."""
        owned, debt = (look.read("stable_coin", it, look.me) for it in ("balanceOf", "debt_of"))
        if owned > debt // 10:
            return look.ask("stable_coin", "repay", look.me, min(owned, debt // 3))
        coins, _ = look.read("stable_coin", "vault_of", look.me)
        return look.ask("stable_coin", "lock", value=min(coins // 3, look.get_balance() // 2)) if coins > COIN else None

    def _pay(self, look: Look) -> Ask | None:
        """Give up to a fifth of one's dollars to a shopper or an owner."""
        owned = look.read("stable_coin", "balanceOf", look.me)
        receiver = FIRST + look.draw(len(self.signers) - FIRST, "receiver")
        if owned < DOLLAR or receiver == look.person:
            return None
        amount = owned * (1 + look.draw(20, "part")) // 100
        return look.ask("stable_coin", "transfer", look.get_address(receiver), amount)

    def _keep(self, look: Look) -> Ask | None:
        """Have dollars from a vault of one's own, at 400 %, and pay with them for whoever is worth least."""
        coins, _ = look.read("stable_coin", "vault_of", look.me)
        if not coins:
            return look.ask("stable_coin", "lock", value=look.get_balance() * 3 // 4)
        owned, price = look.read("stable_coin", "balanceOf", look.me), look.read("oracle", "price")
        if owned < 10 * DOLLAR and look.read("stable_coin", "ratio_of", look.me) > 5 * WAD:
            debt = look.read("stable_coin", "debt_of", look.me)
            return look.ask("stable_coin", "mint", coins * price // (4 * WAD) - debt)
        ratios = [(look.read("stable_coin", "ratio_of", look.get_address(it)), it) for it in self.get_owners()]
        lowest, owner = min(ratios)
        if lowest >= MINIMUM_RATIO or not owned:
            return None
        return look.ask("stable_coin", "liquidate", look.get_address(owner), owned)
