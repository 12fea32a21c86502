# pragma version ^0.4.0
"""
Supply chain: who had which goods, from the field to the shop, told by everybody who held them.

A licensed maker makes batches. A batch goes from hand to hand in two steps, so that no one can push goods onto
another or deny having got them: the holder offers, the receiver accepts. A batch can be split into parts, and batches
of one product merged: the old ones are used up, the new ones point back at them. So every batch has its ancestors,
and a recall of one batch holds for all that was made out of it. Quantities are conserved: what is neither retired
nor used up adds up to what was made.
"""

struct Batch:
    product: String[32]
    maker: address        # who made, split or merged it
    holder: address
    receiver: address     # to whom it is on offer; empty when it is not
    quantity: uint256     # in the product's own unit
    is_live: bool         # neither used up by a split or merge nor retired
    is_recalled: bool     # itself; ask is_recalled() about its ancestors too

event Licensed:
    maker: indexed(address)
    is_licensed: bool

event Made:
    batch: indexed(uint256)
    maker: indexed(address)
    product: String[32]
    quantity: uint256

event Offered:
    batch: indexed(uint256)
    holder: indexed(address)
    receiver: indexed(address)

event Handed:
    batch: indexed(uint256)
    giver: indexed(address)
    receiver: indexed(address)

event Derived:
    batch: indexed(uint256)
    parent: indexed(uint256)
    quantity: uint256     # of the new batch: all of it after a split, the sum of its parents after a merge

event Retired:
    batch: indexed(uint256)
    holder: indexed(address)

event Recalled:
    batch: indexed(uint256)
    who: indexed(address)
    reason: String[64]

MAX_PARTS: constant(uint256) = 8
MAX_LINEAGE: public(constant(uint256)) = 64  # a batch and its ancestors: keeps the walk through them affordable

authority: public(immutable(address))
is_licensed: public(HashMap[address, bool])
batches: public(HashMap[uint256, Batch])
batch_count: public(uint256)
parents: HashMap[uint256, DynArray[uint256, MAX_PARTS]]


@deploy
def __init__():
    authority = msg.sender


@external
def license(maker: address, allowed: bool):
    """As the authority: let somebody make new batches, or no longer."""
    assert msg.sender == authority, "not the authority"
    self.is_licensed[maker] = allowed
    log Licensed(maker=maker, is_licensed=allowed)


@external
def make(product: String[32], quantity: uint256) -> uint256:
    """As a licensed maker: register new goods, and return the number of the batch."""
    assert self.is_licensed[msg.sender], "not licensed"
    assert len(product) > 0, "no product"
    batch: uint256 = self._add(product, quantity, [])
    log Made(batch=batch, maker=msg.sender, product=product, quantity=quantity)
    return batch


@external
def offer(batch: uint256, receiver: address):
    """As the holder: offer a batch to a receiver; to nobody takes the offer back."""
    self._check_mine(batch)
    assert receiver != msg.sender, "it is yours already"
    self.batches[batch].receiver = receiver
    log Offered(batch=batch, holder=msg.sender, receiver=receiver)


@external
def accept(batch: uint256):
    """As the receiver: confirm that you have got the goods."""
    assert self.batches[batch].receiver == msg.sender, "not offered to you"
    assert not self._is_recalled(batch), "recalled"
    giver: address = self.batches[batch].holder
    self.batches[batch].holder = msg.sender
    self.batches[batch].receiver = empty(address)
    log Handed(batch=batch, giver=giver, receiver=msg.sender)


@external
def split(batch: uint256, quantities: DynArray[uint256, MAX_PARTS]) -> DynArray[uint256, MAX_PARTS]:
    """As the holder: divide a batch into parts that add up to it, and return their numbers."""
    self._check_mine(batch)
    assert len(quantities) > 1, "one part is no split"
    self._use_up(batch)
    sum: uint256 = 0
    parts: DynArray[uint256, MAX_PARTS] = []
    for quantity: uint256 in quantities:
        sum += quantity
        part: uint256 = self._add(self.batches[batch].product, quantity, [batch])
        parts.append(part)
        log Derived(batch=part, parent=batch, quantity=quantity)
    assert sum == self.batches[batch].quantity, "the parts do not add up"
    return parts


