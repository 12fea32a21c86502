"""Lending markets and stable coins in closed form: interest by utilisation, health, where liquidation begins.

Shares are integers too: a ``WAD`` is 10¹⁸ for one, a ``RAY`` 10²⁷. Sources: Compound, JumpRateModel; Aave v2,
DefaultReserveInterestRateStrategy and WadRayMath; MakerDAO, Jug (``rpow``), for compounding by the second; Aave's
documentation, "Health Factor".
"""

from typing import Final

WAD: Final = 10**18
RAY: Final = 10**27
SECONDS_PER_YEAR: Final = 31_536_000


def compute_utilization(cash: int, borrows: int, reserves: int = 0) -> int:
    """Return which part of a market is lent out, as a WAD, rounded down (Compound's utilizationRate)."""
    return borrows * WAD // (cash + borrows - reserves) if borrows else 0


def compute_jump_rate(utilization: int, base: int, slope: int, jump: int, kink: int) -> int:
    """Return Compound's borrow rate: ``base + u · slope`` up to the kink, from there ``jump`` for the slope.

    All are WADs; the rate is for the time the arguments are for. Compound divides those of a year by its blocks first.
    """
    below, above = min(utilization, kink), max(utilization - kink, 0)
    return above * jump // WAD + below * slope // WAD + base


def multiply_rays(left: int, right: int) -> int:
    """Return the product, rounded half up (rayMul)."""
    return (left * right + RAY // 2) // RAY


def divide_rays(left: int, right: int) -> int:
    """Return the quotient, rounded half up (rayDiv)."""
    return (left * RAY + right // 2) // right


def compute_aave_rate(cash: int, borrows: int, optimal: int, base: int, slope1: int, slope2: int) -> int:
    """Return Aave's variable borrow rate a year as a RAY, from amounts and from parameters that are RAYs.

    At the optimal utilisation it is ``base + slope1``, when all is lent ``base + slope1 + slope2``.
    """
    utilization = divide_rays(borrows, cash + borrows) if borrows else 0
    if utilization > optimal:
        excess = divide_rays(utilization - optimal, RAY - optimal)
        return base + slope1 + multiply_rays(slope2, excess)
    return base + divide_rays(multiply_rays(utilization, slope1), optimal)


def compute_supply_rate(borrow_rate: int, utilization: int, reserve_factor: int) -> int:
    """Return what suppliers earn of a borrow rate, all WADs, rounded down as in Compound's getSupplyRate."""
    return utilization * (borrow_rate * (WAD - reserve_factor) // WAD) // WAD


def compute_health_factor(collateral: int, price: int, threshold: int, debt: int) -> int | None:
    """Return collateral value times liquidation threshold over debt, a WAD rounded down; None without debt.

    ``price`` is that of 10¹⁸ units of the collateral in units of the debt. Below one WAD anybody may liquidate.
    """
    return collateral * price // WAD * threshold // debt if debt else None


def compute_liquidation_price(collateral: int, threshold: int, debt: int) -> int:
    """Return the lowest price at which a position of some collateral is still healthy."""
    value = -(-debt * WAD // threshold)
    return -(-value * WAD // collateral)


def compute_largest_leverage(collateral_factor: int) -> float:
    """Return how many times one's own money the collateral is after borrowing and depositing again for ever."""
    return WAD / (WAD - collateral_factor)


def compute_ray_power(base: int, exponent: int) -> int:
    """Return a RAY to a whole power by squaring, each product rounded half up (MakerDAO's rpow)."""
    result = base if exponent % 2 else RAY
    exponent //= 2
    while exponent:
        base = multiply_rays(base, base)
        if exponent % 2:
            result = multiply_rays(result, base)
        exponent //= 2
    return result
