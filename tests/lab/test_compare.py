"""``lab compare``: the same seed, people and network under each protocol, and what the scoreboard says."""

import pytest

from app.cli.sources import read_scenario
from chain.consensus.registry import PROTOCOLS
from chain.errors import InvalidInput, InvalidScenario
from chain.lab.compare import Comparison, compute_score
from chain.scenario import apply_settings, build
from chain.simulation.report import compute_report
from chain.units import SECOND, TimeUs

FIVE_MINUTES = TimeUs(300 * SECOND)


def compare(*protocols: str) -> Comparison:
    comparison = Comparison(read_scenario("classroom"), protocols, 3, FIVE_MINUTES)
    while not comparison.advance():
        pass
    return comparison


@pytest.fixture(scope="module")
def everything() -> Comparison:
    return compare(*PROTOCOLS)


def test_every_protocol_gets_a_line_with_the_same_keys(everything: Comparison) -> None:
    assert [score["protocol"] for score in everything.scores] == list(PROTOCOLS)
    assert len({tuple(score) for score in everything.scores}) == 1
    for score in everything.scores:
        assert score["virtual_seconds"] == 300
        assert score["blocks"] > 20
        assert score["confirmed"] > 100
        assert score["throughput_per_s"] == pytest.approx(score["confirmed"] / 300)
        assert 0 < score["inclusion_seconds_median"] < 60
        assert score["energy_kwh"] > 0
        assert score["messages_per_block"] == score["messages"] / score["blocks"]
        assert score["bytes_per_transaction"] == score["bytes"] / score["confirmed"]
        assert 1 <= score["nakamoto_coefficient"] <= 12


def test_people_hand_in_the_same_payments_whoever_orders_them() -> None:
    """Many people: who has a payment waiting may leave out the next one, and how long it waits is the protocol's."""
    payments = []
    for protocol in ("proof-of-work", "raft"):
        settings = [f"consensus.protocol={protocol}", "traffic.people=400", "traffic.skew=0"]
        simulation = build(apply_settings(read_scenario("classroom"), settings), 3)
        simulation.run_until(TimeUs(60 * SECOND))
        records = simulation.world.transactions.records
        payments.append([(it.submitted_us, it.origin, it.signed.sender) for it in records])
    assert len(payments[0]) > 30
    assert payments[0] == payments[1]


def test_slices_and_order_change_nothing(everything: Comparison) -> None:
    other = Comparison(read_scenario("classroom"), ("raft",), 3, FIVE_MINUTES)
    steps = 0
    while not other.advance(max_events=50):
        assert 0 <= other.get_progress() <= 1
        steps += 1
    assert steps > 10
    assert other.get_progress() == 1
    assert other.scores == [score for score in everything.scores if score["protocol"] == "raft"]


def test_waits_are_those_of_the_blocks(everything: Comparison) -> None:
    scores = {score["protocol"]: score for score in everything.scores}
    assert scores["tendermint"]["finality_seconds_mean"] - scores["tendermint"]["inclusion_seconds_mean"] < 2
    work = scores["proof-of-work"]
    lag_s = compute_report(build_run("proof-of-work"))["finality"]["lag_seconds_mean"]
    waited_s = work["finality_seconds_mean"] - work["inclusion_seconds_mean"]
    assert waited_s == pytest.approx(lag_s, rel=0.5)
    assert work["inclusion_seconds_mean"] > scores["raft"]["inclusion_seconds_mean"]  # luck makes long intervals


def build_run(protocol: str) -> object:
    simulation = build(apply_settings(read_scenario("classroom"), [f"consensus.protocol={protocol}"]), 3)
    simulation.run_until(FIVE_MINUTES)
    return simulation


def test_a_score_is_of_a_run_as_it_stands() -> None:
    simulation = build(read_scenario("quiet"), 1)
    score = compute_score(simulation)
    assert score["blocks"] == score["confirmed"] == 0
    assert score["inclusion_seconds_mean"] is score["energy_kwh_per_transaction"] is None


def test_mistakes_name_the_protocol() -> None:
    scenario = read_scenario("classroom")
    with pytest.raises(InvalidInput, match="proof-of-luck"):
        Comparison(scenario, ("raft", "proof-of-luck"), 1, FIVE_MINUTES)
    with pytest.raises(InvalidInput, match="each protocol once"):
        Comparison(scenario, ("raft", "raft"), 1, FIVE_MINUTES)
    with pytest.raises(InvalidInput, match="one or more"):
        Comparison(scenario, (), 1, FIVE_MINUTES)
    nobody = apply_settings(scenario, ["nodes.stake_coins=0"])
    with pytest.raises(InvalidScenario, match="under proof-of-stake"):
        Comparison(nobody, ("proof-of-work", "proof-of-stake"), 1, FIVE_MINUTES)
