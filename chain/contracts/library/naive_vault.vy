# pragma version ^0.4.0
"""
A bank with the mistake that emptied The DAO in June 2016: re-entrancy.

withdraw() sends the money first and notes it afterwards. Who is sent money can be a contract, and its code runs in
the middle of withdraw(): there it calls withdraw() again, finds its balance unchanged, and is paid again, and again.
fixed_vault.vy is the same bank, repaired; reentrancy_thief.vy robs this one.
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
def withdraw():
    """Take all your money out."""
    amount: uint256 = self.balances[msg.sender]
    assert amount > 0, "no money here"
    raw_call(msg.sender, b"", value=amount)  # the receiver's code runs now …
    self.balances[msg.sender] = 0            # … before this line: that is the mistake
    log Withdrawn(who=msg.sender, amount=amount)
