"""The shipped token keeps ERC-20 to the letter; see docs/contracts/token.md."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import ALICE, BOB, CAROL, NOBODY, Contract, Reverted, Stage

SUPPLY = 1000
MOST = 2**256 - 1


def build_token() -> Contract:
    return Stage().deploy("token", ALICE, "Coin", "CN", 2, SUPPLY)


def test_the_creator_owns_all_of_it_at_first() -> None:
    token = build_token()
    assert [token.get(what) for what in ("name", "symbol", "decimals", "totalSupply")] == ["Coin", "CN", 2, SUPPLY]
    assert (token.get("balanceOf", ALICE), token.get("balanceOf", BOB)) == (SUPPLY, 0)


def test_a_transfer_moves_and_tells() -> None:
    token = build_token()
    done = token.send(ALICE, "transfer", BOB, 30)
    assert done.value is True
    assert done.events == [(token, "Transfer", {"sender": ALICE, "receiver": BOB, "amount": 30})]
    assert (token.get("balanceOf", ALICE), token.get("balanceOf", BOB)) == (SUPPLY - 30, 30)


def test_nothing_and_oneself_are_no_exceptions() -> None:
    """EIP-20: "Transfers of 0 values MUST be treated as normal transfers and fire the Transfer event"."""
    token = build_token()
    assert [event.name for event in token.send(BOB, "transfer", ALICE, 0).events] == ["Transfer"]
    assert [event.name for event in token.send(CAROL, "transferFrom", ALICE, BOB, 0).events] == ["Transfer"]
    token.send(ALICE, "transfer", ALICE, SUPPLY)
    assert token.get("balanceOf", ALICE) == SUPPLY


def test_what_is_not_there_cannot_be_given() -> None:
    token = build_token()
    with pytest.raises(Reverted, match="more than there is"):
        token.send(ALICE, "transfer", BOB, SUPPLY + 1)
    with pytest.raises(Reverted, match="more than there is"):
        token.send(BOB, "transfer", ALICE, MOST)
    with pytest.raises(Reverted, match="no receiver"):
        token.send(ALICE, "transfer", NOBODY, 1)


def test_an_allowance_is_used_up_and_replaced() -> None:
    token = build_token()
    done = token.send(ALICE, "approve", BOB, 50)
    assert done.events == [(token, "Approval", {"owner": ALICE, "spender": BOB, "amount": 50})]
    token.send(BOB, "transferFrom", ALICE, CAROL, 20)
    assert token.get("allowance", ALICE, BOB) == 30
    with pytest.raises(Reverted, match="more than allowed"):
        token.send(BOB, "transferFrom", ALICE, CAROL, 31)
    token.send(ALICE, "approve", BOB, 5)
    assert token.get("allowance", ALICE, BOB) == 5
    token.send(CAROL, "approve", BOB, MOST)
    with pytest.raises(Reverted, match="more than there is"):
        token.send(BOB, "transferFrom", CAROL, ALICE, 21)


def test_what_is_burnt_is_gone() -> None:
    token = build_token()
    token.send(ALICE, "burn", 400)
    assert (token.get("totalSupply"), token.get("balanceOf", ALICE)) == (SUPPLY - 400, SUPPLY - 400)
    with pytest.raises(Reverted, match="more than there is"):
        token.send(BOB, "burn", 1)


def test_it_takes_no_coins() -> None:
    token = build_token()
    with pytest.raises(Reverted):
        token.send(ALICE, "transfer", BOB, 1, value=1)


PEOPLE = st.sampled_from([ALICE, BOB, CAROL])
AMOUNTS = st.one_of(st.integers(0, SUPPLY), st.just(MOST))


@given(
    calls=st.lists(
        st.one_of(
            st.tuples(PEOPLE, st.just("transfer"), PEOPLE, AMOUNTS),
            st.tuples(PEOPLE, st.just("approve"), PEOPLE, AMOUNTS),
            st.tuples(PEOPLE, st.just("transferFrom"), PEOPLE, PEOPLE, AMOUNTS),
            st.tuples(PEOPLE, st.just("burn"), AMOUNTS),
        ),
        max_size=20,
    )
)
def test_the_supply_is_what_people_have(calls: list[tuple[object, ...]]) -> None:
    token = Stage().deploy("token", ALICE, "Coin", "CN", 2, SUPPLY)
    for sender, name, *values in calls:
        try:
            token.send(sender, name, *values)  # type: ignore[arg-type]
        except Reverted:
            continue
    assert token.get("totalSupply") == sum(token.get("balanceOf", who) for who in (ALICE, BOB, CAROL)) <= SUPPLY
