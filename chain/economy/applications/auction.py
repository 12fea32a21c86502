"""Four deeds are sold again and again: in the open to the highest bid, and sealed, where the winner pays the second.

Contracts: deed.vy, auction.vy, sealed_auction.vy. What a deed is worth to a bidder is drawn once for each auction. In
the open one bids a little more than the least while it is below that; a sniper waits for the last half minute, and
finds the auction prolonged by it. Sealed, everybody commits the true worth with a round deposit and reveals later; some
forget, and lose the deposit. Whoever wins a deed may be its next seller.
"""

from typing import Final, NamedTuple

from chain.draws import draw_below, draw_bytes
from chain.economy.application import Application
from chain.economy.look import Ask, Look
from chain.units import COIN, Address

REGISTRAR: Final = 0
SNIPER: Final = 1
DEEDS: Final = (
    "The red house by the river",
    "A painting of three ships",
    "Seat 7 in the first row",
    "A boat with a blue sail",
)
DEEDS_OF: Final = {"auction": (1, 2), "sealed_auction": (3, 4)}
"""The deeds that each kind of auction sells in turn."""
OPEN_S: Final = 300
COMMIT_S: Final = 210
REVEAL_S: Final = 150
PAUSE_S: Final = 90
"""Between one sealed auction and the next."""
LAST_S: Final = 40
"""When the sniper bids."""
DEPOSIT: Final = 50 * COIN
"""Deposits are a multiple of it, so that they tell little."""
NOBODY: Final = Address(bytes(20))


class Open(NamedTuple):
    """An open auction as the contract has it."""

    seller: Address
    deeds: Address
    deed: int
    minimum: int
    end_s: int
    bidder: Address
    bid: int
    is_settled: bool


class Sealed(NamedTuple):
    """A sealed auction as the contract has it."""

    seller: Address
    deeds: Address
    deed: int
    reserve: int
    commit_end_s: int
    reveal_end_s: int
    bidder: Address
    highest: int
    second: int
    is_settled: bool


