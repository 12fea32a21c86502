"""Checks of voting: quorums, turns, message counts, how far finality is behind, Snowball's rounds."""

from collections.abc import Callable
from fractions import Fraction
from math import sqrt
from typing import Any, Final

from chain.consensus.proposer_priority import build_seats, elect
from chain.consensus.quorums import compute_max_faulty, compute_qbft_quorum, compute_quorum
from chain.consensus.snowball import ALPHA, BETA, K, run_snowball
from chain.lab.checks import Bench, Check, Outcome
from chain.simulation.commands import StopNode
from chain.simulation.simulation import Simulation
from chain.theory.snowball import compute_mean_rounds, compute_query_chance
from chain.theory.voting import compute_irreversible_lag, compute_raft_messages, compute_tendermint_messages
from chain.units import SECOND, TimeUs

SEQUENCE: Final = "foo baz foo bar foo foo baz foo bar foo foo baz foo foo bar foo baz foo foo bar"
POWERS: Final = {b"bar": 300, b"baz": 330, b"foo": 1000}
MESH: Final = (
    "network.topology=complete",
    "network.delay_model=constant",
    "network.delay_us=50000",
    "traffic.rate_per_s=0",
    "consensus.interval=5s",
)


def measure_sequence(_bench: Bench) -> Outcome:
    """Return how many of the published proposers are elected in their turn."""
    seats, hits, names = build_seats(POWERS), 0, SEQUENCE.split()
    for name in names:
        seats, address = elect(seats)
        hits += address.decode() == name
    return Outcome(hits, len(names))


def _run_mesh(bench: Bench, protocol: str, nodes: int, seconds: int) -> Simulation:
    settings = (f"consensus.protocol={protocol}", f"network.nodes={nodes}", *MESH)
    return bench.run("classroom", *settings, until=f"{seconds}s")


def measure_tendermint_messages(nodes: int) -> Callable[[Bench], Outcome]:
    """Return a measure of the messages a height takes on a full mesh."""

    def measure(bench: Bench) -> Outcome:
        heights = bench.choose(20, 100)
        simulation = _run_mesh(bench, "tendermint", nodes, 5 * heights + 4)
        assert simulation.world.get_finalized().height == heights
        return Outcome(simulation.world.network.messages / heights, heights)

    return measure


def measure_raft_messages(bench: Bench) -> Outcome:
    """Return the messages a second of seven members once there is a leader: heartbeats, blocks, and answers to them."""
    simulation = _run_mesh(bench, "raft", 7, 20)
    before, seconds = simulation.world.network.messages, bench.choose(200, 1_000)
    simulation.run_until(TimeUs((20 + seconds) * SECOND))
    return Outcome((simulation.world.network.messages - before) / seconds, seconds)


def measure_halt(protocol: str, nodes: int, away: int) -> Callable[[Bench], Outcome]:
    """Return a measure of how many blocks become final in ten minutes after so many nodes have stopped."""

    def measure(bench: Bench) -> Outcome:
        simulation = _run_mesh(bench, protocol, nodes, 30)
        for node in range(away):
            simulation.submit(StopNode(node))
        simulation.run_until(TimeUs(60 * SECOND))
        before = _get_final_height(simulation, nodes - 1)
        simulation.run_until(TimeUs(660 * SECOND))
        return Outcome(float(_get_final_height(simulation, nodes - 1) > before))

    return measure


def _get_final_height(simulation: Simulation, node: int) -> int:
    return simulation.world.view(node).get_finalized().height


def measure_lag(place: int) -> Callable[[Bench], Outcome]:
    """Return a measure of the least (0) or the most (1) blocks between EOS' head and its last irreversible block."""

    def make(bench: Bench) -> tuple[int, int]:
        simulation = bench.run("eos", "traffic.rate_per_s=0", until="10m")
        states: Any = [(record.height, record.state) for record in simulation.world.tree.records[800:]]
        lags = [height - state.confirmations.irreversible for height, state in states]
        return min(lags), max(lags)

    return lambda bench: Outcome(bench.once("eos", lambda: make(bench))[place])


def measure_difficulty(bench: Bench) -> Outcome:
    """Return the difficulty a block adds where every signer signs in turn."""
    simulation = _run_mesh(bench, "proof-of-authority", 6, 600)
    head = simulation.world.get_canonical()
    return Outcome(head.state.total_difficulty / head.height, head.height)


