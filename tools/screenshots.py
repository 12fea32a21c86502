"""Make the pictures of the documentation by code: docs/screenshots/*.svg, the same ones every time.

::

    python tools/screenshots.py [name ...]

Each line of ``SHOTS`` is a scenario, a seed, a size, a theme and what to do before the picture is taken. The clock
stands still, the home is a new folder, and the moment is chosen by what happens in the run (``in_flight``: a block is
half way through the network), so the pictures change only when the program or its rules do.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "screenshots"


class Shot(NamedTuple):
    """One picture."""

    name: str
    size: tuple[int, int] = (120, 36)
    theme: str = "chainroom-dark"
    scenario: str = "classroom"
    seed: int = 7
    after_s: int = 150
    """The picture is of the first fitting moment after so many virtual seconds."""
    moment: str = "in_flight"
    """``in_flight``, ``fork`` or ``quiet`` (just then)."""
    keys: tuple[str, ...] = ()
    """Pressed before the picture."""
    has_wallet: bool = False
    """Whether there is a wallet, of a phrase everybody knows, with coins from the faucet."""
    settings: tuple[str, ...] = ()
    """As ``--set`` takes them."""


def build_consensus_shots() -> tuple[Shot, ...]:
    """Return a picture of the page of every protocol, and one of the form for a new run."""
    protocols = (
        ("proof-of-work", "classroom", 700), ("ghost", "classroom", 700), ("proof-of-stake", "classroom-pos", 302),
        ("delegated-proof-of-stake", "classroom", 402), ("proof-of-authority", "classroom", 402),
        ("tendermint", "classroom", 305), ("snowman", "classroom", 303), ("raft", "classroom", 301),
    )  # fmt: skip
    shots = [
        Shot(f"consensus-{name}", scenario=scenario, after_s=after_s, moment="quiet", keys=("c",),
             settings=(f"consensus.protocol={name}",))
        for name, scenario, after_s in protocols
    ]  # fmt: skip
    narrow = Shot(
        "consensus-80x24", size=(80, 24), after_s=305, moment="quiet", keys=("c", "v"),
        settings=("consensus.protocol=tendermint",),
    )  # fmt: skip
    return (*shots, narrow, Shot("new-run", moment="quiet", keys=("N",)))


SHOTS: Final = (
    Shot("network"),
    Shot("network-light", theme="chainroom-light", scenario="two-continents", seed=3, moment="fork"),
    Shot("network-80x24", size=(80, 24)),
    Shot("network-projector", theme="projector", scenario="two-continents", seed=3, keys=("P",)),
    Shot("network-fork", theme="aurora", scenario="two-continents", seed=3, moment="fork"),
    Shot("network-bitcoin", size=(150, 44), scenario="bitcoin-2019", after_s=3000),
    Shot("node", keys=("right_square_bracket", "right_square_bracket", "enter")),
    Shot("chain", scenario="two-continents", seed=3, keys=("2",)),
    Shot("mempool", keys=("4",)),
    Shot("wallet", moment="quiet", keys=("3",), has_wallet=True),
    Shot("why", keys=("question_mark",)),
    Shot("access", scenario="classroom-hybrid", after_s=400, moment="quiet", keys=("A", "down", "down", "right")),
    Shot(
        "tamper",
        moment="quiet",
        keys=("2", "left", "left", "left", "left", "t", "down", "down", "enter", "9", "enter", "r"),
    ),
    Shot("playground", moment="quiet", keys=("p",)),
    Shot("contracts", scenario="exchange-pool", after_s=3600, moment="quiet", keys=("5",)),
    Shot("contracts-80x24", size=(80, 24), scenario="supply-chain", after_s=3600, moment="quiet", keys=("5",)),
    Shot("debugger", scenario="attack-reentrancy", after_s=3600, moment="quiet", keys=("a", "enter")),
    Shot("lab", moment="quiet", keys=("6",)),
    *build_consensus_shots(),
)
"""Every picture; one line more is one picture more."""


def is_in_flight(_world: Any, record: Any) -> int | None:
    """Return the moment at which half of the nodes have a block."""
    times = sorted(record.arrival_us.tolist())
    middle, after = times[len(times) // 2 - 1], times[len(times) // 2]
    return (middle + after) // 2 if after < 1 << 60 else None


def is_fork(world: Any, record: Any) -> int | None:
    """Return the moment at which a rival of the block before is half way: both have followers."""
    rival = world.tree.records[record.index - 1]
    return is_in_flight(world, record) if rival.height == record.height else None


MOMENTS: Final[dict[str, Callable[[Any, Any], int | None]]] = {"in_flight": is_in_flight, "fork": is_fork}


def read_scenario(shot: Shot) -> Any:
    """Return the scenario of a picture, with its settings."""
    from app.starting import read_shipped_scenario
    from chain.scenario import apply_settings

    return apply_settings(read_shipped_scenario(shot.scenario), shot.settings)


def find_moment(shot: Shot) -> int:
    """Play the run once without pictures; return the moment of the picture."""
    from app.starting import build_session
    from chain.units import SECOND, TimeUs

    if shot.moment == "quiet":
        return shot.after_s * SECOND
    simulation = build_session(read_scenario(shot), shot.seed, None).simulation
    for minute in range(1, 60):
        simulation.run_until(TimeUs((shot.after_s + 60 * minute) * SECOND))
        for record in simulation.world.tree.records[2:]:
            moment = MOMENTS[shot.moment](simulation.world, record)
            if moment is not None and shot.after_s * SECOND <= record.published_us:
                return moment
    raise SystemExit(f"{shot.name}: no {shot.moment} within an hour of {shot.scenario}")


async def take(shot: Shot) -> str:
    """Return the picture as SVG."""
    from app.app import ChainroomApp
    from chain.units import TimeUs

    class StillApp(ChainroomApp):
        def _tick(self) -> None:
            """Time stands still."""

    moment_us = find_moment(shot)
    app = StillApp(scenario=read_scenario(shot), seed=shot.seed)
    async with app.run_test(size=shot.size) as pilot:
        while app._clock is None:
            await asyncio.sleep(0.01)
        app.apply_theme(shot.theme, is_kept=False)
        assert app.session is not None
        if shot.has_wallet:
            fund_wallet(app, moment_us)
        app.session.simulation.run_until(TimeUs(moment_us))
        app.session.go_live()
        app.show()
        for key in shot.keys:
            await pilot.press(key)
            app.show()
        for _ in range(8):  # what is shown only now and then has its turn
            app.show()
            await pilot.pause()
        return app.export_screenshot(title="chainroom")


def fund_wallet(app: Any, moment_us: int) -> None:
    """Make a wallet of the phrase of zeros, and let the faucet pay it twice: long ago and just now."""
    from app.storage.keystore import Keystore
    from app.storage.paths import get_wallet_file
    from app.storage.vault import CHEAPEST
    from app.wallets import get_wallets
    from chain.simulation.commands import RequestCoins
    from chain.units import COIN, SECOND, TimeUs
    from chain.wallet.secret import Secret

    keystore = Keystore(get_wallet_file(), cost=CHEAPEST)
    account = keystore.create(Secret("abandon " * 11 + "about"), Secret("violet tractor 81"), label="Maya")
    wallets = get_wallets(app)
    wallets.reload()
    wallets.unlock(Secret("violet tractor 81"))
    wallets.add_account("Savings")
    wallets.chosen = 0
    wallets.add_contact("Bakery", "cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l")
    simulation = app.session.simulation
    for before_us, amount in ((90 * SECOND, 100 * COIN), (60 * SECOND, 20 * COIN), (SECOND // 4, 25 * COIN)):
        simulation.run_until(TimeUs(moment_us - before_us))
        simulation.submit(RequestCoins(0, account.address, amount))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="only these pictures")
    names = parser.parse_args().names
    unknown = set(names) - {shot.name for shot in SHOTS}
    if unknown:
        sys.exit(
            f"no picture is called {', '.join(sorted(unknown))}; there is {', '.join(shot.name for shot in SHOTS)}"
        )
    FOLDER.mkdir(parents=True, exist_ok=True)
    for shot in SHOTS:
        if not names or shot.name in names:
            with tempfile.TemporaryDirectory() as home:
                os.environ["CHAINROOM_HOME"] = home
                os.environ.pop("NO_COLOR", None)
                picture = asyncio.run(take(shot))
            (FOLDER / f"{shot.name}.svg").write_text(picture, encoding="utf-8")
            print(f"docs/screenshots/{shot.name}.svg")


if __name__ == "__main__":
    main()
