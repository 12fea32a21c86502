"""A market of people who do not trust each other: the money of every deal waits with a contract until it is done.

Contracts: escrow.vy. Buyers pay in for deals of ten minutes; sellers accept; most buyers release the money after a
while. What becomes of a deal is drawn once, by its number: one in seven is disputed and divided by the arbiter, one in
ten sellers gives the money back, one in twenty buyers falls silent, and the seller has the money after the deadline.
"""

from typing import Final, NamedTuple

from chain.draws import draw_below
from chain.economy.application import Application
from chain.economy.look import Ask, Look
from chain.units import COIN, Address

ARBITER: Final = 0
SELLERS: Final = (1, 2, 3, 4)
DEAL_S: Final = 600
PATIENCE_S: Final = 90
"""How long goods are on their way, and how long the arbiter thinks."""
MOST_OPEN: Final = 12
LOOK_BACK: Final = 40
"""Deals that are looked at: older ones are closed long ago."""
OFFERED, ACCEPTED, DISPUTED, CLOSED = 1, 2, 4, 8


class Deal(NamedTuple):
    """A deal as the contract has it, with its number."""

    number: int
    buyer: Address
    seller: Address
    arbiter: Address
    amount: int
    deadline_s: int
    state: int


class Escrow(Application):
    """Buyers, sellers and an arbiter."""

    name = "escrow"
    title = "Escrow"
    least_people = 6
    is_patient = True

    def plan(self) -> None:
        """Deploy the contract."""
        self.deploy("escrow")

    def get_person_name(self, person: int) -> str:
        """Return the role, and a number where several have it."""
        if person == ARBITER:
            return "arbiter"
        return f"seller {person}" if person in SELLERS else f"buyer {person - SELLERS[-1]}"

    def act(self, look: Look) -> Ask | None:
        """One time in three somebody buys; otherwise whoever's turn it is goes on with a deal, or fetches money."""
        deals = [deal for deal in self._list_deals(look) if deal.state != CLOSED]
        if look.draw(9, "fetch") == 0:
            return look.ask("escrow", "withdraw") if look.read("escrow", "owed", look.me) else None
        if deals and (len(deals) >= MOST_OPEN or look.draw(3, "buy")):
            return self._go_on(look, deals[look.draw(len(deals), "deal")])
        buyers = len(self.signers) - len(SELLERS) - 1
        buyer = look.seen_by(SELLERS[-1] + 1 + look.draw(buyers, "buyer"))
        seller = buyer.get_address(SELLERS[look.draw(len(SELLERS), "seller")])
        amount = (5 + look.draw(60, "amount")) * COIN
        arbiter = buyer.get_address(ARBITER)
        return buyer.ask("escrow", "offer", seller, arbiter, look.time_s + DEAL_S, value=amount)

    def _list_deals(self, look: Look) -> list[Deal]:
        count = look.read("escrow", "deal_count")
        return [Deal(n, *look.read("escrow", "deals", n)) for n in range(max(0, count - LOOK_BACK), count)]

    def _go_on(self, look: Look, deal: Deal) -> Ask | None:
        """Let whoever's turn it is take the next step; None while there is nothing to do but wait."""
        people = {signer.address: person for person, signer in enumerate(self.signers)}
        if deal.seller not in people or deal.buyer not in people:
            return None  # somebody else uses the contract as well
        buyer, seller = look.seen_by(people[deal.buyer]), look.seen_by(people[deal.seller])
        fate, age_s = draw_below(self.seed, 20, "escrow-fate", deal.number), look.time_s - deal.deadline_s + DEAL_S
        if deal.state == OFFERED:
            is_late = look.time_s >= deal.deadline_s
            return (
                buyer.ask("escrow", "cancel", deal.number) if is_late else seller.ask("escrow", "accept", deal.number)
            )
        if age_s < PATIENCE_S:
            return None
        if deal.state == DISPUTED:
            part = deal.amount * look.draw(5, "part") // 4
            return look.seen_by(ARBITER).ask("escrow", "decide", deal.number, part)
        if look.time_s >= deal.deadline_s:
            return seller.ask("escrow", "expire", deal.number)
        if fate < 3:
            return buyer.ask("escrow", "dispute", deal.number)
        if fate < 5:
            return seller.ask("escrow", "give_back", deal.number)
        return buyer.ask("escrow", "release", deal.number) if fate > 5 else None
