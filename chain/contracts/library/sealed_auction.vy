# pragma version ^0.4.0
"""
Sealed auction: bids are secret until all are in, and the winner pays what the second bid (Vickrey, 1961).

First everybody commits: a hash of the bid and a secret salt, with a deposit that may be larger than the bid, so that
it tells little. Then everybody reveals. The highest bid wins and pays the second highest, or the reserve: so the best
bid is simply what the deed is worth to you, and there is nothing in the mempool to run in front of. Who does not
reveal loses the deposit to the seller; otherwise one could make several bids and reveal only what suits.
"""

interface Deeds:
    def transferFrom(owner: address, receiver: address, deed: uint256): nonpayable

struct Auction:
    seller: address
    deeds: address         # the ERC-721 contract
    deed: uint256
    reserve: uint256       # the lowest price
    commit_end_s: uint256
    reveal_end_s: uint256
    bidder: address        # whose revealed bid is the highest; of equal ones the first
    highest: uint256
    second: uint256
    is_settled: bool

event Started:
    auction: indexed(uint256)
    seller: indexed(address)
    deeds: address
    deed: uint256
    reserve: uint256
    commit_end_s: uint256
    reveal_end_s: uint256

event Committed:
    auction: indexed(uint256)
    bidder: indexed(address)
    deposit: uint256

event Revealed:
    auction: indexed(uint256)
    bidder: indexed(address)
    amount: uint256

event Forfeited:
    auction: indexed(uint256)
    bidder: indexed(address)
    deposit: uint256

event Settled:
    auction: indexed(uint256)
    winner: indexed(address)  # the seller when no bid reached the reserve
    price: uint256

event Withdrawn:
    who: indexed(address)
    amount: uint256

auctions: public(HashMap[uint256, Auction])
auction_count: public(uint256)
commitments: public(HashMap[uint256, HashMap[address, bytes32]])
deposits: public(HashMap[uint256, HashMap[address, uint256]])
owed: public(HashMap[address, uint256])  # what waits to be fetched


@external
def start(deeds: address, deed: uint256, reserve: uint256, commit_for_s: uint256, reveal_for_s: uint256) -> uint256:
    """As the owner of a deed that this contract is approved for: put it up, and return the auction's number."""
    assert commit_for_s > 0 and reveal_for_s > 0, "no time"
    assert reserve > 0, "no reserve"
    auction: uint256 = self.auction_count
    self.auction_count = auction + 1
    commit_end_s: uint256 = block.timestamp + commit_for_s
    self.auctions[auction] = Auction(
        seller=msg.sender,
        deeds=deeds,
        deed=deed,
        reserve=reserve,
        commit_end_s=commit_end_s,
        reveal_end_s=commit_end_s + reveal_for_s,
        bidder=empty(address),
        highest=0,
        second=0,
        is_settled=False,
    )
    extcall Deeds(deeds).transferFrom(msg.sender, self, deed)
    log Started(
        auction=auction,
        seller=msg.sender,
        deeds=deeds,
        deed=deed,
        reserve=reserve,
        commit_end_s=commit_end_s,
        reveal_end_s=commit_end_s + reveal_for_s,
    )
    return auction


@external
@view
def compute_commitment(auction: uint256, bidder: address, amount: uint256, salt: bytes32) -> bytes32:
    """Return what to commit. Ask your own node, and take a salt that nobody can guess."""
    return self._compute_commitment(auction, bidder, amount, salt)


@external
@payable
def commit(auction: uint256, commitment: bytes32):
    """Bid in secret: once, with a deposit of at least the bid."""
    assert auction < self.auction_count, "no such auction"
    assert block.timestamp < self.auctions[auction].commit_end_s, "too late to bid"
    assert commitment != empty(bytes32) and msg.value > 0, "no bid"
    assert self.commitments[auction][msg.sender] == empty(bytes32), "one bid each"
    self.commitments[auction][msg.sender] = commitment
    self.deposits[auction][msg.sender] = msg.value
    log Committed(auction=auction, bidder=msg.sender, deposit=msg.value)


@external
def reveal(auction: uint256, amount: uint256, salt: bytes32):
    """Open your bid. What it need not hold is owed to you at once."""
    assert auction < self.auction_count, "no such auction"
    assert block.timestamp >= self.auctions[auction].commit_end_s, "too early to reveal"
    assert block.timestamp < self.auctions[auction].reveal_end_s, "too late to reveal"
    deposit: uint256 = self.deposits[auction][msg.sender]
    assert deposit > 0, "nothing to reveal"
    assert amount <= deposit, "the deposit does not cover the bid"
    commitment: bytes32 = self._compute_commitment(auction, msg.sender, amount, salt)
    assert commitment == self.commitments[auction][msg.sender], "not what was committed"
    self.deposits[auction][msg.sender] = 0
    held: uint256 = self._count_bid(auction, msg.sender, amount)
    self.owed[msg.sender] += deposit - held
    log Revealed(auction=auction, bidder=msg.sender, amount=amount)


@external
def forfeit(auction: uint256, bidder: address):
    """As anybody, after the end: let the seller have the deposit of a bidder who did not reveal."""
    assert auction < self.auction_count, "no such auction"
    assert block.timestamp >= self.auctions[auction].reveal_end_s, "there is still time to reveal"
    deposit: uint256 = self.deposits[auction][bidder]
    assert deposit > 0, "nothing to forfeit"
    self.deposits[auction][bidder] = 0
    self.owed[self.auctions[auction].seller] += deposit
    log Forfeited(auction=auction, bidder=bidder, deposit=deposit)


@external
def settle(auction: uint256):
    """As anybody, after the end: the deed to the winner, the second price to the seller."""
    assert auction < self.auction_count, "no such auction"
    found: Auction = self.auctions[auction]
    assert block.timestamp >= found.reveal_end_s, "the auction goes on"
    assert not found.is_settled, "settled already"
    self.auctions[auction].is_settled = True
    winner: address = found.seller
    price: uint256 = 0
    if found.bidder != empty(address):
        winner = found.bidder
        price = max(found.second, found.reserve)
        self.owed[found.seller] += price
        self.owed[winner] += found.highest - price
    extcall Deeds(found.deeds).transferFrom(self, winner, found.deed)
    log Settled(auction=auction, winner=winner, price=price)


@external
def withdraw() -> uint256:
    """Fetch what is owed to you, and return how much it was."""
    amount: uint256 = self.owed[msg.sender]
    assert amount > 0, "nothing owed"
    self.owed[msg.sender] = 0
    send(msg.sender, amount)
    log Withdrawn(who=msg.sender, amount=amount)
    return amount


@internal
def _count_bid(auction: uint256, bidder: address, amount: uint256) -> uint256:
    """Count a revealed bid, and return what must be held of it: all when it leads, nothing otherwise."""
    if amount < self.auctions[auction].reserve:
        return 0
    if amount <= self.auctions[auction].highest:
        self.auctions[auction].second = max(self.auctions[auction].second, amount)
        return 0
    self.owed[self.auctions[auction].bidder] += self.auctions[auction].highest
    self.auctions[auction].second = self.auctions[auction].highest
    self.auctions[auction].highest = amount
    self.auctions[auction].bidder = bidder
    return amount


@internal
@pure
def _compute_commitment(auction: uint256, bidder: address, amount: uint256, salt: bytes32) -> bytes32:
    # The bidder is part of it, so that a commitment copied from the mempool can be revealed by nobody else.
    return keccak256(abi_encode(auction, bidder, amount, salt))
