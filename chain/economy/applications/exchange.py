"""Coins and dollars are exchanged in a pool, without anybody on the other side.

Contracts: wrapped_coin.vy, token.vy, pool.vy, router.vy. The founder brings 1000 coins and their worth in dollars and
then only watches; two more providers come and go; traders buy and sell, one in thirty without saying the least they
take; the arbitrageur trades whenever the pool's price leaves the bounds around the price outside, until it is back.
"""

from typing import Final

from chain.economy.application import Application
from chain.economy.applications.money import DOLLAR, FOUNDER, MOST, ask_for_money, deploy_money
from chain.economy.course import Course
from chain.economy.look import Ask, Look
from chain.theory.amm import Reserves, compute_amount_out, compute_arbitrage
from chain.units import COIN

FIRST_COINS: Final = 1_000 * COIN
FIRST_DOLLARS: Final = 2_000 * DOLLAR
PROVIDERS: Final = (1, 2)
ARBITRAGEUR: Final = 3
PATIENCE_S: Final = 600
"""After so long a trade that waits is not wanted any more."""
WAIT_S: Final = 15
TURNS: Final = ((0, 1_000_000), (1_500, 1_300_000), (3_000, 2_000_000), (4_800, 1_500_000), (7_200, 1_000_000))


class Exchange(Application):
    """A constant-product pool, its providers, traders, and an arbitrageur."""

    name = "exchange"
    title = "Exchange pool"
    least_people = 5
    course: Course
    """Dollars for a coin outside, in units of a dollar."""

    def plan(self) -> None:
        """Deploy both moneys, pool and router; bring the first liquidity."""
        self.course = Course(self.seed, self.name, FIRST_DOLLARS * COIN // FIRST_COINS, TURNS)
        deploy_money(self)
        pool = self.deploy("pool", self.addresses["coin"], self.addresses["dollar"])
        router = self.deploy("router")
        self.ask(FOUNDER, "coin", "deposit", value=FIRST_COINS)
        self.ask(FOUNDER, "coin", "approve", router, MOST)
        self.ask(FOUNDER, "dollar", "approve", router, MOST)
        founder = self.signers[FOUNDER].address
        self.ask(FOUNDER, "router", "add_liquidity", pool, FIRST_COINS, FIRST_DOLLARS, 0, 0, founder, MOST)

    def get_person_name(self, person: int) -> str:
        """Return the role, and a number for traders."""
        roles = {FOUNDER: "founder", ARBITRAGEUR: "arbitrageur"}
        roles |= {it: f"provider {place}" for place, it in enumerate(PROVIDERS, 1)}
        return roles.get(person, f"trader {person - ARBITRAGEUR}")

    def act(self, look: Look) -> Ask | None:
        """One time in three the arbitrageur looks at the pool; otherwise whoever was drawn does what they do."""
        if look.draw(3, "arbitrage") == 0:
            look = look.seen_by(ARBITRAGEUR)
            missing = ask_for_money(look, "router", 3_000 * COIN, 12_000 * DOLLAR)
            return missing or self._arbitrage(look)
        if look.person in (FOUNDER, ARBITRAGEUR):
            return None
        missing = ask_for_money(look, "router", 400 * COIN, 800 * DOLLAR)
        return missing or (self._provide(look) if look.person in PROVIDERS else self._trade(look))

    def _arbitrage(self, look: Look) -> Ask | None:
        """Trade as much as gains most against the price outside, and at least not at a loss."""
        if look.time_s < self.memory.get("arbitrage_s", 0) + WAIT_S:
            return None  # the last trade may not be in a block yet
        x, y, _ = look.read("pool", "getReserves")
        if not x:
            return None
        price = self.course.compute_price(look.time_s)
        gives_coins, amount = compute_arbitrage(COIN, price, Reserves(x, y))
        if not amount:
            return None
        self.memory["arbitrage_s"] = look.time_s
        worth = amount * price // COIN if gives_coins else amount * COIN // price
        return self._swap(look, "coin" if gives_coins else "dollar", amount, worth)

    def _provide(self, look: Look) -> Ask | None:
        """Bring coins and what belongs to them; later, now and then, bring more or take a fifth back."""
        pool, router = self.addresses["pool"], self.addresses["router"]
        shares, choice = look.read("pool", "balanceOf", look.me), look.draw(8, "choice")
        if shares and choice == 0:
            if not look.read("pool", "allowance", look.me, router):
                return look.ask("pool", "approve", router, MOST)
            return look.ask("router", "remove_liquidity", pool, shares // 5, 0, 0, look.me, look.time_s + PATIENCE_S)
        if shares and choice != 1:
            return None
        coins, dollars = (look.read(label, "balanceOf", look.me) for label in ("coin", "dollar"))
        coins = min(coins, (40 + look.draw(160, "coins")) * COIN)
        if not coins or not dollars:
            return None
        return look.ask("router", "add_liquidity", pool, coins, dollars, 0, 0, look.me, look.time_s + PATIENCE_S)

    def _trade(self, look: Look) -> Ask | None:
        """Give 0.05 to 1 % of the reserve for at least 98 % of the quote; the careless give 5 % for whatever comes."""
        x, y, _ = look.read("pool", "getReserves")
        if not x:
            return None  # the node's branch has no liquidity yet
        label = ("coin", "dollar")[look.draw(2, "side")]
        reserve_in, reserve_out = (x, y) if label == "coin" else (y, x)
        is_careless = look.draw(30, "care") == 0
        part = 500 if is_careless else 5 + look.draw(96, "part")
        amount = min(reserve_in * part // 10_000, look.read(label, "balanceOf", look.me))
        least = 0 if is_careless else compute_amount_out(amount, reserve_in, reserve_out) * 98 // 100
        return self._swap(look, label, amount, least) if amount else None

    def _swap(self, look: Look, label: str, amount: int, least: int) -> Ask:
        path = [self.addresses["pool"]]
        token, deadline_s = self.addresses[label], look.time_s + PATIENCE_S
        return look.ask("router", "swap_exact_in", amount, least, token, path, look.me, deadline_s)
