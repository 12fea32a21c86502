# pragma version ^0.4.0
"""
@title Shares of one thing
@notice A house is too dear for one, so many own it. Its owner sends the deed here and gets all shares, an ERC-20 token
        that can be sold piece by piece. The tenant pays rent into the contract, and each share earns the same.
        Who has brought all shares together can take the deed out again.
@dev Rent is shared out without a loop: one number says what a share has earned since the beginning, and each holder has
     a mark of how far they have been credited. Both move only by whole units a share; what cannot be divided waits for
     the next rent. So paid + still to be claimed + waiting = all rent that ever came, to the unit.
     Source: B. Batog, L. Boca, N. Johnson, "Scalable Reward Distribution on the Ethereum Blockchain", 2018.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC721

implements: IERC20

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    amount: uint256

event Divided:
    owner: indexed(address)
    deed: uint256

event RentPaid:
    tenant: indexed(address)
    amount: uint256
    per_share: uint256  # what each share earned by it

event RentClaimed:
    holder: indexed(address)
    amount: uint256

event Redeemed:
    owner: indexed(address)
    deed: uint256

registry: public(immutable(address))  # the contract of the deeds
deed: public(immutable(uint256))
shares: public(immutable(uint256))  # all there are while the deed lies here
name: public(String[32])
symbol: public(String[8])
decimals: public(constant(uint8)) = 0

totalSupply: public(uint256)  # 0 before the deed comes and after it has gone
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

rent_total: public(uint256)  # all rent that ever came
rent_paid: public(uint256)  # all that holders have taken
rent_waiting: public(uint256)  # not enough for one more unit a share
rent_per_share: public(uint256)  # what a share has earned since the beginning
_credited_to: HashMap[address, uint256]  # rent_per_share when the holder was last credited
_credit: HashMap[address, uint256]  # credited and not yet taken


@deploy
def __init__(registry_: address, deed_: uint256, name: String[32], symbol: String[8], shares_: uint256):
    assert shares_ > 0, "no shares"
    registry = registry_
    deed = deed_
    shares = shares_
    self.name = name
    self.symbol = symbol


@external
def onERC721Received(operator: address, sender: address, token_id: uint256, data: Bytes[1024]) -> bytes4:
    """
    @notice Take the deed from its owner, who gets all shares. Any other deed is refused.
    """
    assert msg.sender == registry and token_id == deed, "another deed"
    assert self.totalSupply == 0, "divided already"
    self.totalSupply = shares
    self._credited_to[sender] = self.rent_per_share
    self.balanceOf[sender] = shares
    log Divided(owner=sender, deed=deed)
    log Transfer(sender=empty(address), receiver=sender, amount=shares)
    return method_id("onERC721Received(address,address,uint256,bytes)", output_type=bytes4)


@external
@payable
def pay_rent():
    """
    @notice Share out the coins that come along among all shares.
    """
    assert self.totalSupply > 0, "no shares yet"
    undivided: uint256 = msg.value + self.rent_waiting
    per_share: uint256 = undivided // shares
    self.rent_total += msg.value
    self.rent_waiting = undivided % shares
    self.rent_per_share += per_share
    log RentPaid(tenant=msg.sender, amount=msg.value, per_share=per_share)


@external
def claim() -> uint256:
    """
    @notice Take the rent your shares have earned, also those you have sold since.
    @return The coins taken.
    """
    self._credit_holder(msg.sender)
    amount: uint256 = self._credit[msg.sender]
    assert amount > 0, "nothing to take"
    self._credit[msg.sender] = 0
    self.rent_paid += amount
    log RentClaimed(holder=msg.sender, amount=amount)
    raw_call(msg.sender, b"", value=amount)
    return amount


@external
@view
def claimable(holder: address) -> uint256:
    """
    @notice What a holder could take now.
    """
    return self._credit[holder] + self._compute_new_credit(holder)


@external
def redeem():
    """
    @notice Give back all shares and take the deed out. Rent not yet taken stays with those who earned it.
    """
    assert self.totalSupply > 0 and self.balanceOf[msg.sender] == shares, "not all shares"
    self._credit_holder(msg.sender)
    self.balanceOf[msg.sender] = 0
    self.totalSupply = 0
    log Transfer(sender=msg.sender, receiver=empty(address), amount=shares)
    log Redeemed(owner=msg.sender, deed=deed)
    extcall IERC721(registry).transferFrom(self, msg.sender, deed)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Give away some of your shares. What they have earned until now stays yours.
    """
    self._move(msg.sender, receiver, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Let somebody take up to so many of your shares.
    """
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, amount=amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Take shares from an owner who has allowed it.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    assert allowed >= amount, "more than allowed"
    self.allowance[owner][msg.sender] = allowed - amount
    self._move(owner, receiver, amount)
    return True


@internal
@view
def _compute_new_credit(holder: address) -> uint256:
    return self.balanceOf[holder] * (self.rent_per_share - self._credited_to[holder])


@internal
def _credit_holder(holder: address):
    self._credit[holder] += self._compute_new_credit(holder)
    self._credited_to[holder] = self.rent_per_share


@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert receiver != empty(address), "no receiver"
    assert self.balanceOf[sender] >= amount, "more than there is"
    self._credit_holder(sender)  # before the shares move: what was earned belongs to who held them
    self._credit_holder(receiver)
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=sender, receiver=receiver, amount=amount)
