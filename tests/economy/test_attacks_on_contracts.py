"""Attacks on contracts, staged: victims live, the attack succeeds, the same on the repaired contract does not."""

from functools import cache
from typing import Any, NamedTuple

import pytest

from chain.economy.applications import ATTACKS
from chain.economy.applications.attack_access import OWNER
from chain.economy.applications.attack_front_running import PRIZE_COINS, SOLVER, WATCHER
from chain.economy.applications.attack_integers import ACCOMPLICE, FORGED
from chain.economy.applications.attack_oracle import SUPPLIED, UNIT
from chain.economy.applications.attack_reentrancy import THIEF
from chain.economy.applications.attack_sandwich import CAREFUL, CARELESS, SANDWICHER
from chain.ledger.actions import Call
from chain.scenario import build, load_scenario
from chain.units import COIN, MINUTE, TimeUs

SCENARIOS = {
    "reentrancy": "attack-reentrancy",
    "access": "attack-access",
    "integers": "attack-integers",
    "front-running": "attack-front-running",
    "sandwich": "attack-sandwich",
    "oracle-attack": "attack-oracle",
}


class Done(NamedTuple):
    """A call that is in the chain."""

    height: int
    person: int
    label: str
    function: str
    is_success: bool
    why: str
    tip_per_gas: int
    fee: int


class Run:
    """A finished run of an attack's scenario."""

    def __init__(self, name: str, seed: int, minutes: int) -> None:
        from app.starting import read_shipped_scenario

        self.simulation = build(read_shipped_scenario(SCENARIOS[name]), seed)
        self.simulation.run_until(TimeUs(minutes * MINUTE))
        self.world = self.simulation.world
        self.application: Any = self.world.actors[1]
        self.look = self.application._look(self.world, 0, 0)
        self.calls = list(self._iter_calls())[::-1]

    def _iter_calls(self) -> Any:
        application = self.application
        people = {it.address: person for person, it in enumerate(application.signers)}
        labels = {address: label for label, address in application.addresses.items()}
        for block in self.world.tree.iter_branch(self.world.get_canonical()):
            pairs = zip(block.block.transactions, self.world.ledger.receipts(block.hash), strict=True)
            for signed, receipt in reversed(list(pairs)):
                action = signed.transaction.action
                if isinstance(action, Call) and action.contract in labels:
                    abi = application.get_abi(labels[action.contract])
                    function = abi.find_function(action.data)
                    why = "" if receipt.is_success else abi.explain_revert(receipt.output)
                    tip = signed.transaction.max_tip_per_gas
                    name = function.name if function else ""
                    yield Done(
                        block.height, people[signed.sender], labels[action.contract], name, receipt.is_success, why,
                        tip, receipt.fee,
                    )  # fmt: skip

    def find(self, label: str, function: str, person: int | None = None) -> list[Done]:
        """Return certain calls, in their order."""
        wanted = (label, function)
        return [it for it in self.calls if (it.label, it.function) == wanted and person in (None, it.person)]


@cache
def play(name: str, seed: int = 2, minutes: int = 30) -> Run:
    return Run(name, seed, minutes)


def test_every_attack_has_a_scenario_that_says_what_to_look_for() -> None:
    from app.starting import read_shipped_scenario

    assert {it.name for it in ATTACKS} == set(SCENARIOS)
    for name, file in SCENARIOS.items():
        scenario = read_shipped_scenario(file)
        assert [it.name for it in scenario.application] == [name]
        assert "Press a" in scenario.description or "press a" in scenario.description


@pytest.mark.parametrize("name", SCENARIOS)
def test_victims_live_before_and_after(name: str) -> None:
    run = play(name)
    assert run.application.is_open
    first = min(it.height for it in run.calls)
    middle = run.world.get_canonical().height // 2
    people = {it.person for it in run.calls}
    assert len(people) >= 4
    assert any(it.height < middle for it in run.calls if it.height > first)
    assert any(it.height > middle for it in run.calls)


@pytest.mark.parametrize("seed", [2, 11])
def test_the_naive_bank_is_emptied_and_the_repaired_one_is_not(seed: int) -> None:
    run = play("reentrancy", seed)
    [robbed], [tried] = run.find("thief", "rob"), run.find("second_thief", "rob")
    assert (robbed.is_success, tried.is_success) == (True, False)
    assert robbed.person == tried.person == THIEF
    assert 5 <= run.look.read("thief", "calls") <= 15  # eleven, but others are in the same block
    savers = [run.look.get_address(it) for it in range(2, len(run.application.signers))]
    owed = {bank: sum(run.look.read(bank, "balances", it) for it in savers) for bank in ("naive_vault", "fixed_vault")}
    assert run.look.get_balance("naive_vault") < owed["naive_vault"]
    assert run.look.get_balance("fixed_vault") == owed["fixed_vault"] > 0


def test_the_open_purse_is_taken_and_the_safe_one_is_not() -> None:
    run = play("access")
    assert [it.is_success for it in run.find("open_purse", "pay", 1)] == [True]
    assert run.look.get_balance("open_purse") == 0
    assert [it.why for it in run.calls if it.label == "safe_purse" and it.person == 1] == [
        "not offered to you",
        "not the owner",
    ]
    assert run.look.read("safe_purse", "owner") == run.look.get_address(OWNER)
    assert run.look.get_balance("safe_purse") > 0


