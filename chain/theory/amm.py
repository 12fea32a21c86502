"""A constant-product pool in closed form: what a trade gives, what arbitrage does, what bringing liquidity costs.

Whole units as in Uniswap v2, exact: of ``a`` units put in, ``0.997 a`` count, and ``(x + 0.997 a) (y − out) ≥ x y``.
Sources: Uniswap v2 periphery, UniswapV2Library and UniswapV2LiquidityMathLibrary (names in the docstrings); G. Angeris,
H.-T. Kao, R. Chiang, C. Noyes, T. Chitra, "An analysis of Uniswap markets", 2019, for the bounds and the loss; L. Zhou,
K. Qin, C. F. Torres, D. V. Le, A. Gervais, "High-Frequency Trading on Decentralized On-Chain Exchanges", 2021, for the
sandwich. Results in whole units depend on no float.
"""

from math import isqrt, sqrt
from typing import Final, NamedTuple

FEE_PER_1000: Final = 3
_COUNTED: Final = 1000 - FEE_PER_1000


class Reserves(NamedTuple):
    """What lies in a pool, in smallest units."""

    x: int
    y: int


def compute_amount_out(amount_in: int, reserve_in: int, reserve_out: int) -> int:
    """Return what a pool gives for an amount, rounded down (getAmountOut)."""
    counted = amount_in * _COUNTED
    return counted * reserve_out // (reserve_in * 1000 + counted)


def compute_amount_in(amount_out: int, reserve_in: int, reserve_out: int) -> int:
    """Return what a pool takes for an amount less than its reserve, rounded up (getAmountIn)."""
    return reserve_in * amount_out * 1000 // ((reserve_out - amount_out) * _COUNTED) + 1


def compute_slippage(amount_in: int, reserve_in: int, reserve_out: int) -> float:
    """Return how much less a trade gives than at the price before it, as a share: fee and own effect together."""
    return 1 - compute_amount_out(amount_in, reserve_in, reserve_out) * reserve_in / (amount_in * reserve_out)


def compute_impermanent_loss(price_ratio: float) -> float:
    """Return the value of a share of the pool against that of what was brought, less one: ``2 √r / (1 + r) − 1``.

    ``price_ratio`` is the price now divided by the price then; fees are left out. Never positive.
    """
    return 2 * sqrt(price_ratio) / (1 + price_ratio) - 1


def compute_arbitrage_bounds(price: float) -> tuple[float, float]:
    """Return between which market prices nobody gains by trading against a pool: the price times and by 0.997."""
    return price * _COUNTED / 1000, price * 1000 / _COUNTED


