"""Run cases in py-evm, fork Prague. Runs in the oracle's own environment.

Reads one JSON case a line (see tests/contracts/cases.py) and writes one JSON result a line: whether it succeeded, the
output, the logs and the accounts afterwards, in whose balances is the gas. What py-evm does not list, the accounts and
keys to look at, comes with the case as ``names`` and ``keys``.
"""

import json
import sys

from eth.constants import BLANK_ROOT_HASH
from eth.db.atomic import AtomicDB
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.state import PragueState
from eth.vm.spoof import SpoofTransaction


def read_number(text):
    return int(text, 16)


def open_state(env, pre):
    hashes = (bytes.fromhex(env["hashes"].get(str(n), "00" * 32)) for n in range(env["number"] - 1, -1, -1))
    coinbase, randao = bytes.fromhex(env["coinbase"]), bytes.fromhex(env["randao"])
    context = ExecutionContext(
        coinbase, env["time"], env["number"], 0, randao, env["gas_limit"], hashes, env["chain_id"], env["base_fee"], 0
    )
    state = PragueState(AtomicDB(), context, BLANK_ROOT_HASH)
    for name, (nonce, balance, code, storage) in pre.items():
        address = bytes.fromhex(name)
        state.set_nonce(address, read_number(nonce))
        state.set_balance(address, read_number(balance))
        state.set_code(address, bytes.fromhex(code))
        for key, value in storage.items():
            state.set_storage(address, read_number(key), read_number(value))
    state.persist()
    return PragueState(state._db, context, state.state_root)


def make_transaction(tx, env):
    builder = PragueVM.get_transaction_builder()
    fields = {
        "nonce": read_number(tx["nonce"]),
        "gas": tx["gas"],
        "to": bytes.fromhex(tx["to"]),
        "value": read_number(tx["value"]),
        "data": bytes.fromhex(tx["data"]),
        "gas_price": env["gas_price"],
    }
    if tx["access"]:
        access = [(bytes.fromhex(name), [read_number(key) for key in keys]) for name, keys in tx["access"]]
        plain = builder.new_unsigned_access_list_transaction(chain_id=env["chain_id"], access_list=access, **fields)
    else:
        plain = builder.create_unsigned_transaction(**fields)
    return SpoofTransaction(plain, from_=bytes.fromhex(tx["sender"]))


def dump_state(state, names, keys):
    post = {}
    for name in names:
        address = bytes.fromhex(name)
        if state.account_exists(address):
            slots = {key: hex(state.get_storage(address, read_number(key))) for key in keys}
            slots = {key: value for key, value in slots.items() if value != "0x0"}
            nonce, balance = hex(state.get_nonce(address)), hex(state.get_balance(address))
            post[name] = [nonce, balance, state.get_code(address).hex(), slots]
    return post


def run_case(case):
    state = open_state(case["env"], case["pre"])
    computation = state.apply_transaction(make_transaction(case["tx"], case["env"]))
    logs = [
        [address.hex(), [f"{topic:064x}" for topic in topics], data.hex()]
        for address, topics, data in computation.get_log_entries()
    ]
    return {
        "success": computation.is_success,
        "output": computation.output.hex(),
        "logs": logs,
        "post": dump_state(state, case["names"], case["keys"]),
    }


if __name__ == "__main__":
    sys.setrecursionlimit(200_000)
    for line in sys.stdin:
        print(json.dumps(run_case(json.loads(line))), flush=True)
