"""Our pool, router and rates beside the contracts their authors published, on the same machine, call by call.

Needs tools/fetch_originals.sh. Whatever people do, both succeed or both refuse, and then all numbers are the same.
"""

import os
from pathlib import Path
from typing import NamedTuple

import pytest
from defi_stage import LATE, PEOPLE, UNIT, approve, give_tokens
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from stage import ALICE, BOB, CAROL, ERIN, NOBODY, Contract, Reverted, Stage

from chain.contracts.artifact import Artifact, read_artifact
from chain.contracts.evm import Account
from chain.theory.lending import RAY

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
PLACE = Path(os.environ.get("CHAINROOM_ORIGINALS") or CACHE / "chainroom" / "originals")
pytestmark = [
    pytest.mark.statistics,
    pytest.mark.skipif(not PLACE.exists(), reason="needs tools/fetch_originals.sh"),
]
FULL = bool(os.environ.get("CHAINROOM_FULL"))
EXAMPLES = 100 if FULL else 8


def read_original(name: str) -> Artifact:
    return read_artifact((PLACE / f"{name}.json").read_bytes())


class Pair(NamedTuple):
    """Two pools of the same two tokens: Uniswap's own and ours, and their routers."""

    stage: Stage
    tokens: tuple[Contract, Contract]
    factory: Contract
    theirs: Contract
    ours: Contract
    their_router: Contract
    our_router: Contract


def build_pair() -> Pair:
    stage = Stage()
    first, second = give_tokens(stage, "Gold"), give_tokens(stage, "Silver")
    tokens = (first, second) if first.address < second.address else (second, first)  # Uniswap sorts them
    factory = stage.deploy(read_original("UniswapV2Factory"), ALICE, ALICE)
    address = factory.send(ALICE, "createPair", *tokens).value
    theirs = stage.attach(read_original("UniswapV2Pair"), address)
    routers = (
        stage.deploy(read_original("UniswapV2Router02"), ALICE, factory, NOBODY),
        stage.deploy("router", ALICE),
    )
    for token in tokens:
        approve(token, *routers)
    ours = stage.deploy("pool", ALICE, *tokens)
    for pool, router in zip((theirs, ours), routers, strict=True):
        approve(pool, router)
    return Pair(stage, tokens, factory, theirs, ours, *routers)


