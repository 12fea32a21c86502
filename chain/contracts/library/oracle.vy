# pragma version ^0.4.0
"""
@title A price told by several
@notice A contract sees nothing of the world outside. So several reporters, who need not trust each other, write down
        what something costs, and the contract believes the one in the middle: as long as fewer than half lie or
        sleep, the price lies between two honest reports. Old reports do not count; with too few fresh ones there is
        no price.
@dev Source: the median of price feeds as in MakerDAO's medianizer. Of an even number the two in the middle are
     averaged. The price is that of 10**18 units of the thing, in units of the money it is counted in.
"""

event Reported:
    reporter: indexed(address)
    price: uint256

struct Report:
    price: uint256
    time_s: uint256

MAX_REPORTERS: constant(uint256) = 15

quorum: public(immutable(uint256))  # fresh reports that a price needs
max_age_s: public(immutable(uint256))
reporters: public(DynArray[address, MAX_REPORTERS])
report_of: public(HashMap[address, Report])
_is_reporter: HashMap[address, bool]


@deploy
def __init__(reporters: DynArray[address, MAX_REPORTERS], quorum_: uint256, max_age_s_: uint256):
    assert 0 < quorum_ and quorum_ <= len(reporters), "quorum cannot be met"
    quorum = quorum_
    max_age_s = max_age_s_
    self.reporters = reporters
    for reporter: address in reporters:
        assert not self._is_reporter[reporter], "named twice"
        self._is_reporter[reporter] = True


@external
def report(price: uint256):
    """
    @notice For reporters: say what it costs now. Replaces the reporter's last word.
    """
    assert self._is_reporter[msg.sender], "only reporters"
    assert price > 0, "no price"
    self.report_of[msg.sender] = Report(price=price, time_s=block.timestamp)
    log Reported(reporter=msg.sender, price=price)


@external
@view
def price() -> uint256:
    """
    @notice The median of the fresh reports. Refused when there are fewer than the quorum.
    """
    fresh: DynArray[uint256, MAX_REPORTERS] = self._get_fresh()
    assert len(fresh) >= quorum, "too few fresh reports"
    middle: uint256 = len(fresh) // 2
    if len(fresh) % 2 == 1:
        return fresh[middle]
    return (fresh[middle - 1] + fresh[middle]) // 2


@external
@view
def fresh_count() -> uint256:
    """
    @notice How many reports count now.
    """
    return len(self._get_fresh())


@external
@view
def reporter_count() -> uint256:
    """
    @notice How many may report.
    """
    return len(self.reporters)


@internal
@view
def _get_fresh() -> DynArray[uint256, MAX_REPORTERS]:
    """
    @dev Fresh prices in order, each put into its place as it comes.
    """
    prices: DynArray[uint256, MAX_REPORTERS] = []
    for reporter: address in self.reporters:
        report: Report = self.report_of[reporter]
        if report.price == 0 or block.timestamp - report.time_s > max_age_s:
            continue
        prices.append(report.price)
        place: uint256 = len(prices) - 1
        for step: uint256 in range(MAX_REPORTERS):
            if place == 0 or prices[place - 1] <= report.price:
                break
            prices[place] = prices[place - 1]
            place -= 1
        prices[place] = report.price
    return prices
