"""A house that many own: rent shared out to the unit, however often shares change hands; see docs/contracts/deed.md."""

from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from stage import ALICE, BOB, CAROL, COIN, DAVE, Contract, Reverted, Stage

SHARES = 1000
SAFELY = "safeTransferFrom(address,address,uint256)"


class House(NamedTuple):
    stage: Stage
    deeds: Contract
    fraction: Contract


def build_house(shares: int = SHARES) -> House:
    """Return Bob's house, divided: Bob has all shares."""
    stage = Stage()
    deeds = stage.deploy("deed", ALICE, "Land registry", "LAND")
    deeds.send(ALICE, "mint", BOB, "Mill Lane 4")
    fraction = stage.deploy("fraction", BOB, deeds, 1, "Mill Lane 4", "ML4", shares)
    deeds.send(BOB, SAFELY, BOB, fraction, 1)
    return House(stage, deeds, fraction)


def test_whoever_brings_the_deed_gets_all_shares() -> None:
    _, _, fraction = build_house()
    assert (fraction.get("totalSupply"), fraction.get("balanceOf", BOB)) == (SHARES, SHARES)
    assert fraction.get("decimals") == 0


def test_nobody_makes_shares_by_claiming_that_a_deed_came() -> None:
    _, _, fraction = build_house()
    with pytest.raises(Reverted, match="another deed"):
        fraction.send(CAROL, "onERC721Received", CAROL, CAROL, 1, b"")


def test_a_deed_that_lies_there_cannot_come_again() -> None:
    """Nor could a registry that lies make a second set of shares: here Alice herself says that a deed came."""
    fraction = Stage().deploy("fraction", ALICE, ALICE, 1, "Mill Lane 4", "ML4", SHARES)
    fraction.send(ALICE, "onERC721Received", BOB, BOB, 1, b"")
    with pytest.raises(Reverted, match="divided already"):
        fraction.send(ALICE, "onERC721Received", CAROL, CAROL, 1, b"")
    assert (fraction.get("balanceOf", BOB), fraction.get("totalSupply")) == (SHARES, SHARES)


def test_each_share_earns_the_same() -> None:
    stage, _, fraction = build_house()
    fraction.send(BOB, "transfer", CAROL, 250)
    done = fraction.send(DAVE, "pay_rent", value=12 * COIN)
    assert done.events[0].values == {"tenant": DAVE, "amount": 12 * COIN, "per_share": 12 * COIN // SHARES}
    assert [fraction.get("claimable", who) for who in (BOB, CAROL)] == [9 * COIN, 3 * COIN]
    before = stage.get_balance(CAROL)
    assert fraction.send(CAROL, "claim").value == 3 * COIN == stage.get_balance(CAROL) - before
    with pytest.raises(Reverted, match="nothing to take"):
        fraction.send(CAROL, "claim")


def test_rent_belongs_to_who_held_the_share_when_it_came() -> None:
    _, _, fraction = build_house()
    fraction.send(DAVE, "pay_rent", value=SHARES * 5)
    fraction.send(BOB, "transfer", CAROL, SHARES)
    fraction.send(DAVE, "pay_rent", value=SHARES * 7)
    assert [fraction.get("claimable", who) for who in (BOB, CAROL)] == [SHARES * 5, SHARES * 7]


def test_what_cannot_be_divided_waits_for_the_next_rent() -> None:
    _, _, fraction = build_house(shares=7)
    fraction.send(DAVE, "pay_rent", value=10)
    assert (fraction.get("rent_per_share"), fraction.get("rent_waiting")) == (1, 3)
    fraction.send(DAVE, "pay_rent", value=4)
    assert (fraction.get("rent_per_share"), fraction.get("rent_waiting")) == (2, 0)


def test_who_has_all_shares_takes_the_deed_out_and_rent_stays() -> None:
    _, deeds, fraction = build_house()
    fraction.send(BOB, "transfer", CAROL, 400)
    fraction.send(DAVE, "pay_rent", value=SHARES)
    with pytest.raises(Reverted, match="not all shares"):
        fraction.send(CAROL, "redeem")
    fraction.send(BOB, "transfer", CAROL, 600)
    fraction.send(CAROL, "redeem")
    assert (deeds.get("ownerOf", 1), fraction.get("totalSupply")) == (CAROL, 0)
    assert (fraction.send(BOB, "claim").value, fraction.send(CAROL, "claim").value) == (600, 400)
    with pytest.raises(Reverted, match="no shares yet"):
        fraction.send(DAVE, "pay_rent", value=1)


def test_a_house_can_be_divided_again() -> None:
    _, deeds, fraction = build_house()
    fraction.send(DAVE, "pay_rent", value=SHARES * 3)
    fraction.send(BOB, "redeem")
    deeds.send(BOB, "transferFrom", BOB, CAROL, 1)
    deeds.send(CAROL, SAFELY, CAROL, fraction, 1)
    assert [fraction.get("claimable", who) for who in (BOB, CAROL)] == [SHARES * 3, 0]


class Anything(RuleBasedStateMachine):
    """In whatever order rent comes, shares move and people take theirs, it adds up to the unit."""

    people = (BOB, CAROL, DAVE)

    def __init__(self) -> None:
        super().__init__()
        self.stage, _, self.fraction = build_house(shares=97)
        self.earned = dict.fromkeys(self.people, 0)  # the plain way: a loop over all holders at every rent
        self.undivided = 0

    @rule(amount=st.one_of(st.integers(0, 500), st.integers(0, 10 * COIN)))
    def pay_rent(self, amount: int) -> None:
        self.fraction.send(ALICE, "pay_rent", value=amount)
        per_share, self.undivided = divmod(amount + self.undivided, 97)
        for who in self.people:
            self.earned[who] += per_share * self.fraction.get("balanceOf", who)

    @rule(sender=st.sampled_from(people), receiver=st.sampled_from(people), part=st.integers(0, 97))
    def move(self, sender: bytes, receiver: bytes, part: int) -> None:
        held = self.fraction.get("balanceOf", sender)
        self.fraction.send(sender, "transfer", receiver, min(part, held))  # type: ignore[arg-type]

    @rule(who=st.sampled_from(people))
    def claim(self, who: bytes) -> None:
        try:
            self.earned[who] -= self.fraction.send(who, "claim").value  # type: ignore[arg-type, index]
        except Reverted:
            assert self.earned[who] == 0  # type: ignore[index]

    @invariant()
    def everybody_has_what_they_earned(self) -> None:
        assert {who: self.fraction.get("claimable", who) for who in self.people} == self.earned

    @invariant()
    def all_rent_is_accounted_for(self) -> None:
        total, paid, waiting = (self.fraction.get(name) for name in ("rent_total", "rent_paid", "rent_waiting"))
        assert paid + sum(self.earned.values()) + waiting == total
        assert self.stage.get_balance(self.fraction) == total - paid


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=40, stateful_step_count=20)
