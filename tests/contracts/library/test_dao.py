"""Members decide by votes they had before a proposal was made; see docs/contracts/dao.md."""

import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import booleans, integers, lists, sampled_from, tuples
from stage import ALICE, BOB, CAROL, COIN, DAVE, ERIN, FRANK, NOBODY, Contract, Event, Reverted, Stage

from chain.units import Address

MEMBERS, STRANGER, PAYEE = (ALICE, BOB, CAROL, DAVE), ERIN, FRANK
VOTING_S, DELAY_S = 7 * 24 * 3600, 2 * 24 * 3600


def found_dao(quorum_percent: int = 50, stage: Stage | None = None) -> Contract:
    """Return a DAO of four members with ten shares each and a hundred coins."""
    stage = stage or Stage()
    dao = stage.deploy("dao", ALICE, MEMBERS, 10, VOTING_S, DELAY_S, quorum_percent, value=100 * COIN)
    stage.pass_time(1)  # votes count from the block after
    return dao


@pytest.fixture
def dao() -> Contract:
    """Proposal 0: thirty coins for the payee."""
    dao = found_dao()
    dao.send(ALICE, "propose", PAYEE, 30 * COIN, b"", "Pay for the new roof")
    return dao


def propose_call(dao: Contract, name: str, *values: object) -> int:
    """Propose a call of the DAO to itself."""
    data = dao.artifact.abi.get_function(name).encode_call(values)
    proposal: int = dao.send(ALICE, "propose", dao, 0, data, name).value
    return proposal


def carry(dao: Contract, proposal: int) -> list[Event]:
    """Let all vote yes, wait, execute; return what was told then."""
    for member in MEMBERS:
        dao.send(member, "vote", proposal, True)
    dao.stage.pass_time(VOTING_S + DELAY_S)
    return dao.send(STRANGER, "execute", proposal).events


def test_from_a_proposal_to_its_execution(dao: Contract) -> None:
    assert dao.get("get_state", 0) == "voting"
    assert dao.send(BOB, "vote", 0, True).events == [
        (dao, "Voted", {"proposal": 0, "voter": BOB, "is_yes": True, "votes": 10})
    ]
    dao.send(CAROL, "vote", 0, True)
    dao.send(DAVE, "vote", 0, False)
    with pytest.raises(Reverted, match="voting goes on"):
        dao.send(BOB, "execute", 0)
    dao.stage.pass_time(VOTING_S)
    assert dao.get("get_state", 0) == "waiting"
    with pytest.raises(Reverted, match="too early"):
        dao.send(BOB, "execute", 0)
    with pytest.raises(Reverted, match="voting has ended"):
        dao.send(ALICE, "vote", 0, False)
    dao.stage.pass_time(DELAY_S)
    assert dao.get("get_state", 0) == "ready"
    before = dao.stage.get_balance(PAYEE)
    dao.send(STRANGER, "execute", 0)
    assert dao.stage.get_balance(PAYEE) - before == 30 * COIN
    assert dao.get("get_state", 0) == "closed"
    with pytest.raises(Reverted, match="closed"):
        dao.send(STRANGER, "execute", 0)


@pytest.mark.parametrize(
    ("yes", "no", "state"),
    [
        ((), (), "rejected"),
        ((ALICE,), (), "rejected"),  # 10 of 40: no quorum
        ((ALICE,), (BOB,), "rejected"),  # a tie
        ((ALICE, BOB), (), "waiting"),
        ((ALICE, BOB), (CAROL,), "waiting"),
        ((ALICE,), (BOB, CAROL, DAVE), "rejected"),
    ],
)
def test_a_majority_of_a_quorum_decides(
    dao: Contract, yes: tuple[Address, ...], no: tuple[Address, ...], state: str
) -> None:
    for member in yes + no:
        dao.send(member, "vote", 0, member in yes)
    dao.stage.pass_time(VOTING_S)
    assert dao.get("get_state", 0) == state
    if state == "rejected":
        dao.stage.pass_time(DELAY_S)
        with pytest.raises(Reverted, match="not passed"):
            dao.send(ALICE, "execute", 0)


