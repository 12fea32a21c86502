# pragma version ^0.4.0
"""
@title A lending market
@notice Suppliers bring a token and earn interest. Borrowers leave another token as collateral, worth more than what
        they take, and pay the interest. When collateral loses its value, anybody may pay back a part of the debt and
        take collateral for it, with a bonus: that is what keeps suppliers' money safe. And for the length of one
        transaction anybody may borrow everything without collateral.
@dev Shares instead of amounts: interest changes what all shares together are worth, never who has how many. Every
     division is rounded against whoever calls, and a few virtual shares keep anybody from making one share worth a
     fortune. Interest is exact: what is less than a unit is kept for the next time. What a bankrupt borrower cannot
     pay is lost by the reserves first and then by all suppliers alike. Sources: Morpho Blue (shares, rounding, bad
     debt); Compound (interest, reserves, close factor); Aave (threshold, health factor); ERC-3156 (flash loan).
     Amounts are in the smallest units of the tokens; factors and rates are parts of 10**18; the oracle tells what
     10**18 units of collateral are worth in units of the borrowed token. Tokens must move exactly what they say.
"""

from ethereum.ercs import IERC20

interface Oracle:
    def price() -> uint256: view

interface RateModel:
    def borrow_rate_per_year(cash: uint256, borrows: uint256, reserves: uint256) -> uint256: view

interface FlashBorrower:
    def onFlashLoan(
        initiator: address, token: address, amount: uint256, fee: uint256, data: Bytes[1024]
    ) -> bytes32: nonpayable

event Supplied:
    supplier: indexed(address)
    amount: uint256

event Withdrawn:
    supplier: indexed(address)
    amount: uint256

event CollateralAdded:
    borrower: indexed(address)
    amount: uint256

event CollateralTaken:
    borrower: indexed(address)
    amount: uint256

event Borrowed:
    borrower: indexed(address)
    amount: uint256

event Repaid:
    borrower: indexed(address)
    payer: indexed(address)
    amount: uint256

event Liquidated:
    borrower: indexed(address)
    liquidator: indexed(address)
    repaid: uint256
    seized: uint256

event DebtLost:
    borrower: indexed(address)
    amount: uint256

event InterestAccrued:
    interest: uint256
    rate_per_year: uint256

event FlashLoan:
    receiver: indexed(address)
    amount: uint256
    fee: uint256

ONE: constant(uint256) = 10**18
YEAR_S: constant(uint256) = 31_536_000
VIRTUAL_SHARES: constant(uint256) = 10**6
RESERVE_FACTOR: public(constant(uint256)) = ONE // 10  # part of the interest that goes to the reserves
CLOSE_FACTOR: public(constant(uint256)) = ONE // 2  # part of a debt that one liquidation may pay back
FLASH_FEE: public(constant(uint256)) = 9 * ONE // 10_000
CALLBACK: constant(bytes32) = keccak256("ERC3156FlashBorrower.onFlashLoan")

token: public(immutable(address))  # what is supplied and borrowed
collateral_token: public(immutable(address))
oracle: public(immutable(address))
rate_model: public(immutable(address))
collateral_factor: public(immutable(uint256))  # how much of the collateral's value one may borrow
threshold: public(immutable(uint256))  # above which part of its value a debt is unhealthy
bonus: public(immutable(uint256))  # what a liquidator gets for each unit paid

cash: public(uint256)  # units of the token that lie here for the market; gifts do not count
borrows: public(uint256)  # owed by all, with interest up to accrued_at_s
reserves: public(uint256)  # part of cash + borrows that belongs to no supplier
supply_shares: public(uint256)
borrow_shares: public(uint256)
supply_shares_of: public(HashMap[address, uint256])
borrow_shares_of: public(HashMap[address, uint256])
collateral_of: public(HashMap[address, uint256])
collateral_total: public(uint256)
accrued_at_s: public(uint256)
_interest_left: uint256  # less than a unit of interest, times ONE * YEAR_S


