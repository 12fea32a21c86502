"""Record the runs that ship in saves/: scripted, so that they can be recorded again when the rules change.

    python tools/record_saves.py

Each is a golden test (tests/test_shipped_saves.py): if its digest moves, raise RULES_VERSION in
chain/simulation/simulation.py and record again.
"""

from importlib.resources import files
from pathlib import Path

from app.storage.saves import Saves
from chain.replay import Bookmark, record
from chain.scenario import build, load_scenario
from chain.simulation import commands as c
from chain.simulation.commands import Command
from chain.simulation.simulation import Simulation
from chain.units import COIN, parse_span

SAVES = Path(__file__).resolve().parents[1] / "saves"
Script = list[tuple[str, Command]]

VISITOR = bytes.fromhex("c0ffee") + bytes(17)

RUNS: dict[str, tuple[str, int, str, Script, list[tuple[str, str]]]] = {
    "split-and-heal": (
        "classroom",
        11,
        "25m",
        [
            ("2m", c.RequestCoins(0, VISITOR, 25 * COIN)),
            ("5m", c.Partition(((0, 1, 2, 3, 4),))),
            ("12m", c.Heal()),
            ("15m", c.StopNode(7)),
            ("16m30s", c.SetLag(3, 2_000_000)),
            ("18m", c.StartNode(7)),
            ("20m", c.MineBlock(2)),
        ],
        [("5m", "the network splits"), ("12m", "it heals: a deep reorg"), ("15m", "n07 goes away")],
    ),
    "two-continents": (
        "two-continents",
        3,
        "30m",
        [("15m", c.CutLink(0, 5)), ("20m", c.OpenLink(0, 5))],
        [("15m", "the cable breaks"), ("20m", "the cable is mended")],
    ),
    "three-traitors": (
        "traitors",
        5,
        "12m",
        [("5m", c.StopNode(1)), ("7m", c.StartNode(1)), ("8m", c.TurnByzantine(7, "honest"))],
        [("1m", "n03 begins to sign everything twice"), ("2m", "n07 publishes too late"), ("3m", "n10 forges blocks")],
    ),
    "a-token-is-born": (
        "token-launch",
        4,
        "30m",
        [("4m", c.RequestCoins(0, VISITOR, 25 * COIN)), ("10m", c.StopNode(5)), ("14m", c.StartNode(5))],
        [("30s", "the sale opens"), ("20m", "the sale is over: claims")],
    ),
    "private-and-anchored": (
        "classroom-hybrid",
        2,
        "20m",
        [("6m", c.StopNode(1)), ("9m", c.StartNode(1))],
        [("6m", "a signer goes away")],
    ),
}


def record_run(scenario: str, seed: int, until: str, script: Script) -> Simulation:
    """Run a scenario with commands at their times."""
    text = (files("chain") / f"scenarios/{scenario}.toml").read_text(encoding="utf-8")
    simulation = build(load_scenario(text, scenario), seed)
    for at, command in script:
        simulation.run_until(parse_span(at))
        simulation.submit(command)
    simulation.run_until(parse_span(until))
    return simulation


def main() -> None:
    """Write every run."""
    saves = Saves(SAVES, SAVES, print)
    for name, (scenario, seed, until, script, marks) in RUNS.items():
        simulation = record_run(scenario, seed, until, script)
        bookmarks = tuple(Bookmark(parse_span(at), title) for at, title in marks)
        saves.write(name, record(simulation, bookmarks), overwrite=True)
        print(f"{name}: {len(simulation.history.records)} events, digest {simulation.compute_digest()}")


if __name__ == "__main__":
    main()
