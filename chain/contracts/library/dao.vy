# pragma version ^0.4.0
"""
DAO: an association whose members decide by votes what its money and its contract do.

Votes are shares, which can be passed on. What counts for a proposal is who had them one block before it was made, so
nobody can vote, pass the shares on and let them vote again, nor borrow shares for an afternoon. A proposal passes with
more yes than no and a quorum of all shares; then a delay begins in which everybody can see what is coming, and after
it anybody can have it executed. The rules themselves are changed that way only: by a call of the DAO to itself.
"""

struct Checkpoint:
    number: uint256    # the block from which on it holds
    votes: uint256

struct Proposal:
    proposer: address
    target: address
    amount: uint256
    data: Bytes[1024]
    snapshot: uint256  # the block at whose end votes are counted
    end_s: uint256     # when voting ends
    quorum: uint256    # how many votes must be cast, yes and no together
    yes: uint256
    no: uint256
    is_closed: bool    # executed or cancelled

event Received:
    sender: indexed(address)
    amount: uint256

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

event Proposed:
    proposal: indexed(uint256)
    proposer: indexed(address)
    target: indexed(address)
    amount: uint256
    data: Bytes[1024]
    text: String[128]
    end_s: uint256

event Voted:
    proposal: indexed(uint256)
    voter: indexed(address)
    is_yes: bool
    votes: uint256

event Executed:
    proposal: indexed(uint256)

event Cancelled:
    proposal: indexed(uint256)

MAX_FOUNDERS: constant(uint256) = 16
TOTAL: constant(address) = empty(address)  # in the checkpoints of nobody stand all shares together

voting_s: public(immutable(uint256))
delay_s: public(immutable(uint256))
quorum_percent: public(uint256)
proposals: public(HashMap[uint256, Proposal])
proposal_count: public(uint256)
has_voted: public(HashMap[uint256, HashMap[address, bool]])
checkpoints: HashMap[address, HashMap[uint256, Checkpoint]]
checkpoint_count: HashMap[address, uint256]


@deploy
@payable
def __init__(
    founders: DynArray[address, MAX_FOUNDERS],
    shares_each: uint256,
    _voting_s: uint256,
    _delay_s: uint256,
    quorum_percent: uint256,
):
    assert len(founders) > 0 and shares_each > 0, "no shares"
    assert _voting_s > 0, "no time to vote"
    voting_s = _voting_s
    delay_s = _delay_s
    self._set_quorum(quorum_percent)
    for founder: address in founders:
        self._issue(founder, shares_each)


@external
@payable
def __default__():
    log Received(sender=msg.sender, amount=msg.value)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """Pass shares on. Votes on proposals made before stay yours."""
    assert receiver != empty(address), "no receiver"
    votes: uint256 = self._get_votes(msg.sender, block.number)
    assert amount <= votes, "more than you have"
    self._set_votes(msg.sender, votes - amount)
    self._set_votes(receiver, self._get_votes(receiver, block.number) + amount)
    log Transfer(sender=msg.sender, receiver=receiver, amount=amount)
    return True


@external
def propose(target: address, amount: uint256, data: Bytes[1024], text: String[128]) -> uint256:
    """As a member: propose a payment or a call, and return its number. Voting begins at once."""
    assert self._get_votes(msg.sender, block.number - 1) > 0, "not a member"
    assert target != empty(address), "no target"
    proposal: uint256 = self.proposal_count
    self.proposal_count = proposal + 1
    end_s: uint256 = block.timestamp + voting_s
    total: uint256 = self._get_votes(TOTAL, block.number - 1)
    self.proposals[proposal] = Proposal(
        proposer=msg.sender,
        target=target,
        amount=amount,
        data=data,
        snapshot=block.number - 1,
        end_s=end_s,
        quorum=(total * self.quorum_percent + 99) // 100,  # rounded up: a part of a vote is a vote
        yes=0,
        no=0,
        is_closed=False,
    )
    log Proposed(
        proposal=proposal, proposer=msg.sender, target=target, amount=amount, data=data, text=text, end_s=end_s
    )
    return proposal


@external
def vote(proposal: uint256, is_yes: bool):
    """As a member: vote once, with all the shares you had at the snapshot."""
    self._check_open(proposal)
    assert block.timestamp < self.proposals[proposal].end_s, "voting has ended"
    assert not self.has_voted[proposal][msg.sender], "voted already"
    votes: uint256 = self._get_votes(msg.sender, self.proposals[proposal].snapshot)
    assert votes > 0, "no votes at the snapshot"
    self.has_voted[proposal][msg.sender] = True
    if is_yes:
        self.proposals[proposal].yes += votes
    else:
        self.proposals[proposal].no += votes
    log Voted(proposal=proposal, voter=msg.sender, is_yes=is_yes, votes=votes)