class Auctions(Application):
    """A registrar, a sniper and bidders, who also sell."""

    name = "auction"
    title = "Auctions"
    least_people = 6
    is_patient = True

    def plan(self) -> None:
        """Deploy everything; write a deed for each of four people."""
        self.deploy("deed", "Deeds of the town", "DEED")
        self.deploy("auction")
        self.deploy("sealed_auction")
        for place, text in enumerate(DEEDS):
            self.ask(REGISTRAR, "deed", "mint", self.signers[2 + place].address, text)

    def get_person_name(self, person: int) -> str:
        """Return the role, and a number for bidders."""
        return {REGISTRAR: "registrar", SNIPER: "sniper"}.get(person, f"bidder {person - SNIPER}")

    def get_worth(self, label: str, auction: int, person: int) -> int:
        """Return what a person would pay at most, in units: whole coins, the sniper a little more than most."""
        coins = 30 + draw_below(self.seed, 90, "auction-worth", label, auction, person)
        return (coins + (30 if person == SNIPER else 0)) * COIN

    def get_salt(self, auction: int, person: int) -> bytes:
        """Return the secret a person mixes into a sealed bid."""
        return draw_bytes(self.seed, 32, "auction-salt", auction, person)

    def act(self, look: Look) -> Ask | None:
        """Look after one of the two auctions, or fetch what is owed."""
        if look.draw(6, "fetch") == 0:
            label = ("auction", "sealed_auction")[look.draw(2, "purse")]
            return look.ask(label, "withdraw") if look.read(label, "owed", look.me) else None
        return self._go_on_open(look) if look.draw(2, "which") == 0 else self._go_on_sealed(look)

    # In the open -----------------------------------------------------------------------------------------------------

    def _go_on_open(self, look: Look) -> Ask | None:
        number = look.read("auction", "auction_count") - 1
        found = Open(*look.read("auction", "auctions", number)) if number >= 0 else None
        if found is None or found.is_settled:
            return self._start(look, "auction", number + 1, 10 * COIN, OPEN_S)
        if look.time_s >= found.end_s:
            return None if look.is_waiting("auction", "settle", number) else look.ask("auction", "settle", number)
        least = look.read("auction", "get_least_bid", number)
        people = [SNIPER] if found.end_s - look.time_s < LAST_S else range(SNIPER + 1, len(self.signers))
        out = (found.bidder, found.seller)
        wanting = [
            it for it in people
            if look.get_address(it) not in out and self.get_worth("open", number, it) >= least
        ]  # fmt: skip
        if not wanting or any(it.function == "bid" for it in look.iter_pending()):
            return None
        person = wanting[look.draw(len(wanting), "bidder")]
        amount = -(-least // COIN) * COIN + look.draw(8, "jump") * COIN
        worth = self.get_worth("open", number, person)
        return look.seen_by(person).ask("auction", "bid", number, value=max(least, min(amount, worth)))

    def _start(self, look: Look, label: str, number: int, least: int, *spans_s: int) -> Ask | None:
        """Let the owner of the next deed put it up, after letting the contract take it."""
        deed = DEEDS_OF[label][number % 2]
        owner, place = look.read("deed", "ownerOf", deed), look.get_address(label)
        person = next((n for n, it in enumerate(self.signers) if it.address == owner), None)
        if person is None:
            return None
        seller = look.seen_by(person)
        if look.read("deed", "getApproved", deed) != place:
            return seller.ask("deed", "approve", place, deed)
        call = look.get_address("deed"), deed, least, *spans_s
        return None if look.is_waiting(label, "start", *call) else seller.ask(label, "start", *call)

    # Sealed ----------------------------------------------------------------------------------------------------------

    def _go_on_sealed(self, look: Look) -> Ask | None:
        number = look.read("sealed_auction", "auction_count") - 1
        found = Sealed(*look.read("sealed_auction", "auctions", number)) if number >= 0 else None
        if found is None or (found.is_settled and look.time_s >= found.reveal_end_s + PAUSE_S):
            return self._start(look, "sealed_auction", number + 1, 20 * COIN, COMMIT_S, REVEAL_S)
        if found.is_settled or look.time_s < found.commit_end_s:
            return None if found.is_settled else self._commit(look, number, found)
        if look.time_s < found.reveal_end_s:
            return self._reveal(look, number)
        return self._settle(look, number)

    def _list_hidden(self, look: Look, number: int) -> list[int]:
        """Return who has bid and not revealed yet."""
        people = range(REGISTRAR + 1, len(self.signers))
        return [it for it in people if look.read("sealed_auction", "deposits", number, look.get_address(it))]

    def _commit(self, look: Look, number: int, found: Sealed) -> Ask | None:
        """Bid the true worth, once."""
        is_new = look.read("sealed_auction", "commitments", number, look.me) == bytes(32)
        worth = self.get_worth("sealed", number, look.person)
        if not is_new or look.person == REGISTRAR or look.me == found.seller:
            return None
        sealed = look.read(
            "sealed_auction", "compute_commitment", number, look.me, worth, self.get_salt(number, look.person)
        )
        return look.ask("sealed_auction", "commit", number, sealed, value=-(-worth // DEPOSIT) * DEPOSIT)

    def is_forgetful(self, auction: int, person: int) -> bool:
        """Tell whether a person forgets to reveal."""
        return draw_below(self.seed, 8, "auction-forgets", auction, person) == 0

    def _reveal(self, look: Look, number: int) -> Ask | None:
        hidden = [it for it in self._list_hidden(look, number) if not self.is_forgetful(number, it)]
        if not hidden:
            return None
        person = hidden[look.draw(len(hidden), "reveal")]
        worth, salt = self.get_worth("sealed", number, person), self.get_salt(number, person)
        return look.seen_by(person).ask("sealed_auction", "reveal", number, worth, salt)

    def _settle(self, look: Look, number: int) -> Ask | None:
        """Let the seller have the deposits of those who forgot, then end it."""
        for person in self._list_hidden(look, number):
            call = number, look.get_address(person)
            is_waiting = look.is_waiting("sealed_auction", "forfeit", *call)
            return None if is_waiting else look.ask("sealed_auction", "forfeit", *call)
        is_waiting = look.is_waiting("sealed_auction", "settle", number)
        return None if is_waiting else look.ask("sealed_auction", "settle", number)
