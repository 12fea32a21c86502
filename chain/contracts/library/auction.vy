# pragma version ^0.4.0
"""
Auction: the highest bid gets the deed, in the open.

The seller hands a deed (ERC-721) to the auction. Each bid must top the last one by a twentieth and is paid in at once.
Who is outbid is not sent the money, since a bidder that is a contract could refuse it and so stop every higher bid:
the money is put down as owed, and its owner fetches it. A bid in the last minutes prolongs the auction, so that being
the last in the block is worth little.
"""

interface Deeds:
    def transferFrom(owner: address, receiver: address, deed: uint256): nonpayable

struct Auction:
    seller: address
    deeds: address      # the ERC-721 contract
    deed: uint256
    minimum: uint256    # the lowest first bid
    end_s: uint256
    bidder: address     # who leads; empty before the first bid
    bid: uint256
    is_settled: bool

event Started:
    auction: indexed(uint256)
    seller: indexed(address)
    deeds: address
    deed: uint256
    minimum: uint256
    end_s: uint256

event Bid:
    auction: indexed(uint256)
    bidder: indexed(address)
    amount: uint256
    end_s: uint256

event Settled:
    auction: indexed(uint256)
    winner: indexed(address)  # the seller when nobody bid
    price: uint256

event Withdrawn:
    who: indexed(address)
    amount: uint256

EXTENSION_S: public(constant(uint256)) = 300
RAISE_PART: public(constant(uint256)) = 20  # a bid tops the last one by this part of it at least

auctions: public(HashMap[uint256, Auction])
auction_count: public(uint256)
owed: public(HashMap[address, uint256])  # what waits to be fetched


@external
def start(deeds: address, deed: uint256, minimum: uint256, for_s: uint256) -> uint256:
    """As the owner of a deed that this contract is approved for: put it up, and return the auction's number."""
    assert for_s > 0, "no time"
    assert minimum > 0, "no minimum"
    auction: uint256 = self.auction_count
    self.auction_count = auction + 1
    end_s: uint256 = block.timestamp + for_s
    self.auctions[auction] = Auction(
        seller=msg.sender,
        deeds=deeds,
        deed=deed,
        minimum=minimum,
        end_s=end_s,
        bidder=empty(address),
        bid=0,
        is_settled=False,
    )
    extcall Deeds(deeds).transferFrom(msg.sender, self, deed)
    log Started(auction=auction, seller=msg.sender, deeds=deeds, deed=deed, minimum=minimum, end_s=end_s)
    return auction


@external
@payable
def bid(auction: uint256):
    """Bid the money that comes with the call."""
    assert auction < self.auction_count, "no such auction"
    assert block.timestamp < self.auctions[auction].end_s, "the auction has ended"
    assert msg.value >= self._get_least_bid(auction), "too little"
    self.owed[self.auctions[auction].bidder] += self.auctions[auction].bid
    self.auctions[auction].bidder = msg.sender
    self.auctions[auction].bid = msg.value
    self.auctions[auction].end_s = max(self.auctions[auction].end_s, block.timestamp + EXTENSION_S)
    log Bid(auction=auction, bidder=msg.sender, amount=msg.value, end_s=self.auctions[auction].end_s)


@external
def settle(auction: uint256):
    """As anybody, after the end: the deed to the winner, the price to the seller; without bids the deed goes back."""
    assert auction < self.auction_count, "no such auction"
    found: Auction = self.auctions[auction]
    assert block.timestamp >= found.end_s, "the auction goes on"
    assert not found.is_settled, "settled already"
    self.auctions[auction].is_settled = True
    self.owed[found.seller] += found.bid
    winner: address = found.seller if found.bidder == empty(address) else found.bidder
    extcall Deeds(found.deeds).transferFrom(self, winner, found.deed)
    log Settled(auction=auction, winner=winner, price=found.bid)


@external
def withdraw() -> uint256:
    """Fetch what is owed to you, and return how much it was."""
    amount: uint256 = self.owed[msg.sender]
    assert amount > 0, "nothing owed"
    self.owed[msg.sender] = 0
    send(msg.sender, amount)
    log Withdrawn(who=msg.sender, amount=amount)
    return amount


@external
@view
def get_least_bid(auction: uint256) -> uint256:
    """Return what the next bid must come to."""
    assert auction < self.auction_count, "no such auction"
    return self._get_least_bid(auction)


@internal
@view
def _get_least_bid(auction: uint256) -> uint256:
    bid: uint256 = self.auctions[auction].bid
    return self.auctions[auction].minimum if bid == 0 else bid + max(bid // RAISE_PART, 1)
