"""Run cases in the executable specification of Ethereum, fork Prague. Runs in the oracle's own environment.

Reads one JSON case a line (see tests/contracts/cases.py) and writes one JSON result a line. What the specification
does not tell by itself, the output and the refund counter, is listened to on the way; the sender is given instead of
recovered from a signature; the precompiles that chainroom refuses halt here too.
"""

import json
import sys
import threading

from ethereum.forks.prague import fork, vm
from ethereum.forks.prague.blocks import Log  # noqa: F401  # loads the fork's modules in order
from ethereum.forks.prague.fork_types import Account, Address, Authorization
from ethereum.forks.prague.state import State, set_account, set_storage
from ethereum.forks.prague.transactions import (
    Access,
    AccessListTransaction,
    BlobTransaction,
    LegacyTransaction,
    SetCodeTransaction,
)
from ethereum.forks.prague.vm import interpreter
from ethereum.forks.prague.vm.exceptions import InvalidParameter, OutOfGasError
from ethereum_types.bytes import Bytes, Bytes0, Bytes32
from ethereum_types.numeric import U8, U64, U256, Uint

REFUSED = range(10, 18)


def refuse(evm):
    raise InvalidParameter


for number in REFUSED:
    interpreter.PRE_COMPILED_CONTRACTS[Address(number.to_bytes(20, "big"))] = refuse


def tell_apart(run, price):
    """Make a precompile say that its input is bad, where the specification says that the gas is used up."""

    def told(evm):
        is_paid = int(evm.gas_left) >= price(evm.message.data)
        try:
            run(evm)
        except OutOfGasError as error:
            raise (InvalidParameter if is_paid else OutOfGasError) from error

    return told


PRICES = {6: lambda data: 150, 7: lambda data: 6000, 8: lambda data: 45_000 + 34_000 * (len(data) // 192)}
for number, price in PRICES.items():
    place = Address(number.to_bytes(20, "big"))
    interpreter.PRE_COMPILED_CONTRACTS[place] = tell_apart(interpreter.PRE_COMPILED_CONTRACTS[place], price)

listened = {}
real_process = fork.process_message_call


def listen(message):
    listened["ran"] = True
    listened["output"] = real_process(message)
    return listened["output"]


fork.process_message_call = listen


def read_number(text):
    return int(text, 16)


def make_state(pre):
    state = State()
    for name, (nonce, balance, code, storage) in pre.items():
        address = Address(bytes.fromhex(name))
        account = Account(Uint(read_number(nonce)), U256(read_number(balance)), Bytes(bytes.fromhex(code)))
        set_account(state, address, account)
        for key, value in storage.items():
            set_storage(state, address, Bytes32(read_number(key).to_bytes(32, "big")), U256(read_number(value)))
    return state


def dump_state(state):
    post = {}
    for address, account in state._main_trie._data.items():
        trie = state._storage_tries.get(address)
        storage = {hex(int.from_bytes(k, "big")): hex(int(v)) for k, v in trie._data.items()} if trie else {}
        post[address.hex()] = [hex(int(account.nonce)), hex(int(account.balance)), bytes(account.code).hex(), storage]
    return post


def make_block(env, state):
    hashes = {int(number): bytes.fromhex(text) for number, text in env["hashes"].items()}
    number = env["number"]
    return vm.BlockEnvironment(
        chain_id=U64(env["chain_id"]),
        state=state,
        block_gas_limit=Uint(env["gas_limit"]),
        block_hashes=[Bytes32(hashes.get(n, bytes(32))) for n in range(max(0, number - 256), number)],
        coinbase=Address(bytes.fromhex(env["coinbase"])),
        number=Uint(number),
        base_fee_per_gas=Uint(env["base_fee"]),
        time=U256(env["time"]),
        prev_randao=Bytes32(bytes.fromhex(env["randao"])),
        excess_blob_gas=U64(0),
        parent_beacon_block_root=Bytes32(bytes(32)),
    )


def make_transaction(tx, env):
    fields = {
        "nonce": U256(read_number(tx["nonce"])),
        "gas_price": Uint(env["gas_price"]),
        "gas": Uint(tx["gas"]),
        "to": Address(bytes.fromhex(tx["to"])) if tx["to"] else Bytes0(b""),
        "value": U256(read_number(tx["value"])),
        "data": Bytes(bytes.fromhex(tx["data"])),
        "r": U256(1),
        "s": U256(1),
    }
    blobs, consents = tx.get("blobs"), tx.get("consents")
    if not tx["access"] and not blobs and not consents:
        return LegacyTransaction(v=U256(27), **fields)
    access = tuple(
        Access(Address(bytes.fromhex(name)), tuple(Bytes32(read_number(key).to_bytes(32, "big")) for key in keys))
        for name, keys in tx["access"]
    )
    fields |= {"chain_id": U64(env["chain_id"]), "access_list": access, "y_parity": U256(0)}
    if not blobs and not consents:
        return AccessListTransaction(**fields)
    price = fields.pop("gas_price")
    fields |= {"max_fee_per_gas": price, "max_priority_fee_per_gas": price}
    if blobs:
        hashes = tuple(Bytes32(bytes.fromhex(text)) for text in blobs)
        return BlobTransaction(max_fee_per_blob_gas=U256(1), blob_versioned_hashes=hashes, **fields)
    return SetCodeTransaction(authorizations=tuple(make_consent(*consent) for consent in consents), **fields)


def make_consent(chain_id, target, nonce, y_parity, r, s):
    return Authorization(
        chain_id=U256(chain_id),
        address=Address(bytes.fromhex(target)),
        nonce=U64(nonce),
        y_parity=U8(y_parity),
        r=U256(read_number(r)),
        s=U256(read_number(s)),
    )


def run_case(case):
    state = make_state(case["pre"])
    block = make_block(case["env"], state)
    sender = Address(bytes.fromhex(case["tx"]["sender"]))
    fork.recover_sender = lambda chain_id, tx: sender
    listened.clear()
    used = vm.BlockOutput()
    try:
        fork.process_transaction(block, used, make_transaction(case["tx"], case["env"]), Uint(0))
    except Exception as error:  # a transaction that may not be in a block; once it ran, a bug of the specification:
        return {"invalid": type(error).__name__, "ran": bool(listened)}  # lengths near 2**256 overflow in its MODEXP
    output = listened["output"]
    return {
        "error": type(output.error).__name__ if output.error else None,
        "output": bytes(output.return_data).hex(),
        "gas_used": int(used.block_gas_used),
        "refund": int(output.refund_counter),
        "logs": [[log.address.hex(), [t.hex() for t in log.topics], bytes(log.data).hex()] for log in output.logs],
        "post": dump_state(state),
    }


def main():
    for line in sys.stdin:
        print(json.dumps(run_case(json.loads(line))), flush=True)


if __name__ == "__main__":
    sys.setrecursionlimit(200_000)
    threading.stack_size(512 * 2**20)
    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
