"""The worked example of docs/adding-a-protocol.md runs as it is printed there."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from chain.consensus import registry
from chain.lab.compare import Comparison
from chain.scenario import build, load_scenario
from chain.simulation.report import compute_report
from chain.units import MINUTE, TimeUs

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-protocol.md"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    module = ModuleType("round_robin")
    exec(compile(code[1], str(PAGE), "exec"), module.__dict__)  # noqa: S102  # the page's own code is what is tested
    entry = registry.ProtocolEntry(module.RoundRobinParameters, module.build)
    monkeypatch.setitem(registry.PROTOCOLS, "round-robin", entry)
    return module


def test_the_example_takes_turns(example: ModuleType) -> None:
    text = '[network]\nnodes = 5\n[consensus]\nprotocol = "round-robin"\ninterval = "5s"\nretarget_window = 9'
    simulation = build(load_scenario(text, "turns"), 1)
    simulation.run_until(TimeUs(2 * MINUTE))
    origins = [record.origin for record in simulation.world.tree.records[1:]]
    assert origins == [tick % 5 for tick in range(1, 25)]
    report = compute_report(simulation)
    assert report["blocks"]["stale"] == 0
    assert report["finality"] == {"kind": "none", "height": 0, "lag_seconds_mean": None}


def test_the_example_can_be_compared_with_others(example: ModuleType) -> None:
    """Nothing knows it by name, and the scoreboard has its line all the same."""
    scenario = load_scenario('[network]\nnodes = 5\n[consensus]\nprotocol = "round-robin"\ninterval = "5s"', "turns")
    comparison = Comparison(scenario, ("round-robin", "tendermint"), 1, TimeUs(MINUTE))
    while not comparison.advance():
        pass
    mine, _ = comparison.scores
    assert (mine["blocks"], mine["finality"], mine["nakamoto_coefficient"]) == (12, "none", 3)