def compute_arbitrage(true_x: int, true_y: int, reserves: Reserves) -> tuple[bool, int]:
    """Return the trade that gains most when ``true_x`` units of X are worth ``true_y`` of Y elsewhere, and its size.

    True: put in X; False: put in Y; 0 units when the pool's price is inside the bounds
    (computeProfitMaximizingTrade; there the two numbers are called true prices of tokens).
    """
    x, y = reserves
    puts_in_x = x * true_y // y < true_x
    source, target = (true_x, true_y) if puts_in_x else (true_y, true_x)
    wanted = isqrt(x * y * 1000 * source // (target * _COUNTED))
    present = (x if puts_in_x else y) * 1000 // _COUNTED
    return (puts_in_x, wanted - present) if wanted > present else (False, 0)


def compute_reserves_after_arbitrage(true_x: int, true_y: int, reserves: Reserves) -> Reserves:
    """Return the reserves once that trade is done (getReservesAfterArbitrage)."""
    puts_in_x, amount = compute_arbitrage(true_x, true_y, reserves)
    x, y = reserves
    if amount == 0:
        return reserves
    if puts_in_x:
        return Reserves(x + amount, y - compute_amount_out(amount, x, y))
    return Reserves(x - compute_amount_out(amount, y, x), y + amount)


class Loop(NamedTuple):
    """An amount of X taken from one pool, which is paid afterwards, and sold in another one."""

    amount: int
    got: int
    """Y that the second pool gives for it."""
    owed: int
    """Y that the first pool takes for it."""

    @property
    def gain(self) -> int:
        """What is left, in Y; negative where it does not pay."""
        return self.got - self.owed


def compute_loop(amount: int, source: Reserves, target: Reserves) -> Loop:
    """Return what it brings to take an amount of X from ``source`` and to sell it in ``target``."""
    return Loop(amount, compute_amount_out(amount, target.x, target.y), compute_amount_in(amount, source.y, source.x))


def find_best_loop(source: Reserves, target: Reserves) -> Loop:
    """Return the loop that gains most: 0 units where none gains.

    The gain ``0.997 a y' / (x' + 0.997 a) − a y / (0.997 (x − a))`` has one top, where its slope is nought:
    ``a = (A x − B x') / (A + 0.997 B)`` with ``A = 0.997 √(x' y')`` and ``B = √(x y)``.
    """
    high, low = _COUNTED * isqrt(target.x * target.y), 1000 * isqrt(source.x * source.y)
    amount = (high * source.x - low * target.x) * 1000 // (high * 1000 + low * _COUNTED)
    loop = compute_loop(amount, source, target) if amount > 0 else Loop(0, 0, 0)
    return loop if loop.gain > 0 else Loop(0, 0, 0)


def compute_liquidity_value(shares: int, reserves: Reserves, total_shares: int, k_last: int = 0) -> Reserves:
    """Return what shares would give back (computeLiquidityValue).

    ``k_last`` is the pool's while a sixth of the fees is taken, else 0: the new shares for it are counted first.
    """
    x, y = reserves
    root, root_last = isqrt(x * y), isqrt(k_last)
    if 0 < root_last < root:
        total_shares += total_shares * (root - root_last) // (root * 5 + root_last)
    return Reserves(x * shares // total_shares, y * shares // total_shares)


class Sandwich(NamedTuple):
    """A trade bought before and sold after a victim's."""

    amount_in: int
    """What the attacker puts in first."""
    profit: int
    """What comes back beyond it; negative when the two fees eat more than the victim loses."""
    victim_out: int
    """What is left for the victim."""


def compute_sandwich(amount_in: int, victim_in: int, reserves: Reserves) -> Sandwich:
    """Return what a sandwich does to a victim who puts in X, all three trades in one pool."""
    x, y = reserves
    bought = compute_amount_out(amount_in, x, y)
    x, y = x + amount_in, y - bought
    victim_out = compute_amount_out(victim_in, x, y)
    x, y = x + victim_in, y - victim_out
    return Sandwich(amount_in, compute_amount_out(bought, y, x) - amount_in, victim_out)


def is_sandwich_profitable(victim_in: int, reserve_in: int) -> bool:
    """Tell whether a small sandwich gains: whether the victim moves the price by more than two fees.

    In the limit of small trades ``(x + v) (x + 0.997 v) > x² / 0.997²``; larger ones gain less for each unit.
    """
    x, v = reserve_in, victim_in
    return (x + v) * (1000 * x + _COUNTED * v) * _COUNTED**2 > 1000**3 * x * x


def find_best_sandwich(victim_in: int, least_out: int, reserves: Reserves, budget: int) -> Sandwich:
    """Return the sandwich within a budget that gains most and leaves the victim the least they take.

    What is left for the victim falls as the first trade grows, and the profit rises to one top: two bisections.
    """

    def get_profit(amount_in: int) -> int:
        return compute_sandwich(amount_in, victim_in, reserves).profit

    low, high = 0, budget
    while low < high:
        middle = (low + high + 1) // 2
        if compute_sandwich(middle, victim_in, reserves).victim_out >= least_out:
            low = middle
        else:
            high = middle - 1
    low = 0
    while high - low > 2:
        third = (high - low) // 3
        if get_profit(low + third) < get_profit(high - third):
            low += third
        else:
            high -= third
    return compute_sandwich(max(range(low, high + 1), key=get_profit), victim_in, reserves)
