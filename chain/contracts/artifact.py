"""What a compiler leaves: code, ABI and where each instruction comes from in the source.

``read_artifact`` understands what the usual compilers and tools write: Vyper's ``combined_json`` and ``solc_json``,
solc's standard output, the files of Hardhat, Foundry and Truffle, and the plain ``{"abi": …, "bytecode": …}``, which
is also what ``to_json`` writes.

Source: Vyper documentation, "Compiling a Contract"; Solidity documentation, "Using the Compiler".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from chain.contracts.abi import Abi, read_abi
from chain.contracts.evm.gas import MAX_INITCODE_BYTES
from chain.contracts.source_map import (
    Span,
    pack_spans,
    read_number,
    read_solidity_spans,
    read_vyper_spans,
    unpack_spans,
)
from chain.errors import InvalidInput

MAX_ARTIFACT_BYTES: Final = 8 << 20
"""The longest file that is read."""


class Variable(NamedTuple):
    """A variable in storage."""

    name: str
    type: str
    """As the source writes it."""
    slot: int
    """Its first key."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract."""

    name: str
    abi: Abi
    abi_json: tuple[Any, ...]
    """The ABI as the compiler wrote it."""
    bytecode: bytes
    """Initcode, without the constructor's arguments."""
    runtime: bytes = b""
    """The code it leaves, without immutables; empty when not known."""
    source: str = ""
    spans: Mapping[int, Span] = field(default_factory=dict)
    """Where each place of the running code comes from."""
    creation_spans: Mapping[int, Span] = field(default_factory=dict)
    """Where each place of the initcode comes from."""
    reasons: Mapping[int, str] = field(default_factory=dict)
    """Why the running code would fail at a place, as the compiler knows it: ``safesub``, ``nonpayable check`` …"""
    variables: tuple[Variable, ...] = ()
    """What lies where in storage."""
    compiler: str = ""
    """Name and version."""

    def find_span(self, pc: int, creates: bool = False) -> Span | None:
        """Return the source of a place of the running code, or of the initcode."""
        return (self.creation_spans if creates else self.spans).get(pc)

    def to_json(self) -> dict[str, Any]:
        """Return what ``read_artifact`` reads back, for files."""
        return {
            "contractName": self.name,
            "compiler": self.compiler,
            "abi": list(self.abi_json),
            "bytecode": "0x" + self.bytecode.hex(),
            "deployedBytecode": "0x" + self.runtime.hex(),
            "source": self.source,
            "spans": pack_spans(self.spans, self.runtime),
            "creationSpans": pack_spans(self.creation_spans, self.bytecode),
            "reasons": {str(pc): reason for pc, reason in self.reasons.items()},
            "variables": [list(variable) for variable in self.variables],
        }


def read_artifact(data: bytes | Mapping[str, Any], name: str = "", source: str = "") -> Artifact:
    """Return the contract in a compiler's JSON; ``name`` chooses one where there are several.

    Raises InvalidInput saying what is missing: no JSON, no such contract, no ABI, no code, libraries not linked.
    """
    document = _load(data) if isinstance(data, bytes) else data
    found = dict(_find_contracts(document))
    chosen = {key: entry for key, entry in found.items() if name in ("", key, key.rpartition(":")[2])}
    if len(chosen) != 1:
        raise InvalidInput("contract", name or f"{len(found)} contracts", f"one of {', '.join(found) or 'none found'}")
    [(key, entry)] = chosen.items()
    return _read_contract(key.rpartition(":")[2], entry, source, _read_compiler(entry) or _read_compiler(document))


def _load(data: bytes) -> Mapping[str, Any]:
    if len(data) > MAX_ARTIFACT_BYTES:
        raise InvalidInput("size of the artifact", len(data), f"at most {MAX_ARTIFACT_BYTES} bytes")
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput("artifact", data[:40].decode(errors="replace"), f"JSON ({error})") from None
    if not isinstance(document, Mapping):
        raise InvalidInput("artifact", document, "a JSON object")
    return document


