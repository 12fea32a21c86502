"""Grants and revocations in a running network, under every protocol."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain import replay
from chain.access import Right
from chain.consensus import registry
from chain.errors import AccessRefused, CommandRefused
from chain.simulation import commands as c
from chain.simulation.simulation import Simulation
from chain.units import COIN, NEVER, SECOND, Address, TimeUs

Start = Callable[..., Simulation]
Play = Callable[[Simulation, float], None]
PRIVATE = "access.kind=private"


def refuse(simulation: Simulation, command: c.Command) -> str:
    """Return the rule and the words with which a command is refused."""
    with pytest.raises(CommandRefused) as caught:
        simulation.submit(command)
    return str(caught.value)


def check_all(simulation: Simulation) -> None:
    """Whatever is in the tables was allowed at its height, and nobody knows what he could not open."""
    world, access = simulation.world, simulation.world.access
    for record in world.tree.records[1:]:
        node = access.get_node(record.block.header.proposer)
        assert node is not None
        assert access.is_allowed_in(Right.PROPOSE, node, record.height)
        for signed in record.block.transactions:
            assert access.is_allowed_in(Right.SEND, signed.sender, record.height)
    spreads = [*world.spreads.values(), *(record.spread for record in world.transactions.records)]
    for spread in spreads:
        for node, arrival_us in enumerate(spread.arrival.tolist()):
            if arrival_us < min(NEVER, world.now_us):  # at a moment of change both states hold
                assert access.is_allowed(Right.READ, node, arrival_us) or access.is_allowed(
                    Right.READ, node, arrival_us - 1
                )
                is_own = node == spread.origin
                assert (
                    is_own
                    or access.is_allowed(Right.JOIN, node, arrival_us)
                    or access.is_allowed(Right.JOIN, node, arrival_us - 1)
                )
    for node in range(world.node_count):
        view = world.view(node)
        height = view.get_head().height + 1
        for signed in view.compute_mempool().pending:
            assert access.is_allowed_in(Right.SEND, signed.sender, height)


@pytest.mark.parametrize("protocol", sorted(registry.PROTOCOLS))
def test_a_classroom_made_private_runs_under_every_protocol(start: Start, play: Play, protocol: str) -> None:
    """Everybody the scenario knows is on every list; revoking one proposer does not stop the others."""
    simulation = start("classroom", PRIVATE, f"consensus.protocol={protocol}", "network.nodes=8", seconds=60)
    assert not [entry for entry in simulation.history.records if entry.kind.startswith("refused")]
    simulation.submit(c.RevokeAccess(2, "propose"))
    first = 1 + max(record.height for record in simulation.world.tree.records)
    play(simulation, 150)
    check_all(simulation)
    later = [record for record in simulation.world.tree.records if record.height >= first]
    assert len(later) >= 3
    assert all(record.origin != 2 for record in later)


def test_raft_elects_another_leader_when_its_leader_may_no_longer_propose(start: Start, play: Play) -> None:
    simulation = start("classroom-private", seconds=60)
    leader = simulation.world.get_canonical().origin
    height = simulation.world.get_canonical().height
    simulation.submit(c.RevokeAccess(leader, "propose"))
    play(simulation, 60)
    head = simulation.world.get_canonical()
    assert head.height > height + 5
    assert head.origin != leader
    assert simulation.world.get_finalized().height > height + 5


def test_a_block_by_somebody_not_listed_is_invalid_for_everyone(start: Start, play: Play) -> None:
    simulation = start("quiet", PRIVATE, "access.propose=[0, 1]")
    simulation.submit(c.MineBlock(3))
    play(simulation, 5)
    refusals = [entry for entry in simulation.history.records if entry.kind == "refused-block"]
    assert refusals
    assert all(entry.detail == "access/propose: n03 may not propose block #1; may: n00, n01" for entry in refusals)
    assert len(simulation.world.tree) == 1
    simulation.submit(c.GrantAccess(3, "propose"))
    simulation.submit(c.MineBlock(3))
    play(simulation, 5)
    assert {simulation.world.view(node).get_head().height for node in range(6)} == {1}


def test_who_may_not_join_has_no_links_and_cannot_get_any(start: Start, play: Play) -> None:
    simulation = start("quiet", PRIVATE, "access.join=[0, 1, 2, 3, 4]")
    assert refuse(simulation, c.ReconnectNode(5)) == (
        "n05 may not join; may: n00, n01, n02, n03, n04; rule: access/join"
    )
    assert "access/join" in refuse(simulation, c.OpenLink(4, 5))
    simulation.submit(c.CutNode(4))
    simulation.submit(c.Heal())  # heals the members' links alone
    simulation.submit(c.MineBlock(0))
    play(simulation, 5)
    heights = [simulation.world.view(node).get_head().height for node in range(6)]
    assert heights == [1, 1, 1, 1, 1, 0]
    simulation.submit(c.GrantAccess(5, "read"))  # with what it needs: join
    play(simulation, 5)
    assert simulation.world.view(5).get_head().height == 1
    simulation.submit(c.RevokeAccess(5, "join"))  # with what rests on it
    simulation.submit(c.MineBlock(0))
    play(simulation, 5)
    assert simulation.world.view(5).get_head().height == 1
    assert not simulation.world.access.is_allowed(Right.READ, 5, simulation.now_us)


def test_who_may_not_read_passes_on_what_it_cannot_open(start: Start, play: Play) -> None:
    """A line n00 – n01 – n02: the one in the middle cannot read, the one behind it can."""
    line = ("network.nodes=3", "network.topology=explicit", "network.edges=[[0, 1], [1, 2]]")
    simulation = start("quiet", PRIVATE, "access.read=[0, 2]", *line)
    simulation.submit(c.MineBlock(0))
    play(simulation, 5)
    assert [simulation.world.view(node).get_head().height for node in range(3)] == [1, 0, 1]
    simulation.submit(c.GrantAccess(1, "read"))
    assert simulation.world.view(1).get_head().height == 1  # the key opens what it already had
    assert simulation.world.view(1, TimeUs(simulation.now_us - 1)).get_head().height == 0
    simulation.submit(c.RevokeAccess(1, "read"))
    simulation.submit(c.MineBlock(0))
    play(simulation, 5)
    assert simulation.world.view(1).get_head().height == 1  # seen stays seen, the new one does not come


def test_an_account_sends_only_while_it_is_listed(start: Start, play: Play) -> None:
    simulation = start("classroom", PRIVATE, "access.send=['faucet']", seconds=60)
    refused = [entry for entry in simulation.history.records if entry.kind == "refused-transaction"]
    assert refused
    assert all(entry.detail.startswith("access/send: cr1q") for entry in refused)
    simulation.submit(c.RequestCoins(0, bytes(range(20)), COIN))
    simulation.submit(c.GrantAccess(3, "send"))  # all who live at n03
    play(simulation, 200)
    check_all(simulation)
    senders = {record.signed.sender for record in simulation.world.transactions.records}
    assert simulation.world.faucet.address in senders
    assert len(senders & set(simulation.world.access.residents[3])) >= 1
    simulation.submit(c.RevokeSending(simulation.world.faucet.address))
    simulation.submit(c.RequestCoins(0, bytes(range(20)), COIN))
    assert simulation.history.records[-1].detail.startswith("access/send")


def test_a_revoked_sender_leaves_the_mempools_too(start: Start) -> None:
    simulation = start("quiet", PRIVATE)
    simulation.submit(c.RequestCoins(0, bytes(range(20)), COIN))
    assert len(simulation.world.view(0).compute_mempool().pending) == 1
    simulation.submit(c.RevokeSending(simulation.world.faucet.address))
    assert len(simulation.world.view(0).compute_mempool().pending) == 0
    simulation.submit(c.MineBlock(0))
    assert simulation.world.get_canonical().block.transactions == ()


def test_what_changes_nothing_is_refused(start: Start) -> None:
    public, private = start("quiet"), start("quiet", PRIVATE, "access.propose=[0]", "traffic.people=2")
    assert "access/kind" in refuse(public, c.RevokeAccess(1, "join"))
    assert refuse(private, c.GrantAccess(1, "read")) == "n01 may already read; rule: command/access"
    assert refuse(private, c.RevokeAccess(1, "propose")) == "n01 may not propose as it is; rule: command/access"
    assert "the last one" in refuse(private, c.RevokeAccess(0, "propose"))
    assert "the last one" in refuse(private, c.RevokeAccess(0, "join"))
    assert "20 bytes" in refuse(private, c.GrantSending(b"short"))
    private.submit(c.GrantSending(Address(bytes(20))))
    assert "may already send" in refuse(private, c.GrantSending(Address(bytes(20))))


NODE_CHANGES = st.builds(
    lambda kind, node, right: kind(node, right),
    st.sampled_from([c.GrantAccess, c.RevokeAccess]),
    st.integers(0, 5),
    st.sampled_from(["join", "read", "send", "propose"]),
)
TROUBLE = st.one_of(
    st.builds(c.StopNode, st.integers(0, 5)),
    st.builds(c.StartNode, st.integers(0, 5)),
    st.builds(c.CutNode, st.integers(0, 5)),
    st.builds(c.ReconnectNode, st.integers(0, 5)),
    st.just(c.Heal()),
)
SCHEDULES = st.lists(st.tuples(st.integers(1, 12), NODE_CHANGES | TROUBLE), min_size=4, max_size=14)


@pytest.mark.parametrize("protocol", ["proof-of-work", "raft", "proof-of-authority", "tendermint"])
@settings(max_examples=12, deadline=None)
@given(schedule=SCHEDULES)
def test_nothing_disallowed_is_ever_in_anybodys_view(
    start: Start, play: Play, protocol: str, schedule: list[tuple[int, c.Command]]
) -> None:
    """Random grants and revocations among stopped and cut nodes; then replayed, and branched in the middle."""
    small = ("network.nodes=6", "network.degree=3", f"consensus.protocol={protocol}", "consensus.interval=3s")
    simulation = start("classroom", PRIVATE, *small, seconds=6)
    branch = simulation.copy()
    for seconds, command in schedule:
        try:
            simulation.submit(command)
        except CommandRefused:
            continue
        finally:
            play(simulation, seconds)
    check_all(simulation)
    branch.feed(simulation.log)
    branch.run_until(simulation.now_us)
    assert branch.compute_digest() == simulation.compute_digest()


def test_a_recorded_run_with_grants_replays(start: Start, play: Play) -> None:
    simulation = start("classroom-private", seconds=30)
    simulation.submit(c.GrantAccess(11, "propose"))
    play(simulation, 30)
    simulation.submit(c.RevokeAccess(3, "read"))
    play(simulation, 30)
    assert list(replay.iter_verification(replay.record(simulation)))


def test_the_scenarios_own_changes_take_place(start: Start) -> None:
    simulation = start("classroom-private", seconds=500)
    access = simulation.world.access
    assert [entry.detail for entry in simulation.history.records if entry.kind == "refused-command"] == [
        "access/join: n11 may not join; may: n00, n01, n02, n03, n04, n05 and 5 more"
    ]
    assert access.is_allowed(Right.READ, 11, simulation.now_us)
    assert not access.is_allowed(Right.READ, 11, 359 * SECOND)
    assert not access.is_allowed(Right.PROPOSE, 4, simulation.now_us)
    assert simulation.world.view(11).get_head().height > 80
    assert simulation.world.view(10).get_head().height == 0
    with pytest.raises(AccessRefused):
        simulation.world.view(10).get_payload(next(iter(simulation.world.tables.payloads.records)))