@external
def cancel(proposal: uint256):
    """As its proposer: give a proposal up while voting lasts."""
    assert msg.sender == self.proposals[proposal].proposer, "not the proposer"
    self._check_open(proposal)
    assert block.timestamp < self.proposals[proposal].end_s, "voting has ended"
    self.proposals[proposal].is_closed = True
    log Cancelled(proposal=proposal)


@external
def execute(proposal: uint256):
    """As anybody: do what was decided, once the delay is over. If it fails, all stays as it was."""
    self._check_open(proposal)
    assert block.timestamp >= self.proposals[proposal].end_s, "voting goes on"
    assert self._has_passed(proposal), "not passed"
    assert block.timestamp >= self.proposals[proposal].end_s + delay_s, "too early"
    self.proposals[proposal].is_closed = True  # first, so that the target cannot call for it again
    raw_call(
        self.proposals[proposal].target, self.proposals[proposal].data, value=self.proposals[proposal].amount
    )
    log Executed(proposal=proposal)


@external
def issue(receiver: address, amount: uint256):
    """As the DAO itself: make new shares, for a new member say."""
    assert msg.sender == self, "only by a proposal"
    self._issue(receiver, amount)


@external
def change_quorum(percent: uint256):
    """As the DAO itself: ask for more or fewer votes from now on; what is proposed already keeps its quorum."""
    assert msg.sender == self, "only by a proposal"
    self._set_quorum(percent)


@external
@view
def get_votes(member: address) -> uint256:
    """Return a member's shares."""
    return self._get_votes(member, block.number)


@external
@view
def get_votes_at(member: address, number: uint256) -> uint256:
    """Return the shares a member had at the end of an earlier block."""
    assert number < block.number, "not yet over"
    return self._get_votes(member, number)


@external
@view
def get_total() -> uint256:
    """Return all shares."""
    return self._get_votes(TOTAL, block.number)


@external
@view
def get_state(proposal: uint256) -> String[8]:
    """Return how far a proposal is: voting, rejected, waiting, ready or closed."""
    assert proposal < self.proposal_count, "no such proposal"
    if self.proposals[proposal].is_closed:
        return "closed"
    end_s: uint256 = self.proposals[proposal].end_s
    if block.timestamp < end_s:
        return "voting"
    if not self._has_passed(proposal):
        return "rejected"
    return "waiting" if block.timestamp < end_s + delay_s else "ready"


@internal
@view
def _check_open(proposal: uint256):
    assert proposal < self.proposal_count, "no such proposal"
    assert not self.proposals[proposal].is_closed, "closed"


@internal
@view
def _has_passed(proposal: uint256) -> bool:
    yes: uint256 = self.proposals[proposal].yes
    no: uint256 = self.proposals[proposal].no
    return yes > no and yes + no >= self.proposals[proposal].quorum


@internal
def _set_quorum(percent: uint256):
    assert 0 < percent and percent <= 100, "quorum"
    self.quorum_percent = percent


@internal
def _issue(receiver: address, amount: uint256):
    assert receiver != empty(address), "no receiver"
    self._set_votes(receiver, self._get_votes(receiver, block.number) + amount)
    self._set_votes(TOTAL, self._get_votes(TOTAL, block.number) + amount)
    log Transfer(sender=empty(address), receiver=receiver, amount=amount)


@internal
def _set_votes(member: address, votes: uint256):
    """Write a checkpoint for this block; what held before stays readable."""
    count: uint256 = self.checkpoint_count[member]
    if count > 0 and self.checkpoints[member][count - 1].number == block.number:
        self.checkpoints[member][count - 1].votes = votes
    else:
        self.checkpoints[member][count] = Checkpoint(number=block.number, votes=votes)
        self.checkpoint_count[member] = count + 1


@internal
@view
def _get_votes(member: address, number: uint256) -> uint256:
    """Return the votes at the end of a block: those of the last checkpoint up to it, found by halving."""
    low: uint256 = 0
    high: uint256 = self.checkpoint_count[member]
    for _: uint256 in range(64):
        if low == high:
            break
        middle: uint256 = (low + high) // 2
        if self.checkpoints[member][middle].number <= number:
            low = middle + 1
        else:
            high = middle
    return 0 if low == 0 else self.checkpoints[member][low - 1].votes
