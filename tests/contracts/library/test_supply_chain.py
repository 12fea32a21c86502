"""Goods are traced from field to shop, a recall reaches all they went into; see docs/contracts/supply_chain.md."""

from contextlib import suppress

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies import integers, lists, sampled_from
from stage import ALICE, BOB, CAROL, DAVE, ERIN, NOBODY, Contract, Reverted, Stage

from chain.contracts.evm import Log
from chain.contracts.provenance import find_recall, get_descendants, get_lineage, read_batches

AUTHORITY, FARM, MILL, BAKERY, SHOP = ALICE, BOB, CAROL, DAVE, ERIN


@pytest.fixture
def chain() -> Contract:
    """A farm may make batches, and has made batch 0: a hundred sacks of wheat."""
    chain = Stage().deploy("supply_chain", AUTHORITY)
    chain.send(AUTHORITY, "license", FARM, True)
    assert chain.send(FARM, "make", "wheat", 100).value == 0
    return chain


def hand_over(chain: Contract, batch: int, giver: bytes, receiver: bytes) -> None:
    """Let a batch change hands."""
    chain.send(giver, "offer", batch, receiver)
    chain.send(receiver, "accept", batch)


def get_holder(chain: Contract, batch: int) -> bytes:
    _, _, holder, *_ = chain.get("batches", batch)
    return holder


def test_only_who_is_licensed_makes_goods(chain: Contract) -> None:
    with pytest.raises(Reverted, match="not licensed"):
        chain.send(MILL, "make", "wheat", 1)
    with pytest.raises(Reverted, match="not the authority"):
        chain.send(FARM, "license", MILL, True)
    chain.send(AUTHORITY, "license", FARM, False)
    with pytest.raises(Reverted, match="not licensed"):
        chain.send(FARM, "make", "wheat", 1)


def test_a_batch_changes_hands_in_two_steps(chain: Contract) -> None:
    """Nobody gets goods unasked, nobody can deny to have got them."""
    chain.send(FARM, "offer", 0, MILL)
    assert get_holder(chain, 0) == FARM
    with pytest.raises(Reverted, match="not offered to you"):
        chain.send(BAKERY, "accept", 0)
    done = chain.send(MILL, "accept", 0)
    assert done.events == [(chain, "Handed", {"batch": 0, "giver": FARM, "receiver": MILL})]
    assert get_holder(chain, 0) == MILL
    for name, *values in (("offer", 0, SHOP), ("split", 0, [50, 50]), ("retire", 0)):
        with pytest.raises(Reverted, match="not the holder"):
            chain.send(FARM, name, *values)
    with pytest.raises(Reverted, match="not offered to you"):
        chain.send(MILL, "accept", 0)


def test_an_offer_can_be_taken_back(chain: Contract) -> None:
    chain.send(FARM, "offer", 0, MILL)
    chain.send(FARM, "offer", 0, NOBODY)
    with pytest.raises(Reverted, match="not offered to you"):
        chain.send(MILL, "accept", 0)
    with pytest.raises(Reverted, match="yours already"):
        chain.send(FARM, "offer", 0, FARM)


def test_what_is_used_up_cannot_be_accepted(chain: Contract) -> None:
    """An offer ends when the batch does: goods that were divided, mixed or eaten change hands no more."""
    chain.send(FARM, "offer", 0, MILL)
    chain.send(FARM, "split", 0, [50, 50])
    chain.send(FARM, "offer", 1, MILL)
    chain.send(FARM, "merge", [1, 2])
    chain.send(FARM, "offer", 3, MILL)
    chain.send(FARM, "retire", 3)
    for batch in range(4):
        with pytest.raises(Reverted, match="not offered to you"):
            chain.send(MILL, "accept", batch)
        with pytest.raises(Reverted, match="used up"):
            chain.send(FARM, "retire", batch)


def test_parts_add_up(chain: Contract) -> None:
    assert chain.send(FARM, "split", 0, [70, 30]).value == (1, 2)
    for quantities in ([70], [], [70, 29], [70, 31], [100, 0]):
        with pytest.raises(Reverted):
            chain.send(FARM, "split", 1, quantities)
    with pytest.raises(Reverted, match="the parts do not add up"):
        chain.send(FARM, "split", 2, [30, 1])
    with pytest.raises(Reverted):  # the sum comes round to 30: Vyper's addition reverts
        chain.send(FARM, "split", 2, [2**256 - 1, 31])
    with pytest.raises(Reverted, match="used up"):
        chain.send(FARM, "split", 0, [50, 50])