def test_shares_that_are_passed_on_do_not_vote_twice(dao: Contract) -> None:
    dao.send(ALICE, "vote", 0, True)
    dao.send(ALICE, "transfer", STRANGER, 10)
    dao.stage.pass_time(1)
    assert (dao.get("get_votes", ALICE), dao.get("get_votes", STRANGER)) == (0, 10)
    with pytest.raises(Reverted, match="no votes at the snapshot"):
        dao.send(STRANGER, "vote", 0, True)
    with pytest.raises(Reverted, match="voted already"):
        dao.send(ALICE, "vote", 0, True)
    dao.send(BOB, "transfer", STRANGER, 10)
    dao.send(BOB, "vote", 0, True)  # had them when it counted
    assert dao.get("proposals", 0)[7] == 20


def test_borrowed_shares_are_no_use(dao: Contract) -> None:
    """Whoever gets shares and proposes in the same block had none at the snapshot."""
    dao.send(ALICE, "transfer", STRANGER, 10)
    with pytest.raises(Reverted, match="not a member"):
        dao.send(STRANGER, "propose", STRANGER, COIN, b"", "Give me the money")
    with pytest.raises(Reverted, match="not yet over"):
        dao.get("get_votes_at", STRANGER, dao.stage.number)


def test_the_rules_are_changed_by_proposals_only(dao: Contract) -> None:
    for name, *values in (("issue", STRANGER, 5), ("change_quorum", 1)):
        with pytest.raises(Reverted, match="only by a proposal"):
            dao.send(ALICE, name, *values)
    told = carry(dao, propose_call(dao, "issue", STRANGER, 5))
    assert told[0] == (dao, "Transfer", {"sender": NOBODY, "receiver": STRANGER, "amount": 5})
    assert (dao.get("get_votes", STRANGER), dao.get("get_total")) == (5, 45)
    carry(dao, propose_call(dao, "change_quorum", 80))
    assert dao.get("quorum_percent") == 80
    with pytest.raises(Reverted, match="quorum"):
        carry(dao, propose_call(dao, "change_quorum", 101))


def test_a_rejected_proposal_stays_rejected(dao: Contract) -> None:
    """A quorum is fixed with the proposal: lowering it afterwards revives nothing."""
    dao.send(ALICE, "vote", 0, True)
    carry(dao, propose_call(dao, "change_quorum", 1))
    assert dao.get("get_state", 0) == "rejected"
    with pytest.raises(Reverted, match="not passed"):
        dao.send(ALICE, "execute", 0)


def test_a_proposer_can_give_up_while_voting_lasts(dao: Contract) -> None:
    with pytest.raises(Reverted, match="not the proposer"):
        dao.send(BOB, "cancel", 0)
    dao.send(ALICE, "cancel", 0)
    with pytest.raises(Reverted, match="closed"):
        dao.send(BOB, "vote", 0, True)
    dao.send(ALICE, "propose", PAYEE, 1, b"", "Once more")
    dao.stage.pass_time(VOTING_S)
    with pytest.raises(Reverted, match="voting has ended"):
        dao.send(ALICE, "cancel", 1)


def test_what_is_closed_stays_closed(dao: Contract) -> None:
    dao.send(ALICE, "cancel", 0)
    with pytest.raises(Reverted, match="closed"):
        dao.send(ALICE, "cancel", 0)
    dao.stage.pass_time(VOTING_S + DELAY_S)
    with pytest.raises(Reverted, match="closed"):
        dao.send(ALICE, "execute", 0)


def test_everything_is_told(dao: Contract) -> None:
    """The panel needs little but the events."""
    told = [
        *dao.send(ALICE, "cancel", 0).events,
        *dao.send(ALICE, "propose", dao, COIN, b"", "Pay ourselves").events,
        *dao.send(BOB, "vote", 1, True).events,
        *dao.send(CAROL, "vote", 1, True).events,
        *dao.send(BOB, "transfer", STRANGER, 4).events,
    ]
    dao.stage.pass_time(VOTING_S + DELAY_S)
    told += dao.send(STRANGER, "execute", 1).events
    assert [e.name for e in told] == ["Cancelled", "Proposed", "Voted", "Voted", "Transfer", "Received", "Executed"]
    assert (told[1].values["text"], told[1].values["amount"]) == ("Pay ourselves", COIN)
    assert told[4].values == {"sender": BOB, "receiver": STRANGER, "amount": 4}
    assert told[5].values == {"sender": dao.address, "amount": COIN}


