# pragma version ^0.4.0
"""
@title Interest with a kink, in another notation
@notice The same broken line as the jump rate model, told by its corners: the rate when nothing is lent, what is added
        by the time the optimal part is lent, and what more by the time all is.
@dev Source: Aave v2, DefaultReserveInterestRateStrategy with variable rates, and WadRayMath. Parameters are parts of
     10**27 (rays), products and quotients rounded half up.
"""

RAY: constant(uint256) = 10**27

optimal: public(immutable(uint256))  # utilisation at the kink, below one
base: public(immutable(uint256))  # rate a year when nothing is lent
slope1: public(immutable(uint256))  # what is added up to the kink
slope2: public(immutable(uint256))  # what more is added up to all lent


@deploy
def __init__(optimal_: uint256, base_: uint256, slope1_: uint256, slope2_: uint256):
    assert 0 < optimal_ and optimal_ < RAY, "kink out of range"
    optimal = optimal_
    base = base_
    slope1 = slope1_
    slope2 = slope2_


@external
@view
def borrow_rate_per_year(cash: uint256, borrows: uint256, reserves: uint256) -> uint256:
    """
    @notice What borrowers pay a year, as a part of 10**18, as lending markets ask for it. Reserves count as cash.
    """
    return self._compute_rate(cash, borrows) // 10**9


@external
@view
def borrow_rate_ray(cash: uint256, borrows: uint256) -> uint256:
    """
    @notice What borrowers pay a year, as a part of 10**27.
    """
    return self._compute_rate(cash, borrows)


@internal
@view
def _compute_rate(cash: uint256, borrows: uint256) -> uint256:
    used: uint256 = 0
    if borrows > 0:
        used = self._divide(borrows, cash + borrows)
    if used > optimal:
        return base + slope1 + self._multiply(slope2, self._divide(used - optimal, RAY - optimal))
    return base + self._divide(self._multiply(used, slope1), optimal)


@internal
@pure
def _multiply(left: uint256, right: uint256) -> uint256:
    return (left * right + RAY // 2) // RAY


@internal
@pure
def _divide(left: uint256, right: uint256) -> uint256:
    return (left * RAY + right // 2) // right