def measure_lone_signer(bench: Bench) -> Outcome:
    """Return of how many blocks in a row a Clique signer signs no more than one, where only a majority is left."""
    simulation = _run_mesh(bench, "proof-of-authority", 9, 30)
    for node in range(4):
        simulation.submit(StopNode(node))
    simulation.run_until(TimeUs(1_000 * SECOND))
    origins = [record.origin for record in simulation.world.tree.iter_branch(simulation.world.get_canonical())][:-10]
    apart = [
        later - place
        for place, origin in enumerate(origins)
        for later in range(place + 1, len(origins))
        if origins[later] == origin and origin not in origins[place + 1 : later]
    ]
    return Outcome(min(apart), len(origins))


def measure_snowball(share: Fraction, beta: int) -> Callable[[Bench], Outcome]:
    """Return a measure of the mean rounds to acceptance where peers' preferences stand still."""

    def measure(bench: Bench) -> Outcome:
        nodes = bench.choose(300, 1_000)
        supporters = int(nodes * share)
        decision = run_snowball(bench.seed, nodes, supporters, beta=beta, is_frozen=True, max_rounds=20_000)
        rounds = decision.rounds.astype(float)
        return Outcome(float(rounds.mean()), nodes, max(float(rounds.std()) / sqrt(nodes), 1e-9))

    return measure


def exactly(value: float) -> Callable[[Bench], Outcome]:
    """Return a measure that has been made already."""
    return lambda _bench: Outcome(value)


QUORUM: Final = "more than two thirds: ⌊2n/3⌋ + 1"
QBFT: Final = "EEA QBFT: ⌊(2n − 1)/3⌋ + 1"
CHECKS: Final = (
    Check(
        "proposers elected in their published turn, of 20", "Tendermint, proposer selection", 20, 0, measure_sequence
    ),
    *(
        Check(f"quorum of {n}, Tendermint", QUORUM, quorum, 0, exactly(compute_quorum(n)))
        for n, quorum in ((4, 3), (100, 67))
    ),
    *(
        Check(f"quorum of {n}, QBFT", QBFT, quorum, 0, exactly(compute_qbft_quorum(n)))
        for n, quorum in ((4, 3), (6, 4))
    ),
    Check("Byzantine validators tolerated of 100", "n > 3f", 33, 0, exactly(compute_max_faulty(100))),
    *(
        Check(
            f"messages a height, {n} validators, Tendermint",
            "Algorithm 1 on a full mesh: (2n + 1)(n − 1)",
            compute_tendermint_messages(n),
            0,
            measure_tendermint_messages(n),
        )
        for n in (4, 7)
    ),
    Check(
        "messages a second, 7 members, Raft",
        "figure 2: 2(n − 1) for each heartbeat and block",
        compute_raft_messages(7) * 1.2,
        0.01,
        measure_raft_messages,
    ),
    Check("4 of 6 are no quorum: Tendermint goes on", "a third is too many", 0, 0, measure_halt("tendermint", 6, 2)),
    Check("5 of 6 are a quorum: Tendermint goes on", "fewer than a third", 1, 0, measure_halt("tendermint", 6, 1)),
    Check("3 of 6 are no majority: Raft goes on", "Ongaro & Ousterhout 2014", 0, 0, measure_halt("raft", 6, 3)),
    Check("4 of 6 are a majority: Raft goes on", "Ongaro & Ousterhout 2014", 1, 0, measure_halt("raft", 6, 2)),
    *(
        Check(f"{word} irreversible lag of EOS, blocks", "schedule: two passes of ⅔ + 1", lag, 0, measure_lag(place))
        for place, (word, lag) in enumerate(zip(("least", "greatest"), compute_irreversible_lag(21, 12), strict=True))
    ),
    Check("difficulty a block, all in turn, Clique", "EIP-225: DIFF_INTURN", 2, 0, measure_difficulty),
    Check("blocks from one of a signer to its next, Clique", "EIP-225: ⌊9/2⌋ + 1", 5, 0, measure_lone_signer),
    *(
        Check(
            f"query of 20 among {float(share):g}, 15 agree",
            "binomial law",
            chance,
            0,
            exactly(round(compute_query_chance(float(share), K, ALPHA), 6)),
        )
        for share, chance in ((Fraction(3, 5), 0.125599), (Fraction(4, 5), 0.804208))
    ),
    *(
        Check(
            f"rounds to acceptance, {float(share):g} agree, β = {beta}, Snowball",
            "Markov chain of K = 20, α = 15",
            compute_mean_rounds(compute_query_chance(float(share), K, ALPHA), beta),
            0.15,
            measure_snowball(share, beta),
            quick_tolerance=0.35,
        )
        for share, beta in ((Fraction(1), BETA), (Fraction(9, 10), BETA), (Fraction(4, 5), 10), (Fraction(7, 10), 5))
    ),
)
