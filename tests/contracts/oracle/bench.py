"""Time a Vyper token's transfer side by side: this machine, py-evm, the executable specification.

usage: python tests/contracts/oracle/bench.py      (after tools/make_oracle.sh)
"""

import json
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2])]

from cases import get_oracle  # noqa: E402
from tokens import ALICE, BOB, TOKEN, call, deploy_token  # noqa: E402

from chain.contracts.evm import Account, Context, MemoryHost, Message, Mode, execute_message  # noqa: E402
from chain.contracts.keccak import compute_keccak_word  # noqa: E402
from chain.units import Address  # noqa: E402

SENDER, PLACE = Address(b"\xaa" * 20), Address(b"\xc1" * 20)
ROUNDS, REPEATS = 7, 300


def time_here(host: MemoryHost, mode: Mode) -> float:
    """Return the seconds of one transfer, best of some rounds."""
    message = Message(SENDER, PLACE, 200_000, data=DATA)
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(REPEATS):
            execute_message(host, Context(), message, mode=mode, write=False)
        best = min(best, (time.process_time() - start) / REPEATS)
    return best


if __name__ == "__main__":
    made, token = deploy_token()
    call(made, token, ALICE, "transfer", BOB, 5)
    DATA = TOKEN.abi.get_function("transfer").encode_call([BOB, 7])
    key = compute_keccak_word((6).to_bytes(32) + int.from_bytes(SENDER).to_bytes(32))  # Vyper: slot, then key
    slots = {**made.storages[token], key: 10**6}
    host = MemoryHost({SENDER: Account(0, 10**18), PLACE: Account(1, 0)}, {PLACE: TOKEN.runtime}, {PLACE: slots})
    assert execute_message(host, Context(), Message(SENDER, PLACE, 200_000, data=DATA), write=False).success
    storage = {hex(slot): hex(value) for slot, value in slots.items()}
    job = {"code": TOKEN.runtime.hex(), "storage": storage, "data": DATA.hex()}
    done = subprocess.run(
        [get_oracle(), HERE / "bench_machines.py"], input=json.dumps(job), capture_output=True, text=True, check=True
    )
    times = {"plain": time_here(host, Mode.PLAIN), "translated": time_here(host, Mode.AUTO), **json.loads(done.stdout)}
    for name, seconds in times.items():
        print(f"{name:14s} {seconds * 1e3:8.3f} ms   {seconds / times['translated']:7.1f} x")
