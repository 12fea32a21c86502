# pragma version ^0.4.0
"""
Crowdfunding: many pledge, and the money goes to the project only if all together reach the goal.

Until the deadline anybody may pledge. After it there are two ways: the goal is reached and the owner fetches the
money, or it is not and everybody fetches the own pledge. Nobody has to be trusted with the money in between.
"""

event Pledged:
    who: indexed(address)
    amount: uint256
    total: uint256

event Claimed:
    owner: indexed(address)
    amount: uint256

event Refunded:
    who: indexed(address)
    amount: uint256

title: public(immutable(String[64]))
owner: public(immutable(address))
goal: public(immutable(uint256))
deadline_s: public(immutable(uint256))

pledges: public(HashMap[address, uint256])
backer_count: public(uint256)
total: public(uint256)  # all that was pledged: it never falls, so it decides between the two ways once and for all
claimed: public(bool)


@deploy
def __init__(_title: String[64], _goal: uint256, _deadline_s: uint256):
    assert _goal > 0, "no goal"
    assert _deadline_s > block.timestamp, "the deadline has passed"
    title = _title
    owner = msg.sender
    goal = _goal
    deadline_s = _deadline_s


@external
@payable
def pledge():
    """Put in money, as often as you like."""
    assert block.timestamp < deadline_s, "the deadline has passed"
    assert msg.value > 0, "no money"
    if self.pledges[msg.sender] == 0:
        self.backer_count += 1
    self.pledges[msg.sender] += msg.value
    self.total += msg.value
    log Pledged(who=msg.sender, amount=msg.value, total=self.total)


@external
def claim():
    """As the owner: fetch the money once the goal is reached and the deadline has passed."""
    assert msg.sender == owner, "not the owner"
    assert block.timestamp >= deadline_s, "before the deadline"
    assert self.total >= goal, "the goal was not reached"
    assert not self.claimed, "claimed already"
    self.claimed = True
    send(owner, self.total)
    log Claimed(owner=owner, amount=self.total)


@external
def refund():
    """Fetch your pledges after the deadline if the goal was not reached."""
    assert block.timestamp >= deadline_s, "before the deadline"
    assert self.total < goal, "the goal was reached"
    amount: uint256 = self.pledges[msg.sender]
    assert amount > 0, "no pledge"
    self.pledges[msg.sender] = 0
    send(msg.sender, amount)
    log Refunded(who=msg.sender, amount=amount)


@external
@view
def is_open() -> bool:
    """Tell whether pledges are still taken."""
    return block.timestamp < deadline_s


@external
@view
def is_reached() -> bool:
    """Tell whether the goal is reached."""
    return self.total >= goal
