# pragma version ^0.4.0
"""
A token with the mistake that made 2 × 2**255 BeautyChain tokens out of nothing in April 2018 (CVE-2018-10299).

A word of the machine has 256 bits: beyond 2**256 - 1 it begins at 0 again. transfer_all() multiplies without looking:
2 receivers times 2**255 is 0, so a sender with nothing has enough. Vyper checks every + - * by itself; one has to
write unsafe_mul to get the mistake. integer_fix.vy is the same token, repaired.
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
    sum: uint256 = unsafe_mul(len(receivers), amount)  # may come round to 0: that is the mistake
    assert self.balances[msg.sender] >= sum, "more than you have"
    self.balances[msg.sender] -= sum
    for receiver: address in receivers:
        self.balances[receiver] = unsafe_add(self.balances[receiver], amount)
        log Transfer(sender=msg.sender, receiver=receiver, amount=amount)
