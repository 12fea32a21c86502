# pragma version ^0.4.0
"""
@title The launch of a token
@notice A seller offers a token at one price until a deadline. What comes above the cap goes back at once. If the goal
        is reached, buyers claim their tokens and the seller takes the money; if not, every buyer takes the money back
        and the seller the tokens. Nobody has to trust the seller: the tokens lie here before the first coin is taken.
@dev Amounts of money are in the smallest unit of the chain's coins, of tokens in the token's smallest unit. Only
     whole lots are sold, so no rounding stands between what is paid and what is promised.
"""

from ethereum.ercs import IERC20

event Started:
    tokens: uint256

event Bought:
    buyer: indexed(address)
    lots: uint256
    paid: uint256

event Claimed:
    buyer: indexed(address)
    tokens: uint256

event Refunded:
    buyer: indexed(address)
    amount: uint256

event Finished:
    raised: uint256
    unsold: uint256  # tokens that went back to the seller

seller: public(immutable(address))
token: public(immutable(address))
tokens_per_lot: public(immutable(uint256))
price_per_lot: public(immutable(uint256))
cap_lots: public(immutable(uint256))  # no more are sold
goal_lots: public(immutable(uint256))  # with fewer all is undone
deadline_s: public(immutable(uint256))

started: public(bool)
finished: public(bool)  # the seller has taken what is the seller's
sold_lots: public(uint256)
lots_of: public(HashMap[address, uint256])


@deploy
def __init__(
    token_: address, tokens_per_lot_: uint256, price_per_lot_: uint256, cap: uint256, goal: uint256, end_s: uint256
):
    assert tokens_per_lot_ > 0 and price_per_lot_ > 0, "no price"
    assert 0 < goal and goal <= cap, "goal above cap"
    assert end_s > block.timestamp, "deadline in the past"
    seller = msg.sender
    token = token_
    tokens_per_lot = tokens_per_lot_
    price_per_lot = price_per_lot_
    cap_lots = cap
    goal_lots = goal
    deadline_s = end_s


@external
def start():
    """
    @notice Bring the tokens that are for sale; the seller must have approved them.
    """
    assert msg.sender == seller, "only the seller"
    assert not self.started, "started already"
    self.started = True
    assert extcall IERC20(token).transferFrom(seller, self, cap_lots * tokens_per_lot), "not transferred"
    log Started(tokens=cap_lots * tokens_per_lot)


@external
@payable
def buy() -> uint256:
    """
    @notice Buy as many whole lots as the money pays for and the cap still lets; the rest comes back at once.
    @return How many lots were bought.
    """
    assert self.started, "not started"
    assert block.timestamp < deadline_s, "too late"
    lots: uint256 = min(msg.value // price_per_lot, cap_lots - self.sold_lots)
    assert lots > 0, "sold out or too little"
    paid: uint256 = lots * price_per_lot
    self.sold_lots += lots
    self.lots_of[msg.sender] += lots
    log Bought(buyer=msg.sender, lots=lots, paid=paid)
    if msg.value > paid:
        raw_call(msg.sender, b"", value=msg.value - paid)
    return lots


@external
def claim():
    """
    @notice Take the tokens you bought, when the sale is over and the goal is reached.
    """
    assert self._is_over() and self._is_reached(), "goal not reached"
    tokens: uint256 = self._take_lots(msg.sender) * tokens_per_lot
    log Claimed(buyer=msg.sender, tokens=tokens)
    assert extcall IERC20(token).transfer(msg.sender, tokens), "not transferred"


@external
def refund():
    """
    @notice Take your money back, when the sale is over and the goal is missed.
    """
    assert self._is_over() and not self._is_reached(), "no refund"
    amount: uint256 = self._take_lots(msg.sender) * price_per_lot
    log Refunded(buyer=msg.sender, amount=amount)
    raw_call(msg.sender, b"", value=amount)


@external
def finish():
    """
    @notice For the seller, once, when the sale is over: the money raised and the tokens nobody bought.
    """
    assert msg.sender == seller, "only the seller"
    assert self.started and self._is_over(), "not over"
    assert not self.finished, "finished already"
    self.finished = True
    kept: uint256 = self.sold_lots if self._is_reached() else 0
    raised: uint256 = kept * price_per_lot
    unsold: uint256 = (cap_lots - kept) * tokens_per_lot
    log Finished(raised=raised, unsold=unsold)
    assert extcall IERC20(token).transfer(seller, unsold), "not transferred"
    raw_call(seller, b"", value=raised)


@external
@view
def state() -> String[12]:
    """
    @notice In a word: waiting, open, reached or missed.
    """
    if not self.started:
        return "waiting"
    if not self._is_over():
        return "open"
    return "reached" if self._is_reached() else "missed"


@external
@view
def raised() -> uint256:
    """
    @notice Money that buyers have paid in all.
    """
    return self.sold_lots * price_per_lot


@internal
def _take_lots(buyer: address) -> uint256:
    lots: uint256 = self.lots_of[buyer]
    assert lots > 0, "nothing to take"
    self.lots_of[buyer] = 0
    return lots


@internal
@view
def _is_over() -> bool:
    return block.timestamp >= deadline_s or self.sold_lots == cap_lots


@internal
@view
def _is_reached() -> bool:
    return self.sold_lots >= goal_lots
