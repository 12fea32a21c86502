# pragma version ^0.4.0
"""
The bank of naive_vault.vy, repaired twice over; each repair would do.

First the order: check, then note, then call (checks, effects, interactions). When the receiver's code runs, the balance
is 0 already. Second the lock: @nonreentrant lets nobody in again while withdraw() is at work.
"""

event Deposited:
    who: indexed(address)
    amount: uint256

event Withdrawn:
    who: indexed(address)
    amount: uint256

balances: public(HashMap[address, uint256])


@external
@payable
def deposit():
    """Put money in."""
    self.balances[msg.sender] += msg.value
    log Deposited(who=msg.sender, amount=msg.value)


@external
@nonreentrant
def withdraw():
    """Take all your money out."""
    amount: uint256 = self.balances[msg.sender]
    assert amount > 0, "no money here"
    self.balances[msg.sender] = 0
    raw_call(msg.sender, b"", value=amount)
    log Withdrawn(who=msg.sender, amount=amount)
