"""Tendermint with many validators against what making and checking its signatures alone takes.

Run it by hand: ``python tests/bench/bench_tendermint.py [validators] [heights]``. Each line: the network, the seconds
of the run, the seconds of signing and verifying as many messages (measured in slices during the run, so that both
suffer alike from a busy machine), and their ratio, which is to be at most three on a full mesh. Processor time. It is
no test and is not collected as one.
"""

import sys
import time

from chain.crypto.signatures import expand_seed, is_valid_signature, sign
from chain.scenario import build, load_scenario
from chain.units import SECOND, TimeUs

SCENARIO = """
[network]
nodes = {validators}
topology = "{topology}"
delay_model = "{delays}"
[consensus]
protocol = "tendermint"
interval = "5s"
[traffic]
rate_per_s = 0
"""
KEY = expand_seed(bytes(32))


def time_signatures(count: int) -> float:
    """Return the seconds that so many signatures take to make and to check."""
    started = time.process_time()
    for number in range(count):
        message = number.to_bytes(32)
        assert is_valid_signature(KEY[32:], message, sign(KEY, message))
    return time.process_time() - started


def run(validators: int, heights: int, topology: str, delays: str) -> str:
    text = SCENARIO.format(validators=validators, topology=topology, delays=delays)
    simulation, run_s, signatures_s, slices = build(load_scenario(text, "bench"), 1), 0.0, 0.0, 20
    for part in range(1, slices + 1):
        before, started = simulation.world.messages.count, time.process_time()
        simulation.run_until(TimeUs((heights * part // slices * 5 + 4) * SECOND))
        run_s += time.process_time() - started
        signatures_s += time_signatures(simulation.world.messages.count - before)
    reached = simulation.world.get_finalized().height
    return (
        f"{validators:4} validators × {reached:5} heights  {topology:9} {delays:9} {run_s:7.2f} s   "
        f"signatures {signatures_s:6.2f} s   ratio {run_s / signatures_s:.2f}"
    )


def main() -> None:
    validators = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    heights = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    for topology, delays in (("complete", "constant"), ("complete", "regions"), ("random", "regions")):
        print(run(validators, heights, topology, delays), flush=True)


if __name__ == "__main__":
    main()
