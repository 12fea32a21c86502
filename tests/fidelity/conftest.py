"""Long runs, in two sizes: enough to fail by default, and as long as the claim asks for where CHAINROOM_FULL is set.

A figure holds when it lies within four standard errors, and within the tolerance the claim names. Seeds are fixed, so
that a figure holds or fails every time.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest

from chain.scenario import build, convert_scenario
from chain.simulation.simulation import Simulation
from chain.units import SECOND, TimeUs

IS_FULL = bool(os.environ.get("CHAINROOM_FULL"))
Study = Callable[..., Simulation]


@pytest.fixture(scope="session")
def scale() -> Callable[[int, int], int]:
    """Choose the default or the full size of a run."""
    return lambda default, full: full if IS_FULL else default


@pytest.fixture(scope="session")
def study() -> Study:
    """Run headers without transactions for so many blocks' time: tables of a scenario, then seed and blocks."""

    def _study(seed: int, blocks: int, interval_s: int = 600, **tables: dict[str, Any]) -> Simulation:
        consensus = {"interval": f"{interval_s}s", "grind_hashes": 0} | tables.pop("consensus", {})
        simulation = build(convert_scenario({"name": "study", "consensus": consensus} | tables), seed)
        simulation.run_until(TimeUs(blocks * interval_s * SECOND))
        return simulation

    return _study
