# pragma version ^0.4.0
"""
@title Interest with a kink
@notice The more of a market is lent out, the dearer borrowing gets; beyond the kink steeply, so that there is nearly
        always something left for suppliers who want their money back. The rate is a straight line up to the kink and
        a steeper one from there.
@dev Source: Compound, JumpRateModel, but by the year instead of by the block, and never more than all is lent:
     without that a supplier could leave a single unit behind reserves that are lent out and make its borrowers pay
     any rate. All numbers are parts of 10**18.
"""

ONE: constant(uint256) = 10**18

base: public(immutable(uint256))  # rate a year when nothing is lent
slope: public(immutable(uint256))  # how much it rises up to all lent
jump: public(immutable(uint256))  # the slope beyond the kink
kink: public(immutable(uint256))  # a utilisation


@deploy
def __init__(base_: uint256, slope_: uint256, jump_: uint256, kink_: uint256):
    base = base_
    slope = slope_
    jump = jump_
    kink = kink_


@external
@view
def borrow_rate_per_year(cash: uint256, borrows: uint256, reserves: uint256) -> uint256:
    """
    @notice What borrowers pay a year.
    """
    used: uint256 = self._compute_utilization(cash, borrows, reserves)
    if used <= kink:
        return used * slope // ONE + base
    return (used - kink) * jump // ONE + (kink * slope // ONE + base)


@external
@pure
def utilization(cash: uint256, borrows: uint256, reserves: uint256) -> uint256:
    """
    @notice Which part of a market is lent out.
    """
    return self._compute_utilization(cash, borrows, reserves)


@internal
@pure
def _compute_utilization(cash: uint256, borrows: uint256, reserves: uint256) -> uint256:
    if borrows == 0:
        return 0
    if cash <= reserves:  # suppliers own no more than what is lent
        return ONE
    return borrows * ONE // (cash + borrows - reserves)
