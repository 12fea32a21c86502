"""Heads, finality and what happened to those who take part, in the screen's words under every protocol."""

import pytest

from app.present.captions import build_caption
from app.present.chain import build_block_facts, get_standing
from app.present.chain_why import explain_block
from app.present.consensus_changes import build_commands, list_changes, parse_hash_rate
from app.present.consensus_events import get_log
from app.present.finality import describe_fork_choice, describe_weight, get_promise
from app.present.heads import compute_heads, get_canonical, get_finalized
from app.present.holders import Holders
from app.present.index import get_index
from app.present.network import compute_mining, describe_mining
from app.present.node import build_facts, explain_state
from app.present.timeline import Timeline, get_final
from app.session import Session
from app.starting import read_shipped_scenario
from chain.consensus.base import Finality
from chain.errors import InvalidInput
from chain.scenario import apply_settings, build
from chain.simulation import commands as c
from chain.simulation.simulation import Simulation
from chain.units import SECOND, TimeUs

WORDS = {
    "proof-of-work": (Finality.DEPTH, "final by depth", "would still undo it"),
    "ghost": (Finality.DEPTH, "final by depth", "subtree"),
    "proof-of-authority": (Finality.DEPTH, "final by depth", "partition"),
    "proof-of-stake": (Finality.ECONOMIC, "finalized", "a third of all stake"),
    "tendermint": (Finality.INSTANT, "final at once", "less than a third is Byzantine"),
    "delegated-proof-of-stake": (Finality.INSTANT, "irreversible", "fewer than a third"),
    "snowman": (Finality.INSTANT, "accepted", "improbable"),
    "raft": (Finality.INSTANT, "final at once", "crash faults only"),
}


def play(protocol: str, seconds: int = 200, *settings: str) -> Simulation:
    scenario = read_shipped_scenario("classroom-pos" if protocol == "proof-of-stake" else "classroom")
    settings = (f"consensus.protocol={protocol}", "consensus.interval=4s", "network.nodes=6", *settings)
    simulation = build(apply_settings(scenario, settings), 7)
    simulation.run_until(TimeUs(seconds * SECOND))
    return simulation


@pytest.mark.parametrize("protocol", WORDS)
def test_final_is_told_honestly_under_every_protocol(protocol: str) -> None:
    simulation = play(protocol)
    world, at_us = simulation.world, simulation.now_us
    kind, words, keeps = WORDS[protocol]
    promise, head, final = get_promise(world), get_canonical(world, at_us), get_finalized(world, at_us)
    assert promise.kind is kind
    assert head is world.get_canonical(at_us)
    assert 0 < final.height <= head.height
    assert get_final(world, at_us) == f"{final.height} {promise.word}"
    standing = get_standing(world, get_index(world), final, at_us)
    assert standing.state == "final"
    assert words in standing.words
    assert keeps in standing.meaning
    if head is not final:
        newest = get_standing(world, get_index(world), head, at_us)
        assert newest.state == "canonical"
        assert newest.meaning
    why = explain_block(world, head, at_us)
    assert describe_weight(head) in why.numbers
    assert str(head.weight) not in dict(why.numbers).values() or head.weight < 10**6  # never a packed number


@pytest.mark.parametrize("protocol", WORDS)
def test_a_block_is_found_where_there_is_work_and_proposed_elsewhere(protocol: str) -> None:
    simulation = play(protocol, 30)
    facts = build_block_facts(
        simulation.world, Holders(simulation.world), simulation.world.tree.records[1], simulation.now_us
    )
    fields = {field.key: field for field in facts.fields}
    is_mined = protocol in ("proof-of-work", "ghost")
    assert fields["node"].label == ("found by" if is_mined else "proposed by")
    assert (fields["nonce"].note == "found by trying") is is_mined


@pytest.mark.parametrize("protocol", WORDS)
def test_every_node_follows_what_its_own_view_says(protocol: str) -> None:
    simulation = play(protocol, 120)
    world = simulation.world
    for at_us in (TimeUs(37 * SECOND), TimeUs(80 * SECOND), simulation.now_us):
        heads = [world.view(node, at_us).get_head().index for node in range(world.node_count)]
        assert compute_heads(world, at_us).tolist() == heads
    assert describe_fork_choice(world) in explain_state(world, 3, simulation.now_us).text
    assert {field.key for field in build_facts(simulation, 3, simulation.now_us)} >= {"state", "head"}


def test_nothing_is_final_where_no_depth_is_asked_for() -> None:
    simulation = play("proof-of-work", 60, "consensus.confirmations=0")
    world, at_us = simulation.world, simulation.now_us
    assert get_final(world, at_us) == "never"
    assert get_finalized(world, at_us).height == 0
    standing = get_standing(world, get_index(world), get_canonical(world, at_us), at_us)
    assert "ever final" in standing.meaning


def test_a_proposal_is_no_block_of_the_chain_yet() -> None:
    simulation = play("tendermint", 60)
    world = simulation.world
    proposal = world.tree.records[5]
    at_us = TimeUs(proposal.published_us + 1)
    standing = get_standing(world, get_index(world), proposal, at_us)
    assert (standing.state, standing.confirmations, standing.words) == ("pending", 0, "proposed")