def test_a_mixture_remembers_all_its_sources(chain: Contract) -> None:
    chain.send(FARM, "make", "wheat", 50)
    assert chain.send(FARM, "merge", [0, 1]).value == 2
    assert chain.get("batches", 2)[4] == 150
    assert chain.get("get_parents", 2) == (0, 1)
    chain.send(FARM, "make", "wheat", 1)
    chain.send(FARM, "make", "rye", 1)
    with pytest.raises(Reverted, match="different products"):
        chain.send(FARM, "merge", [3, 4])
    with pytest.raises(Reverted, match="used up"):
        chain.send(FARM, "merge", [3, 3])
    with pytest.raises(Reverted, match="no mixture"):
        chain.send(FARM, "merge", [3])


def test_a_recall_stops_all_that_was_made_of_it(chain: Contract) -> None:
    """Two farms' wheat is mixed and divided; one is bad; what never touched it goes on."""
    chain.send(FARM, "make", "wheat", 50)
    chain.send(FARM, "split", 0, [60, 40])  # 2 and 3
    mixture = chain.send(FARM, "merge", [1, 2]).value
    hand_over(chain, mixture, FARM, MILL)
    chain.send(MILL, "offer", mixture, SHOP)
    with pytest.raises(Reverted, match="neither its maker nor the authority"):
        chain.send(SHOP, "recall", 1, "I do not like it")
    done = chain.send(AUTHORITY, "recall", 1, "ergot")
    assert done.events[0].values == {"batch": 1, "who": AUTHORITY, "reason": "ergot"}
    assert [chain.get("is_recalled", batch) for batch in range(5)] == [False, True, False, False, True]
    for sender, name, *values in (
        (SHOP, "accept", mixture),
        (MILL, "offer", mixture, SHOP),
        (MILL, "split", mixture, [55, 55]),
    ):
        with pytest.raises(Reverted, match="recalled"):
            chain.send(sender, name, *values)
    chain.send(MILL, "retire", mixture)
    hand_over(chain, 3, FARM, MILL)
    with pytest.raises(Reverted, match="recalled already"):
        chain.send(FARM, "recall", 1, "again")
    for number in (5, 99):
        with pytest.raises(Reverted, match="no such batch"):
            chain.send(AUTHORITY, "recall", number, "nothing")


def test_a_lineage_that_is_too_long_to_walk_is_never_made(chain: Contract) -> None:
    """However often batches are split and merged, is_recalled() works and stays affordable."""
    batch, limit = 0, chain.get("MAX_LINEAGE")
    while len(chain.get("get_lineage", batch)) + 3 <= limit:  # its two halves, and their mixture
        parts = chain.send(FARM, "split", batch, [50, 50]).value
        batch = chain.send(FARM, "merge", list(parts)).value
    assert chain.send(FARM, "offer", batch, MILL).gas_used < 1_000_000
    assert len(chain.get("get_lineage", batch)) == limit
    with pytest.raises(Reverted, match="too many ancestors"):
        chain.send(FARM, "split", batch, [50, 50])
    chain.send(FARM, "recall", 0, "weevils")
    assert chain.get("is_recalled", batch)


def test_what_is_not_there_is_nobodys(chain: Contract) -> None:
    with pytest.raises(Reverted, match="no product"):
        chain.send(FARM, "make", "", 1)
    with pytest.raises(Reverted, match="no quantity"):
        chain.send(FARM, "make", "wheat", 0)
    told = chain.send(AUTHORITY, "license", MILL, True).events
    assert told == [(chain, "Licensed", {"maker": MILL, "is_licensed": True})]
    for sender, name, *values in ((FARM, "offer", 7, MILL), (FARM, "retire", 7), (FARM, "accept", 7)):
        with pytest.raises(Reverted, match=r"not the holder|not offered to you"):
            chain.send(sender, name, *values)


