"""A lending market that believes a pool's price of the moment is robbed with a flash loan; one that averages is not.

Contracts: token.vy twice (``cash``, ``gold``), pool.vy, spot_oracle.vy, average_oracle.vy, jump_rate_model.vy, and
lending.vy three times: ``trusting_market`` asks the moment, ``patient_market`` the average, ``flash_lender`` has the
money for the flash. oracle_thief.vy against each. Traders trade a little, suppliers supply, a keeper updates the
average. After fifteen minutes the thief robs the trusting market; after twenty tries the patient one.
"""

from typing import Final

from chain.economy.look import Ask, Look
from chain.economy.staged import NOTHING, StagedApplication, Wish
from chain.theory.amm import compute_amount_out
from chain.units import MINUTE, SECOND

FOUNDER: Final = 0
THIEF: Final = 1
KEEPER: Final = 2
UNIT: Final = 10**18
MOST: Final = 2**256 - 1
RESERVE: Final = 1_000 * UNIT
SUPPLIED: Final = {"trusting_market": 900 * UNIT, "patient_market": 900 * UNIT, "flash_lender": 5_000 * UNIT}
PURSE: Final = 200 * UNIT
PERIOD_S: Final = 120
LOAN: Final = 4_000 * UNIT
PART_KEPT: Final = 10
"""How many of 100 parts of the bought gold the thief leaves as collateral."""
ROBBED_US: Final = 15 * MINUTE
TRIED_US: Final = 20 * MINUTE
MARKET_NUMBERS: Final = (75 * UNIT // 100, 80 * UNIT // 100, 108 * UNIT // 100)
"""Collateral factor, threshold, bonus."""
RATES: Final = (UNIT // 50, UNIT // 5, 2 * UNIT, 80 * UNIT // 100)
PATIENCE_S: Final = 600


class OracleAttack(StagedApplication):
    """A pool, three markets, their people, and a thief who owns nothing."""

    name = "oracle-attack"
    title = "Oracle manipulation"
    least_people = 5

    def plan(self) -> None:
        """Make everything, supply the markets, fill the pool, hand out purses."""
        cash = self.deploy("token", "Cash", "CASH", 18, 10**6 * UNIT, label="cash")
        gold = self.deploy("token", "Gold", "GOLD", 18, 10**6 * UNIT, label="gold")
        pool = self.deploy("pool", cash, gold)
        router = self.deploy("router")
        for token in ("cash", "gold"):
            self.ask(FOUNDER, token, "transfer", pool, RESERVE)
        self.ask(FOUNDER, "pool", "mint", self.signers[FOUNDER].address)
        model = self.deploy("jump_rate_model", *RATES)
        spot = self.deploy("spot_oracle", pool, gold)
        average = self.deploy("average_oracle", pool, gold, PERIOD_S)
        for market, oracle in zip(SUPPLIED, (spot, average, average), strict=True):
            self.deploy("lending", cash, gold, oracle, model, *MARKET_NUMBERS, label=market)
            self.ask(FOUNDER, "cash", "approve", self.addresses[market], MOST)
            self.ask(FOUNDER, market, "supply", SUPPLIED[market])
        lender = self.addresses["flash_lender"]
        for label, market in (("thief", "trusting_market"), ("second_thief", "patient_market")):
            self.deploy("oracle_thief", lender, self.addresses[market], pool, label=label, person=THIEF)
        self._hand_out(router)
        self.watch(10 * SECOND, KEEPER, "keep")
        self.at(ROBBED_US, THIEF, "rob", "thief")
        self.at(TRIED_US, THIEF, "rob", "second_thief")

    def _hand_out(self, router: bytes) -> None:
        for person in range(KEEPER + 1, len(self.signers)):
            for token in ("cash", "gold"):
                self.ask(FOUNDER, token, "transfer", self.signers[person].address, PURSE)
                self.ask(person, token, "approve", router, MOST)

    def get_person_name(self, person: int) -> str:
        """Return the role."""
        return {FOUNDER: "founder", THIEF: "thief", KEEPER: "keeper"}.get(person, f"trader {person - KEEPER}")

    def act(self, look: Look) -> Ask | None:
        """Traders give up to 0.5 % of the reserve; one time in five the founder wants a little back from a market."""
        if look.person == FOUNDER:
            market = ("trusting_market", "patient_market")[look.draw(2, "market")]
            return look.ask(market, "withdraw", UNIT)._replace(is_forced=look.draw(4, "insist") == 0)
        if look.person <= KEEPER:
            return None
        token = ("cash", "gold")[look.draw(2, "side")]
        reserve, other, _ = look.read("pool", "getReserves")
        reserves = (reserve, other) if token == "cash" else (other, reserve)
        amount = reserves[0] * (1 + look.draw(50, "part")) // 10_000
        least = compute_amount_out(amount, *reserves) * 97 // 100
        path, address = [self.addresses["pool"]], self.addresses[token]
        return look.ask("router", "swap_exact_in", amount, least, address, path, look.me, look.time_s + PATIENCE_S)

    def keep(self, look: Look) -> Wish:
        """Update the average once a period."""
        due_s = look.read("average_oracle", "updated_at_s") + PERIOD_S
        is_waiting = any(it.signed.sender == look.me for it in look.iter_pending())
        return (look.ask("average_oracle", "update"),) if look.time_s >= due_s and not is_waiting else NOTHING

    def rob(self, look: Look, label: str) -> Wish:
        """Do it all in one call; insisting, for the thief does not believe that it can fail."""
        return (look.ask(label, "attack", LOAN, PART_KEPT)._replace(is_forced=True),)
