"""What a compiler leaves: code, ABI and where each instruction comes from in the source.

``read_artifact`` understands what the usual compilers and tools write: Vyper's ``combined_json`` and ``solc_json``,
solc's standard output and ``--combined-json``, the files of Hardhat (also its build info), Foundry, Truffle and Remix,
and the plain ``{"abi": …, "bytecode": …}``, which is also what ``to_json`` writes.

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
_NOT_FOUND: Final = (
    "none found; it takes ABI and bytecode as Vyper, solc, Hardhat, Foundry, Truffle or Remix write them"
)
_IMMUTABLE: Final = b"\x7f" + bytes(32)
"""PUSH32 of zeros: solc leaves them where an immutable is written when the contract is created."""
_LIBRARY: Final = b"\x73" + bytes(20)
"""PUSH20 of zeros: solc's libraries begin with their own address."""


class Variable(NamedTuple):
    """A variable in storage."""

    name: str
    type: str
    """As the source writes it."""
    slot: int
    """Its first key."""
    offset: int = 0
    """Bytes of that word that lie below it, where a compiler packs several variables into one."""


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
    storage_types: Mapping[str, Any] = field(default_factory=dict)
    """What solc tells of the types of variables; empty for Vyper, whose types say it themselves."""
    compiler: str = ""
    """Name and version."""

    def find_span(self, pc: int, creates: bool = False) -> Span | None:
        """Return the source of a place of the running code, or of the initcode."""
        return (self.creation_spans if creates else self.spans).get(pc)

    def is_code(self, code: bytes) -> bool:
        """Tell whether deployed code is this contract's: Vyper appends immutables, solc writes them into it."""
        if not self.runtime or code.startswith(self.runtime):
            return bool(self.runtime)
        if len(code) != len(self.runtime):
            return False
        start = len(_LIBRARY) if self.runtime.startswith(_LIBRARY) else 0
        while (place := self.runtime.find(_IMMUTABLE, start)) >= 0:
            if code[start : place + 1] != self.runtime[start : place + 1]:
                return False
            start = place + len(_IMMUTABLE)
        return code[start:] == self.runtime[start:]

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
            "variables": [list(it) if it.offset else list(it[:3]) for it in self.variables],
            **({"storageTypes": dict(self.storage_types)} if self.storage_types else {}),
        }


def read_artifact(data: bytes | Mapping[str, Any], name: str = "", source: str = "") -> Artifact:
    """Return the contract in a compiler's JSON; ``name`` chooses one where there are several.

    Raises InvalidInput saying what is missing: no JSON, no such contract, no ABI, no code, libraries not linked.
    """
    document = _load(data) if isinstance(data, bytes) else data
    found = dict(_find_contracts(document))
    chosen = {key: entry for key, entry in found.items() if name in ("", key, key.rpartition(":")[2])}
    if len(chosen) != 1:
        raise InvalidInput(
            "contract", name or f"{len(found)} contracts", f"one of {', '.join(found)}" if found else _NOT_FOUND
        )
    [(key, entry)] = chosen.items()
    compiler = _read_compiler(entry) or _read_compiler(document)
    found_source, file_number = _find_source(document, key)
    return _read_contract(key.rpartition(":")[2], entry, source or found_source, file_number, compiler)


def list_contracts(data: bytes) -> tuple[str, ...]:
    """Return the names of the contracts in a compiler's JSON that have code to deploy. Raises InvalidInput."""
    found = _find_contracts(_load(data))
    return tuple(key for key, entry in found if _get_codes(entry)[0] not in ("", "0x", None, {"object": ""}))


def _load(data: bytes) -> Mapping[str, Any]:
    if len(data) > MAX_ARTIFACT_BYTES:
        raise InvalidInput("size of the artifact", len(data), f"at most {MAX_ARTIFACT_BYTES} bytes")
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput("artifact", data[:40].decode(errors="replace"), f"JSON ({error})") from None
    if not isinstance(document, Mapping):
        raise InvalidInput("artifact", document, "a JSON object with ABI and bytecode: an ABI alone makes no contract")
    return document


