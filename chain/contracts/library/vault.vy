# pragma version ^0.4.0
"""
Vault: money that no single key can move, and never at once.

Of n owners, m must approve a payment or call; then a delay begins, during which everybody can look at it and an owner
can take the approval back. Only after the delay it can be executed. Even the owners themselves are changed that way:
by a call of the vault to itself.
"""

struct Proposal:
    proposer: address
    target: address
    amount: uint256
    data: Bytes[1024]
    ready_s: uint256     # when the delay ends; 0 while approvals are missing
    is_closed: bool      # executed or cancelled

event Received:
    sender: indexed(address)
    amount: uint256

event Proposed:
    proposal: indexed(uint256)
    proposer: indexed(address)
    target: indexed(address)
    amount: uint256
    data: Bytes[1024]

event Approved:
    proposal: indexed(uint256)
    owner: indexed(address)
    approvals: uint256

event ApprovalTakenBack:
    proposal: indexed(uint256)
    owner: indexed(address)
    approvals: uint256

event Executed:
    proposal: indexed(uint256)

event Cancelled:
    proposal: indexed(uint256)

event OwnerReplaced:
    old: indexed(address)
    new: indexed(address)

event ThresholdChanged:
    threshold: uint256

MAX_OWNERS: constant(uint256) = 16

owners: DynArray[address, MAX_OWNERS]
threshold: public(uint256)
delay_s: public(immutable(uint256))
proposals: public(HashMap[uint256, Proposal])
proposal_count: public(uint256)
has_approved: public(HashMap[uint256, HashMap[address, bool]])


@deploy
@payable
def __init__(owners: DynArray[address, MAX_OWNERS], threshold: uint256, _delay_s: uint256):
    for owner: address in owners:
        assert owner != empty(address), "an owner is missing"
        assert owner not in self.owners, "an owner is named twice"
        self.owners.append(owner)
    assert 0 < threshold and threshold <= len(owners), "threshold"
    self.threshold = threshold
    delay_s = _delay_s


@external
@payable
def __default__():
    log Received(sender=msg.sender, amount=msg.value)


@external
def propose(target: address, amount: uint256, data: Bytes[1024]) -> uint256:
    """As an owner: propose a payment or a call, approve it, and return its number."""
    assert msg.sender in self.owners, "not an owner"
    assert target != empty(address), "no target"
    proposal: uint256 = self.proposal_count
    self.proposal_count = proposal + 1
    self.proposals[proposal] = Proposal(
        proposer=msg.sender, target=target, amount=amount, data=data, ready_s=0, is_closed=False
    )
    log Proposed(proposal=proposal, proposer=msg.sender, target=target, amount=amount, data=data)
    self._approve(proposal)
    return proposal


@external
def approve(proposal: uint256):
    """As an owner: approve. The approval that reaches the threshold starts the delay."""
    assert msg.sender in self.owners, "not an owner"
    self._check_open(proposal)
    assert not self.has_approved[proposal][msg.sender], "approved already"
    self._approve(proposal)


@external
def take_back(proposal: uint256):
    """As an owner: approve no longer. Under the threshold the delay is off."""
    assert self.has_approved[proposal][msg.sender], "not approved"
    self._check_open(proposal)
    self.has_approved[proposal][msg.sender] = False
    approvals: uint256 = self._count_approvals(proposal)
    if approvals < self.threshold:
        self.proposals[proposal].ready_s = 0
    log ApprovalTakenBack(proposal=proposal, owner=msg.sender, approvals=approvals)


@external
def cancel(proposal: uint256):
    """As its proposer: give a proposal up."""
    assert msg.sender == self.proposals[proposal].proposer, "not the proposer"
    self._check_open(proposal)
    self.proposals[proposal].is_closed = True
    log Cancelled(proposal=proposal)


@external
def execute(proposal: uint256):
    """As an owner: do what was approved, once the delay is over. If it fails, all stays as it was."""
    assert msg.sender in self.owners, "not an owner"
    self._check_open(proposal)
    # Counted again: owners may have been replaced and the threshold raised since.
    assert self._count_approvals(proposal) >= self.threshold, "approvals are missing"
    ready_s: uint256 = self.proposals[proposal].ready_s
    assert ready_s != 0, "approvals are missing"
    assert block.timestamp >= ready_s, "too early"
    self.proposals[proposal].is_closed = True  # first, so that the target cannot call for it again
    raw_call(
        self.proposals[proposal].target, self.proposals[proposal].data, value=self.proposals[proposal].amount
    )
    log Executed(proposal=proposal)


@external
def replace_owner(old: address, new: address):
    """As the vault itself: let another key take an owner's place. The old one's approvals count no longer."""
    assert msg.sender == self, "only by a proposal"
    assert new != empty(address) and new not in self.owners, "not a new owner"
    for place: uint256 in range(MAX_OWNERS):
        if place == len(self.owners):
            break
        if self.owners[place] == old:
            self.owners[place] = new
            log OwnerReplaced(old=old, new=new)
            return
    raise "no such owner"


@external
def change_threshold(threshold: uint256):
    """As the vault itself: ask for more or fewer approvals."""
    assert msg.sender == self, "only by a proposal"
    assert 0 < threshold and threshold <= len(self.owners), "threshold"
    self.threshold = threshold
    log ThresholdChanged(threshold=threshold)


@external
@view
def get_owners() -> DynArray[address, MAX_OWNERS]:
    """Return the owners."""
    return self.owners


@external
@view
def count_approvals(proposal: uint256) -> uint256:
    """Return how many of the present owners approve."""
    return self._count_approvals(proposal)


@internal
def _approve(proposal: uint256):
    before: uint256 = self._count_approvals(proposal)
    self.has_approved[proposal][msg.sender] = True
    if before < self.threshold and before + 1 >= self.threshold:
        self.proposals[proposal].ready_s = block.timestamp + delay_s
    log Approved(proposal=proposal, owner=msg.sender, approvals=before + 1)


@internal
@view
def _count_approvals(proposal: uint256) -> uint256:
    approvals: uint256 = 0
    for owner: address in self.owners:
        if self.has_approved[proposal][owner]:
            approvals += 1
    return approvals


@internal
@view
def _check_open(proposal: uint256):
    assert proposal < self.proposal_count, "no such proposal"
    assert not self.proposals[proposal].is_closed, "closed"
