"""One virtual day of Snowman with 500 nodes and of Clique with 21 signers, in processor time.

Run it by hand: ``python tests/bench/bench_days.py [virtual hours]``. Each line: the network, the virtual hours, the
seconds of the run, how many times faster than real time that is, and the height reached. It is no test and is not
collected as one.
"""

import sys
import time

from chain.scenario import build, load_scenario
from chain.units import HOUR, TimeUs

SCENARIO = """
[network]
nodes = {nodes}
topology = "random"
[consensus]
{consensus}
[traffic]
rate_per_s = 0
"""
RUNS = (
    ("Snowman", 500, 'protocol = "snowman"'),
    ("Clique", 21, 'protocol = "proof-of-authority"\nvariant = "clique"'),
)


def run(name: str, nodes: int, consensus: str, hours: int) -> str:
    simulation = build(load_scenario(SCENARIO.format(nodes=nodes, consensus=consensus), "bench"), 1)
    started = time.process_time()
    simulation.run_until(TimeUs(hours * HOUR))
    run_s = time.process_time() - started
    height = simulation.world.get_finalized().height
    return f"{name:8} {nodes:4} nodes  {hours:3} h  {run_s:7.1f} s  × {hours * 3600 / run_s:8.0f}  height {height}"


def main() -> None:
    hours = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    for name, nodes, consensus in RUNS:
        print(run(name, nodes, consensus, hours), flush=True)


if __name__ == "__main__":
    main()
