"""A house that many own: its deed lies in a contract, its thousand shares are sold piece by piece, its rent shared out.

Contracts: deed.vy, fraction.vy. The land registry writes the deed of a house to the builder, who gives it to the
contract that divides it and sells the shares. The tenant pays the same rent again and again, which a thousand shares do
not divide without remainder; holders sell shares to each other and claim their rent now and then. Beside it the
registry writes deeds of other houses, which change hands whole. Once somebody tries to send such a house where the
divided one lies: sent safely, it is refused.
"""

from typing import Final

from chain.economy.application import Application
from chain.economy.look import Ask, Look
from chain.units import COIN

REGISTRY, BUILDER, TENANT = 0, 1, 2
FIRST: Final = 3
"""From here on everybody buys shares and houses."""
SHARES: Final = 1_000
RENT: Final = 12 * COIN + 345
"""Each rent leaves 345 units that a thousand shares cannot divide."""
HOUSE: Final = 1
"""The number of the divided house's deed."""
MOST_DEEDS: Final = 12
STREETS: Final = ("Mill Lane", "Harbour Street", "Chapel Road", "Orchard Row", "Station Square", "Hill Terrace")
SAFELY: Final = "safeTransferFrom(address,address,uint256)"


class SharedHouse(Application):
    """A registry of deeds, one divided house, its tenant and its holders."""

    name = "shared_house"
    title = "Shared house"
    least_people = 5

    def plan(self) -> None:
        """Write the deed, divide the house, sell the first shares."""
        builder = self.signers[BUILDER].address
        registry = self.deploy("deed", "Land registry", "LAND")
        self.ask(REGISTRY, "deed", "mint", builder, self.get_text(HOUSE))
        fraction = self.deploy("fraction", registry, HOUSE, self.get_text(HOUSE), "HOUSE", SHARES, person=BUILDER)
        self.ask(BUILDER, "deed", SAFELY, builder, fraction, HOUSE)

    def get_text(self, deed: int) -> str:
        """Return what a deed says."""
        return f"{STREETS[deed % len(STREETS)]} {1 + deed * 7 % 40}"

    def get_person_name(self, person: int) -> str:
        """Return the role, and a number for those who buy."""
        return {REGISTRY: "registry", BUILDER: "builder", TENANT: "tenant"}.get(person, f"holder {person - FIRST + 1}")

    def act(self, look: Look) -> Ask | None:
        """A sixth of the time rent is paid; else shares are sold, rent claimed, houses written and sold."""
        choice = look.draw(30, "choice")
        if choice < 5:
            return look.seen_by(TENANT).ask("fraction", "pay_rent", value=RENT)
        if choice < 7:
            return self._write_deed(look.seen_by(REGISTRY))
        if choice < 12:
            return self._sell_house(look)
        if choice < 16:
            return self._sell_shares(look.seen_by(BUILDER))
        if look.person in (REGISTRY, TENANT):
            return None
        if look.read("fraction", "claimable", look.me) and look.draw(2, "claim"):
            return look.ask("fraction", "claim")
        return self._sell_shares(look)

    def _draw_buyer(self, look: Look) -> int:
        return FIRST + look.draw(len(self.signers) - FIRST, "buyer")

    def _sell_shares(self, look: Look) -> Ask | None:
        """Give up to a tenth of all, or of one's own when that is less, to somebody else."""
        owned, buyer = look.read("fraction", "balanceOf", look.me), self._draw_buyer(look)
        amount = min(owned, 1 + look.draw(SHARES // 10 if look.person == BUILDER else max(1, owned // 2), "shares"))
        if not amount or buyer == look.person:
            return None
        return look.ask("fraction", "transfer", look.get_address(buyer), amount)

    def _write_deed(self, look: Look) -> Ask | None:
        """Write the deed of a house somebody has built."""
        number = look.read("deed", "totalSupply") + 1
        owner = look.get_address(self._draw_buyer(look))
        return look.ask("deed", "mint", owner, self.get_text(number)) if number <= MOST_DEEDS else None

    def _sell_house(self, look: Look) -> Ask | None:
        """Hand a whole house on; the first one goes astray to where the divided house lies, and is refused."""
        count = look.read("deed", "totalSupply")
        if count <= HOUSE:
            return None
        deed = HOUSE + 1 + look.draw(count - HOUSE, "deed")
        owner, buyer = look.read("deed", "ownerOf", deed), self._draw_buyer(look)
        seller = next((person for person in range(len(self.signers)) if look.get_address(person) == owner), None)
        if seller is None or seller == buyer:
            return None
        goes_astray = "astray" not in self.memory
        self.memory["astray"] = True
        target = look.get_address("fraction" if goes_astray else buyer)
        return look.seen_by(seller).ask("deed", SAFELY, owner, target, deed)._replace(is_forced=goes_astray)
