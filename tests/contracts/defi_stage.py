"""Pools and markets for the tests: tokens in everybody's hands, approvals given, a price that the test sets."""

from typing import NamedTuple

from stage import ALICE, BOB, CAROL, DAVE, Contract, Stage

from chain.units import Address

UNIT = 10**18
MOST = 2**256 - 1
PEOPLE = (ALICE, BOB, CAROL, DAVE)
PLENTY = 10**30
LATE = 10**10


class Exchange(NamedTuple):
    """A pool of two tokens and the router; everybody has plenty and the router may take it."""

    stage: Stage
    gold: Contract
    silver: Contract
    pool: Contract
    router: Contract


def give_tokens(stage: Stage, name: str, *spenders: Contract, people: tuple[Address, ...] = PEOPLE) -> Contract:
    """Return a token of which everybody has plenty, all of it approved to the spenders."""
    token = stage.deploy("token", people[0], name, name[:4], 18, PLENTY * len(people))
    for person in people[1:]:
        token.send(people[0], "transfer", person, PLENTY)
    approve(token, *spenders, people=people)
    return token


def approve(token: Contract, *spenders: Contract, people: tuple[Address, ...] = PEOPLE) -> None:
    """Let contracts take everything."""
    for person in people:
        for spender in spenders:
            token.send(person, "approve", spender, MOST)


def build_exchange(gold: int = 0, silver: int = 0) -> Exchange:
    """Return an exchange to which Alice has brought some of each."""
    stage = Stage()
    router = stage.deploy("router", ALICE)
    tokens = give_tokens(stage, "Gold", router), give_tokens(stage, "Silver", router)
    pool = stage.deploy("pool", ALICE, *tokens)
    approve(pool, router)
    exchange = Exchange(stage, *tokens, pool, router)
    if gold:
        bring(exchange, gold, silver)
    return exchange


def bring(exchange: Exchange, gold: int, silver: int) -> int:
    """Bring liquidity for Alice in the pool's own words; return the shares."""
    exchange.gold.send(ALICE, "transfer", exchange.pool, gold)
    exchange.silver.send(ALICE, "transfer", exchange.pool, silver)
    shares: int = exchange.pool.send(ALICE, "mint", ALICE).value
    return shares


class Market(NamedTuple):
    """A lending market: cash is lent, gold is collateral; Alice reports the price."""

    stage: Stage
    cash: Contract
    gold: Contract
    oracle: Contract
    model: Contract
    lending: Contract


FACTOR, THRESHOLD, BONUS = 75 * UNIT // 100, 80 * UNIT // 100, 108 * UNIT // 100
RATES = (UNIT // 50, UNIT // 5, 2 * UNIT, 80 * UNIT // 100)
"""2 % at rest, 18 % at the kink of 80 %, 58 % when all is lent."""


def build_market(price: int = 200 * UNIT) -> Market:
    """Return an empty market in which 10¹⁸ of gold are worth ``price`` of cash."""
    stage = Stage()
    cash, gold = give_tokens(stage, "Cash"), give_tokens(stage, "Gold")
    oracle = stage.deploy("oracle", ALICE, [ALICE], 1, LATE)
    oracle.send(ALICE, "report", price)
    model = stage.deploy("jump_rate_model", ALICE, *RATES)
    lending = stage.deploy("lending", ALICE, cash, gold, oracle, model, FACTOR, THRESHOLD, BONUS)
    approve(cash, lending)
    approve(gold, lending)
    return Market(stage, cash, gold, oracle, model, lending)
