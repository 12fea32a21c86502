"""A case: accounts, a block and a transaction as JSON, and what it comes to; the same in every machine.

``{"pre": {address: [nonce, balance, code, {key: value}]}, "env": {...}, "tx": {...}}`` with numbers and bytes as
hexadecimal text; ``tx`` may have ``blobs``, hashes, or ``consents``, ``[chain, target, nonce, y_parity, r, s]``.

A result has ``error``, ``output``, ``gas_used``, ``refund``, ``logs`` and ``post``, the accounts
afterwards; or ``invalid`` when the transaction may not be in a block.
"""

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from chain.contracts.evm import Account, Authorization, Context, Halt, MemoryHost, Message, Mode, execute_transaction
from chain.errors import InvalidTransaction
from chain.units import Address, Hash

Case = dict[str, Any]
HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors" / "evm"

ENV = {
    "chain_id": 1,
    "number": 1000,
    "time": 1_700_000_000,
    "coinbase": "c0" * 20,
    "gas_limit": 30_000_000,
    "randao": "5e" * 32,
    "base_fee": 7,
    "gas_price": 10,
    "hashes": {"999": "99" * 32, "900": "90" * 32, "744": "74" * 32},
}
SENDER = "aa" * 20
SPECIFICATION_NAMES = {
    Halt.REVERT: "Revert",
    Halt.OUT_OF_GAS: "OutOfGasError",
    Halt.STACK_UNDERFLOW: "StackUnderflowError",
    Halt.STACK_OVERFLOW: "StackOverflowError",
    Halt.INVALID_OPCODE: "InvalidOpcode",
    Halt.INVALID_JUMP: "InvalidJumpDestError",
    Halt.WRITE_IN_STATIC_CALL: "WriteInStaticContext",
    Halt.READ_OUT_OF_BOUNDS: "OutOfBoundsRead",
    Halt.INVALID_PARAMETER: "InvalidParameter",
    Halt.INVALID_CODE_PREFIX: "InvalidContractPrefix",
    Halt.ADDRESS_COLLISION: "AddressCollision",
    Halt.PRECOMPILE_NOT_SUPPORTED: "InvalidParameter",
}


def make_case(pre: dict[str, Any], to: str, **tx: Any) -> Case:
    """Return a case with the usual sender and block; ``tx`` overrides the usual transaction."""
    accounts = {SENDER: ["0x0", hex(10**24), "", {}], **pre}
    usual = {"sender": SENDER, "to": to, "value": "0x0", "data": "", "gas": 500_000, "nonce": "0x0", "access": []}
    return {"pre": accounts, "env": ENV, "tx": {**usual, **tx}}


def make_host(case: Case) -> MemoryHost:
    """Return the accounts of a case as a host."""
    host = MemoryHost()
    for name, (nonce, balance, code, storage) in case["pre"].items():
        address = Address(bytes.fromhex(name))
        host.accounts[address] = Account(int(nonce, 16), int(balance, 16))
        if code:
            host.codes[address] = bytes.fromhex(code)
        if storage:
            host.storages[address] = {int(key, 16): int(value, 16) for key, value in storage.items()}
    host.block_hashes = {int(number): Hash(bytes.fromhex(text)) for number, text in case["env"]["hashes"].items()}
    return host


def make_context(env: dict[str, Any]) -> Context:
    """Return the block of a case; the price of blobs is the least there is, as no block has any."""
    return Context(
        chain_id=env["chain_id"],
        number=env["number"],
        time_s=env["time"],
        coinbase=Address(bytes.fromhex(env["coinbase"])),
        gas_limit=env["gas_limit"],
        prev_randao=Hash(bytes.fromhex(env["randao"])),
        base_fee=env["base_fee"],
        gas_price=env["gas_price"],
        blob_base_fee=1,
    )


