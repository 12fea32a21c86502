# pragma version ^0.4.0
"""
Escrow: money waits with the contract until a deal is done.

A buyer pays in and names a seller, an arbiter and a deadline. The seller accepts, and so agrees to both. Then either
the buyer releases the money, or the seller gives it back, or one of them disputes and the arbiter divides it. Silence
cannot lock money up: after the deadline an undisputed deal is the seller's, and if the arbiter stays silent as well,
the buyer gets the money back.

Money is never sent to anybody unasked: it is put down as owed, and its owner fetches it with withdraw().
"""

flag State:
    OFFERED    # 1: paid in, the seller has not answered
    ACCEPTED   # 2: the seller delivers
    DISPUTED   # 4: the arbiter decides
    CLOSED     # 8: the money has been given out

struct Deal:
    buyer: address
    seller: address
    arbiter: address
    amount: uint256
    deadline_s: uint256
    state: State

event Offered:
    deal: indexed(uint256)
    buyer: indexed(address)
    seller: indexed(address)
    arbiter: address
    amount: uint256
    deadline_s: uint256

event Accepted:
    deal: indexed(uint256)

event Disputed:
    deal: indexed(uint256)
    who: indexed(address)

event Closed:
    deal: indexed(uint256)
    to_seller: uint256
    to_buyer: uint256

event Withdrawn:
    who: indexed(address)
    amount: uint256

ARBITRATION_S: public(constant(uint256)) = 7 * 24 * 3600  # how long after the deadline the arbiter may still decide

deals: public(HashMap[uint256, Deal])
deal_count: public(uint256)
owed: public(HashMap[address, uint256])  # what waits to be fetched


@external
@payable
def offer(seller: address, arbiter: address, deadline_s: uint256) -> uint256:
    """Pay in for a deal, and return its number."""
    assert msg.value > 0, "no money"
    assert deadline_s > block.timestamp, "the deadline has passed"
    assert seller not in [empty(address), msg.sender], "no seller"
    assert arbiter not in [empty(address), msg.sender, seller], "the arbiter must be a third"
    deal: uint256 = self.deal_count
    self.deal_count = deal + 1
    self.deals[deal] = Deal(
        buyer=msg.sender,
        seller=seller,
        arbiter=arbiter,
        amount=msg.value,
        deadline_s=deadline_s,
        state=State.OFFERED,
    )
    log Offered(
        deal=deal, buyer=msg.sender, seller=seller, arbiter=arbiter, amount=msg.value, deadline_s=deadline_s
    )
    return deal


@external
def accept(deal: uint256):
    """As the seller: agree to the arbiter and the deadline."""
    assert msg.sender == self.deals[deal].seller, "not the seller"
    assert self.deals[deal].state == State.OFFERED, "not on offer"
    assert block.timestamp < self.deals[deal].deadline_s, "the deadline has passed"
    self.deals[deal].state = State.ACCEPTED
    log Accepted(deal=deal)


@external
def cancel(deal: uint256):
    """As the buyer: take the money back before the seller has accepted."""
    assert msg.sender == self.deals[deal].buyer, "not the buyer"
    assert self.deals[deal].state == State.OFFERED, "the seller has accepted"
    self._close(deal, 0)


@external
def release(deal: uint256):
    """As the buyer: be content, and let the seller have the money."""
    assert msg.sender == self.deals[deal].buyer, "not the buyer"
    assert self.deals[deal].state in (State.ACCEPTED | State.DISPUTED), "not under way"
    self._close(deal, self.deals[deal].amount)


@external
def give_back(deal: uint256):
    """As the seller: give the whole amount back."""
    assert msg.sender == self.deals[deal].seller, "not the seller"
    assert self.deals[deal].state in (State.OFFERED | State.ACCEPTED | State.DISPUTED), "closed"
    self._close(deal, 0)


@external
def dispute(deal: uint256):
    """As the buyer or the seller: ask the arbiter, up to the deadline."""
    assert msg.sender in [self.deals[deal].buyer, self.deals[deal].seller], "not your deal"
    assert self.deals[deal].state == State.ACCEPTED, "not under way"
    assert block.timestamp < self.deals[deal].deadline_s, "the deadline has passed"
    self.deals[deal].state = State.DISPUTED
    log Disputed(deal=deal, who=msg.sender)


@external
def decide(deal: uint256, to_seller: uint256):
    """As the arbiter of a dispute: give the seller a part, the buyer the rest."""
    assert msg.sender == self.deals[deal].arbiter, "not the arbiter"
    assert self.deals[deal].state == State.DISPUTED, "no dispute"
    assert to_seller <= self.deals[deal].amount, "more than there is"
    self._close(deal, to_seller)


@external
def expire(deal: uint256):
    """As anybody: close a deal on which somebody stayed silent too long."""
    assert block.timestamp >= self.deals[deal].deadline_s, "before the deadline"
    if self.deals[deal].state == State.ACCEPTED:
        self._close(deal, self.deals[deal].amount)
        return
    assert self.deals[deal].state == State.DISPUTED, "not under way"
    assert block.timestamp >= self.deals[deal].deadline_s + ARBITRATION_S, "the arbiter may still decide"
    self._close(deal, 0)


@external
def withdraw() -> uint256:
    """Fetch what is owed to you, and return how much it was."""
    amount: uint256 = self.owed[msg.sender]
    assert amount > 0, "nothing owed"
    self.owed[msg.sender] = 0
    send(msg.sender, amount)
    log Withdrawn(who=msg.sender, amount=amount)
    return amount


@internal
def _close(deal: uint256, to_seller: uint256):
    to_buyer: uint256 = self.deals[deal].amount - to_seller
    self.deals[deal].state = State.CLOSED
    self.owed[self.deals[deal].seller] += to_seller
    self.owed[self.deals[deal].buyer] += to_buyer
    log Closed(deal=deal, to_seller=to_seller, to_buyer=to_buyer)
