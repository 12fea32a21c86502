# pragma version ^0.4.0
"""
The purse of access_mistake.vy, repaired.

The owner is set by the constructor, which runs once, in the transaction that creates the contract. The purse can be
handed over, but only by its owner, and only to somebody who takes it: so it cannot be lost to a mistyped address.
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
heir: public(address)  # to whom the purse is on offer


@deploy
def __init__():
    self.owner = msg.sender
    log OwnerChanged(owner=msg.sender)


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


@external
def hand_over(heir: address):
    """As the owner: offer the purse to somebody; to nobody takes the offer back."""
    assert msg.sender == self.owner, "not the owner"
    self.heir = heir


@external
def take_over():
    """As the one it is offered to: become the owner."""
    assert msg.sender == self.heir, "not offered to you"
    self.owner = msg.sender
    self.heir = empty(address)
    log OwnerChanged(owner=msg.sender)
