"""``check``, ``lab compare`` and ``bench`` on the command line; what they measure is tested in tests/lab."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import Result

from app.cli import bench, check
from chain.lab.checks import Bench, Check, Outcome

Chainroom = Callable[..., Result]


def measure(bench: Bench) -> Outcome:
    return Outcome(float(bench.seed), 50, 0.5)


SEED = Check("the seed", "what was asked for", 3.0, 0.1, measure)
SLOW = replace(SEED, name="the seed, slowly", is_quick=False)
WRONG = replace(SEED, name="wrong", expected=60.0)


def test_check_prints_a_table_and_exits_with_1_when_a_row_is_outside(
    chainroom: Chainroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "CHECKS", (SEED, WRONG))
    result = chainroom("check", "--seed", "3")
    assert result.exit_code == 1
    assert result.stderr == "chainroom: 1 of 2 checks are outside\n"
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["CHECK", "the", "wrong"]
    assert "outside" in result.stdout
    monkeypatch.setattr(check, "CHECKS", (SEED,))
    assert "all 1 checks are ok" in chainroom("check", "--seed", "3").stdout


def test_check_gives_a_list_of_rows_as_json(chainroom: Chainroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "CHECKS", (SEED, SLOW))
    rows = json.loads(chainroom("check", "--seed", "3", "--json").stdout)
    assert rows[0] == {
        "name": "the seed",
        "source": "what was asked for",
        "expected": 3.0,
        "measured": 3.0,
        "samples": 50,
        "z": 0.0,
        "tolerance": 0.1,
        "verdict": "ok",
    }
    assert [row["name"] for row in rows] == ["the seed", "the seed, slowly"]
    (quick,) = json.loads(chainroom("check", "--seed", "3", "--json", "--quick").stdout)
    assert quick["name"] == "the seed"


def test_check_takes_a_part_of_a_name_even_of_a_slow_row(chainroom: Chainroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "CHECKS", (SEED, SLOW, WRONG))
    (row,) = json.loads(chainroom("check", "--quick", "--seed", "3", "--json", "--only", "SLOW").stdout)
    assert row["name"] == "the seed, slowly"
    refused = chainroom("check", "--only", "nothing like it")
    assert refused.exit_code == 1
    assert "a part of a name in the table" in refused.stderr


def test_check_really_runs(chainroom: Chainroom) -> None:
    (row,) = json.loads(chainroom("check", "--quick", "--only", "until ejection, continuous", "--json").stdout)
    assert row["measured"] == 4686
    assert row["verdict"] == "ok"


def test_lab_compares_protocols(chainroom: Chainroom) -> None:
    arguments = ("lab", "compare", "classroom", "--consensus", "tendermint, raft", "--until", "40s", "--seed", "4")
    scores = json.loads(chainroom(*arguments, "--json").stdout)
    assert [score["protocol"] for score in scores] == ["tendermint", "raft"]
    table = chainroom(*arguments).stdout
    assert table.splitlines()[0].split() == ["tendermint", "raft"]
    assert "Nakamoto coefficient" in table
    assert "at least 1/3 of the stake" in table


def test_lab_names_the_protocol_that_cannot_be_run(chainroom: Chainroom) -> None:
    result = chainroom("lab", "compare", "classroom", "--consensus", "raft,proof-of-luck")
    assert result.exit_code == 1
    assert "proof-of-luck" in result.stderr
    nobody = ("lab", "compare", "classroom", "--consensus", "tendermint", "--set", "nodes.stake_coins=0")
    assert "tendermint" in chainroom(*nobody).stderr


def test_help_shows_an_example(chainroom: Chainroom) -> None:
    for command in (("check",), ("lab", "compare"), ("bench",)):
        assert "Example" in chainroom(*command, "--help").stdout


def test_bench_times_what_it_is_asked_for(chainroom: Chainroom, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(bench.WORKLOADS[1], settings=("network.nodes=5", "network.relay=push"), until="10h")
    monkeypatch.setattr(bench, "WORKLOADS", (small,))
    (row,) = json.loads(chainroom("bench", "--only", small.name, "--repeat", "3", "--json").stdout)
    assert row["blocks"] > 30
    assert row["ratio"] == pytest.approx(14.5 / row["seconds"])
    assert small.name in chainroom("bench", "--only", small.name).stdout


def test_bench_without_a_yardstick_takes_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "WARM_UP", "10s")
    row = bench.measure_workload(replace(bench.WORKLOADS[0], until="1m"), 1)
    assert row["to"] == "real time"
    assert row["ratio"] == pytest.approx(60 / row["seconds"])


def test_bench_sets_tendermint_against_its_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "TENDERMINT_HEIGHTS", 20)
    monkeypatch.setattr(bench, "TENDERMINT_SETTINGS", (*bench.TENDERMINT_SETTINGS, "network.nodes=4"))
    row = bench.measure_tendermint()
    assert row["blocks"] == 20
    assert row["ratio"] > 1


def test_validation_checks_real_signatures() -> None:
    row = bench.measure_validation(1)
    assert row["transactions"] > 500
    assert row["seconds"] > 0
    assert 0 < row["ratio"] < 10
