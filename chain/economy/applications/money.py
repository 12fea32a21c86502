"""Two kinds of money that several applications use: the chain's coins, wrapped, and a dollar the founder gives out."""

from typing import Final

from chain.economy.application import Application
from chain.economy.look import Ask, Look
from chain.units import COIN

MOST: Final = 2**256 - 1
"""All there can be: an allowance without end."""
DOLLAR: Final = COIN
"""The dollar has as many decimals as the coin."""
DOLLARS: Final = 10**9 * DOLLAR
FOUNDER: Final = 0


def deploy_money(application: Application) -> None:
    """Plan the contracts ``coin`` and ``dollar``."""
    application.deploy("wrapped_coin", label="coin")
    application.deploy("token", "Room dollar", "USD", 9, DOLLARS, label="dollar")


def ask_for_money(look: Look, spender: str, coins: int = 0, dollars: int = 0) -> Ask | None:
    """Return what is missing before somebody can use a contract, or None when nothing is.

    Of each money that is wanted they first get so much, then let the contract take it.
    """
    for label, amount in (("coin", coins), ("dollar", dollars)):
        if amount and not look.read(label, "allowance", look.me, look.get_address(spender)):
            if look.read(label, "balanceOf", look.me):
                return look.ask(label, "approve", look.get_address(spender), MOST)
            if label == "coin":
                return look.ask(label, "deposit", value=amount)
            return look.seen_by(FOUNDER).ask(label, "transfer", look.me, amount)
    return None