# Who takes part --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("protocol", "text"), [("tendermint", "n03 lost its seat"), ("proof-of-stake", "n03 was slashed")]
)
def test_a_traitor_is_punished_before_ones_eyes(protocol: str, text: str) -> None:
    simulation = play(protocol, 20)
    (command,) = build_commands(simulation.world, 3, "bad", "equivocating")
    simulation.submit(command)
    simulation.run_until(TimeUs(200 * SECOND))
    events = get_log(simulation.world).get_until(simulation.now_us)
    found = next(event for event in events if event.text.startswith(text))
    assert found.tone == "attack"
    assert simulation.world.tree[found.block].published_us == found.time_us
    assert not get_log(simulation.world).get_until(TimeUs(found.time_us - 1))


UNPUNISHED = ("delegated-proof-of-stake", "proof-of-authority", "proof-of-authority aura", "snowman")


def play_unpunished(case: str, until_s: int) -> Simulation:
    protocol, _, variant = case.partition(" ")
    return play(protocol, until_s, *([f"consensus.variant={variant}"] if variant else []))


@pytest.mark.parametrize("case", UNPUNISHED)
def test_who_signs_twice_is_told_of_where_nobody_punishes_it(case: str) -> None:
    simulation = play_unpunished(case, 20)
    simulation.submit(c.TurnByzantine(3, "equivocating"))
    simulation.run_until(TimeUs(200 * SECOND))
    (event,) = get_log(simulation.world).get_until(simulation.now_us)  # once, however often it does it again
    assert (event.text, event.tone, event.node) == ("n03 signed two blocks for one turn", "attack", 3)
    assert "fork choice" in event.why
    second = simulation.world.tree[event.block]
    assert any(it.parent is second.parent and it.origin == 3 for it in simulation.world.tree.records[: second.index])
    session = Session(simulation)
    session.seek(TimeUs(event.time_us + 1))
    assert build_caption(session) == "n03 signed two blocks for one turn."
    marks = [mark for mark in Timeline(simulation.world).build_marks(session) if mark.label == event.text]
    assert [mark.kind for mark in marks] == ["attack"]


@pytest.mark.parametrize("case", UNPUNISHED)
def test_nobody_honest_is_said_to_have_signed_twice(case: str) -> None:
    simulation = play_unpunished(case, 40)
    simulation.submit(c.Partition(((0, 1, 2), (3, 4, 5))))
    simulation.run_until(TimeUs(100 * SECOND))
    simulation.submit(c.StopNode(2))
    simulation.submit(c.Heal())
    simulation.run_until(TimeUs(150 * SECOND))
    simulation.submit(c.StartNode(2))
    simulation.run_until(TimeUs(300 * SECOND))
    assert not [it for it in get_log(simulation.world).events if "signed two" in it.text]


def test_the_strip_counts_who_makes_blocks_by_what_they_are_called() -> None:
    roles = {
        "proof-of-stake": "validator", "tendermint": "validator", "snowman": "validator", "raft": "member",
        "proof-of-authority": "signer", "delegated-proof-of-stake": "producer",
    }  # fmt: skip
    for protocol, role in roles.items():
        simulation = play(protocol, 10)
        simulation.submit(c.StopNode(2))
        told = describe_mining(compute_mining(simulation.world, simulation.now_us))
        assert told == f"5 {role}s at work"
        assert describe_mining(compute_mining(simulation.world, TimeUs(SECOND))) == f"6 {role}s at work"
    few = play("proof-of-authority", 10, "consensus.signers=2")
    assert describe_mining(compute_mining(few.world, few.now_us)) == "2 signers at work"


def test_a_leader_that_is_switched_off_is_replaced() -> None:
    simulation = play("raft", 60)
    log = get_log(simulation.world)
    leader = log.events[-1].node
    simulation.submit(c.StopNode(leader))
    simulation.run_until(TimeUs(120 * SECOND))
    after = get_log(simulation.world).events[-1]
    assert after.node != leader
    assert "leads, in term" in after.text


def test_what_can_be_changed_follows_from_the_protocol() -> None:
    ids = {name: {it.id for it in list_changes(play(name, 1).world, 2, TimeUs(0))} for name in WORDS}
    assert "hash-rate" in ids["proof-of-work"] & ids["ghost"]
    assert {"add-signer", "drop-signer", "withdraw"} <= ids["proof-of-authority"]
    assert {"vote", "stake", "deposit"} <= ids["delegated-proof-of-stake"]
    assert {"deposit", "exit"} <= ids["proof-of-stake"] & ids["tendermint"]
    assert all({"stop", "bad"} <= found for found in ids.values())


@pytest.mark.parametrize(("text", "rate"), [("1.2T", 1_200_000_000_000), ("500 GH/s", 500_000_000_000), ("0", 0)])
def test_a_hash_rate_is_read_as_miners_write_it(text: str, rate: int) -> None:
    assert parse_hash_rate(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "-1", "1.2X", "1e9"])
def test_anything_else_is_no_hash_rate(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"500G or 1\.2T"):
        parse_hash_rate(text)
