"""A vault moves nothing with fewer than m approvals nor before its delay is over; see docs/contracts/vault.md."""

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import integers, sampled_from
from stage import ALICE, BOB, CAROL, COIN, DAVE, ERIN, FRANK, NOBODY, Contract, Reverted, Stage

from chain.contracts.evm import Message
from chain.units import Address

OWNERS, STRANGER, PAYEE = (ALICE, BOB, CAROL), DAVE, ERIN
DAY_S = 24 * 3600


@pytest.fixture
def vault() -> Contract:
    """Two of three owners, a delay of a day, a hundred coins."""
    return Stage().deploy("vault", ALICE, OWNERS, 2, DAY_S, value=100 * COIN)


def encode_call(vault: Contract, name: str, *values: object) -> bytes:
    """Return the data of a call of the vault to itself."""
    return vault.artifact.abi.get_function(name).encode_call(values)


def carry_out(vault: Contract, target: Address, amount: int, data: bytes, owners: tuple[Address, ...]) -> None:
    """Propose, approve, wait, execute."""
    first, *others = owners
    proposal = vault.send(first, "propose", target, amount, data).value
    for owner in others:
        vault.send(owner, "approve", proposal)
    vault.stage.pass_time(DAY_S)
    vault.send(first, "execute", proposal)


def test_a_payment_takes_two_approvals_and_a_day(vault: Contract) -> None:
    vault.send(ALICE, "propose", PAYEE, 30 * COIN, b"")
    vault.stage.pass_time(2 * DAY_S)
    with pytest.raises(Reverted, match="approvals are missing"):
        vault.send(ALICE, "execute", 0)
    assert vault.send(BOB, "approve", 0).events == [
        (vault, "Approved", {"proposal": 0, "owner": BOB, "approvals": 2}),
    ]
    vault.stage.pass_time(DAY_S - 1)
    with pytest.raises(Reverted, match="too early"):
        vault.send(ALICE, "execute", 0)
    vault.stage.pass_time(1)
    before = vault.stage.get_balance(PAYEE)
    vault.send(CAROL, "execute", 0)  # any owner may
    assert vault.stage.get_balance(PAYEE) - before == 30 * COIN
    assert vault.stage.get_balance(vault) == 70 * COIN
    with pytest.raises(Reverted, match="closed"):
        vault.send(CAROL, "execute", 0)


def test_only_owners_have_a_say(vault: Contract) -> None:
    vault.send(ALICE, "propose", PAYEE, 1, b"")
    for name, *values in (("propose", PAYEE, 1, b""), ("approve", 0), ("execute", 0)):
        with pytest.raises(Reverted, match="not an owner"):
            vault.send(STRANGER, name, *values)
    with pytest.raises(Reverted, match="not approved"):
        vault.send(STRANGER, "take_back", 0)
    with pytest.raises(Reverted, match="not the proposer"):
        vault.send(BOB, "cancel", 0)
    for name, *values in (("replace_owner", ALICE, STRANGER), ("change_threshold", 1)):
        with pytest.raises(Reverted, match="only by a proposal"):
            vault.send(ALICE, name, *values)


def test_one_owner_counts_once(vault: Contract) -> None:
    vault.send(ALICE, "propose", PAYEE, 1, b"")
    with pytest.raises(Reverted, match="approved already"):
        vault.send(ALICE, "approve", 0)
    with pytest.raises(Reverted, match="no such proposal"):
        vault.send(ALICE, "approve", 1)
    assert vault.get("count_approvals", 0) == 1


def test_the_delay_is_there_to_change_ones_mind(vault: Contract) -> None:
    """Who takes an approval back and gives it again starts the delay anew."""
    vault.send(ALICE, "propose", PAYEE, 1, b"")
    vault.send(BOB, "approve", 0)
    vault.stage.pass_time(DAY_S)
    vault.send(BOB, "take_back", 0)
    with pytest.raises(Reverted, match="approvals are missing"):
        vault.send(ALICE, "execute", 0)
    vault.send(BOB, "approve", 0)
    with pytest.raises(Reverted, match="too early"):
        vault.send(ALICE, "execute", 0)


def test_a_proposer_can_give_up(vault: Contract) -> None:
    vault.send(ALICE, "propose", PAYEE, 1, b"")
    vault.send(ALICE, "cancel", 0)
    for name in ("approve", "execute"):
        with pytest.raises(Reverted, match="closed"):
            vault.send(BOB, name, 0)