def make_message(tx: dict[str, Any]) -> Message:
    """Return the transaction of a case."""
    return Message(
        sender=Address(bytes.fromhex(tx["sender"])),
        target=Address(bytes.fromhex(tx["to"])) if tx["to"] else None,
        gas=tx["gas"],
        value=int(tx["value"], 16),
        data=bytes.fromhex(tx["data"]),
        access_list=tuple(
            (Address(bytes.fromhex(name)), tuple(int(key, 16) for key in keys)) for name, keys in tx["access"]
        ),
        nonce=int(tx["nonce"], 16),
        blob_hashes=tuple(Hash(bytes.fromhex(text)) for text in tx.get("blobs", ())),
        authorizations=tuple(
            Authorization(chain_id, Address(bytes.fromhex(target)), nonce, y_parity, int(r, 16), int(s, 16))
            for chain_id, target, nonce, y_parity, r, s in tx.get("consents", ())
        ),
    )


def dump_host(host: MemoryHost) -> dict[str, Any]:
    """Return a host's accounts as in a case."""
    post = {}
    for address, account in host.accounts.items():
        storage = {hex(key): hex(value) for key, value in host.storages.get(address, {}).items()}
        post[address.hex()] = [hex(account.nonce), hex(account.balance), host.codes.get(address, b"").hex(), storage]
    return post


def run_case(case: Case, mode: Mode = Mode.AUTO) -> dict[str, Any]:
    """Return what a case comes to in chainroom's machine."""
    host = make_host(case)
    try:
        result = execute_transaction(host, make_context(case["env"]), make_message(case["tx"]), mode=mode)
    except InvalidTransaction as error:
        return {"invalid": error.rule}
    return {
        "error": SPECIFICATION_NAMES[result.error] if result.error else None,
        "output": result.output.hex(),
        "gas_used": result.gas_used,
        "refund": result.refund,
        "logs": [[log.address.hex(), [topic.hex() for topic in log.topics], log.data.hex()] for log in result.logs],
        "post": dump_host(host),
    }


def get_oracle() -> Path | None:
    """Return the Python of the oracle's environment (tools/make_oracle.sh makes it), or None."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = Path(os.environ.get("CHAINROOM_ORACLE") or cache / "chainroom" / "oracle")
    python = place / "bin" / "python"
    return python if python.exists() else None


def ask_specification(cases: list[Case]) -> list[dict[str, Any]]:
    """Return what cases come to in the executable specification."""
    return _ask("run_specification.py", cases)


def ask_py_evm(cases: list[Case], mine: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what cases come to in py-evm, looking at every account and key that a result of our own has."""
    asked = []
    for case, result in zip(cases, mine, strict=True):
        states = {**case["pre"], **result["post"]}
        keys = {key: None for post in (case["pre"], result["post"]) for state in post.values() for key in state[3]}
        asked.append({**case, "names": list(states), "keys": list(keys)})
    return _ask("run_py_evm.py", asked)


def _ask(script_name: str, cases: list[Case]) -> list[dict[str, Any]]:
    python = get_oracle()
    assert python is not None
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    script = HERE / "oracle" / script_name
    done = subprocess.run([python, script], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def compare(mine: dict[str, Any], theirs: dict[str, Any]) -> str | None:
    """Return in what two results differ, or None.

    Why a transaction is invalid is told in different words. Where the specification itself breaks off there is nothing
    to compare.
    """
    if "invalid" in theirs:
        return None if "invalid" in mine or theirs.get("ran") else f"should be invalid: {theirs['invalid']}"
    for key in ("error", "gas_used", "output", "refund", "logs", "post"):
        if mine.get(key) != theirs[key]:
            return f"{key}: {mine.get(key)} instead of {theirs[key]}"
    return None


def digest(value: object) -> str:
    """Return a short hash of anything that is JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def shorten(result: dict[str, Any]) -> list[Any]:
    """Return a result in a line: what is long becomes a hash."""
    if "invalid" in result:
        return ["invalid"]
    parts = [result["error"], result["gas_used"], result["refund"]]
    return [*parts, *(digest(result[key]) for key in ("output", "logs", "post"))]
