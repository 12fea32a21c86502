"""How fast blocks spread: the workloads W1 and W2 on the network alone, with mining by superposition on top.

Run it by hand: ``python tests/bench/bench_network.py [repeats]``. Each line is the median of its repeats, after one
uncounted spread (compiling, tables), as seconds and as a multiple of SimBlock's speed as shipped (Java, two cores:
14.0 s for W1, 35 s for W2). Beside it: when half of the nodes, nine in ten and all have a block (mean over blocks, ms),
and the share of blocks mined on a block that was not the highest. It is no test and is not collected as one.
"""

import sys
import time
from statistics import mean, median

from chain.draws import draw_below, draw_exponential
from chain.network.announce import is_numba_installed
from chain.network.network import Network
from chain.network.parameters import NetworkParameters
from chain.network.spread import Spread
from chain.units import SECOND

SIMBLOCK_S = {(600, 1000): 14.0, (6000, 100): 35.0}
INTERVAL_US = 600 * SECOND


def build_network(nodes: int, relay: str, fast: bool) -> Network:
    parameters = NetworkParameters(
        nodes=nodes, degrees="btc2015", relay=relay, compact_blocks=relay == "announce", block_bytes=535_000
    )
    return Network(parameters, 1, fast)


def mine(network: Network, blocks: int) -> tuple[list[Spread], int]:
    """Mine blocks, each by a random node on the highest block it has; return their spreads and how many are stale."""
    now_us, heights, spreads = 0, [0], [network.publish(b"genesis", 0, 0, 0, "block")]
    for number in range(1, blocks + 1):
        now_us += draw_exponential(1, INTERVAL_US, "mining", number)
        miner = draw_below(1, network.topology.nodes, "winner", number)
        known = [index for index in range(max(0, number - 20), number) if spreads[index].is_known(miner, now_us)]
        heights.append(1 + max((heights[index] for index in known), default=heights[-1]))
        spreads.append(network.publish(b"block %d" % number, miner, now_us, 0, "block"))
    return spreads[1:], blocks - max(heights)


def run(nodes: int, blocks: int, relay: str, fast: bool, repeats: int) -> str:
    seconds = []
    for _ in range(repeats):
        network = build_network(nodes, relay, fast)
        network.publish(b"warm up", 0, 0, 0, "block")
        started = time.perf_counter()
        spreads, stale = mine(network, blocks)
        seconds.append(time.perf_counter() - started)
    shares = [mean(spread.get_share_time_us(share) for spread in spreads) / 1000 for share in (500, 900, 1000)]
    took = median(seconds)
    name = relay + (" compiled" if fast else "")
    times = SIMBLOCK_S[nodes, blocks] / took
    return (
        f"{nodes:5} × {blocks:4}  {name:18} {took:6.2f} s  {times:5.1f} × SimBlock   "
        f"t50 {shares[0]:5.0f}  t90 {shares[1]:5.0f}  last {shares[2]:5.0f} ms   stale {100 * stale / blocks:.2f} %"
    )


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    for nodes, blocks in SIMBLOCK_S:
        for relay, fast in (("push", False), ("announce", False), ("announce", True)):
            if not fast or is_numba_installed():
                print(run(nodes, blocks, relay, fast, repeats), flush=True)


if __name__ == "__main__":
    main()