def test_what_fails_leaves_the_proposal_open(vault: Contract) -> None:
    vault.send(ALICE, "propose", PAYEE, 101 * COIN, b"")
    vault.send(BOB, "approve", 0)
    vault.stage.pass_time(DAY_S)
    with pytest.raises(Reverted):
        vault.send(ALICE, "execute", 0)
    stage = vault.stage
    assert stage.execute(Message(STRANGER, vault.address, 100_000, value=COIN)).success  # anybody can pay in
    vault.send(ALICE, "execute", 0)
    assert stage.get_balance(vault) == 0


def test_owners_are_replaced_the_same_way(vault: Contract) -> None:
    """The new key counts, the old one does not, nor what it approved before."""
    vault.send(CAROL, "propose", PAYEE, COIN, b"")
    vault.send(BOB, "approve", 0)
    data = encode_call(vault, "replace_owner", CAROL, FRANK)
    carry_out(vault, vault.address, 0, data, (ALICE, BOB))
    assert vault.get("get_owners") == (ALICE, BOB, FRANK)
    assert vault.get("count_approvals", 0) == 1
    with pytest.raises(Reverted, match="approvals are missing"):
        vault.send(BOB, "execute", 0)
    vault.send(FRANK, "approve", 0)
    with pytest.raises(Reverted, match="too early"):
        vault.send(BOB, "execute", 0)
    for old, new in ((STRANGER, ERIN), (ALICE, BOB), (ALICE, NOBODY)):
        with pytest.raises(Reverted):
            carry_out(vault, vault.address, 0, encode_call(vault, "replace_owner", old, new), (ALICE, BOB))


def test_a_higher_threshold_holds_for_what_is_under_way(vault: Contract) -> None:
    vault.send(ALICE, "propose", PAYEE, COIN, b"")
    vault.send(BOB, "approve", 0)
    carry_out(vault, vault.address, 0, encode_call(vault, "change_threshold", 3), (ALICE, BOB))
    with pytest.raises(Reverted, match="approvals are missing"):
        vault.send(ALICE, "execute", 0)
    vault.send(CAROL, "approve", 0)
    with pytest.raises(Reverted, match="too early"):
        vault.send(ALICE, "execute", 0)
    for threshold in (0, 4):
        with pytest.raises(Reverted, match="threshold"):
            carry_out(vault, vault.address, 0, encode_call(vault, "change_threshold", threshold), OWNERS)


def test_a_lower_threshold_does_not_do_without_the_delay(vault: Contract) -> None:
    """A proposal that had too few approvals needs another one, which starts its delay."""
    vault.send(CAROL, "propose", PAYEE, COIN, b"")
    carry_out(vault, vault.address, 0, encode_call(vault, "change_threshold", 1), (ALICE, BOB))
    vault.stage.pass_time(DAY_S)
    with pytest.raises(Reverted, match="approvals are missing"):
        vault.send(CAROL, "execute", 0)
    vault.send(CAROL, "take_back", 0)
    vault.send(CAROL, "approve", 0)
    with pytest.raises(Reverted, match="too early"):
        vault.send(CAROL, "execute", 0)


def test_one_approval_more_does_not_prolong_the_delay(vault: Contract) -> None:
    vault.send(ALICE, "propose", PAYEE, 1, b"")
    ready_s = [vault.get("proposals", 0)[4]]
    for step in (("approve", BOB), ("approve", CAROL), ("take_back", CAROL), ("take_back", BOB)):
        vault.stage.pass_time(10)
        vault.send(step[1], step[0], 0)
        ready_s.append(vault.get("proposals", 0)[4])
    start_s = vault.stage.time_s - 30
    assert ready_s == [0, start_s + DAY_S, start_s + DAY_S, start_s + DAY_S, 0]


def test_what_is_closed_stays_closed(vault: Contract) -> None:
    carry_out(vault, PAYEE, 1, b"", (ALICE, BOB))
    for sender, name in ((BOB, "take_back"), (ALICE, "cancel"), (CAROL, "approve"), (CAROL, "execute")):
        with pytest.raises(Reverted, match="closed"):
            vault.send(sender, name, 0)
    with pytest.raises(Reverted, match="no target"):
        vault.send(ALICE, "propose", NOBODY, 1, b"")


