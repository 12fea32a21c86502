"""Grain on its way from three farms to the shops, and recalls that reach all it went into.

Contracts: supply_chain.vy. Farms make batches and offer them to a mill; mills mix what they got and split the mixture
for bakeries; bakeries split once more for shops; shops sell. Every ten minutes the authority finds something in a batch
that has reached the shops and recalls it: whoever holds what was made of it takes that out of the chain at once.
"""

from typing import Any, Final, NamedTuple

from chain.economy.application import Application
from chain.economy.look import Ask, Look
from chain.units import Address

AUTHORITY: Final = 0
FARMS: Final = (1, 2, 3)
MILLS: Final = (4, 5)
BAKERIES: Final = (6, 7, 8)
FIRST_SHOP: Final = 9
PRODUCTS: Final = ("wheat", "wheat", "rye")
REASONS: Final = ("mould", "metal splinters", "a pesticide", "mice")
FIRST_RECALL_S: Final = 420
RECALL_INTERVAL_S: Final = 600
CLEANING_S: Final = 180
"""How long after a recall everybody looks through their stock."""
MOST_LIVE: Final = 18
NOBODY: Final = Address(bytes(20))


class Batch(NamedTuple):
    """A batch as the contract has it, with its number."""

    number: int
    product: str
    maker: Address
    holder: Address
    receiver: Address
    quantity: int
    is_live: bool
    is_recalled: bool


class SupplyChain(Application):
    """Everybody through whose hands grain goes."""

    name = "supply_chain"
    title = "Supply chain"
    least_people = 12
    is_patient = True

    def plan(self) -> None:
        """Deploy the contract and license the farms."""
        self.deploy("supply_chain")
        for farm in FARMS:
            self.ask(AUTHORITY, "supply_chain", "license", self.signers[farm].address, True)

    def get_person_name(self, person: int) -> str:
        """Return the role, and a number where several have it."""
        if person == AUTHORITY:
            return "authority"
        for role, people in (("farm", FARMS), ("mill", MILLS), ("bakery", BAKERIES)):
            if person in people:
                return f"{role} {person - people[0] + 1}"
        return f"shop {person - FIRST_SHOP + 1}"

    def act(self, look: Look) -> Ask | None:
        """Recall when it is time, and clean up after it; otherwise whoever has a batch goes on with it."""
        live = self._list_live(look)
        recalled_s = self.memory.get("recalled_s", -RECALL_INTERVAL_S)
        if look.time_s >= max(FIRST_RECALL_S, recalled_s + RECALL_INTERVAL_S) and (ask := self._recall(look, live)):
            self.memory["recalled_s"] = look.time_s
            return ask
        if look.time_s < recalled_s + CLEANING_S:
            for batch in live:
                if look.read("supply_chain", "is_recalled", batch.number) and (ask := self._retire(look, batch)):
                    return ask
        if not live or (len(live) < MOST_LIVE and look.draw(6, "make") == 0):
            farm = look.seen_by(FARMS[look.draw(len(FARMS), "farm")])
            product = PRODUCTS[look.draw(len(PRODUCTS), "product")]
            return farm.ask("supply_chain", "make", product, 20 * (2 + look.draw(5, "quantity")))
        place = look.draw(len(live), "batch") * look.draw(2, "age")  # every second time from the oldest one on
        for batch in (*live[place:], *live[:place]):
            if (ask := self._go_on(look, batch, live)) and not look.seen_by(ask.person).is_busy:
                return ask
        return None

    def _list_live(self, look: Look) -> list[Batch]:
        """Return the batches that people of the application hold, the oldest first."""
        count, ours = look.read("supply_chain", "batch_count"), {signer.address for signer in self.signers}
        gone: frozenset[int] = self.memory.get("gone", frozenset())
        numbers = (number for number in range(count) if number not in gone)
        batches = [Batch(number, *look.read("supply_chain", "batches", number)) for number in numbers]
        self.memory["gone"] = gone.union(it.number for it in batches if not it.is_live)
        return [it for it in batches if it.is_live and it.holder in ours]

    def _find_person(self, address: Address) -> int:
        return next(person for person, signer in enumerate(self.signers) if signer.address == address)

    def _recall(self, look: Look, live: list[Batch]) -> Ask | None:
        """Recall the first batch that something in a shop was made of."""
        in_shops = [it for it in live if self._find_person(it.holder) >= FIRST_SHOP and not it.is_recalled]
        if not in_shops:
            return None
        first = min(look.read("supply_chain", "get_lineage", in_shops[0].number))
        reason = REASONS[look.draw(len(REASONS), "reason")]
        return look.seen_by(AUTHORITY).ask("supply_chain", "recall", first, reason)

    def _retire(self, look: Look, batch: Batch) -> Ask | None:
        if look.is_waiting("supply_chain", "retire", batch.number):
            return None
        return look.seen_by(self._find_person(batch.holder)).ask("supply_chain", "retire", batch.number)

    def _go_on(self, look: Look, batch: Batch, live: list[Batch]) -> Ask | None:
        """Let the receiver accept, or the holder do what is next in the batch's life."""
        if look.read("supply_chain", "is_recalled", batch.number):
            return self._retire(look, batch)
        if batch.receiver != NOBODY:
            receiver = next((n for n, it in enumerate(self.signers) if it.address == batch.receiver), None)
            return None if receiver is None else look.seen_by(receiver).ask("supply_chain", "accept", batch.number)
        person = self._find_person(batch.holder)
        holder, is_own = look.seen_by(person), batch.maker == batch.holder
        if person in FARMS:
            return self._offer(holder, batch, MILLS)
        if person in MILLS:
            if not is_own:
                return self._mix(holder, batch, live)
            is_mixture = len(look.read("supply_chain", "get_parents", batch.number)) > 1
            return self._split(holder, batch, 3) if is_mixture else self._offer(holder, batch, BAKERIES)
        if person in BAKERIES:
            shops = tuple(range(FIRST_SHOP, len(self.signers)))
            return self._offer(holder, batch, shops) if is_own else self._split(holder, batch, 2)
        return self._retire(look, batch)

    def _offer(self, look: Look, batch: Batch, people: tuple[int, ...]) -> Ask:
        receiver = people[look.draw(len(people), "receiver")]
        return look.ask("supply_chain", "offer", batch.number, look.get_address(receiver))

    def _mix(self, look: Look, batch: Batch, live: list[Batch]) -> Ask | None:
        """Mix up to three farms' batches of the product that the mill holds; wait for a second one."""
        same: list[Any] = [
            it.number for it in live if (it.product, it.holder) == (batch.product, look.me) and it.maker != look.me
        ]
        return look.ask("supply_chain", "merge", same[:3]) if len(same) > 1 else None

    def _split(self, look: Look, batch: Batch, parts: int) -> Ask:
        """Split into parts that add up; the last one takes what is left over."""
        part = batch.quantity // parts
        return look.ask(
            "supply_chain", "split", batch.number, [*[part] * (parts - 1), batch.quantity - part * (parts - 1)]
        )
