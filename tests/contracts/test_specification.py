"""The machine against Ethereum's executable specification, in every mode, and against py-evm.

The default run holds it against recorded results (tests/contracts/oracle/record.py). With CHAINROOM_FULL=1 and the
oracle's environment (tools/make_oracle.sh) tens of thousands of fresh random transactions are asked afresh.
"""

import json
import os
from random import Random
from typing import Any

import pytest
from cases import ENV, VECTORS, ask_py_evm, ask_specification, compare, digest, get_oracle, run_case, shorten
from directed import make_directed_cases
from precompile_inputs import make_precompile_case
from programs import CONTRACTS, Writer, make_delegating_case, make_random_case, make_raw_case

from chain.contracts.evm import Mode

FULL = bool(os.environ.get("CHAINROOM_FULL"))
MODES = pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())


@pytest.fixture(scope="module")
def directed() -> list[tuple[dict, list]]:
    recorded = json.loads((VECTORS / "directed.json").read_text())
    return list(zip(make_directed_cases(), recorded, strict=True))


@MODES
def test_every_opcode_and_rule_is_as_recorded(directed: list[tuple[dict, list]], mode: Mode) -> None:
    """More than a thousand cases: every opcode on edge values, calls, creations, storage, precompiles, delegations."""
    for case, (name, *expected) in directed:
        assert digest(case) == name, "directed.py has changed: run tests/contracts/oracle/record.py"
        assert shorten(run_case(case, mode)) == expected, case


@MODES
def test_random_transactions_are_as_recorded(mode: Mode) -> None:
    """Gas, refund, output, logs, reason and every account afterwards, to the last unit."""
    for line in json.loads((VECTORS / "random.json").read_text()):
        case = {**line["case"], "env": ENV}
        kept = {name: state for name, state in case["pre"].items() if name not in line["gone"]}
        expected = {**line["result"], "post": {**kept, **line["result"]["post"]}}
        assert compare(run_case(case, mode), expected) is None, case


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_a_translated_program_agrees_with_the_plain_loop(first: int) -> None:
    """No oracle is needed for that: any program will do, as long as the three ways agree."""
    for seed in range(first, first + 100):
        case = (make_raw_case if seed % 4 else make_random_case)(5_000_000 + seed)
        plain = run_case(case, Mode.PLAIN)
        assert run_case(case, Mode.EAGER) == plain, seed
        assert run_case(case, Mode.AUTO) == plain, seed


def test_hot_programs_agree_with_the_plain_loop() -> None:
    """Programs that run for long are translated on the way, one part after another."""
    for seed in range(60):
        case = make_random_case(6_000_000 + seed)
        for place, name in enumerate(CONTRACTS):
            case["pre"][name][2] = Writer(Random(seed * 10 + place)).write_endless(1 + seed % 5).hex()
        case["tx"] |= {"to": CONTRACTS[0], "gas": 150_000, "data": ""}
        plain = run_case(case, Mode.PLAIN)
        assert run_case(case, Mode.AUTO) == plain, seed
        assert run_case(case, Mode.AUTO) == plain, seed


def _find_difference(cases: list[dict[str, Any]]) -> str | None:
    for case, theirs in zip(cases, ask_specification(cases), strict=True):
        for mode in Mode:
            difference = compare(run_case(case, mode), theirs)
            if difference:
                return f"{mode}: {difference}\n{json.dumps(case)}"
    return None


@pytest.mark.statistics
@pytest.mark.skipif(get_oracle() is None, reason="needs tools/make_oracle.sh")
@pytest.mark.parametrize("first", range(0, 30_000 if FULL else 300, 1000 if FULL else 300))
def test_fresh_random_transactions_agree_with_the_specification(first: int) -> None:
    """The same as recorded, on transactions nobody has looked at."""
    seeds = range(10_000_000 + first, 10_000_000 + first + (1000 if FULL else 300))
    makers = (make_raw_case, make_random_case, make_random_case, make_delegating_case, make_precompile_case)
    assert _find_difference([makers[seed % 5](seed) for seed in seeds]) is None


@pytest.mark.statistics
@pytest.mark.skipif(get_oracle() is None, reason="needs tools/make_oracle.sh")
@pytest.mark.parametrize("first", range(0, 5000 if FULL else 200, 1000 if FULL else 200))
def test_fresh_random_transactions_agree_with_py_evm(first: int) -> None:
    """Another machine, by other people: success, output, logs and all accounts, gas and refund in their balances."""
    seeds = range(20_000_000 + first, 20_000_000 + first + (1000 if FULL else 200))
    cases = [(make_random_case if seed % 3 else make_raw_case)(seed) for seed in seeds]
    pairs = [(case, result) for case in cases if "invalid" not in (result := run_case(case))]
    assert len(pairs) > len(cases) // 2
    theirs = ask_py_evm([case for case, _ in pairs], [result for _, result in pairs])
    for (case, mine), other in zip(pairs, theirs, strict=True):
        shown = {"success": mine["error"] is None, **{key: mine[key] for key in ("output", "logs", "post")}}
        assert shown == other, json.dumps(case)


@pytest.mark.statistics
@pytest.mark.skipif(get_oracle() is None or not FULL, reason="needs CHAINROOM_FULL=1 and tools/make_oracle.sh")
def test_the_directed_cases_still_agree_with_the_specification() -> None:
    """The recorded results are those of the specification at hand."""
    assert _find_difference(make_directed_cases()) is None
