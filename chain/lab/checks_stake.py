"""Checks of proof of stake: who proposes, when epochs become final, what the leak and slashings cost."""

from collections.abc import Callable
from typing import Any, Final

from chain.consensus.stake_accounting import (
    FAR_FUTURE_EPOCH,
    FORKS,
    HEAD_FLAG,
    SOURCE_FLAG,
    TARGET_FLAG,
    Registry,
    StakeConstants,
    apply_epoch,
    build_registry,
    compute_correlation_penalty,
    slash_validator,
)
from chain.consensus.weak_subjectivity import compute_weak_subjectivity_period
from chain.lab.checks import Bench, Check, Outcome, compute_share_outcome
from chain.simulation.commands import StopNode
from chain.simulation.report import compute_energy_kwh
from chain.simulation.simulation import Simulation
from chain.theory.leak import compute_epochs_to_balance, compute_epochs_to_finality
from chain.theory.voting import compute_happy_path
from chain.units import COIN, SECOND, TimeUs

ALL_FLAGS: Final = SOURCE_FLAG | TARGET_FLAG | HEAD_FLAG
STAKE: Final = 32 * COIN
LEAKING: Final = -100
"""A finalized epoch so long ago that there is a leak."""
CALM: Final = ("network.topology=complete", "traffic.rate_per_s=0")
SLOT_S, SLOTS = 6, 8
"""Of ``classroom-pos``."""
SPECIFICATION: Final = "ethereum/consensus-specs"
TEACHING_QUOTIENT: Final = 4096


# Proposers -----------------------------------------------------------------------------------------------------------


def measure_proposer(protocol: str, stake: int, *settings: str) -> Callable[[Bench], Outcome]:
    """Return a measure of how many blocks a validator with so many of a hundred coins proposes.

    ``slots`` follow each other at the protocol's interval, and each draws its proposer by stake.
    """

    def measure(bench: Bench) -> Outcome:
        slots = bench.choose(1_200, 12_000)
        stakes = f"nodes.stakes_coins=[{stake}, {100 - stake}]"
        common = ("network.nodes=2", "network.topology=ring", "network.delay_model=constant", "network.delay_us=1000")
        chosen = (f"consensus.protocol={protocol}", stakes, *common, *CALM[1:], *settings)
        simulation = bench.run("classroom-pos", *chosen, until=f"{slots * SLOT_S}s")
        proposers = [record.origin for record in simulation.world.tree.records[1:]]
        return compute_share_outcome(sum(node == 0 for node in proposers), len(proposers))

    return measure


# Finality ------------------------------------------------------------------------------------------------------------


def get_checkpoints(simulation: Simulation, node: int) -> tuple[int, int]:
    """Return (justified, finalized), as epochs, as a node sees them now."""
    rules: Any = simulation.world.consensus.rules
    view = simulation.world.view(node)
    known = rules.get_justification(view.get_head().state, rules.get_epoch(rules.get_slot(view.now_us)))
    return known.justified.epoch, known.finalized.epoch


def run_epochs(simulation: Simulation, epochs: int) -> None:
    """Run to the first moment of an epoch, counted from the start of the run."""
    simulation.run_until(TimeUs(epochs * SLOTS * SLOT_S * SECOND + 1))


def measure_happy_path(bench: Bench) -> Outcome:
    """Return how many of the first whole epochs are justified at their end, with the one before final."""
    simulation, hits = bench.run("classroom-pos", *CALM), 0
    for epoch in range(2, 2 + HAPPY_EPOCHS):
        run_epochs(simulation, epoch + 1)
        hits += get_checkpoints(simulation, 0) == compute_happy_path(epoch)
    return Outcome(hits, HAPPY_EPOCHS)


HAPPY_EPOCHS: Final = 8


def measure_quorum(away: int) -> Callable[[Bench], Outcome]:
    """Return a measure of the final epoch after twenty, of twelve equal validators without so many of them."""

    def measure(bench: Bench) -> Outcome:
        simulation = bench.run("classroom-pos", *CALM, "consensus.inactivity_quotient=0")
        for node in range(away):
            simulation.submit(StopNode(node))
        run_epochs(simulation, 20)
        return Outcome(float(get_checkpoints(simulation, 11)[1] > 10))

    return measure


# The leak ------------------------------------------------------------------------------------------------------------


def count_leak(
    away: int, validators: int, constants: StakeConstants, has_ended: Callable[[Registry, int], bool]
) -> int:
    """Return how many epochs of leak pass until it has ended, the first validators being away: in integers."""
    registry = build_registry((STAKE,) * validators, constants)
    flags, epochs = bytes([0] * away + [ALL_FLAGS] * (validators - away)), 0
    while not has_ended(registry, epochs):
        epochs += 1
        registry = apply_epoch(registry, flags, 100 + epochs, LEAKING, constants)
    return epochs


def measure_ejection(_bench: Bench) -> Outcome:
    """Return after how many epochs a silent validator is ejected, for the inactivity penalty alone."""
    alone = StakeConstants(base_reward_factor=0)
    return Outcome(count_leak(1, 2, alone, lambda it, _: it.validators[0].exit_epoch < FAR_FUTURE_EPOCH))


def has_two_thirds(away: int) -> Callable[[Registry, int], bool]:
    """Return whether those not away hold two thirds of the effective balances of the active."""

    def has(registry: Registry, epochs: int) -> bool:
        active = registry.get_active(100 + epochs)
        present = sum(registry.validators[index].effective_balance for index in active if index >= away)
        total = sum(registry.validators[index].effective_balance for index in active)
        return 3 * present >= 2 * total

    return has


