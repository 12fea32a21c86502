"""A private chain anchored in a public one: driven in lockstep, proven by a document, and caught when rewritten."""

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from chain import replay
from chain.anchors import verify_anchor
from chain.encoding import encode
from chain.errors import InvalidInput
from chain.ledger.actions import Anchor
from chain.simulation import commands as c
from chain.simulation.anchoring import POLL_US, Anchoring, get_anchoring
from chain.simulation.simulation import Simulation
from chain.units import SECOND, Address, TimeUs

Start = Callable[..., Simulation]
Play = Callable[[Simulation, float], None]


def get(simulation: Simulation) -> Anchoring:
    anchoring = get_anchoring(simulation.world)
    assert anchoring is not None
    return anchoring


@pytest.fixture(scope="module")
def hybrid(start: Start) -> Simulation:
    """Six minutes of the shipped hybrid network."""
    return start("classroom-hybrid", seconds=360)


@pytest.fixture(scope="module")
def proof(hybrid: Simulation) -> dict[str, Any]:
    """The proof of its first anchor."""
    anchoring = get(hybrid)
    document = anchoring.build_proof(hybrid.world, anchoring.anchors[0], hybrid.now_us)
    assert document is not None
    return document


def test_every_so_many_final_blocks_the_newest_is_anchored(hybrid: Simulation) -> None:
    anchoring = get(hybrid)
    heights = [anchor.height for anchor in anchoring.anchors]
    assert len(heights) >= 8
    assert all(height % 5 == 0 for height in heights)
    assert heights == sorted(set(heights))
    for anchor in anchoring.anchors:
        sent = anchoring.public.world.transactions.get(anchor.transaction)
        assert sent is not None
        assert sent.signed.is_signature_valid
        assert sent.signed.transaction.action == Anchor(1, anchor.height, anchor.block)
        final = hybrid.world.get_finalized(anchor.sent_us)
        assert hybrid.world.tree.get_ancestor(final, anchor.height).hash == anchor.block
    records = [record for record in hybrid.history.records if record.kind == "anchor"]
    assert [record.subject for record in records] == [anchor.block for anchor in anchoring.anchors]


def test_the_public_chain_keeps_step_and_says_what_an_anchor_is_worth(hybrid: Simulation) -> None:
    anchoring = get(hybrid)
    assert 0 <= hybrid.now_us - anchoring.public.now_us <= POLL_US
    anchor = anchoring.anchors[0]
    assert anchoring.get_inclusion(anchor, anchor.sent_us) is None
    now = anchoring.get_inclusion(anchor, hybrid.now_us)
    assert now is not None
    assert now.is_final == (now.confirmations >= 6)
    earlier = anchoring.get_inclusion(anchor, now.block.published_us)
    assert earlier is not None
    assert (earlier.confirmations, earlier.is_final) == (1, False)


def test_a_proof_holds_without_any_chain_and_says_what_to_trust(hybrid: Simulation, proof: dict[str, Any]) -> None:
    verdict = verify_anchor(msgspec.json.decode(msgspec.json.encode(proof)))
    assert verdict.is_good, verdict.steps
    names = list(dict.fromkeys(step.name for step in verdict.steps))
    chain = ["inclusion", "chain of headers", "confirmations"]
    assert names == ["private block", "transaction", "signature", *chain, "document"]
    assert any("main branch" in text for text in verdict.trusted)
    assert any("writes the anchors" in text for text in verdict.trusted)
    known = verify_anchor(proof, sender=get(hybrid).signer.address)
    assert known.is_good
    assert len(known.trusted) == len(verdict.trusted) - 1


def spoil(document: dict[str, Any], *path: Any, value: Any) -> dict[str, Any]:
    """Return a document in which one value is another."""
    spoilt = copy.deepcopy(document)
    place: Any = spoilt
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value(place[path[-1]]) if callable(value) else value
    return spoilt


def flip(text: str) -> str:
    """Change one bit in the middle of a text of hex digits."""
    middle = len(text) // 2
    return text[:middle] + format(int(text[middle], 16) ^ 1, "x") + text[middle + 1 :]


def test_whatever_is_changed_in_a_proof_fails_at_the_step_it_concerns(proof: dict[str, Any]) -> None:
    for step, spoilt in (
        ("private block", spoil(proof, "anchored", "block", value=flip)),
        ("private block", spoil(proof, "anchored", "height", value=lambda it: it + 5)),
        ("transaction", spoil(proof, "anchored", "chain_id", value=9)),
        ("form", spoil(proof, "private_header", value=lambda it: it[:-2])),
        ("form", spoil(proof, "transaction", value="zz")),
        ("form", spoil(proof, "sender", value="cr1qnobody")),
        ("inclusion", spoil(proof, "headers", value=[])),
        ("inclusion", spoil(proof, "headers", value=lambda it: it[1:])),
        ("inclusion", spoil(proof, "path", value=lambda it: [*it, {"side": "left", "hash": "00" * 32}])),
        ("inclusion", spoil(proof, "path", value=lambda it: [*it, {"side": "left", "hash": "00"}])),
        ("chain of headers", spoil(proof, "headers", value=lambda it: [it[0], *it[2:]])),
        ("confirmations", spoil(proof, "headers", value=lambda it: it[:2])),
        ("document", spoil(proof, "finality", value=lambda it: "instant" if it == "none" else "none")),
        ("document", spoil(proof, "digest", value=flip)),
    ):
        verdict = verify_anchor(spoilt)
        assert not verdict.is_good
        assert (verdict.steps[-1].name, verdict.steps[-1].is_good) == (step, False)
        assert all(passed.is_good for passed in verdict.steps[:-1])


