"""All shipped contracts that are tokens keep ERC-20 alike: token, wrapped and stable coin, shares of pool and house."""

from collections.abc import Callable

import pytest
from defi_stage import LATE, MOST, UNIT, build_exchange
from stage import ALICE, BOB, CAROL, COIN, DAVE, NOBODY, Contract, Reverted, Stage


def build_token() -> Contract:
    return Stage().deploy("token", ALICE, "Coin", "CN", 2, 1000)


def build_wrapped_coin() -> Contract:
    coin = Stage().deploy("wrapped_coin", BOB)
    coin.send(ALICE, "deposit", value=COIN)
    return coin


def build_stable_coin() -> Contract:
    stage = Stage()
    oracle = stage.deploy("oracle", ALICE, [ALICE], 1, LATE)
    oracle.send(ALICE, "report", 20 * UNIT)
    stable = stage.deploy("stable_coin", BOB, oracle, 3 * UNIT // 2, 10**27)
    stable.send(ALICE, "lock", value=10 * COIN)
    stable.send(ALICE, "mint", 100 * COIN)
    return stable


def build_shares_of_a_pool() -> Contract:
    return build_exchange(UNIT, UNIT).pool


def build_shares_of_a_house() -> Contract:
    stage = Stage()
    deeds = stage.deploy("deed", BOB, "Land registry", "LAND")
    deeds.send(BOB, "mint", ALICE, "Mill Lane 4")
    fraction = stage.deploy("fraction", ALICE, deeds, 1, "Mill Lane 4", "ML4", 1000)
    deeds.send(ALICE, "safeTransferFrom(address,address,uint256)", ALICE, fraction, 1)
    return fraction


@pytest.fixture(
    params=[build_token, build_wrapped_coin, build_stable_coin, build_shares_of_a_pool, build_shares_of_a_house],
    ids=lambda build: build.__name__.removeprefix("build_"),
)
def token(request: pytest.FixtureRequest) -> Contract:
    """Alice has at least a thousand units of it."""
    build: Callable[[], Contract] = request.param
    made = build()
    assert made.get("balanceOf", ALICE) >= 1000
    return made


def get_balances(token: Contract) -> list[int]:
    return [token.get("balanceOf", who) for who in (ALICE, BOB, CAROL)]


def test_a_transfer_moves_an_amount_and_says_so(token: Contract) -> None:
    before, supply = token.get("balanceOf", ALICE), token.get("totalSupply")
    for amount in (30, 0):  # nothing is an amount too
        done = token.send(ALICE, "transfer", BOB, amount)
        assert done.value is True
        assert done.events == [(token, "Transfer", {"sender": ALICE, "receiver": BOB, "amount": amount})]
    assert get_balances(token) == [before - 30, 30, 0]
    assert token.get("totalSupply") == supply


def test_nobody_gives_more_than_they_have(token: Contract) -> None:
    token.send(ALICE, "transfer", BOB, 30)
    for amount in (31, MOST):
        with pytest.raises(Reverted, match="more than there is"):
            token.send(BOB, "transfer", CAROL, amount)
    token.send(BOB, "transfer", CAROL, 30)
    assert get_balances(token)[1:] == [0, 30]


def test_nothing_goes_to_nobody(token: Contract) -> None:
    token.send(ALICE, "approve", BOB, 10)
    with pytest.raises(Reverted, match="no receiver"):
        token.send(ALICE, "transfer", NOBODY, 1)
    with pytest.raises(Reverted, match="no receiver"):
        token.send(BOB, "transferFrom", ALICE, NOBODY, 1)


def test_a_transfer_to_oneself_changes_nothing(token: Contract) -> None:
    before = token.get("balanceOf", ALICE)
    token.send(ALICE, "transfer", ALICE, before)
    token.send(ALICE, "approve", ALICE, before)
    token.send(ALICE, "transferFrom", ALICE, ALICE, before)
    assert token.get("balanceOf", ALICE) == before


def test_what_is_allowed_is_used_up(token: Contract) -> None:
    done = token.send(ALICE, "approve", BOB, 50)
    assert done.value is True
    assert done.events == [(token, "Approval", {"owner": ALICE, "spender": BOB, "amount": 50})]
    done = token.send(BOB, "transferFrom", ALICE, CAROL, 20)
    assert done.value is True
    assert token.get("allowance", ALICE, BOB) == 30
    with pytest.raises(Reverted, match="more than allowed"):
        token.send(BOB, "transferFrom", ALICE, CAROL, 31)
    with pytest.raises(Reverted, match="more than allowed"):
        token.send(CAROL, "transferFrom", ALICE, CAROL, 1)  # each spender has their own
    token.send(BOB, "transferFrom", ALICE, BOB, 30)
    assert (token.get("allowance", ALICE, BOB), *get_balances(token)[1:]) == (0, 30, 20)


def test_an_approval_replaces_the_one_before_and_who_is_quick_gets_both(token: Contract) -> None:
    """The race that EIP-20 warns of: who takes the old amount first may take the new one too; 0 in between helps."""
    token.send(ALICE, "approve", BOB, 50)
    token.send(BOB, "transferFrom", ALICE, BOB, 50)
    token.send(ALICE, "approve", BOB, 20)
    token.send(BOB, "transferFrom", ALICE, BOB, 20)
    assert token.get("balanceOf", BOB) == 70
    token.send(ALICE, "approve", BOB, 50)
    token.send(ALICE, "approve", BOB, 0)
    with pytest.raises(Reverted, match="more than allowed"):
        token.send(BOB, "transferFrom", ALICE, BOB, 1)


def test_an_allowance_is_not_money(token: Contract) -> None:
    token.send(ALICE, "transfer", DAVE, 5)
    token.send(DAVE, "approve", BOB, MOST)
    with pytest.raises(Reverted, match="more than there is"):
        token.send(BOB, "transferFrom", DAVE, BOB, 6)
    assert token.get("allowance", DAVE, BOB) == MOST  # what failed used up nothing
