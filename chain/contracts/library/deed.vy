# pragma version ^0.4.0
"""
@title Deeds
@notice Things of which there is only one: a house, a painting, a seat. Each has a number, a text, and one owner.
        A registrar writes new deeds; who owns one hands it on, or lets somebody else do so.
        A contract that is sent a deed safely is asked first whether it knows what to do with it.
@dev Source: ERC-721 with metadata, ERC-165. The zero address owns nothing.
"""

from ethereum.ercs import IERC165
from ethereum.ercs import IERC721

implements: IERC165
implements: IERC721

interface ERC721Receiver:
    def onERC721Received(operator: address, sender: address, deed: uint256, data: Bytes[1024]) -> bytes4: nonpayable

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    token_id: indexed(uint256)

event Approval:
    owner: indexed(address)
    approved: indexed(address)
    token_id: indexed(uint256)

event ApprovalForAll:
    owner: indexed(address)
    operator: indexed(address)
    approved: bool

ERC165: constant(bytes4) = 0x01ffc9a7
ERC721: constant(bytes4) = 0x80ac58cd
ERC721_METADATA: constant(bytes4) = 0x5b5e139f

registrar: public(immutable(address))
name: public(String[32])
symbol: public(String[8])
totalSupply: public(uint256)  # deeds are numbered from 1 to here
isApprovedForAll: public(HashMap[address, HashMap[address, bool]])

_owners: HashMap[uint256, address]
_balances: HashMap[address, uint256]
_approved: HashMap[uint256, address]
_texts: HashMap[uint256, String[128]]


@deploy
def __init__(name: String[32], symbol: String[8]):
    registrar = msg.sender
    self.name = name
    self.symbol = symbol


@external
def mint(receiver: address, text: String[128]) -> uint256:
    """
    @notice Write a new deed; only the registrar does.
    @return The number of the deed.
    """
    assert msg.sender == registrar, "only the registrar"
    assert receiver != empty(address), "no receiver"
    self.totalSupply += 1
    deed: uint256 = self.totalSupply
    self._owners[deed] = receiver
    self._balances[receiver] += 1
    self._texts[deed] = text
    log Transfer(sender=empty(address), receiver=receiver, token_id=deed)
    return deed


@external
@payable
def transferFrom(owner: address, receiver: address, deed: uint256):
    """
    @notice Hand a deed on without asking the receiver: a contract that cannot hand it on keeps it for ever.
    """
    self._move(owner, receiver, deed)


@external
@payable
def safeTransferFrom(owner: address, receiver: address, deed: uint256, data: Bytes[1024] = b""):
    """
    @notice Hand a deed on. A receiver that is a contract must answer that it takes it.
    """
    self._move(owner, receiver, deed)
    if receiver.is_contract:
        answer: bytes4 = extcall ERC721Receiver(receiver).onERC721Received(msg.sender, owner, deed, data)
        assert answer == method_id("onERC721Received(address,address,uint256,bytes)", output_type=bytes4), "not taken"


@external
@payable
def approve(approved: address, deed: uint256):
    """
    @notice Let one other hand on this deed; the zero address takes that back.
    """
    owner: address = self._get_owner(deed)
    assert msg.sender == owner or self.isApprovedForAll[owner][msg.sender], "not allowed"
    self._approved[deed] = approved
    log Approval(owner=owner, approved=approved, token_id=deed)


@external
def setApprovalForAll(operator: address, approved: bool):
    """
    @notice Let somebody hand on all your deeds, or no longer.
    """
    self.isApprovedForAll[msg.sender][operator] = approved
    log ApprovalForAll(owner=msg.sender, operator=operator, approved=approved)


@external
@view
def ownerOf(deed: uint256) -> address:
    """
    @notice Who owns a deed.
    """
    return self._get_owner(deed)


@external
@view
def balanceOf(owner: address) -> uint256:
    """
    @notice How many deeds somebody owns.
    """
    assert owner != empty(address), "no owner"
    return self._balances[owner]


@external
@view
def getApproved(deed: uint256) -> address:
    """
    @notice Who besides the owner may hand on this deed.
    """
    assert self._owners[deed] != empty(address), "no such deed"
    return self._approved[deed]


@external
@view
def tokenURI(deed: uint256) -> String[128]:
    """
    @notice What the deed says.
    """
    assert self._owners[deed] != empty(address), "no such deed"
    return self._texts[deed]


@external
@view
def supportsInterface(interface_id: bytes4) -> bool:
    """
    @notice Tell whether the contract speaks an interface (ERC-165).
    """
    return interface_id in [ERC165, ERC721, ERC721_METADATA]


@internal
@view
def _get_owner(deed: uint256) -> address:
    owner: address = self._owners[deed]
    assert owner != empty(address), "no such deed"
    return owner


@internal
def _move(owner: address, receiver: address, deed: uint256):
    assert self._get_owner(deed) == owner, "not the owner"
    assert receiver != empty(address), "no receiver"
    allowed: bool = msg.sender in [owner, self._approved[deed]] or self.isApprovedForAll[owner][msg.sender]
    assert allowed, "not allowed"
    self._approved[deed] = empty(address)  # an approval holds for one owner
    self._balances[owner] -= 1
    self._balances[receiver] += 1
    self._owners[deed] = receiver
    log Transfer(sender=owner, receiver=receiver, token_id=deed)
