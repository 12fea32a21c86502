"""A purse that anybody can make their own, and one that only its owner can hand over.

Contracts: access_mistake.vy (``open_purse``) and access_fix.vy (``safe_purse``). People pay into both, the owner pays
bills from both. After ten minutes a stranger calls ``set_up`` of the open purse and then empties it; after fifteen the
stranger tries to take over the safe one, and to pay from it.
"""

from typing import Final

from chain.economy.look import Ask, Look
from chain.economy.staged import StagedApplication, Wish
from chain.units import COIN, MINUTE

OWNER: Final = 0
STRANGER: Final = 1
PURSES: Final = ("open_purse", "safe_purse")
TAKEN_US: Final = 10 * MINUTE
TRIED_US: Final = 15 * MINUTE


class AccessMistake(StagedApplication):
    """Two purses, those who fill them, their owner, and a stranger."""

    name = "access"
    title = "Access mistake"
    least_people = 3

    def plan(self) -> None:
        """The owner makes both purses, and sets up the one that wants to be set up."""
        self.deploy("access_mistake", label="open_purse")
        self.deploy("access_fix", label="safe_purse")
        self.ask(OWNER, "open_purse", "set_up", self.signers[OWNER].address)
        for purse in PURSES:
            self.ask(OWNER, purse, "", value=100 * COIN)
        for method in ("take_open", "empty_open"):
            self.at(TAKEN_US, STRANGER, method)
        self.at(TRIED_US, STRANGER, "take_safe")

    def get_person_name(self, person: int) -> str:
        """Return the role."""
        return {OWNER: "owner", STRANGER: "stranger"}.get(person, f"customer {person - 1}")

    def act(self, look: Look) -> Ask | None:
        """Customers pay in, the owner pays bills with up to a tenth, while it is still the owner's."""
        if look.person == STRANGER:
            return None
        purse = PURSES[look.draw(2, "purse")]
        if look.read(purse, "owner") != self.signers[OWNER].address:
            return None  # word gets round
        if look.person != OWNER:
            return look.ask(purse, "", value=(1 + look.draw(10, "coins")) * COIN)
        customer = look.get_address(2 + look.draw(len(self.signers) - 2, "bill"))
        return look.ask(purse, "pay", customer, look.get_balance(purse) // (10 + look.draw(20, "part")))

    def take_open(self, look: Look) -> Wish:
        """Become the owner of the open purse, as anybody can."""
        return (look.ask("open_purse", "set_up", look.me),)

    def empty_open(self, look: Look) -> Wish:
        """Once the purse is the stranger's, take everything."""
        if look.read("open_purse", "owner") != look.me:
            return None
        return (look.ask("open_purse", "pay", look.me, look.get_balance("open_purse")),)

    def take_safe(self, look: Look) -> Wish:
        """Insist on the safe purse too: it asks who is calling."""
        take = look.ask("safe_purse", "take_over")
        pay = look.ask("safe_purse", "pay", look.me, look.get_balance("safe_purse"))
        return tuple(ask._replace(is_forced=True) for ask in (take, pay))
