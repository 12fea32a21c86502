"""Small runs that tests share."""

from collections.abc import Callable
from importlib.resources import files

import pytest

from chain.scenario import Scenario, apply_settings, build, load_scenario
from chain.simulation.simulation import Simulation


def load(name: str, *settings: str) -> Scenario:
    """Return a shipped scenario with settings applied."""
    text = (files("chain") / f"scenarios/{name}.toml").read_text(encoding="utf-8")
    return apply_settings(load_scenario(text, name), settings)


@pytest.fixture(scope="session")
def start() -> Callable[..., Simulation]:
    """Build a shipped scenario with settings, quick to grind."""

    def _start(name: str = "classroom", seed: int = 5, *settings: str) -> Simulation:
        return build(load(name, "consensus.grind_hashes=16", *settings), seed)

    return _start
