# pragma version ^0.4.0
"""
A purse with the mistake that lost 150 000 ether in the Parity wallets of July 2017: anybody can become its owner.

set_up() was meant to be called once, by who deploys. But nothing says so: it is a function like any other, and
whoever calls it last owns the purse. access_fix.vy is the same purse, repaired.
"""

event OwnerChanged:
    owner: indexed(address)

event Received:
    sender: indexed(address)
    amount: uint256

event Paid:
    receiver: indexed(address)
    amount: uint256

owner: public(address)


@external
def set_up(owner: address):
    """Say whose purse this is."""
    self.owner = owner  # nobody asks who is calling, nor whether there is an owner: that is the mistake
    log OwnerChanged(owner=owner)


@external
@payable
def __default__():
    log Received(sender=msg.sender, amount=msg.value)


@external
def pay(receiver: address, amount: uint256):
    """As the owner: pay somebody."""
    assert msg.sender == self.owner, "not the owner"
    send(receiver, amount)
    log Paid(receiver=receiver, amount=amount)