def measure_leak(away: int) -> Callable[[Bench], Outcome]:
    """Return a measure of the epochs of leak until two thirds are back, so many of a hundred being away."""

    def measure(_bench: Bench) -> Outcome:
        alone = StakeConstants(base_reward_factor=0)
        step = 5  # of a hundred; equal validators all lose alike, so twenty do for a hundred
        return Outcome(count_leak(away // step, 100 // step, alone, has_two_thirds(away // step)))

    return measure


def measure_leak_in_world(bench: Bench) -> Outcome:
    """Return after how many epochs of leak a network finalises again in which five of twelve are away."""
    simulation, away = bench.run("classroom-pos", *CALM, f"consensus.inactivity_quotient={TEACHING_QUOTIENT}"), 5
    for node in range(away):
        simulation.submit(StopNode(node))
    epoch = 20
    while get_checkpoints(simulation, 11)[0] == 0 and epoch < 200:
        epoch += 1
        run_epochs(simulation, epoch)
    constants: Any = simulation.world.consensus.rules
    first = constants.constants.min_epochs_to_inactivity_penalty + 2  # the leak begins with the end of this epoch
    return Outcome(epoch - first)


# Slashing ------------------------------------------------------------------------------------------------------------


def measure_slashing(fork: str) -> Callable[[Bench], Outcome]:
    """Return a measure of what a slashed validator of 32 coins loses at once, in units."""

    def measure(_bench: Bench) -> Outcome:
        constants = StakeConstants(fork=fork)
        registry = slash_validator(build_registry((STAKE,) * 10, constants), 3, 7, 20, constants)
        return Outcome(STAKE - registry.balances[3])

    return measure


def measure_correlation(slashed_per_cent: int) -> Callable[[Bench], Outcome]:
    """Return a measure of the correlation penalty of 32 coins where so many per cent are slashed, in units."""
    constants = StakeConstants()
    stake = slashed_per_cent * STAKE
    return lambda _bench: Outcome(compute_correlation_penalty(STAKE, stake, 100 * STAKE, constants))


def measure_energy(bench: Bench) -> Outcome:
    """Return the energy, in kWh, of twelve validators of 100 watts one of which is off for half of an hour."""
    simulation = bench.run("classroom-pos", *CALM, until="30m")
    simulation.submit(StopNode(3))
    simulation.run_until(TimeUs(3600 * SECOND))
    return Outcome(round(compute_energy_kwh(simulation.world), 9))


def measure_weak_subjectivity(validators: int, balance_coins: int) -> Callable[[Bench], Outcome]:
    """Return a measure of the weak-subjectivity period, in epochs."""
    return lambda _bench: Outcome(compute_weak_subjectivity_period(validators, balance_coins, StakeConstants()))


CHECKS: Final = (
    Check(
        "proposals of 30 % of the stake, Gasper",
        "its share of the stake",
        0.3,
        0.06,
        measure_proposer("proof-of-stake", 30),
        0.2,
    ),
    Check(
        "proposals of 30 % of the stake, Snowman",
        "its share of the stake",
        0.3,
        0.06,
        measure_proposer("snowman", 30, "consensus.sample_size=1", "consensus.alpha=1", "consensus.beta=1"),
        0.2,
    ),
    Check(
        "proposals of 30 % of the stake, Tendermint",
        "priority queue: its share of the power",
        0.3,
        0.005,
        measure_proposer("tendermint", 30),
    ),
    Check(
        f"epochs justified at their end, the one before final, of {HAPPY_EPOCHS}",
        f"{SPECIFICATION}, phase0",
        HAPPY_EPOCHS,
        0,
        measure_happy_path,
    ),
    Check("8 of 12 validators finalise", "two thirds of the stake", 1, 0, measure_quorum(4)),
    Check("7 of 12 validators finalise", "one fewer than two thirds", 0, 0, measure_quorum(5)),
    Check("epochs of leak until ejection", "Edgington, Upgrading Ethereum", 4686, 0, measure_ejection),
    Check(
        "epochs of leak until ejection, continuous",
        "closed form: √(2·2²⁴·ln(32/16.75))",
        compute_epochs_to_balance(16.75 / 32),
        0.01,
        measure_ejection,
    ),
    *(
        Check(
            f"epochs of leak until finality, {away} % away",
            "closed form: √(2·2²⁴·ln(32/b))",
            compute_epochs_to_finality(away / 100),
            0.02,
            measure_leak(away),
        )
        for away in (35, 40, 45, 60)
    ),
    Check(
        "epochs of leak in a network, 5 of 12 away",
        f"closed form with quotient {TEACHING_QUOTIENT}",
        compute_epochs_to_finality(5 / 12, TEACHING_QUOTIENT),
        0.1,
        measure_leak_in_world,
    ),
    *(
        Check(f"slashing at once, {fork}, units", SPECIFICATION, STAKE // FORKS[fork][0], 0, measure_slashing(fork))
        for fork in FORKS
    ),
    *(
        Check(
            f"correlation penalty, {part} % slashed, units",
            f"{SPECIFICATION}: 3 × the slashed share",
            min(STAKE, 32 * (3 * part * STAKE // (100 * 32))),
            0,
            measure_correlation(part),
        )
        for part in (1, 10, 34)
    ),
    *(
        Check(
            f"weak subjectivity, {count} × {balance} ETH, epochs",
            f"{SPECIFICATION}, phase0/weak-subjectivity",
            epochs,
            0,
            measure_weak_subjectivity(count, balance),
        )
        for balance, count, epochs in ((28, 32_768, 504), (28, 65_536, 752), (28, 131_072, 1248), (32, 1_048_576, 3532))
    ),
    Check("energy of validators, kWh", "CCRI: nodes × watts × hours", 1.15, 0, measure_energy),
)
