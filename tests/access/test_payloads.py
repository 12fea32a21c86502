"""What only members may read: everybody sees the commitment, and nobody else the content."""

from collections.abc import Callable

import pytest

from chain.consortium import build_members
from chain.encoding import encode
from chain.errors import AccessRefused, CommandRefused
from chain.ledger.actions import Commit
from chain.ledger.transaction import SignedTransaction
from chain.node.payloads import MAX_CONTENT_BYTES, Payload, compute_commitment
from chain.simulation import commands as c
from chain.simulation.simulation import Simulation
from chain.units import NodeId

Start = Callable[..., Simulation]
Play = Callable[[Simulation, float], None]
SECRET = Payload(bytes(range(32)), b"bid: 8 412 a ton")


def sign(simulation: Simulation, commitment: bytes, node: int = 0) -> bytes:
    """Return the bytes of a member's commitment."""
    member = build_members(simulation.seed, simulation.world.node_count)[node]
    signed = simulation.world.sign_action(member, NodeId(node), Commit(commitment), 60, 4)  # type: ignore[arg-type]
    assert isinstance(signed, SignedTransaction)
    return encode(signed)


def share(simulation: Simulation, *members: int, payload: Payload = SECRET, commitment: bytes = b"") -> None:
    transaction = sign(simulation, commitment or compute_commitment(payload))
    simulation.submit(c.SharePayload(0, transaction, payload.salt, payload.content, members))


@pytest.fixture
def quiet(start: Start) -> Simulation:
    """Six nodes, of which n05 may not read."""
    return start("quiet", "access.kind=private", "access.read=[0, 1, 2, 3, 4]")


def test_members_read_the_content_and_it_fits_the_commitment(quiet: Simulation, play: Play) -> None:
    share(quiet, 2, 3)
    commitment = compute_commitment(SECRET)
    assert quiet.world.view(0).get_payload(commitment) == SECRET
    with pytest.raises(AccessRefused, match="has not reached n03 yet"):
        quiet.world.view(3).get_payload(commitment)
    play(quiet, 3)
    for node in (0, 2, 3):
        found = quiet.world.view(node).get_payload(commitment)
        assert compute_commitment(found) == commitment
        assert found.content.decode() == "bid: 8 412 a ton"
    quiet.submit(c.MineBlock(4))
    (signed,) = quiet.world.get_canonical().block.transactions
    assert signed.transaction.action == Commit(commitment)
    assert SECRET.content not in encode(quiet.world.get_canonical().block)


def test_others_are_refused_by_name(quiet: Simulation, play: Play) -> None:
    share(quiet, 2, 3)
    play(quiet, 3)
    for node in (1, 4, 5):
        with pytest.raises(AccessRefused, match=rf"n0{node} may not read .*; may: n00, n02, n03") as caught:
            quiet.world.view(node).get_payload(compute_commitment(SECRET))
        assert caught.value.rule == "access/read"
    with pytest.raises(AccessRefused, match="nobody has shared"):
        quiet.world.view(0).get_payload(compute_commitment(Payload(bytes(32), b"bid")))


def test_a_cut_member_has_it_when_its_links_open_again(quiet: Simulation, play: Play) -> None:
    quiet.submit(c.CutNode(3))
    share(quiet, 3)
    play(quiet, 60)
    with pytest.raises(AccessRefused, match="not reached"):
        quiet.world.view(3).get_payload(compute_commitment(SECRET))
    quiet.submit(c.ReconnectNode(3))
    play(quiet, 3)
    assert quiet.world.view(3).get_payload(compute_commitment(SECRET)) == SECRET


def test_salt_makes_the_same_words_another_commitment() -> None:
    assert compute_commitment(SECRET) != compute_commitment(Payload(bytes(32), SECRET.content))


def test_what_does_not_fit_is_refused_without_a_trace(quiet: Simulation) -> None:
    before = quiet.compute_digest()
    for rule, members, payload, commitment in (
        ("access/read", (5,), SECRET, b""),
        ("command/node", (6,), SECRET, b""),
        ("command/payload", (1,), SECRET, bytes(32)),
        ("command/payload", (1,), Payload(b"short", b"x"), b""),
        ("command/payload", (1,), Payload(bytes(32), b""), b""),
        ("command/payload", (1,), Payload(bytes(32), b"x" * (MAX_CONTENT_BYTES + 1)), b""),
        ("command/payload", (1,), Payload(bytes(32), b"\xff"), b""),
    ):
        with pytest.raises(CommandRefused) as caught:
            share(quiet, *members, payload=payload, commitment=commitment)
        assert caught.value.rule == rule
    assert quiet.compute_digest() == before
    share(quiet, 1)
    with pytest.raises(CommandRefused, match="shared already"):
        share(quiet, 2)


def test_members_share_by_themselves(start: Start) -> None:
    simulation = start("classroom-private", "access.payloads_per_1000_s=100", "traffic.rate_per_s=0", seconds=120)
    records = simulation.world.tables.payloads.records
    assert len(records) > 4
    committed = {
        signed.transaction.action.commitment
        for record in simulation.world.tree.records
        for signed in record.block.transactions
        if isinstance(signed.transaction.action, Commit)
    }
    assert len(committed & set(records)) > 3
    assert all(max(record.members) <= 9 for record in records.values())  # n10 and n11 may not read