@external
def merge(sources: DynArray[uint256, MAX_PARTS]) -> uint256:
    """As the holder of all: mix batches of one product, and return the number of the mixture."""
    assert len(sources) > 1, "one batch is no mixture"
    product: String[32] = self.batches[sources[0]].product
    sum: uint256 = 0
    for source: uint256 in sources:
        self._check_mine(source)  # fails for a batch named twice: it has been used up by then
        assert self.batches[source].product == product, "different products"
        self._use_up(source)
        sum += self.batches[source].quantity
    batch: uint256 = self._add(product, sum, sources)
    for source: uint256 in sources:
        log Derived(batch=batch, parent=source, quantity=sum)
    return batch


@external
def retire(batch: uint256):
    """As the holder: take a batch out of the chain, because it was eaten, sold over the counter or destroyed."""
    assert self.batches[batch].holder == msg.sender, "not the holder"
    assert self.batches[batch].is_live, "used up"
    self._use_up(batch)
    log Retired(batch=batch, holder=msg.sender)


@external
def recall(batch: uint256, reason: String[64]):
    """As its maker or the authority: stop a batch and all that was made out of it. All that is left is retire()."""
    assert batch < self.batch_count, "no such batch"
    assert msg.sender in [self.batches[batch].maker, authority], "neither its maker nor the authority"
    assert not self.batches[batch].is_recalled, "recalled already"
    self.batches[batch].is_recalled = True
    log Recalled(batch=batch, who=msg.sender, reason=reason)


@external
@view
def is_recalled(batch: uint256) -> bool:
    """Tell whether the batch or any of its ancestors is recalled."""
    return self._is_recalled(batch)


@external
@view
def get_lineage(batch: uint256) -> DynArray[uint256, MAX_LINEAGE]:
    """Return the batch and all its ancestors, nearest first."""
    return self._get_lineage(batch)


@external
@view
def get_parents(batch: uint256) -> DynArray[uint256, MAX_PARTS]:
    """Return the batches that this one was split from or mixed of; none for one that was made."""
    return self.parents[batch]


@internal
@view
def _check_mine(batch: uint256):
    assert self.batches[batch].holder == msg.sender, "not the holder"
    assert self.batches[batch].is_live, "used up"
    assert not self._is_recalled(batch), "recalled"


@internal
def _use_up(batch: uint256):
    self.batches[batch].is_live = False
    self.batches[batch].receiver = empty(address)


@internal
def _add(product: String[32], quantity: uint256, sources: DynArray[uint256, MAX_PARTS]) -> uint256:
    assert quantity > 0, "no quantity"
    batch: uint256 = self.batch_count
    self.batch_count = batch + 1
    self.batches[batch] = Batch(
        product=product,
        maker=msg.sender,
        holder=msg.sender,
        receiver=empty(address),
        quantity=quantity,
        is_live=True,
        is_recalled=False,
    )
    self.parents[batch] = sources
    if len(sources) > 0:
        self._get_lineage(batch)  # refuses a batch with too many ancestors here, so that no later walk can fail
    return batch


@internal
@view
def _is_recalled(batch: uint256) -> bool:
    lineage: DynArray[uint256, MAX_LINEAGE] = self._get_lineage(batch)
    for ancestor: uint256 in lineage:
        if self.batches[ancestor].is_recalled:
            return True
    return False


@internal
@view
def _get_lineage(batch: uint256) -> DynArray[uint256, MAX_LINEAGE]:
    """Walk up from the batch: the list grows while it is read."""
    found: DynArray[uint256, MAX_LINEAGE] = [batch]
    for place: uint256 in range(MAX_LINEAGE):
        if place == len(found):
            break
        for parent: uint256 in self.parents[found[place]]:
            if parent not in found:
                assert len(found) < MAX_LINEAGE, "too many ancestors"
                found.append(parent)
    return found
