# pragma version ^0.4.0
"""
@title A token
@notice Money of your own on somebody else's chain: a table of who owns how much, and the rules by which it may change.
        It follows ERC-20, so every wallet, exchange and lending market understands it without having heard of it.
        All of it belongs to the creator at first; from then on nobody, not even the creator, can make more.
@dev Source: EIP-20. A transfer of nothing is a transfer, with its event. Nobody is asked before receiving.
     Beyond the EIP: nothing may go to the zero address, and a holder may burn what is theirs.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

implements: IERC20
implements: IERC20Detailed

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    amount: uint256

name: public(String[32])
symbol: public(String[8])
decimals: public(uint8)  # a wallet shows 10**decimals units as 1
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])  # owner -> spender -> what may still be taken


@deploy
def __init__(name: String[32], symbol: String[8], decimals: uint8, supply: uint256):
    self.name = name
    self.symbol = symbol
    self.decimals = decimals
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply
    log Transfer(sender=empty(address), receiver=msg.sender, amount=supply)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Give away some of your own.
    """
    self._move(msg.sender, receiver, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Let somebody, usually a contract, take up to an amount from you. Replaces what was allowed before.
    """
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, amount=amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Take from an owner who has allowed it. What is taken is allowed no more.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    assert allowed >= amount, "more than allowed"
    self.allowance[owner][msg.sender] = allowed - amount
    self._move(owner, receiver, amount)
    return True


@external
def burn(amount: uint256):
    """
    @notice Destroy some of your own for ever.
    """
    assert self.balanceOf[msg.sender] >= amount, "more than there is"
    self.balanceOf[msg.sender] -= amount
    self.totalSupply -= amount
    log Transfer(sender=msg.sender, receiver=empty(address), amount=amount)


@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert receiver != empty(address), "no receiver"
    assert self.balanceOf[sender] >= amount, "more than there is"
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=sender, receiver=receiver, amount=amount)