@pytest.mark.parametrize(
    ("founders", "shares", "voting_s", "quorum", "reason"),
    [
        ((), 1, 1, 50, "no shares"),
        ((ALICE,), 0, 1, 50, "no shares"),
        ((ALICE,), 1, 0, 50, "no time to vote"),
        ((ALICE,), 1, 1, 0, "quorum"),
        ((ALICE,), 1, 1, 101, "quorum"),
        ((NOBODY,), 1, 1, 50, "no receiver"),
    ],
)
def test_a_dao_that_can_decide_nothing_is_not_made(
    founders: tuple[Address, ...], shares: int, voting_s: int, quorum: int, reason: str
) -> None:
    with pytest.raises(Reverted, match=reason):
        Stage().deploy("dao", ALICE, founders, shares, voting_s, DELAY_S, quorum)


def test_what_is_not_there_is_refused(dao: Contract) -> None:
    for name, *values in (("vote", 1, True), ("execute", 1), ("get_state", 1)):
        with pytest.raises(Reverted, match="no such proposal"):
            dao.get(name, *values)
    with pytest.raises(Reverted, match="not a member"):
        dao.send(STRANGER, "propose", PAYEE, 1, b"", "")
    with pytest.raises(Reverted, match="no target"):
        dao.send(ALICE, "propose", NOBODY, 1, b"", "")
    with pytest.raises(Reverted, match="more than you have"):
        dao.send(ALICE, "transfer", BOB, 11)
    with pytest.raises(Reverted, match="no receiver"):
        dao.send(ALICE, "transfer", NOBODY, 1)


@settings(max_examples=40)
@given(
    quorum_percent=integers(1, 100),
    moves=lists(tuples(sampled_from(MEMBERS), sampled_from(MEMBERS), integers(0, 10)), max_size=6),
    votes=lists(tuples(sampled_from(MEMBERS), booleans()), unique_by=lambda vote: vote[0]),
    later=lists(tuples(sampled_from(MEMBERS), sampled_from(MEMBERS), integers(0, 10)), max_size=4),
)
def test_only_the_snapshot_counts(
    quorum_percent: int,
    moves: list[tuple[Address, Address, int]],
    votes: list[tuple[Address, bool]],
    later: list[tuple[Address, Address, int]],
) -> None:
    """A model with plain numbers agrees on what passes, whatever is transferred before, meanwhile or in the block."""
    dao = found_dao(quorum_percent)
    shares = dict.fromkeys(MEMBERS, 10)
    for sender, receiver, amount in moves:
        if amount <= shares[sender]:
            dao.send(sender, "transfer", receiver, amount)
            shares[sender] -= amount
            shares[receiver] += amount
    dao.stage.pass_time(1)
    proposer = max(MEMBERS, key=lambda member: shares[member])
    for sender, receiver, amount in later:
        if amount <= dao.get("get_votes", sender):
            dao.send(sender, "transfer", receiver, amount)
    dao.send(proposer, "propose", PAYEE, COIN, b"", "")
    cast = {True: 0, False: 0}
    for member, is_yes in votes:
        if shares[member]:
            dao.send(member, "vote", 0, is_yes)
            cast[is_yes] += shares[member]
    dao.stage.pass_time(VOTING_S)
    passes = cast[True] > cast[False] and 100 * sum(cast.values()) >= quorum_percent * 40
    assert dao.get("get_state", 0) == ("waiting" if passes else "rejected")


class Shares(RuleBasedStateMachine):
    """Shares move for many blocks; every past block is remembered rightly."""

    def __init__(self) -> None:
        super().__init__()
        self.dao = found_dao()
        self.shares = dict.fromkeys(MEMBERS, 10)
        self.past = {self.dao.stage.number - 1: dict(self.shares)}

    @rule(sender=sampled_from(MEMBERS), receiver=sampled_from(MEMBERS), amount=integers(0, 12))
    def transfer(self, sender: Address, receiver: Address, amount: int) -> None:
        if amount <= self.shares[sender]:
            self.dao.send(sender, "transfer", receiver, amount)
            self.shares[sender] -= amount
            self.shares[receiver] += amount

    @rule()
    def end_block(self) -> None:
        self.past[self.dao.stage.number] = dict(self.shares)
        self.dao.stage.pass_time(1)

    @invariant()
    def every_block_is_remembered(self) -> None:
        for number, shares in self.past.items():
            assert {member: self.dao.get("get_votes_at", member, number) for member in MEMBERS} == shares
        assert sum(self.dao.get("get_votes", member) for member in MEMBERS) == self.dao.get("get_total") == 40


TestShares = Shares.TestCase
TestShares.settings = settings(max_examples=15, stateful_step_count=25)