class Trade(RuleBasedStateMachine):
    """Everybody trades, mixes and divides at random; the story read from the events is the contract's own."""

    PEOPLE = (FARM, MILL, BAKERY, SHOP)

    @initialize()
    def open_shop(self) -> None:
        self.stage = Stage()
        self.chain = self.stage.deploy("supply_chain", AUTHORITY)
        self.chain.send(AUTHORITY, "license", FARM, True)
        self.logs: list[tuple[int, Log]] = []
        self.made = {"wheat": 0, "rye": 0}
        execute = self.stage.execute

        def execute_and_keep(*values, **names):  # type: ignore[no-untyped-def]
            result = execute(*values, **names)
            if values[1] if len(values) > 1 else names.get("write", True):
                self.logs += [(self.stage.time_s, log) for log in result.logs]
            return result

        self.stage.execute = execute_and_keep  # type: ignore[method-assign]

    @property
    def batches(self):  # type: ignore[no-untyped-def]
        return read_batches(self.chain.artifact.abi, self.logs)

    def pick(self, place: int):  # type: ignore[no-untyped-def]
        """Return a live batch, any will do."""
        live = [batch for batch in self.batches.values() if batch.is_live]
        return live[place % len(live)] if live else None

    def try_to(self, sender: bytes, name: str, *values: object) -> None:
        with suppress(Reverted):
            self.chain.send(sender, name, *values)

    @rule(product=sampled_from(["wheat", "rye"]), quantity=integers(2, 1000))
    def make(self, product: str, quantity: int) -> None:
        self.chain.send(FARM, "make", product, quantity)
        self.made[product] += quantity

    @precondition(lambda self: self.pick(0))
    @rule(place=integers(0, 99), receiver=sampled_from(PEOPLE))
    def pass_on(self, place: int, receiver: bytes) -> None:
        batch = self.pick(place)
        if batch.holder != receiver and find_recall(self.batches, batch.number) is None:
            hand_over(self.chain, batch.number, batch.holder, receiver)

    @precondition(lambda self: self.pick(0))
    @rule(place=integers(0, 99), part=integers(1, 999))
    def split(self, place: int, part: int) -> None:
        batch = self.pick(place)
        if batch.quantity > part:
            self.try_to(batch.holder, "split", batch.number, [part, batch.quantity - part])

    @precondition(lambda self: self.pick(0))
    @rule(places=lists(integers(0, 99), min_size=2, max_size=4))
    def merge(self, places: list[int]) -> None:
        chosen = [self.pick(place) for place in places]
        self.try_to(chosen[0].holder, "merge", [batch.number for batch in chosen])

    @precondition(lambda self: self.batches)
    @rule(place=integers(0, 99))
    def recall(self, place: int) -> None:
        if place % 5 == 0:
            self.try_to(AUTHORITY, "recall", place % len(self.batches), "bad")

    @precondition(lambda self: self.pick(0))
    @rule(place=integers(0, 99))
    def retire(self, place: int) -> None:
        batch = self.pick(place)
        if place % 5 == 0:
            self.made[batch.product] -= batch.quantity
            self.chain.send(batch.holder, "retire", batch.number)

    @invariant()
    def quantities_are_conserved(self) -> None:
        for product, quantity in self.made.items():
            live = [batch.quantity for batch in self.batches.values() if batch.is_live and batch.product == product]
            assert sum(live) == quantity

    @invariant()
    def provenance_is_unbroken(self) -> None:
        """Every batch leads back to the farm, through batches of its product; recalls reach exactly the descendants."""
        batches = self.batches
        for number, batch in batches.items():
            lineage = get_lineage(batches, number)
            assert sorted(self.chain.get("get_lineage", number)) == list(lineage)
            origins = [batches[n] for n in lineage if not batches[n].parents]
            assert origins
            assert all(origin.maker == FARM for origin in origins)
            assert {batches[n].product for n in lineage} == {batch.product}
            assert all(number in get_descendants(batches, n) for n in lineage)
            assert self.chain.get("is_recalled", number) == (find_recall(batches, number) is not None)
            givers = [batch.maker, *(passed.receiver for passed in batch.hand_overs)]
            assert [passed.giver for passed in batch.hand_overs] == givers[:-1]
            product, maker, holder, receiver, quantity, is_live, _ = self.chain.get("batches", number)
            assert (batch.product, batch.maker, batch.holder, batch.quantity) == (product, maker, holder, quantity)
            assert (batch.is_live, batch.offered_to or NOBODY) == (is_live, receiver)


TestTrade = Trade.TestCase
TestTrade.settings = settings(max_examples=20, stateful_step_count=25)