def test_tokens_are_made_of_nothing_once_only() -> None:
    run = play("integers")
    accomplice = run.look.get_address(ACCOMPLICE)
    assert run.look.read("round_token", "balances", accomplice) == FORGED
    assert run.look.read("safe_token", "balances", accomplice) == 0
    people = [it.address for it in run.application.signers]
    assert sum(run.look.read("safe_token", "balances", it) for it in people) == run.look.read("safe_token", "total")
    assert sum(run.look.read("round_token", "balances", it) for it in people) == 2**256 + run.look.read(
        "round_token", "total"
    )


@pytest.mark.parametrize("seed", [2, 11])
def test_the_watcher_copies_what_waits_and_pays_more(seed: int) -> None:
    run = play("front-running", seed)
    for place in (1, 2, 3):
        calls = [it for it in run.find(f"puzzle_{place}", "solve") if it.person in (SOLVER, WATCHER)]
        assert [(it.person, it.is_success) for it in calls] == [(WATCHER, True), (SOLVER, False)]
        assert calls[0].height == calls[1].height
        assert calls[0].tip_per_gas == 2 * calls[1].tip_per_gas
        assert calls[1].why == "solved already"


@pytest.mark.parametrize("seed", [2, 11])
def test_sealed_answers_are_copied_in_vain(seed: int) -> None:
    run = play("front-running", seed)
    watched, solved = run.find("sealed_puzzle", "reveal")
    assert (watched.person, watched.why) == (WATCHER, "not what you committed to")
    assert (solved.person, solved.is_success, solved.height) == (SOLVER, True, watched.height)
    paid = sum(it.fee for it in run.calls if it.person == SOLVER)
    savings = run.application.parameters.savings_coins * COIN
    assert run.look.get_balance(SOLVER) == savings + PRIZE_COINS * COIN - paid


def test_whoever_sees_a_block_first_is_not_front_run() -> None:
    """What the watcher does follows from the mempool of the own node: cut off, it copies nothing."""
    text = """
    [network]
    nodes = 6
    [consensus]
    protocol = "proof-of-stake"
    [ledger]
    gas_limit = 30000000
    initial_base_fee_per_gas = 10
    [[application]]
    name = "front-running"
    people = 5
    rate_per_s = 0
    [[event]]
    at = "2m30s"
    command = "stop-node"
    node = 3
    """
    simulation = build(load_scenario(text, "cut-off"), 1)
    simulation.run_until(TimeUs(5 * MINUTE))
    application: Any = simulation.world.actors[1]
    assert application.get_node(simulation.world, WATCHER) == 3
    look = application._look(simulation.world, 0, 0)
    prize = look.get_balance(SOLVER) - application.parameters.savings_coins * COIN
    assert look.read("puzzle_1", "is_solved")
    assert PRIZE_COINS * COIN * 9 // 10 < prize < PRIZE_COINS * COIN


@pytest.mark.parametrize("seed", [2, 11])
def test_careless_trades_are_sandwiched_in_one_block(seed: int) -> None:
    run = play("sandwich", seed)
    for victim in run.find("router", "swap_exact_in", CARELESS):
        beside = [it for it in run.find("router", "swap_exact_in") if it.height == victim.height]
        places = [place for place, it in enumerate(beside) if it.person == SANDWICHER]
        assert len(places) == 2
        assert places[0] < beside.index(victim) < places[1]
        assert beside[places[0]].tip_per_gas > victim.tip_per_gas > beside[places[1]].tip_per_gas


@pytest.mark.parametrize("seed", [2, 11])
def test_who_says_the_least_is_left_alone(seed: int) -> None:
    """The first sandwich undoes the careful trade and costs its maker two fees; the second trade is let be."""
    run = play("sandwich", seed)
    first, second = run.find("router", "swap_exact_in", CAREFUL)
    assert (first.is_success, first.why, second.is_success) == (False, "less than the least", True)
    assert [it.height for it in run.find("router", "swap_exact_in", SANDWICHER)].count(first.height) == 2
    assert all(it.height != second.height for it in run.find("router", "swap_exact_in", SANDWICHER))


@pytest.mark.parametrize("seed", [2, 11])
def test_the_market_that_believes_the_moment_is_robbed(seed: int) -> None:
    run = play("oracle-attack", seed)
    [robbed], [tried] = run.find("thief", "attack"), run.find("second_thief", "attack")
    assert robbed.is_success
    assert tried.why == "too little collateral"
    assert run.look.read("cash", "balanceOf", run.look.get_address(THIEF)) > 750 * UNIT
    assert run.look.read("trusting_market", "cash") < UNIT
    assert run.look.read("patient_market", "cash") > SUPPLIED["patient_market"] * 9 // 10


def test_a_copied_run_goes_on_alike() -> None:
    """What watchers remember is copied with the run."""
    from app.starting import read_shipped_scenario

    simulation = build(read_shipped_scenario("attack-front-running"), 5)
    simulation.run_until(TimeUs(3 * MINUTE + 1_500_000))  # the answer waits, and has been copied
    other = simulation.copy()
    for it in (simulation, other):
        it.run_until(TimeUs(7 * MINUTE))
    assert simulation.compute_digest() == other.compute_digest()
    assert simulation.world.actors[1].memory == other.world.actors[1].memory  # type: ignore[attr-defined]