@deploy
def __init__(
    token_: address,
    collateral_token_: address,
    oracle_: address,
    rate_model_: address,
    collateral_factor_: uint256,
    threshold_: uint256,
    bonus_: uint256,
):
    assert token_ != collateral_token_, "the same token"
    assert collateral_factor_ <= threshold_ and threshold_ < ONE, "factors out of order"
    assert bonus_ >= ONE and bonus_ * threshold_ <= ONE * ONE, "bonus above what the threshold leaves"
    token = token_
    collateral_token = collateral_token_
    oracle = oracle_
    rate_model = rate_model_
    collateral_factor = collateral_factor_
    threshold = threshold_
    bonus = bonus_
    self.accrued_at_s = block.timestamp


# ---- suppliers


@external
@nonreentrant
def supply(amount: uint256):
    """
    @notice Bring tokens and earn interest.
    """
    self._accrue()
    shares: uint256 = self._to_supply_shares(amount, False)
    assert shares > 0, "too little"
    self.supply_shares += shares
    self.supply_shares_of[msg.sender] += shares
    self.cash += amount
    self._take(token, amount)
    log Supplied(supplier=msg.sender, amount=amount)


@external
@nonreentrant
def withdraw(amount: uint256) -> uint256:
    """
    @notice Take tokens back with their interest; the largest number means all that is yours.
    @return The amount taken.
    """
    self._accrue()
    shares: uint256 = self.supply_shares_of[msg.sender]
    taken: uint256 = self._to_supply_amount(shares)
    if amount != max_value(uint256):
        taken = amount
        shares = self._to_supply_shares(amount, True)
    assert shares <= self.supply_shares_of[msg.sender], "more than you have"
    assert taken <= self.cash, "lent out"
    self.supply_shares -= shares
    self.supply_shares_of[msg.sender] -= shares
    self.cash -= taken
    self._give(token, msg.sender, taken)
    log Withdrawn(supplier=msg.sender, amount=taken)
    return taken


# ---- borrowers


@external
@nonreentrant
def add_collateral(amount: uint256):
    """
    @notice Leave collateral to borrow against. It earns nothing and is yours as long as your debt is healthy.
    """
    self.collateral_of[msg.sender] += amount
    self.collateral_total += amount
    self._take(collateral_token, amount)
    log CollateralAdded(borrower=msg.sender, amount=amount)


@external
@nonreentrant
def take_collateral(amount: uint256):
    """
    @notice Take collateral back, as far as what stays covers your debt.
    """
    self._accrue()
    assert amount <= self.collateral_of[msg.sender], "more than you have"
    self.collateral_of[msg.sender] -= amount
    self.collateral_total -= amount
    self._check_covered(msg.sender)
    self._give(collateral_token, msg.sender, amount)
    log CollateralTaken(borrower=msg.sender, amount=amount)


@external
@nonreentrant
def borrow(amount: uint256):
    """
    @notice Borrow against your collateral.
    """
    self._accrue()
    assert amount <= self.cash, "lent out"
    shares: uint256 = self._to_borrow_shares(amount, True)
    self.borrow_shares += shares
    self.borrow_shares_of[msg.sender] += shares
    self.borrows += amount
    self.cash -= amount
    self._check_covered(msg.sender)
    self._give(token, msg.sender, amount)
    log Borrowed(borrower=msg.sender, amount=amount)


@external
@nonreentrant
def repay(borrower: address, amount: uint256) -> uint256:
    """
    @notice Pay back a debt, your own or another's; whatever is more than the debt is not taken.
    @return The amount paid.
    """
    self._accrue()
    paid: uint256 = min(amount, self._get_debt(borrower))
    self._reduce_debt(borrower, paid)
    self._take(token, paid)
    log Repaid(borrower=borrower, payer=msg.sender, amount=paid)
    return paid


@external
@nonreentrant
def liquidate(borrower: address, amount: uint256) -> uint256:
    """
    @notice Pay back up to half of an unhealthy debt and take collateral worth that and the bonus.
    @return The collateral taken.
    """
    self._accrue()
    price: uint256 = staticcall Oracle(oracle).price()
    debt: uint256 = self._get_debt(borrower)
    assert not self._is_healthy(borrower, debt, price), "healthy"
    paid: uint256 = min(amount, self._divide_up(debt * CLOSE_FACTOR, ONE))
    seized: uint256 = paid * bonus // price
    if seized > self.collateral_of[borrower]:  # there is less than the bonus asks: pay for what there is
        seized = self.collateral_of[borrower]
        paid = min(paid, self._divide_up(seized * price, bonus))
    assert paid > 0, "nothing to pay"
    self._reduce_debt(borrower, paid)
    self.collateral_of[borrower] -= seized
    self.collateral_total -= seized
    if self.collateral_of[borrower] == 0:
        self._lose_debt(borrower)
    self._take(token, paid)
    self._give(collateral_token, msg.sender, seized)
    log Liquidated(borrower=borrower, liquidator=msg.sender, repaid=paid, seized=seized)
    return seized