def _find_contracts(document: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return every contract of a document with its name, ``file:name`` in a compiler's output."""
    if "abi" in document:
        return [(str(document.get("contractName") or "contract"), document)]
    if isinstance(document.get("contracts"), Mapping):
        files = document["contracts"].items()
        entries = [(f"{file}:{name}", entry) for file, names in files for name, entry in _items(names)]
    else:
        entries = [(key.rpartition("/")[2].rpartition(".")[0] or key, entry) for key, entry in document.items()]
    return [(key, entry) for key, entry in entries if isinstance(entry, Mapping) and "abi" in entry]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _items(value: object) -> list[tuple[str, Any]]:
    return [(str(key), entry) for key, entry in value.items()] if isinstance(value, Mapping) else []


def _read_contract(name: str, entry: Mapping[str, Any], source: str, compiler: str) -> Artifact:
    abi_json = entry["abi"]
    abi = read_abi(abi_json)
    evm = entry["evm"] if isinstance(entry.get("evm"), Mapping) else {}
    bytecode = _read_code("bytecode", entry.get("bytecode", evm.get("bytecode")))
    deployed = entry.get("deployedBytecode", evm.get("deployedBytecode", entry.get("bytecode_runtime", "")))
    runtime = _read_code("deployed bytecode", deployed)
    if not bytecode:
        raise InvalidInput("bytecode", "none", "code to deploy: is this an interface or an abstract contract?")
    if len(bytecode) > MAX_INITCODE_BYTES:
        raise InvalidInput("bytecode", f"{len(bytecode)} bytes", f"at most {MAX_INITCODE_BYTES} bytes")
    source = str(entry.get("source") or source)
    running, creating = entry.get("source_map_runtime"), entry.get("source_map")
    solidity = deployed.get("sourceMap") if isinstance(deployed, Mapping) else entry.get("deployedSourceMap")
    spans = unpack_spans(entry.get("spans"), runtime)
    spans = spans or read_vyper_spans(dict(_items(running)).get("pc_pos_map"), runtime)
    if not spans and isinstance(solidity, str):
        spans = read_solidity_spans(solidity, runtime, source)
    created = unpack_spans(entry.get("creationSpans"), bytecode)
    created = created or read_vyper_spans(dict(_items(creating)).get("pc_pos_map"), bytecode)
    reasons = _items(entry.get("reasons", dict(_items(running)).get("error_map")))
    return Artifact(
        name,
        abi,
        tuple(abi_json),
        bytecode,
        runtime,
        source,
        spans,
        created,
        {place: str(reason) for pc, reason in reasons if (place := read_number(pc)) is not None},
        _read_variables(entry),
        compiler,
    )


def _read_compiler(entry: Mapping[str, Any]) -> str:
    found = entry.get("compiler") or (f"vyper {entry['version']}" if "version" in entry else "")
    if isinstance(found, Mapping):
        found = f"{found.get('name', 'solc')} {found.get('version', '')}"
    return str(found).strip()


def _read_variables(entry: Mapping[str, Any]) -> tuple[Variable, ...]:
    """Return the layout of storage as this module, Vyper or solc writes it."""
    rows = [row for row in _list(entry.get("variables")) if isinstance(row, list) and len(row) == len(Variable._fields)]
    vyper = _items(dict(_items(entry.get("layout"))).get("storage_layout"))
    rows += [[name, dict(_items(place)).get("type", ""), dict(_items(place)).get("slot")] for name, place in vyper]
    solidity = [dict(_items(row)) for row in _list(dict(_items(entry.get("storageLayout"))).get("storage"))]
    rows += [[row.get("label", ""), row.get("type", ""), row.get("slot")] for row in solidity]
    places = ((str(name), str(kind), read_number(slot)) for name, kind, slot in rows)
    return tuple(Variable(name, kind, slot) for name, kind, slot in places if slot is not None)


def _read_code(thing: str, value: object) -> bytes:
    text = value.get("object", "") if isinstance(value, Mapping) else value or ""
    if not isinstance(text, str):
        raise InvalidInput(thing, text, "code in hexadecimal")
    if "__" in text:
        raise InvalidInput(thing, text[text.index("__") :], "code whose libraries are linked")
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise InvalidInput(thing, text, "code in hexadecimal") from None
