"""Smart contracts: a block of 500 token transfers beside its signature checks, and opening the debugger on one of them.

Run ``python tests/bench/bench_contracts.py``. Prints seconds and ratios; nothing is asserted.
"""

import statistics
import time

from app.cli.sources import read_scenario
from app.present.contracts import Shelf
from app.present.debugger import open_debugger
from app.present.debugger_tables import build_gas_notes
from chain.contracts.abi import encode_arguments
from chain.contracts.library import load_artifact
from chain.crypto.signatures import get_public_key, is_valid_signature
from chain.ledger.actions import Call, Create
from chain.ledger.block_run import BlockRun
from chain.ledger.context import BlockContext
from chain.ledger.parameters import LedgerParameters
from chain.ledger.state import Account, State
from chain.ledger.transaction import SignedTransaction, Transaction, compute_signing_hash, sign_transaction
from chain.scenario import build
from chain.units import COIN, Address, TimeUs
from chain.wallet.address import compute_address

TRANSFERS = 500
PARAMETERS = LedgerParameters(gas_limit=100_000_000)
CONTEXT = BlockContext(1, 10**6, Address(bytes(20)), 10, PARAMETERS)
PEOPLE = [(number.to_bytes(32), get_public_key(number.to_bytes(32))) for number in range(1, TRANSFERS + 1)]


def sign(person: int, nonce: int, action: Call | Create, gas: int = 100_000) -> SignedTransaction:
    """Return a signed contract transaction."""
    seed, key = PEOPLE[person]
    return sign_transaction(Transaction(1, key, nonce, gas, 20, 1, action), seed)


def build_state() -> tuple[State, Address]:
    """Return a state in which everybody owns tokens."""
    token = load_artifact("token")
    state = State().put_accounts({compute_address(key): Account(0, 10 * COIN) for _, key in PEOPLE})
    code = token.bytecode + encode_arguments(token.abi.constructor.inputs, ("Token", "T", 18, 10**24))
    run = BlockRun(state, CONTEXT)
    run.apply(sign(0, 0, Create(0, code), 5_000_000))
    contract = run.receipts[0].created
    assert contract is not None
    transfer = token.abi.get_function("transfer")
    for nonce, (_, key) in enumerate(PEOPLE[1:], 1):
        run.apply(sign(0, nonce, Call(contract, 0, transfer.encode_call((compute_address(key), 10**18)))))
    return run.finish()[0], contract


def main() -> None:
    """Measure and print."""
    state, contract = build_state()
    transfer = load_artifact("token").abi.get_function("transfer")
    receivers = [compute_address(PEOPLE[(person + 7) % TRANSFERS][1]) for person in range(TRANSFERS)]
    nonces = [TRANSFERS] + [0] * (TRANSFERS - 1)
    ratios = []
    for amount in range(1, 8):
        calls = [
            sign(person, nonces[person], Call(contract, 0, transfer.encode_call((receivers[person], amount))))
            for person in range(TRANSFERS)
        ]
        checks = [(it.transaction.authority, compute_signing_hash(it.transaction), it.signature) for it in calls]
        start = time.perf_counter()
        assert all(is_valid_signature(*check) for check in checks)  # type: ignore[arg-type]  # plain keys, all of them
        bare_s = time.perf_counter() - start
        again = [SignedTransaction(it.transaction, it.signature) for it in calls]
        start = time.perf_counter()
        run = BlockRun(state, CONTEXT)
        for signed in again:
            run.apply(signed)
        run.finish()
        block_s = time.perf_counter() - start
        assert all(receipt.is_success for receipt in run.receipts)
        ratios.append(block_s / bare_s)
        print(f"500 transfers {1000 * block_s:6.1f} ms, 500 checks {1000 * bare_s:5.1f} ms, {block_s / bare_s:.2f} ×")
    print(f"median {statistics.median(ratios):.2f} × (at most 4)")
    measure_debugger()


def measure_debugger() -> None:
    """Open transactions of a real run, the slowest last."""
    simulation = build(read_scenario("token-launch"), 1)
    simulation.run_until(TimeUs(3600 * 10**6), 10**9)
    world, times = simulation.world, []
    for record in world.tree.iter_branch(world.get_canonical()):
        for place, signed in enumerate(record.block.transactions):
            if isinstance(signed.transaction.action, Call | Create):
                start = time.perf_counter()
                debugger = open_debugger(world, record.hash, place, Shelf())
                debugger.begin()
                build_gas_notes(debugger)
                times.append(time.perf_counter() - start)
    median_ms, most_ms = 1000 * statistics.median(times), 1000 * max(times)
    print(f"debugger on {len(times)} transactions: median {median_ms:.1f} ms, most {most_ms:.0f} ms")


if __name__ == "__main__":
    main()
