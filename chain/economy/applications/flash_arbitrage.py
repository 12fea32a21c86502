"""Two pools of the same moneys, and a trader without any who keeps their prices together.

Contracts: wrapped_coin.vy, token.vy, pool.vy twice, router.vy, flash_arbitrage.vy. The founder fills both pools alike.
Each trader knows one pool only, and for some minutes most want coins in the one and dollars in the other, so the prices
part. Once they differ by more than two fees, the trader takes coins from the pool where they are cheap, before paying,
sells them in the other one, pays, and keeps what is left: one transaction, which never happened if it does not pay.
"""

from typing import Final

from chain.economy.application import Application
from chain.economy.applications.money import DOLLAR, FOUNDER, MOST, ask_for_money, deploy_money
from chain.economy.look import Ask, Look
from chain.theory.amm import Reserves, compute_amount_out, find_best_loop
from chain.units import COIN

FIRST_COINS: Final = 1_000 * COIN
FIRST_DOLLARS: Final = 2_000 * DOLLAR
POOLS: Final = ("east_pool", "west_pool")
PENNILESS: Final = 1
"""The trader without money."""
SWING_S: Final = 300
"""After so long the mood of the traders of both pools turns round."""
PATIENCE_S: Final = 600
WAIT_S: Final = 12


class FlashArbitrage(Application):
    """Traders who know one pool each, and one who knows both."""

    name = "flash_arbitrage"
    title = "Flash arbitrage"
    least_people = 4

    def plan(self) -> None:
        """Deploy both moneys, both pools, the router and the loop; fill the pools alike."""
        deploy_money(self)
        coin, dollar = self.addresses["coin"], self.addresses["dollar"]
        router = self.deploy("router")
        self.deploy("flash_arbitrage", label="loop", person=PENNILESS)
        self.ask(FOUNDER, "coin", "deposit", value=len(POOLS) * FIRST_COINS)
        self.ask(FOUNDER, "coin", "approve", router, MOST)
        self.ask(FOUNDER, "dollar", "approve", router, MOST)
        founder = self.signers[FOUNDER].address
        for label in POOLS:
            pool = self.deploy("pool", coin, dollar, label=label)
            self.ask(FOUNDER, "router", "add_liquidity", pool, FIRST_COINS, FIRST_DOLLARS, 0, 0, founder, MOST)

    def get_person_name(self, person: int) -> str:
        """Return the role, and a number for traders."""
        roles = {FOUNDER: "founder", PENNILESS: "penniless"}
        return roles.get(person, f"trader {person - PENNILESS}")

    def act(self, look: Look) -> Ask | None:
        """One time in three the penniless looks at both pools; otherwise whoever was drawn trades in theirs."""
        if look.draw(3, "loop") == 0:
            return self._loop(look.seen_by(PENNILESS))
        if look.person in (FOUNDER, PENNILESS):
            return None
        return self._trade(look)

    def _loop(self, look: Look) -> Ask | None:
        """Take as many coins round as gain most, for at least nine tenths of that."""
        if look.time_s < self.memory.get("loop_s", 0) + WAIT_S:
            return None  # the last one may not be in a block yet
        reserves = [self._read_reserves(look, label) for label in POOLS]
        if not all(it.x for it in reserves):
            return None  # the node's branch has no liquidity yet
        both = ((0, 1), (1, 0))
        source, target = max(both, key=lambda it: find_best_loop(reserves[it[0]], reserves[it[1]]).gain)
        best = find_best_loop(reserves[source], reserves[target])
        if not best.amount:
            return None
        self.memory["loop_s"] = look.time_s
        pools = (self.addresses[POOLS[it]] for it in (source, target))
        return look.ask("loop", "run", *pools, self.addresses["coin"], best.amount, best.gain * 9 // 10)

    def _trade(self, look: Look) -> Ask | None:
        """Give 0.2 to 1.2 % of the reserve; three in four want what their pool's mood wants. Get the money first."""
        home = look.person % len(POOLS)
        x, y = self._read_reserves(look, POOLS[home])
        if not x:
            return None
        gives_coins = (look.time_s // SWING_S + home) % 2 == 0
        if look.draw(4, "mood") == 0:
            gives_coins = not gives_coins
        missing = ask_for_money(look, "router", *((300 * COIN, 0) if gives_coins else (0, 600 * DOLLAR)))
        if missing is not None:
            return missing
        label, reserve_in, reserve_out = ("coin", x, y) if gives_coins else ("dollar", y, x)
        amount = min(reserve_in * (20 + look.draw(101, "part")) // 10_000, look.read(label, "balanceOf", look.me))
        if not amount:
            return None
        least = compute_amount_out(amount, reserve_in, reserve_out) * 98 // 100
        path, until_s = [self.addresses[POOLS[home]]], look.time_s + PATIENCE_S
        return look.ask("router", "swap_exact_in", amount, least, self.addresses[label], path, look.me, until_s)

    def _read_reserves(self, look: Look, label: str) -> Reserves:
        """Return coins and dollars of a pool: it was made with the coin as its token 0."""
        coins, dollars, _ = look.read(label, "getReserves")
        return Reserves(coins, dollars)
