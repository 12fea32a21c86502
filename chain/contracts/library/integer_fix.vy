# pragma version ^0.4.0
"""
The token of integer_mistake.vy, repaired: it calculates with Vyper's own + - *, which revert instead of coming round.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

total: public(uint256)
balances: public(HashMap[address, uint256])


@deploy
def __init__(supply: uint256):
    self.total = supply
    self.balances[msg.sender] = supply
    log Transfer(sender=empty(address), receiver=msg.sender, amount=supply)


@external
def transfer_all(receivers: DynArray[address, 20], amount: uint256):
    """Give each receiver the same amount."""
    sum: uint256 = len(receivers) * amount  # reverts when it does not fit in a word
    assert self.balances[msg.sender] >= sum, "more than you have"
    self.balances[msg.sender] -= sum
    for receiver: address in receivers:
        self.balances[receiver] += amount
        log Transfer(sender=msg.sender, receiver=receiver, amount=amount)