# ---- flash loans (ERC-3156)


@external
@view
def maxFlashLoan(asset: address) -> uint256:
    """
    @notice How much can be borrowed for one transaction.
    """
    return self.cash if asset == token else 0


@external
@view
def flashFee(asset: address, amount: uint256) -> uint256:
    """
    @notice What that costs.
    """
    assert asset == token, "another token"
    return self._divide_up(amount * FLASH_FEE, ONE)


@external
@nonreentrant
def flashLoan(receiver: address, asset: address, amount: uint256, data: Bytes[1024]) -> bool:
    """
    @notice Lend without collateral to a contract that gives it back, with the fee, before this call ends.
    """
    assert asset == token, "another token"
    assert amount <= self.cash, "lent out"
    self._accrue()
    fee: uint256 = self._divide_up(amount * FLASH_FEE, ONE)
    self._give(token, receiver, amount)
    answer: bytes32 = extcall FlashBorrower(receiver).onFlashLoan(msg.sender, asset, amount, fee, data)
    assert answer == CALLBACK, "not taken"
    assert extcall IERC20(token).transferFrom(receiver, self, amount + fee, default_return_value=True), "not paid back"
    self.cash += fee
    log FlashLoan(receiver=receiver, amount=amount, fee=fee)
    return True


# ---- what there is to see; interest that has not been written down yet is counted


@external
@view
def debt_of(borrower: address) -> uint256:
    """
    @notice What somebody owes now.
    """
    borrows: uint256 = self.borrows + self._compute_interest()[0]
    return self._divide_up(
        self.borrow_shares_of[borrower] * (borrows + 1), self.borrow_shares + VIRTUAL_SHARES
    )


@external
@view
def supplied_of(supplier: address) -> uint256:
    """
    @notice What somebody could take back now, if it is not lent out.
    """
    interest: uint256 = self._compute_interest()[0]
    assets: uint256 = self._get_assets() + interest - interest * RESERVE_FACTOR // ONE
    return self.supply_shares_of[supplier] * (assets + 1) // (self.supply_shares + VIRTUAL_SHARES)


@external
@view
def health_factor(borrower: address) -> uint256:
    """
    @notice Value of the collateral that counts, over the debt; below 10**18 anybody may liquidate. Without debt it is
            the largest number.
    """
    borrows: uint256 = self.borrows + self._compute_interest()[0]
    debt: uint256 = self._divide_up(
        self.borrow_shares_of[borrower] * (borrows + 1), self.borrow_shares + VIRTUAL_SHARES
    )
    if debt == 0:
        return max_value(uint256)
    return self._get_value(borrower, staticcall Oracle(oracle).price()) * threshold // debt


@external
@view
def borrow_rate_per_year() -> uint256:
    """
    @notice What borrowers pay a year at present.
    """
    return self._get_rate()