def _find_contracts(document: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return every contract of a document with its name, ``file:name`` in a compiler's output."""
    if "abi" in document:
        target = _items(_dig(_get_metadata(document), "settings", "compilationTarget"))
        return [(str(document.get("contractName") or (target[0][1] if target else "contract")), document)]
    document = document["output"] if isinstance(document.get("output"), Mapping) else document  # Hardhat's build info
    if isinstance(document.get("contracts"), Mapping):
        files = document["contracts"].items()
        entries = [(str(file), names) for file, names in files if "abi" in dict(_items(names))]  # --combined-json
        entries += [(f"{file}:{name}", entry) for file, names in files for name, entry in _items(names)]
    else:
        entries = [(key.rpartition("/")[2].rpartition(".")[0] or key, entry) for key, entry in document.items()]
    return [(key, entry) for key, entry in entries if isinstance(entry, Mapping) and "abi" in entry]


def _find_source(document: Mapping[str, Any], key: str) -> tuple[str, int]:
    """Return the text of a contract's source where a document brings it along, and the number of its file."""
    file = key.rpartition(":")[0]
    text = dict(_items(_dig(document, "input", "sources", file))).get("content", "")
    number = read_number(dict(_items(_dig(document, "output", "sources", file))).get("id"))
    return str(text), number or 0


def _dig(document: object, *keys: str) -> object:
    for key in keys:
        document = dict(_items(document)).get(key)
    return document


def _get_metadata(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what solc writes about a compilation, as a mapping or as text."""
    found = entry.get("metadata")
    if isinstance(found, str):
        try:
            found = msgspec.json.decode(found)
        except (msgspec.DecodeError, RecursionError):
            return {}
    return dict(_items(found))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _items(value: object) -> list[tuple[str, Any]]:
    return [(str(key), entry) for key, entry in value.items()] if isinstance(value, Mapping) else []


def _read_contract(name: str, entry: Mapping[str, Any], source: str, file_number: int, compiler: str) -> Artifact:
    abi_json = _load_list(entry["abi"])
    abi = read_abi(abi_json)
    created, deployed = _get_codes(entry)
    bytecode, runtime = _read_code("bytecode", created), _read_code("deployed bytecode", deployed)
    if not bytecode:
        raise InvalidInput("bytecode", "none", "code to deploy: is this an interface or an abstract contract?")
    if len(bytecode) > MAX_INITCODE_BYTES:
        raise InvalidInput("bytecode", f"{len(bytecode)} bytes", f"at most {MAX_INITCODE_BYTES} bytes")
    source = str(entry.get("source") or source)
    running, creating = entry.get("source_map_runtime"), entry.get("source_map")
    solidity = entry.get("deployedSourceMap", entry.get("srcmap-runtime"))
    solidity = deployed.get("sourceMap") if isinstance(deployed, Mapping) else solidity
    spans = unpack_spans(entry.get("spans"), runtime)
    spans = spans or read_vyper_spans(dict(_items(running)).get("pc_pos_map"), runtime)
    if not spans and isinstance(solidity, str):
        spans = read_solidity_spans(solidity, runtime, source, file_number)
    creation_spans = unpack_spans(entry.get("creationSpans"), bytecode)
    creation_spans = creation_spans or read_vyper_spans(dict(_items(creating)).get("pc_pos_map"), bytecode)
    reasons = _items(entry.get("reasons", dict(_items(running)).get("error_map")))
    return Artifact(
        name,
        abi,
        tuple(abi_json),
        bytecode,
        runtime,
        source,
        spans,
        creation_spans,
        {place: str(reason) for pc, reason in reasons if (place := read_number(pc)) is not None},
        _read_variables(entry),
        _read_storage_types(entry),
        compiler,
    )


def _load_list(value: object) -> Any:
    """Return an ABI, which older compilers write as a text."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value


def _get_codes(entry: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the initcode and the running code as a document has them: text, or a mapping with "object"."""
    evm = dict(_items(entry.get("evm", entry.get("data"))))  # Remix calls it data
    created = entry.get("bytecode", entry.get("bin", evm.get("bytecode")))
    deployed = entry.get("deployedBytecode", entry.get("bytecode_runtime", entry.get("bin-runtime")))
    return created, evm.get("deployedBytecode", "") if deployed is None else deployed


def _read_compiler(entry: Mapping[str, Any]) -> str:
    version = entry.get("version", entry.get("solcLongVersion", ""))
    found = entry.get("compiler") or _get_metadata(entry).get("compiler") or ""
    if isinstance(found, Mapping):
        found = f"{found.get('name', 'solc')} {found.get('version', '')}"
    if not found and version:
        found = f"{'solc' if _is_solidity(entry) else 'vyper'} {version}"
    return str(found).strip()


def _is_solidity(document: Mapping[str, Any]) -> bool:
    return "sourceList" in document or "solcLongVersion" in document


def _read_variables(entry: Mapping[str, Any]) -> tuple[Variable, ...]:
    """Return the layout of storage as this module, Vyper or solc writes it."""
    rows = [row for row in _list(entry.get("variables")) if isinstance(row, list) and len(row) in (3, 4)]
    vyper = _items(_dig(entry, "layout", "storage_layout"))
    rows += [[name, dict(_items(place)).get("type", ""), dict(_items(place)).get("slot")] for name, place in vyper]
    solidity = [dict(_items(row)) for row in _list(_get_storage_layout(entry).get("storage"))]
    rows += [[row.get("label", ""), row.get("type", ""), row.get("slot"), row.get("offset", 0)] for row in solidity]
    places = ((str(row[0]), str(row[1]), read_number(row[2]), read_number([*row, 0][3])) for row in rows)
    return tuple(
        Variable(name, kind, slot, offset)
        for name, kind, slot, offset in places
        if slot is not None and offset is not None
    )


def _get_storage_layout(entry: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_items(entry.get("storageLayout", entry.get("storage-layout"))))


def _read_storage_types(entry: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_items(entry.get("storageTypes", _get_storage_layout(entry).get("types"))))


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
