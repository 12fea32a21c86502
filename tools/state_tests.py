"""Run Ethereum's public state tests against the machine of chain/contracts/evm.

usage: python tools/state_tests.py [--fork FORK] PATH...

Takes files, or folders of files, in the format of GeneralStateTests and of the ``state_tests`` of
execution-spec-tests. The machine follows Prague's rules; ``--fork Cancun`` takes the results recorded for Cancun
where a file has none for Prague, which differ only by EIP-2537, 7623 and 7702. Compared are the root of all accounts
after the transaction, the hash of the logs, and whether the transaction is refused. A test whose program calls a
precompile that the machine refuses is counted by itself: its result cannot agree.

Source: the format's description, https://eest.ethereum.org/main/consuming_tests/state_test/.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from coincurve import PrivateKey

from chain.contracts.evm import (
    Account,
    Authorization,
    Context,
    Log,
    MemoryHost,
    Message,
    Mode,
    Result,
    execute_transaction,
)
from chain.contracts.evm.frame import Frame
from chain.contracts.evm.gas import BLOB_GAS
from chain.contracts.evm.precompiles import PRECOMPILES, refuse
from chain.contracts.keccak import compute_keccak
from chain.errors import InvalidTransaction
from chain.units import Address, Hash

Json = dict[str, Any]
BLOB_PRICE_DIVISOR: Final = 5_007_716
"""How fast the price of blobs rises (EIP-7691)."""
_refused: list[int] = []
"""Refused precompiles that the running test has called."""


class Outcome(NamedTuple):
    """What one case of a test comes to."""

    name: str
    difference: str | None
    """In what it differs from what was recorded; None where it agrees."""
    refused: bool
    """Whether a refused precompile was called."""


def encode_rlp(item: bytes | list[Any]) -> bytes:
    """Return the RLP of bytes, or of a list of such things (Yellow Paper, appendix B)."""
    if isinstance(item, bytes) and len(item) == 1 and item[0] < 0x80:
        return item
    offset, data = (0x80, item) if isinstance(item, bytes) else (0xC0, b"".join(map(encode_rlp, item)))
    if len(data) < 56:
        return bytes([offset + len(data)]) + data
    size = encode_number(len(data))
    return bytes([offset + 55 + len(size)]) + size + data


def encode_number(number: int) -> bytes:
    """Return a number's bytes without zeros in front."""
    return number.to_bytes((number.bit_length() + 7) // 8)


def encode_path(nibbles: str, leaf: bool) -> bytes:
    """Return a path of nibbles in bytes (Yellow Paper, appendix C)."""
    flag = 2 * leaf + len(nibbles) % 2
    return bytes.fromhex(f"{flag:x}{'' if flag % 2 else '0'}{nibbles}")


def build_node(items: list[tuple[str, bytes]], depth: int) -> bytes | list[Any]:
    """Return the node of Ethereum's trie over sorted pairs of path and value that agree up to ``depth``."""
    if not items:
        return b""
    first, last = items[0][0], items[-1][0]
    if len(items) == 1:
        return [encode_path(first[depth:], True), items[0][1]]
    end = depth
    while first[end] == last[end]:
        end += 1
    if end > depth:
        return [encode_path(first[depth:end], False), refer_to(build_node(items, end))]
    parts = [[item for item in items if item[0][depth] == nibble] for nibble in "0123456789abcdef"]
    return [*(refer_to(build_node(part, depth + 1)) for part in parts), b""]


def refer_to(node: bytes | list[Any]) -> bytes | list[Any]:
    """Return what stands for a node in its parent: a short one itself, a long one's hash."""
    encoded = encode_rlp(node)
    return node if len(encoded) < 32 else compute_keccak(encoded)


def compute_root(entries: dict[bytes, bytes]) -> bytes:
    """Return the root of Ethereum's trie over keys, which are hashed first, and values."""
    items = sorted((compute_keccak(key).hex(), value) for key, value in entries.items())
    return compute_keccak(encode_rlp(build_node(items, 0)))


def compute_state_root(host: MemoryHost) -> bytes:
    """Return Ethereum's root of all accounts of a host."""
    entries: dict[bytes, bytes] = {}
    for address, account in host.accounts.items():
        slots = host.storages.get(address, {})
        storage = compute_root({key.to_bytes(32): encode_rlp(encode_number(value)) for key, value in slots.items()})
        code = compute_keccak(host.codes.get(address, b""))
        entries[address] = encode_rlp([encode_number(account.nonce), encode_number(account.balance), storage, code])
    return compute_root(entries)


def compute_logs_hash(logs: tuple[Log, ...]) -> bytes:
    """Return the hash by which state tests name logs."""
    return compute_keccak(encode_rlp([[log.address, list(log.topics), log.data] for log in logs]))


def read_number(text: str | None) -> int:
    """Return a number that is hexadecimal with 0x in front, else decimal; 0 where there is none."""
    text = (text or "").removeprefix("0x:bigint ")
    return int(text, 16 if text.startswith("0x") else 10) if text not in ("", "0x") else 0


def read_bytes(text: str) -> bytes:
    """Return bytes written in hexadecimal."""
    return bytes.fromhex(text.removeprefix("0x"))


def read_address(text: str) -> Address:
    """Return an address written in hexadecimal."""
    return Address(read_bytes(text))


def open_host(pre: Json, number: int) -> MemoryHost:
    """Return the accounts before the transaction; state tests name the hash of a block by its height."""
    host = MemoryHost()
    for name, account in pre.items():
        address = read_address(name)
        host.accounts[address] = Account(read_number(account["nonce"]), read_number(account["balance"]))
        if code := read_bytes(account["code"]):
            host.codes[address] = code
        slots = {read_number(key): read_number(value) for key, value in account["storage"].items()}
        host.storages[address] = {key: value for key, value in slots.items() if value}
    for height in range(max(number - 256, 0), number):
        host.block_hashes[height] = Hash(compute_keccak(str(height).encode()))
    return host


def compute_blob_price(excess: int) -> int:
    """Return the price of blob gas after so much gas over the target (EIP-4844, ``fake_exponential``)."""
    total, term, step = 0, BLOB_PRICE_DIVISOR, 1
    while term > 0:
        total, term, step = total + term, term * excess // (BLOB_PRICE_DIVISOR * step), step + 1
    return total // BLOB_PRICE_DIVISOR


def open_context(env: Json, transaction: Json, chain_id: int) -> Context:
    """Return the block, and the price of gas that follows from what the transaction offers (EIP-1559)."""
    base_fee = read_number(env.get("currentBaseFee"))
    price = read_number(transaction.get("gasPrice"))
    if "maxFeePerGas" in transaction:
        tip = read_number(transaction.get("maxPriorityFeePerGas"))
        price = min(read_number(transaction["maxFeePerGas"]), base_fee + tip)
    return Context(
        chain_id=chain_id,
        number=read_number(env["currentNumber"]),
        time_s=read_number(env["currentTimestamp"]),
        coinbase=read_address(env["currentCoinbase"]),
        gas_limit=read_number(env["currentGasLimit"]),
        prev_randao=Hash(read_number(env.get("currentRandom") or env.get("currentDifficulty")).to_bytes(32)),
        base_fee=base_fee,
        gas_price=price,
        blob_base_fee=compute_blob_price(read_number(env.get("currentExcessBlobGas"))),
    )


def open_message(transaction: Json, indexes: Json) -> Message:
    """Return the transaction of one case."""
    if sender := transaction.get("sender"):
        address = read_address(sender)
    else:
        key = PrivateKey(read_bytes(transaction["secretKey"])).public_key.format(compressed=False)
        address = Address(compute_keccak(key[1:])[12:])
    lists = transaction.get("accessLists")
    return Message(
        sender=address,
        target=read_address(transaction["to"]) if transaction.get("to") else None,
        gas=read_number(transaction["gasLimit"][indexes["gas"]]),
        value=read_number(transaction["value"][indexes["value"]]),
        data=read_bytes(transaction["data"][indexes["data"]]),
        access_list=tuple(
            (read_address(entry["address"]), tuple(map(read_number, entry["storageKeys"])))
            for entry in (lists[indexes["data"]] if lists else None) or ()
        ),
        nonce=read_number(transaction["nonce"]),
        blob_hashes=tuple(Hash(read_bytes(text)) for text in transaction.get("blobVersionedHashes", ())),
        authorizations=tuple(
            Authorization(
                read_number(consent["chainId"]),
                read_address(consent["address"]),
                read_number(consent["nonce"]),
                read_number(consent.get("yParity") or consent.get("v")),
                read_number(consent["r"]),
                read_number(consent["s"]),
            )
            for consent in transaction.get("authorizationList", ())
        ),
    )


def is_in_range(consent: Authorization) -> bool:
    """Tell whether a consent's numbers have room in a transaction."""
    large = max(consent.chain_id, consent.r, consent.s)
    return large < 2**256 and consent.nonce < 2**64 and consent.y_parity < 2**8


def check_offer(host: MemoryHost, context: Context, message: Message, transaction: Json) -> None:
    """Check what is the block's and the offer's, not the machine's. Raises InvalidTransaction."""
    highest = read_number(transaction.get("maxFeePerGas") or transaction.get("gasPrice"))
    blob_price = read_number(transaction.get("maxFeePerBlobGas"))
    blobs, account = len(message.blob_hashes), host.get_account(message.sender) or Account(0, 0)
    needed = message.gas * highest + blobs * BLOB_GAS * blob_price + message.value
    rules = {
        "gas limit of the block": message.gas > context.gas_limit,
        "tip over the highest price": read_number(transaction.get("maxPriorityFeePerGas")) > highest,
        "balance": needed > account.balance,
        "price of blobs": "maxFeePerBlobGas" in transaction and (not blobs or blob_price < context.blob_base_fee),
        "no consents": "authorizationList" in transaction and not message.authorizations,
        "too large a number": message.value >= 2**256 or not all(map(is_in_range, message.authorizations)),
    }
    for rule, is_broken in rules.items():
        if is_broken:
            raise InvalidTransaction(f"state-test/{rule.replace(' ', '-')}", rule)


def run_case(test: Json, case: Json, mode: Mode) -> str | None:
    """Return in what the machine differs from one recorded result, or None."""
    transaction, env = test["transaction"], test["env"]
    chain_id = read_number(test.get("config", {}).get("chainid")) or 1
    host, context = open_host(test["pre"], read_number(env["currentNumber"])), open_context(env, transaction, chain_id)
    message = open_message(transaction, case["indexes"])
    result: Result | None = None
    try:
        check_offer(host, context, message, transaction)
        result = execute_transaction(host, context, message, mode=mode)
    except InvalidTransaction as error:
        if "expectException" not in case:
            return f"refused: {error}"
    if result is not None and "expectException" in case:
        return f"not refused: {case['expectException']}"
    logs, root = compute_logs_hash(result.logs if result else ()), compute_state_root(host)
    if logs != read_bytes(case["logs"]):
        return f"logs {logs.hex()} instead of {case['logs']}"
    return f"root {root.hex()} instead of {case['hash']}" if root != read_bytes(case["hash"]) else None


def note_refusal(frame: Frame) -> bytes:
    """Halt as the machine does, and remember it."""
    _refused.append(frame.address)
    return refuse(frame)


def run_file(path: Path, forks: list[str], mode: Mode = Mode.AUTO) -> Iterator[Outcome]:
    """Yield what every case of a file comes to, by the first of the forks that has results."""
    for name, test in json.loads(path.read_text(encoding="utf-8")).items():
        if not isinstance(test, dict) or "pre" not in test or "transaction" not in test:
            continue
        cases: list[Json] = next((test["post"][fork] for fork in forks if fork in test["post"]), [])
        for place, case in enumerate(cases):
            _refused.clear()
            try:
                difference = run_case(test, case, mode)
            except (KeyError, ValueError, OverflowError) as error:
                difference = f"cannot be read: {error!r}"
            yield Outcome(f"{path.name}:{name}[{place}]", difference, bool(_refused))


def run_paths(paths: list[Path], forks: list[str]) -> Counter[str]:
    """Run all files, print what differs, and return how many agree, differ, or call a refused precompile."""
    PRECOMPILES.update({number: note_refusal for number, run in PRECOMPILES.items() if run is refuse})
    counts: Counter[str] = Counter(agree=0, differ=0, refused=0)
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*.json")))]
    for file in files:
        for outcome in run_file(file, forks):
            kind = "agree" if outcome.difference is None else "refused" if outcome.refused else "differ"
            counts[kind] += 1
            if kind != "agree":
                print(f"{kind}: {outcome.name}: {outcome.difference}")
    return counts


def main(arguments: list[str]) -> int:
    """Run the tests that the command line names; 1 if any differs or there was none."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("paths", nargs="+", type=Path, help="files or folders of state tests")
    parser.add_argument("--fork", default="Prague", help="whose results to take where there are none for Prague")
    options = parser.parse_args(arguments)
    counts = run_paths(options.paths, ["Prague", options.fork])
    print(", ".join(f"{number} {kind}" for kind, number in counts.items()))
    return int(counts["differ"] > 0 or not counts["agree"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
