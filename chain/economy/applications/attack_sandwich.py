"""A trade that takes whatever it gets is sandwiched; the same trade that says the least it takes is not.

Contracts: token.vy twice (``gold``, ``silver``), pool.vy, router.vy. Traders trade a little. The careless trader gives
a twentieth of the reserve for whatever comes. The sandwicher, at a node of their own, sees that waiting, buys before it
with a higher tip and sells after it with a lower one. Then the careful trader gives as much, but wants at least 99.5 %
of what the pool promised: the sandwicher tries once all the same, and loses the fees of two trades; the second time
it is not worth it, for no sandwich takes more than the least leaves.
"""

from typing import Final

from chain.economy.look import Ask, Look, Pending
from chain.economy.staged import NOTHING, StagedApplication, Wish
from chain.theory.amm import Reserves, Sandwich, compute_amount_out, find_best_sandwich
from chain.units import COIN, MINUTE, SECOND

PROVIDER: Final = 0
SANDWICHER: Final = 1
CARELESS: Final = 2
CAREFUL: Final = 3
TOKENS: Final = ("gold", "silver")
MOST: Final = 2**256 - 1
RESERVE: Final = 10_000 * COIN
PURSE: Final = 2_000 * COIN
"""What everybody has of each token."""
VICTIM_PART: Final = 20
"""The victim gives this part of the reserve."""
CARELESS_US: Final = (12 * MINUTE, 15 * MINUTE, 18 * MINUTE)
CAREFUL_US: Final = (21 * MINUTE, 24 * MINUTE)
CAREFUL_PER_1000: Final = 995
WORTH: Final = 5 * COIN
"""What a sandwich must promise before anybody bothers."""
PATIENCE_S: Final = 600


class SandwichAttack(StagedApplication):
    """A pool, its traders, two victims to be, and a sandwicher."""

    name = "sandwich"
    title = "Sandwich"
    least_people = 5

    def plan(self) -> None:
        """Make tokens, pool and router, and give everybody some of both."""
        for token in TOKENS:
            self.deploy("token", f"Room {token}", token[:1].upper(), 9, 10**9 * COIN, label=token)
        pool = self.deploy("pool", *(self.addresses[token] for token in TOKENS))
        router = self.deploy("router")
        for person, signer in enumerate(self.signers):
            for token in TOKENS:
                if person != PROVIDER:
                    self.ask(PROVIDER, token, "transfer", signer.address, PURSE)
                self.ask(person, token, "approve", router, MOST)
        provider = self.signers[PROVIDER].address
        self.ask(PROVIDER, "router", "add_liquidity", pool, RESERVE, RESERVE, 0, 0, provider, MOST)
        for at_us in CARELESS_US:
            self.at(at_us, CARELESS, "give_much", 0)
        for at_us in CAREFUL_US:
            self.at(at_us, CAREFUL, "give_much", CAREFUL_PER_1000)
        self.watch(SECOND, SANDWICHER, "look_out")

    def get_person_name(self, person: int) -> str:
        """Return the role."""
        roles = {PROVIDER: "provider", SANDWICHER: "sandwicher", CARELESS: "careless", CAREFUL: "careful"}
        return roles.get(person, f"trader {person - CAREFUL}")

    def act(self, look: Look) -> Ask | None:
        """Traders give up to 0.1 % of the reserve, for at least 97 % of what they are promised."""
        if look.person <= CAREFUL:
            return None
        token = look.draw(2, "side")
        return self._swap(look, token, self._get_reserves(look, token).x * (1 + look.draw(10, "part")) // 10_000, 970)

    def give_much(self, look: Look, least_per_1000: int) -> Wish:
        """Give a twentieth of the reserve."""
        return (self._swap(look, 0, self._get_reserves(look, 0).x // VICTIM_PART, least_per_1000),)

    def look_out(self, look: Look) -> Wish:
        """Put every trade that is worth it between two of one's own."""
        for pending in look.iter_pending():
            sender, seen = pending.signed.sender, pending.signed.id.hex()
            if pending.function == "swap_exact_in" and sender != look.me and seen not in self.memory:
                found = self._plan_sandwich(look, pending)
                if found is not None:
                    self.memory[seen] = True
                    return self._buy_and_sell(look, pending, found)
        return NOTHING

    def _plan_sandwich(self, look: Look, pending: Pending) -> Sandwich | None:
        """Return what gains most, if that is worth it.

        What the victim's least forbids is tried once all the same, as if the victim took whatever comes.
        """
        side, victim_in, least = self._read(pending)
        reserves, budget = self._get_reserves(look, side), look.read(TOKENS[side], "balanceOf", look.me) // 2
        careful, blind = (find_best_sandwich(victim_in, it, reserves, budget) for it in (least, 0))
        if blind.profit < WORTH or careful.profit >= WORTH:
            return careful if careful.profit >= WORTH else None
        if "tried" in self.memory:
            return None
        self.memory["tried"] = True
        return blind

    def _read(self, pending: Pending) -> tuple[int, int, int]:
        amount, least, token, *_ = pending.arguments
        return [self.addresses[it] for it in TOKENS].index(token), amount, least

    def _buy_and_sell(self, look: Look, pending: Pending, found: Sandwich) -> Wish:
        """Buy for one more than the victim's tip, sell for one less; what is sold is what will be bought."""
        side = self._read(pending)[0]
        bought = compute_amount_out(found.amount_in, *self._get_reserves(look, side))
        buy, sell = self._swap(look, side, found.amount_in, 0), self._swap(look, 1 - side, bought, 0)
        tip = pending.tip_per_gas
        return buy._replace(tip_per_gas=tip + 1), sell._replace(tip_per_gas=max(1, tip - 1))

    def _get_reserves(self, look: Look, side: int) -> Reserves:
        """Return the reserve of what is given first."""
        x, y, _ = look.read("pool", "getReserves")
        return Reserves(y, x) if side else Reserves(x, y)

    def _swap(self, look: Look, side: int, amount: int, least_per_1000: int) -> Ask:
        least = compute_amount_out(amount, *self._get_reserves(look, side)) * least_per_1000 // 1000
        path, token = [self.addresses["pool"]], self.addresses[TOKENS[side]]
        return look.ask("router", "swap_exact_in", amount, least, token, path, look.me, look.time_s + PATIENCE_S)
