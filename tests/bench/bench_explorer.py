"""How fast the explorer is in a long run: searches, pages, scrolling.

::

    python tests/bench/bench_explorer.py [--blocks 100000] [--transactions 1000000]

Builds a long run (tests/bench/long_run.py), then takes the longest time of several searches and pages, now and half-way
back, rows included; then opens pages and scrolls tables in the interface, without a terminal, at 120×36. Not a test: it
judges nothing, and pytest does not collect it.
"""

import argparse
import asyncio
import gc
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from long_run import build_long_run, get_address

from app.collector import THRESHOLDS
from app.present.explorer import build_block_page
from app.present.explorer_address import build_address_page
from app.present.explorer_transaction import build_transaction_page
from app.present.holders import Holders
from app.present.index import get_index
from app.present.listing import LISTS
from app.present.lists import build_list_page
from app.present.pages import NotThere, Page
from app.present.search import build_row, search
from chain.simulation.simulation import Simulation
from chain.units import TimeUs
from chain.wallet.address import encode_address

TRIES = 8
ROWS = 40


def get_memory_mb() -> int:
    """Return the most memory the process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure(name: str, acts: list[Callable[[], object]]) -> None:
    """Print the longest and the median CPU time of some acts, in milliseconds."""
    times = []
    for act in acts:
        start_s = time.process_time()
        act()
        times.append((time.process_time() - start_s) * 1000)
    times.sort()
    print(f"{name:<34} longest {times[-1]:7.1f} ms   median {times[len(times) // 2]:7.1f} ms", flush=True)


def show(page: Page | NotThere) -> None:
    """Build the rows at both ends of every table."""
    for table in page.tables if isinstance(page, Page) else ():
        for place in (*range(min(ROWS, table.count)), *range(max(0, table.count - ROWS), table.count)):
            table.get_row(place)


def bench_pages(simulation: Simulation, name: str, at_us: TimeUs) -> None:
    """Measure searches and pages at a moment."""
    world, holders = simulation.world, Holders(simulation.world)
    blocks = world.tree.records[: world.tree.count_published(at_us)]
    records = world.transactions.records
    payments = [it for it in records[:: max(1, len(records) // 97)] if it.submitted_us <= at_us]
    picked, chosen = blocks[1 :: len(blocks) // TRIES][:TRIES], payments[:: max(1, len(payments) // TRIES)][:TRIES]
    address, digits = encode_address(get_address(5)), chosen[3].id.hex()
    accounts = [*world.setup.proposers[:3], *(get_address(rank) for rank in range(TRIES - 3))]
    for text in ("#500", digits, digits[:6], digits[-5:], "000", "n07", "faucet", address, address[:9], "nobody", ""):
        measure(f"search {text[:9]!r}, {name}", [partial(_search, simulation, holders, text, at_us)] * 3)
    builders: tuple[tuple[str, Callable[..., Page | NotThere], Sequence[object]], ...] = (
        ("block page", build_block_page, [it.hash for it in picked]),
        ("transaction page", build_transaction_page, [it.id for it in chosen]),
        ("address page", build_address_page, accounts),
        *((f"{key.decode()} list", build_list_page, [key] * 3) for key in LISTS),
    )
    for title, build, keys in builders:
        measure(f"{title}, {name}", [partial(_build, build, simulation, holders, key, at_us) for key in keys])


def _build(build: Callable[..., Page | NotThere], *values: object) -> None:
    show(build(*values))


def _search(simulation: Simulation, holders: Holders, text: str, at_us: TimeUs) -> None:
    for result in search(simulation.world, holders, text, at_us).results:
        build_row(result)


async def _time_until_idle(pilot: Any, name: str, act: Callable[[], Any]) -> None:
    start_s = time.process_time()
    if (waiting := act()) is not None:
        await waiting
    await pilot.pause()
    print(f"{name:<34} {(time.process_time() - start_s) * 1000:7.1f} ms of CPU until idle", flush=True)


async def bench_screen(simulation: Simulation) -> None:
    """Measure opening a page and scrolling a table of the interface."""
    import app.starting
    from app.app import ChainroomApp
    from app.screens.view import Thing
    from app.session import Session
    from app.widgets.virtual_table import VirtualTable

    app.starting.build_session = lambda *_: Session(simulation, is_playing=False)
    program = ChainroomApp("quiet")
    async with program.run_test(size=(120, 36)) as pilot:
        while program._clock is None or not program.is_screen_installed("node"):
            await pilot.pause(0.01)
        await pilot.pause(0.5)  # the pages are mounted by now, as they are before somebody opens one
        program._clock.stop()
        program.session.go_live()  # type: ignore[union-attr]
        world = simulation.world
        things = [Thing("block", world.tree.records[len(world.tree) // 2].hash), Thing("address", get_address(7)),
                  Thing("transaction", world.transactions.records[len(world.transactions) // 3].id),
                  *(Thing("list", key) for key in LISTS)]  # fmt: skip
        for at_us in (simulation.now_us, TimeUs(simulation.now_us // 2 + 5_000_000)):
            program.session.seek(at_us)  # type: ignore[union-attr]
            for thing in (*things, Thing("node", 3)):
                await _time_until_idle(pilot, f"open {thing.kind} {thing.key!r:.8}", partial(program.open_thing, thing))
            await _time_until_idle(pilot, "back from a node", partial(pilot.press, "escape"))
            await _time_until_idle(pilot, "open the search", program.open_search)
            await _time_until_idle(pilot, "type a height", partial(pilot.press, "5", "0", "0"))
            await _time_until_idle(pilot, "open what was found", partial(pilot.press, "enter"))
            program.open_thing(Thing("list", b"events"))
            await pilot.pause()
        table = next(it for it in program.screen.query(VirtualTable) if it.display)
        table.focus()
        await pilot.pause()
        start_s, frames = time.process_time(), 60
        for _ in range(frames):
            table.action_page(1)
            await asyncio.sleep(0.001)
            program.screen._compositor.render_strips()
        cost_ms = (time.process_time() - start_s) * 1000 / frames
        print(f"scrolling: {cost_ms:.1f} ms a page of {table.size.height} rows, {1000 / cost_ms:.0f} a second")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--blocks", type=int, default=100_000)
    parser.add_argument("--transactions", type=int, default=1_000_000)
    options = parser.parse_args()
    start_s = time.perf_counter()
    simulation = build_long_run(options.blocks, options.transactions)
    print(f"built in {time.perf_counter() - start_s:.0f} s, {get_memory_mb()} MB")
    start_s = time.perf_counter()
    get_index(simulation.world)
    print(f"indexed in {time.perf_counter() - start_s:.1f} s, {get_memory_mb()} MB")
    gc.collect()
    gc.freeze()  # as the interface does with what has lived for a while
    gc.set_threshold(*THRESHOLDS)
    measure("noting down a checkpoint", [simulation.freeze] * 3)
    measure("building a branch from one", [simulation.freeze()])
    for name, at_us in (("now", simulation.now_us), ("half-way", TimeUs(simulation.now_us // 2))):
        bench_pages(simulation, name, at_us)
    with tempfile.TemporaryDirectory() as home:
        os.environ["CHAINROOM_HOME"] = home
        asyncio.run(bench_screen(simulation))
    print(f"at the end {get_memory_mb()} MB")


if __name__ == "__main__":
    main()