def test_everything_is_told(vault: Contract) -> None:
    """The panel needs nothing but the events."""
    told = [
        *vault.send(ALICE, "propose", vault, COIN, b"").events,
        *vault.send(BOB, "approve", 0).events,
        *vault.send(BOB, "take_back", 0).events,
        *vault.send(ALICE, "cancel", 0).events,
        *vault.send(ALICE, "propose", vault, COIN, b"").events,
        *vault.send(BOB, "approve", 1).events,
    ]
    vault.stage.pass_time(DAY_S)
    told += vault.send(ALICE, "execute", 1).events
    story = "Proposed Approved Approved ApprovalTakenBack Cancelled Proposed Approved Approved Received Executed"
    assert [event.name for event in told] == story.split()
    assert told[0].values == {
        "proposal": 0,
        "proposer": ALICE,
        "target": vault.address,
        "amount": COIN,
        "data": b"",
    }
    for name, *values in (("replace_owner", CAROL, FRANK), ("change_threshold", 1)):
        data = encode_call(vault, name, *values)
        proposal = vault.send(ALICE, "propose", vault, 0, data).value
        vault.send(BOB, "approve", proposal)
        vault.stage.pass_time(DAY_S)
        told = vault.send(ALICE, "execute", proposal).events
        assert [event.name for event in told][1:] == ["Executed"]
        assert list(told[0].values.values()) == values


@pytest.mark.parametrize(
    ("owners", "threshold", "reason"),
    [
        ((ALICE, ALICE), 1, "named twice"),
        ((ALICE, NOBODY), 1, "an owner is missing"),
        ((ALICE, BOB), 0, "threshold"),
        ((ALICE, BOB), 3, "threshold"),
        ((), 0, "threshold"),
    ],
)
def test_a_vault_that_nobody_or_everybody_opens_is_not_made(
    owners: tuple[Address, ...], threshold: int, reason: str
) -> None:
    with pytest.raises(Reverted, match=reason):
        Stage().deploy("vault", ALICE, owners, threshold, DAY_S)


class Owners(RuleBasedStateMachine):
    """Anybody tries anything; a model outside counts the approvals and the time."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self.vault = self.stage.deploy("vault", ALICE, OWNERS, 2, DAY_S, value=100 * COIN)
        self.approvals: list[dict[Address, None]] = []
        self.complete_since_s: dict[int, int] = {}
        self.paid = 0

    def attempt(self, who: Address, name: str, proposal: int) -> bool:
        try:
            self.vault.send(who, name, proposal)
        except Reverted:
            return False
        return True

    @rule(who=sampled_from([*OWNERS, STRANGER]))
    def propose(self, who: Address) -> None:
        if who != STRANGER:
            self.vault.send(who, "propose", PAYEE, COIN, b"")
            self.approvals.append({who: None})

    @precondition(lambda self: self.approvals)
    @rule(place=integers(0, 9), who=sampled_from([*OWNERS, STRANGER]), takes_back=sampled_from([True, False, False]))
    def change_mind(self, place: int, who: Address, takes_back: bool) -> None:
        proposal = place % len(self.approvals)
        if self.attempt(who, "take_back" if takes_back else "approve", proposal):
            if takes_back:
                del self.approvals[proposal][who]
            else:
                self.approvals[proposal][who] = None
        if len(self.approvals[proposal]) < 2:
            self.complete_since_s.pop(proposal, None)
        else:
            self.complete_since_s.setdefault(proposal, self.stage.time_s)

    @rule(seconds=sampled_from([1, DAY_S // 2, DAY_S]))
    def wait(self, seconds: int) -> None:
        self.stage.pass_time(seconds)

    @precondition(lambda self: self.approvals)
    @rule(place=integers(0, 9), who=sampled_from([*OWNERS, STRANGER]))
    def execute(self, place: int, who: Address) -> None:
        proposal = place % len(self.approvals)
        was_closed = self.vault.get("proposals", proposal)[-1]
        is_ready = self.stage.time_s - self.complete_since_s.get(proposal, 10**12) >= DAY_S
        assert self.attempt(who, "execute", proposal) == (who != STRANGER and is_ready and not was_closed)
        self.paid += self.vault.get("proposals", proposal)[-1] and not was_closed

    @invariant()
    def only_what_was_executed_is_paid(self) -> None:
        assert self.stage.get_balance(self.vault) == (100 - self.paid) * COIN
        for owner in self.vault.get("get_owners"):
            assert owner in OWNERS


TestOwners = Owners.TestCase
TestOwners.settings = settings(max_examples=25, stateful_step_count=30)
