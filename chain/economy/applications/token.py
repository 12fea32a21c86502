"""A token is launched: sold at one price until a deadline, then claimed, passed around and sometimes burnt.

Contracts: token.vy, token_sale.vy. The founder puts 50 000 tokens into the sale; the goal is 100 lots of 100 tokens.
"""

from chain.economy.application import Application
from chain.economy.look import Ask, Look
from chain.units import COIN

TOKEN = 10**18
SALE_S = 20 * 60
LOT_COINS = 5


class TokenLaunch(Application):
    """A fixed-price sale with a cap, a goal and a deadline, and the life of the token afterwards."""

    name = "token"
    title = "Token launch"

    def plan(self) -> None:
        """Deploy the token and its sale, and hand the tokens over."""
        token = self.deploy("token", "Chainroom Token", "ROOM", 18, 100_000 * TOKEN)
        sale = self.deploy("token_sale", token, 100 * TOKEN, LOT_COINS * COIN, 500, 100, SALE_S)
        self.ask(0, "token", "approve", sale, 50_000 * TOKEN)
        self.ask(0, "token_sale", "start")

    def act(self, look: Look) -> Ask | None:
        """Buy while the sale lasts; then claim, or take the money back; then live with the token."""
        if look.time_s < SALE_S:
            lots = 1 + look.draw(4, "lots")
            return look.ask("token_sale", "buy", value=min(lots * LOT_COINS * COIN, look.get_balance() // 2))
        me = look.get_address(look.person)
        if look.person == 0 and not look.read("token_sale", "finished"):
            return look.ask("token_sale", "finish")
        if look.read("token_sale", "lots_of", me):
            is_reached = look.read("token_sale", "sold_lots") >= look.read("token_sale", "goal_lots")
            return look.ask("token_sale", "claim" if is_reached else "refund")
        owned = look.read("token", "balanceOf", me)
        if not owned:
            return None
        amount = owned * (1 + look.draw(20, "share")) // 100
        if look.draw(20, "burn") == 0:
            return look.ask("token", "burn", amount // 10)
        friend = look.draw(len(self.signers), "friend")
        return look.ask("token", "transfer", look.get_address(friend), amount)
