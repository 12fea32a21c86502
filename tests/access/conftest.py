"""A small private network to grant and revoke in."""

from collections.abc import Callable
from importlib.resources import files

import pytest

from chain.scenario import apply_settings, build, load_scenario
from chain.simulation.simulation import Simulation
from chain.units import SECOND, TimeUs

Start = Callable[..., Simulation]


@pytest.fixture(scope="session")
def start() -> Start:
    """``start("classroom", "access.kind=private", seconds=60)``: a shipped scenario with settings, run so far."""

    def _start(name: str, *settings: str, seed: int = 5, seconds: float = 0) -> Simulation:
        text = (files("chain") / f"scenarios/{name}.toml").read_text(encoding="utf-8")
        simulation = build(apply_settings(load_scenario(text, name), ["consensus.grind_hashes=16", *settings]), seed)
        simulation.run_until(TimeUs(round(seconds * SECOND)))
        return simulation

    return _start


@pytest.fixture(scope="session")
def play() -> Callable[[Simulation, float], None]:
    """``play(simulation, 30)``: let so many virtual seconds pass."""

    def _play(simulation: Simulation, seconds: float) -> None:
        simulation.run_until(TimeUs(simulation.now_us + round(seconds * SECOND)))

    return _play