class SideBySide(RuleBasedStateMachine):
    """Both pools get the same tokens and the same calls."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = build_pair()
        self.pools = (self.pair.theirs, self.pair.ours)
        for token in self.pair.tokens:
            for pool in self.pools:
                token.send(ALICE, "transfer", pool, 5 * UNIT)
        self.call_both(ALICE, "mint", ALICE)

    def call_both(self, who: bytes, name: str, *values: object) -> None:
        """Call both pools; both must give the same answer or refuse."""
        answers = []
        for pool in self.pools:
            try:
                answers.append(pool.send(who, name, *values).value)  # type: ignore[arg-type]
            except Reverted:
                answers.append("refused")
        assert answers[0] == answers[1]

    @rule(place=st.integers(0, 1), amount=st.one_of(st.integers(0, 2000), st.integers(0, 10 * UNIT)))
    def send(self, place: int, amount: int) -> None:
        for pool in self.pools:
            self.pair.tokens[place].send(BOB, "transfer", pool, amount)

    @rule(who=st.sampled_from(PEOPLE), to=st.sampled_from([BOB, CAROL, NOBODY]))
    def mint(self, who: bytes, to: bytes) -> None:
        self.call_both(who, "mint", to)

    @rule(part=st.integers(0, 100))
    def burn(self, part: int) -> None:
        amount = self.pair.theirs.get("balanceOf", CAROL) * part // 100
        for pool in self.pools:
            pool.send(CAROL, "transfer", pool, amount)
        self.call_both(CAROL, "burn", BOB)

    @rule(out=st.tuples(st.integers(0, 3), st.integers(0, 3)), unit=st.sampled_from([1, 10**15, UNIT // 10]))
    def swap(self, out: tuple[int, int], unit: int) -> None:
        self.call_both(BOB, "swap", out[0] * unit, out[1] * unit, BOB, b"")

    @rule(name=st.sampled_from(["skim", "sync"]))
    def tidy(self, name: str) -> None:
        self.call_both(BOB, name, *([BOB] if name == "skim" else []))

    @rule(seconds=st.integers(0, 10**6))
    def wait(self, seconds: int) -> None:
        self.pair.stage.pass_time(seconds)

    @rule(receiver=st.sampled_from([ERIN, NOBODY]))
    def switch_the_sixth(self, receiver: bytes) -> None:
        self.pair.factory.send(ALICE, "setFeeTo", receiver)
        self.pair.ours.send(ALICE, "setFeeTo", receiver)

    @rule(place=st.integers(0, 1), amount=st.integers(0, UNIT), least=st.integers(0, UNIT))
    def trade(self, place: int, amount: int, least: int) -> None:
        token, other = self.pair.tokens[place], self.pair.tokens[1 - place]
        answers = []
        for router, name, values in (
            (self.pair.their_router, "swapExactTokensForTokens", ([token, other], CAROL, LATE)),
            (self.pair.our_router, "swap_exact_in", (token, [self.pair.ours], CAROL, LATE)),
        ):
            try:
                value = router.send(CAROL, name, amount, least, *values).value
                answers.append(value if isinstance(value, int) else value[-1])
            except Reverted:
                answers.append("refused")
        assert answers[0] == answers[1]

    @rule(wanted=st.tuples(st.integers(1, UNIT), st.integers(1, UNIT)))
    def add_liquidity(self, wanted: tuple[int, int]) -> None:
        answers = []
        for router, name, values in (
            (self.pair.their_router, "addLiquidity", self.pair.tokens),
            (self.pair.our_router, "add_liquidity", (self.pair.ours,)),
        ):
            try:
                answers.append(tuple(router.send(CAROL, name, *values, *wanted, 0, 0, CAROL, LATE).value))
            except Reverted:
                answers.append(("refused",))
        assert answers[0] == answers[1]

    @invariant()
    def all_numbers_are_the_same(self) -> None:
        names = ("totalSupply", "price0CumulativeLast", "price1CumulativeLast", "kLast", "getReserves")
        theirs, ours = ([pool.get(name) for name in names] for pool in self.pools)
        assert ours == theirs
        for who in (*PEOPLE, ERIN, NOBODY):
            assert self.pair.ours.get("balanceOf", who) == self.pair.theirs.get("balanceOf", who)


TestSideBySide = SideBySide.TestCase
TestSideBySide.settings = settings(max_examples=EXAMPLES, stateful_step_count=25)

NUMBERS = st.one_of(st.integers(0, 5), st.integers(0, 10**30), st.integers(0, 2**112 - 1))


@given(amount=NUMBERS, x=NUMBERS, y=NUMBERS)
@settings(max_examples=EXAMPLES)
def test_quotes(amount: int, x: int, y: int) -> None:
    stage = Stage()
    theirs = stage.deploy(read_original("UniswapV2Router02"), ALICE, NOBODY, NOBODY)
    ours = stage.deploy("router", ALICE)
    for name in ("quote", "getAmountOut", "getAmountIn"):
        answers = []
        for router in (theirs, ours):
            try:
                answers.append(router.get(name, amount, x, y))
            except Reverted:
                answers.append("refused")
        assert answers[0] == answers[1], name


@given(
    cash=st.integers(0, 10**30),
    borrows=st.integers(0, 10**30),
    optimal=st.integers(RAY // 100, RAY * 99 // 100),
    corners=st.tuples(st.integers(0, RAY), st.integers(0, RAY), st.integers(0, 5 * RAY)),
)
@settings(max_examples=EXAMPLES)
def test_aaves_rates(cash: int, borrows: int, optimal: int, corners: tuple[int, int, int]) -> None:
    """Its strategy asks a registry for an oracle of stable rates, which we leave out: a stub answers anything."""
    stage = Stage()
    stub = bytes(18) + b"\xee\xee"
    stage.host.accounts[stub] = Account(1, 0)  # type: ignore[index]
    stage.host.codes[stub] = bytes.fromhex("305f5260205ff3")  # type: ignore[index]  # returns its own address
    strategy = read_original("DefaultReserveInterestRateStrategy")
    theirs = stage.deploy(strategy, ALICE, stub, optimal, *corners, 0, 0)
    ours = stage.deploy("aave_rate_model", ALICE, optimal, *corners)
    rates = theirs.get("calculateInterestRates", stub, cash, 0, borrows, 0, 1000)
    assert ours.get("borrow_rate_ray", cash, borrows) == rates[2]