def test_every_bit_of_the_transaction_counts(proof: dict[str, Any]) -> None:
    text = proof["transaction"]
    for place in range(0, len(text), 7):
        spoilt = text[:place] + format(int(text[place], 16) ^ 1, "x") + text[place + 1 :]
        assert not verify_anchor(spoil(proof, "transaction", value=spoilt)).is_good


def test_somebody_elses_anchor_is_not_the_consortiums(proof: dict[str, Any]) -> None:
    verdict = verify_anchor(proof, sender=Address(bytes(20)))
    assert (verdict.steps[-1].name, verdict.steps[-1].is_good) == ("signature", False)


def test_what_is_no_anchor_proof_is_refused_by_its_form(proof: dict[str, Any]) -> None:
    for wrong in ({}, [], None, proof | {"kind": "balance"}, proof | {"version": 2}, proof | {"more": 1}):
        with pytest.raises(InvalidInput):
            verify_anchor(wrong)


def test_a_private_block_rewritten_below_an_anchor_is_caught(hybrid: Simulation, proof: dict[str, Any]) -> None:
    """The consortium shows another block at the anchored height: made from scratch, or the same but for its time."""
    anchoring = get(hybrid)
    record = hybrid.world.tree[anchoring.anchors[0].block]
    for rewritten in (
        msgspec.structs.replace(record.block.header, time_us=record.block.header.time_us + 1),
        msgspec.structs.replace(record.block.header, state_root=bytes(32)),
    ):
        verdict = verify_anchor(proof, private_header=rewritten)
        assert (verdict.steps[-1].name, verdict.is_good) == ("private block", False)
        forged = spoil(proof, "private_header", value=encode(rewritten).hex())
        assert verify_anchor(forged).steps[-1].name == "private block"
        claimed = spoil(forged, "anchored", "block", value=rewritten.hash.hex())
        assert verify_anchor(claimed).steps[-1].name == "transaction"
    assert verify_anchor(proof, private_header=record.block.header).is_good


def test_a_chain_that_left_its_anchors_behind_is_told(start: Start, play: Play) -> None:
    """Final by depth only: the side that was cut off and anchored loses to the longer one."""
    settings = ("consensus.protocol=proof-of-work", "consensus.confirmations=1", "access.anchor_every=1")
    manual = ("consensus.mining=manual", "traffic.rate_per_s=0", "access.payloads_per_1000_s=0")
    simulation = start("classroom-hybrid", *settings, *manual, "public.consensus.interval=5s")
    simulation.submit(c.Partition(((0, 1, 2, 3),)))
    simulation.submit(c.MineBlock(0))
    play(simulation, 5)
    anchoring = get(simulation)
    assert [anchor.height for anchor in anchoring.anchors] == [1]
    (anchor,) = anchoring.get_sent(simulation.now_us)
    assert not anchoring.is_rewritten(simulation.world, anchor, simulation.now_us)
    for _ in range(3):
        simulation.submit(c.MineBlock(5))
        play(simulation, 3)
    simulation.submit(c.Heal())
    play(simulation, 5)
    assert anchoring.is_rewritten(simulation.world, anchor, simulation.now_us)
    assert not anchoring.is_rewritten(simulation.world, anchor, TimeUs(4 * SECOND))
    assert anchoring.get_sent(TimeUs(0)) == []


def test_one_digest_covers_both_chains_through_copies_and_replay(start: Start, play: Play) -> None:
    simulation = start("classroom-hybrid", seconds=60)
    branch = simulation.copy()
    get(branch).public.submit(c.StopNode(3))  # nothing in the private chain changes
    for run in (simulation, branch):
        play(run, 20)
    assert simulation.compute_digest() != branch.compute_digest()
    assert len(get(branch).public.log) == 1
    assert get(simulation).public.log == []
    assert list(replay.iter_verification(replay.record(simulation)))


def test_another_private_seed_is_another_public_chain(start: Start) -> None:
    one, other = (start("classroom-hybrid", seed=seed, seconds=20) for seed in (1, 2))
    assert get(one).public.seed != get(other).public.seed
    assert start("classroom-hybrid", seed=1, seconds=20).compute_digest() == one.compute_digest()
