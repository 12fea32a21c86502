"""Coins as a token: every unit is covered by a coin that lies there; see docs/contracts/token.md."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import ALICE, BOB, CAROL, COIN, NOBODY, Contract, Reverted, Stage


def build_coin() -> Contract:
    """Return the contract with ten coins of Alice's in it."""
    coin = Stage().deploy("wrapped_coin", CAROL)
    coin.send(ALICE, "deposit", value=10 * COIN)
    return coin


def test_coins_become_tokens_and_tokens_coins() -> None:
    coin = build_coin()
    assert (coin.get("balanceOf", ALICE), coin.get("totalSupply")) == (10 * COIN, 10 * COIN)
    coin.send(ALICE, "transfer", BOB, 4 * COIN)
    before = coin.stage.get_balance(BOB)
    done = coin.send(BOB, "withdraw", 3 * COIN)
    assert done.events == [(coin, "Transfer", {"sender": BOB, "receiver": NOBODY, "amount": 3 * COIN})]
    assert coin.stage.get_balance(BOB) - before == 3 * COIN
    assert (coin.get("totalSupply"), coin.stage.get_balance(coin)) == (7 * COIN, 7 * COIN)


def test_nobody_takes_out_what_they_have_not() -> None:
    coin = build_coin()
    with pytest.raises(Reverted, match="more than there is"):
        coin.send(BOB, "withdraw", 1)
    with pytest.raises(Reverted, match="more than allowed"):
        coin.send(BOB, "transferFrom", ALICE, BOB, 1)
    with pytest.raises(Reverted, match="no receiver"):
        coin.send(ALICE, "transfer", NOBODY, 1)


def test_an_allowance_is_used_up() -> None:
    coin = build_coin()
    coin.send(ALICE, "approve", BOB, COIN)
    coin.send(BOB, "transferFrom", ALICE, CAROL, COIN)
    assert (coin.get("balanceOf", CAROL), coin.get("allowance", ALICE, BOB)) == (COIN, 0)


def test_it_looks_like_a_token_with_nine_decimals() -> None:
    coin = build_coin()
    assert [coin.get(name) for name in ("name", "symbol", "decimals")] == ["Wrapped coin", "WCR", 9]


@given(
    calls=st.lists(
        st.tuples(
            st.sampled_from([ALICE, BOB]),
            st.sampled_from(["deposit", "withdraw", "transfer"]),
            st.integers(0, 20 * COIN),
        ),
        max_size=12,
    )
)
@settings(max_examples=50)
def test_every_unit_is_covered(calls: list[tuple[bytes, str, int]]) -> None:
    coin = build_coin()
    for who, name, amount in calls:
        values = {"deposit": (), "withdraw": (amount,), "transfer": (BOB, amount)}[name]
        try:
            coin.send(who, name, *values, value=amount if name == "deposit" else 0)  # type: ignore[arg-type]
        except Reverted:
            continue
        held = coin.get("balanceOf", ALICE) + coin.get("balanceOf", BOB)
        assert held == coin.get("totalSupply") == coin.stage.get_balance(coin)