@external
@view
def supply_rate_per_year() -> uint256:
    """
    @notice What suppliers earn a year at present.
    """
    return self._get_utilization() * (self._get_rate() * (ONE - RESERVE_FACTOR) // ONE) // ONE


@external
@view
def utilization() -> uint256:
    """
    @notice Which part of the suppliers' tokens is lent out.
    """
    return self._get_utilization()


@external
@view
def supplied_total() -> uint256:
    """
    @notice What belongs to all suppliers, interest up to accrued_at_s counted.
    """
    return self._get_assets()


# ---- interest


@external
@nonreentrant
def accrue():
    """
    @notice Write down the interest up to now; every other call does it too.
    """
    self._accrue()


@internal
def _accrue():
    interest: uint256 = 0
    left: uint256 = 0
    interest, left = self._compute_interest()
    if block.timestamp > self.accrued_at_s:
        if interest > 0:
            log InterestAccrued(interest=interest, rate_per_year=self._get_rate())
        self._interest_left = left
        self.accrued_at_s = block.timestamp
        self.borrows += interest
        self.reserves += interest * RESERVE_FACTOR // ONE


@internal
@view
def _compute_interest() -> (uint256, uint256):
    """
    @dev Whole units of interest since the last time, and what is left over.
    """
    elapsed_s: uint256 = block.timestamp - self.accrued_at_s
    if elapsed_s == 0 or self.borrows == 0:
        return 0, self._interest_left
    exact: uint256 = self.borrows * self._get_rate() * elapsed_s + self._interest_left
    return exact // (ONE * YEAR_S), exact % (ONE * YEAR_S)


@internal
@view
def _get_rate() -> uint256:
    return staticcall RateModel(rate_model).borrow_rate_per_year(self.cash, self.borrows, self.reserves)


@internal
@view
def _get_utilization() -> uint256:
    if self.borrows == 0:
        return 0
    if self.cash <= self.reserves:  # suppliers own no more than what is lent
        return ONE
    return self.borrows * ONE // self._get_assets()


# ---- shares and amounts


@internal
@view
def _get_assets() -> uint256:
    return self.cash + self.borrows - self.reserves


@internal
@view
def _to_supply_shares(amount: uint256, up: bool) -> uint256:
    product: uint256 = amount * (self.supply_shares + VIRTUAL_SHARES)
    assets: uint256 = self._get_assets() + 1
    return self._divide_up(product, assets) if up else product // assets


@internal
@view
def _to_supply_amount(shares: uint256) -> uint256:
    return shares * (self._get_assets() + 1) // (self.supply_shares + VIRTUAL_SHARES)


@internal
@view
def _to_borrow_shares(amount: uint256, up: bool) -> uint256:
    product: uint256 = amount * (self.borrow_shares + VIRTUAL_SHARES)
    return self._divide_up(product, self.borrows + 1) if up else product // (self.borrows + 1)


@internal
@view
def _get_debt(borrower: address) -> uint256:
    return self._divide_up(
        self.borrow_shares_of[borrower] * (self.borrows + 1), self.borrow_shares + VIRTUAL_SHARES
    )


@internal
def _reduce_debt(borrower: address, paid: uint256):
    shares: uint256 = self.borrow_shares_of[borrower]
    if paid < self._get_debt(borrower):
        shares = min(shares, self._to_borrow_shares(paid, False))
    self.borrow_shares_of[borrower] -= shares
    self.borrow_shares -= shares
    self.borrows -= min(self.borrows, paid)  # a debt is rounded up, so the last one may be a unit more than all
    self.cash += paid


@internal
def _lose_debt(borrower: address):
    lost: uint256 = min(self._get_debt(borrower), self.borrows)
    if lost == 0:
        return
    self.borrow_shares -= self.borrow_shares_of[borrower]
    self.borrow_shares_of[borrower] = 0
    self.borrows -= lost
    self.reserves -= min(self.reserves, lost)
    log DebtLost(borrower=borrower, amount=lost)


# ---- cover


@internal
@view
def _get_value(borrower: address, price: uint256) -> uint256:
    return self.collateral_of[borrower] * price // ONE


@internal
@view
def _is_healthy(borrower: address, debt: uint256, price: uint256) -> bool:
    return debt * ONE <= self._get_value(borrower, price) * threshold


@internal
@view
def _check_covered(borrower: address):
    debt: uint256 = self._get_debt(borrower)
    if debt > 0:  # without debt no price is needed
        value: uint256 = self._get_value(borrower, staticcall Oracle(oracle).price())
        assert debt * ONE <= value * collateral_factor, "too little collateral"


# ---- tokens


@internal
def _take(asset: address, amount: uint256):
    assert extcall IERC20(asset).transferFrom(msg.sender, self, amount, default_return_value=True), "not transferred"


@internal
def _give(asset: address, receiver: address, amount: uint256):
    assert extcall IERC20(asset).transfer(receiver, amount, default_return_value=True), "not transferred"


@internal
@pure
def _divide_up(number: uint256, divisor: uint256) -> uint256:
    return (number + divisor - 1) // divisor
