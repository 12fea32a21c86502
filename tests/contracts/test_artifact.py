"""Reading what compilers write, and which line of source an instruction comes from."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain.contracts.artifact import MAX_ARTIFACT_BYTES, Variable, list_contracts, read_artifact
from chain.contracts.disassembler import disassemble
from chain.contracts.source_map import Span, read_solidity_spans
from chain.errors import InvalidInput

MATERIAL = Path(__file__).parent / "material"
ABI = [{"type": "function", "name": "f", "inputs": [], "outputs": []}]
CODE = "0x6001600201"


def test_our_own_form_comes_back() -> None:
    """What is committed beside a source is a plain artifact with names of more."""
    data = (MATERIAL / "token.json").read_bytes()
    token = read_artifact(data)
    assert read_artifact(json.dumps(token.to_json()).encode()) == token
    assert (token.name, token.compiler) == ("token", "vyper 0.4.3")
    assert token.source == (MATERIAL / "token.vy").read_text()
    assert token.variables[4] == Variable("balanceOf", "HashMap[address, uint256]", 6)


def test_an_instruction_has_its_line() -> None:
    """The subtraction that could underflow is the one in the line that takes the amount away."""
    token = read_artifact((MATERIAL / "token.json").read_bytes())
    lines = token.source.splitlines()
    spans = [token.find_span(pc) for pc, reason in token.reasons.items() if reason == "safesub"]
    assert {lines[span.line - 1].strip() for span in spans if span} == {
        "self.balanceOf[msg.sender] -= amount",
        "self.balanceOf[owner] -= amount",
        "self.allowance[owner][msg.sender] -= amount",
    }
    stores = [
        span
        for item in disassemble(token.bytecode)
        if item.name == "SSTORE" and (span := token.find_span(item.pc, True))
    ]
    assert lines[stores[0].line - 1].strip() == "self.name = name"
    assert token.find_span(10**6) is None


FORMS = {
    "plain": {"abi": ABI, "bytecode": CODE},
    "without 0x": {"abi": ABI, "bytecode": CODE[2:]},
    "Hardhat": {"contractName": "C", "abi": ABI, "bytecode": CODE, "deployedBytecode": "0x00", "linkReferences": {}},
    "Foundry": {"abi": ABI, "bytecode": {"object": CODE, "sourceMap": ""}, "deployedBytecode": {"object": "0x00"}},
    "Truffle": {"contractName": "C", "abi": ABI, "bytecode": CODE, "compiler": {"name": "solc", "version": "0.8.1"}},
    "solc": {"contracts": {"C.sol": {"C": {"abi": ABI, "evm": {"bytecode": {"object": CODE[2:]}}}}}},
    "Vyper combined": {"version": "0.4.3", "dir/C.vy": {"abi": ABI, "bytecode": CODE, "bytecode_runtime": "0x00"}},
}


@pytest.mark.parametrize("document", FORMS.values(), ids=FORMS.keys())
def test_every_usual_form_is_read(document: dict) -> None:
    artifact = read_artifact(json.dumps(document).encode())
    assert artifact.bytecode == bytes.fromhex("6001600201")
    assert artifact.abi.functions[0].signature == "f()"


def _read_ledger() -> dict:
    """What solc 0.8.30 made of Ledger.sol, as in its standard output."""
    return json.loads((MATERIAL / "Ledger.json").read_bytes())


def _iter_forms() -> Iterator[tuple[str, dict]]:
    """Yield that contract in the form of each tool, with an interface beside it where a file holds several."""
    entry = _read_ledger()
    code, running = entry["evm"]["bytecode"], entry["evm"]["deployedBytecode"]
    hexadecimal = {"bytecode": "0x" + code["object"], "deployedBytecode": "0x" + running["object"]}
    interface = {"abi": entry["abi"], "evm": {"bytecode": {"object": ""}, "deployedBytecode": {"object": ""}}}
    standard = {"contracts": {"src/Ledger.sol": {"Ledger": entry, "ILedger": interface}}}
    text = (MATERIAL / "Ledger.sol").read_text()
    yield "solc standard", standard
    yield "Hardhat", {"_format": "hh-sol-artifact-1", "contractName": "Ledger", "abi": entry["abi"], **hexadecimal}
    yield (
        "Hardhat build info",
        {
            "_format": "hh-sol-build-info-1",
            "solcLongVersion": "0.8.30",
            "input": {"sources": {"src/Ledger.sol": {"content": text}}},
            "output": {**standard, "sources": {"src/Ledger.sol": {"id": 0}}},
        },
    )
    yield (
        "Foundry",
        {
            "abi": entry["abi"],
            "bytecode": {**code, "object": "0x" + code["object"], "linkReferences": {}},
            "deployedBytecode": {**running, "object": "0x" + running["object"]},
            "rawMetadata": entry["metadata"],
            "metadata": json.loads(entry["metadata"]),
            "storageLayout": entry["storageLayout"],
        },
    )
    yield "Remix", {"abi": entry["abi"], "data": {"bytecode": code, "deployedBytecode": running}}
    combined = {
        "abi": entry["abi"],
        "bin": code["object"],
        "bin-runtime": running["object"],
        "srcmap-runtime": running["sourceMap"],
        "storage-layout": entry["storageLayout"],
    }
    several = {"src/Ledger.sol:Ledger": combined, "src/Ledger.sol:ILedger": {"abi": entry["abi"], "bin": ""}}
    yield "combined", {"contracts": several, "sourceList": ["src/Ledger.sol"], "version": "0.8.30"}
    old = {**combined, "abi": json.dumps(entry["abi"])}
    yield "combined, old", {"contracts": {"src/Ledger.sol:Ledger": old}, "version": "0.7.6"}


@pytest.mark.parametrize(("tool", "document"), [pytest.param(*it, id=it[0]) for it in _iter_forms()])
def test_a_solidity_contract_is_read_from_every_tool(tool: str, document: dict) -> None:
    """The very same code and ABI; the name, the layout and the lines where the tool tells them."""
    data = json.dumps(document).encode()
    (name,) = list_contracts(data)
    artifact = read_artifact(data, name)
    assert artifact.bytecode.hex() == _read_ledger()["evm"]["bytecode"]["object"]
    assert artifact.abi.get_function("less(uint256,uint256)")
    assert [error.name for error in artifact.abi.errors] == ["Poor"]
    assert artifact.name == ("contract" if tool == "Remix" else "Ledger")
    assert bool(artifact.storage_types) == (tool not in ("Hardhat", "Remix"))
    if tool == "Hardhat build info":
        lines = artifact.source.splitlines()
        assert 'require(open, "closed");' in {lines[span.line - 1].strip() for span in artifact.spans.values()}


def test_code_is_known_whatever_its_immutables_are() -> None:
    """solc writes them into the code, Vyper behind it; any other difference makes it another contract."""
    ledger, token = read_artifact(_read_ledger()), read_artifact((MATERIAL / "token.json").read_bytes())
    (place,) = _read_ledger()["evm"]["deployedBytecode"]["immutableReferences"]["39"]
    start = place["start"]
    deployed = ledger.runtime[:start] + bytes(12) + b"\x0a" * 20 + ledger.runtime[start + 32 :]
    assert ledger.is_code(deployed)
    assert ledger.is_code(ledger.runtime)
    for at in (0, start - 1, start + 32, len(deployed) - 1):
        assert not ledger.is_code(deployed[:at] + bytes([deployed[at] ^ 1]) + deployed[at + 1 :])
    assert not ledger.is_code(deployed[:-1])
    assert token.is_code(token.runtime + b"\7" * 32)
    assert not token.is_code(token.runtime[:-1])
    library = replace(token, runtime=bytes.fromhex("73" + "00" * 20 + "3014"))
    assert library.is_code(bytes.fromhex("73" + "ab" * 20 + "3014"))
    assert not replace(token, runtime=b"").is_code(b"")


def test_one_of_several_contracts_is_named() -> None:
    entry = {"abi": ABI, "evm": {"bytecode": {"object": CODE}}}
    document = {"contracts": {"C.sol": {"C": entry, "D": entry}}}
    assert read_artifact(document, "D").name == "D"
    assert read_artifact(document, "C.sol:C").name == "C"
    with pytest.raises(InvalidInput, match=r"one of C\.sol:C, C\.sol:D"):
        read_artifact(document)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"no json", "JSON"),
        (b"[]", "an ABI alone makes no contract"),
        (b"[" * 100_000, "JSON"),
        (b" " * (MAX_ARTIFACT_BYTES + 1), "at most"),
        ({"abi": ABI}, "abstract contract"),
        ({"abi": ABI, "bytecode": "0x60__$lib$__"}, "libraries are linked"),
        ({"abi": ABI, "bytecode": "0xzz"}, "hexadecimal"),
        ({"abi": ABI, "bytecode": 7}, "hexadecimal"),
        ({"abi": ABI, "bytecode": "00" * 49_153}, "at most 49152 bytes"),
        ({"abi": "f()", "bytecode": CODE}, "a list of functions"),
        ({"bytecode": CODE}, "none found"),
        ({"abi": "[{", "bytecode": CODE}, "a list of functions"),
        ({"contracts": {"a.sol:A": {"bin": CODE}}}, "none found"),
    ],
)
def test_what_is_no_contract_is_refused(document: bytes | dict, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_artifact(document)


def test_absurd_numbers_are_left_out() -> None:
    """A hostile file may hold anything where numbers belong."""
    absurd = {"spans": [[1, 2, 3], ["a"] * 6, 7, [0, 10**30, 1, 0, 1, 5]], "reasons": {"1e9": "no", "3": "yes"}}
    artifact = read_artifact({"abi": ABI, "bytecode": CODE, **absurd, "variables": [["a", "b", "9" * 999], 5]})
    assert artifact.spans == {}  # the one row that is right maps code that is not there
    assert artifact.reasons == {3: "yes"}
    assert artifact.variables == ()


def test_a_compressed_source_map_becomes_lines() -> None:
    """Left-out fields are those of the entry before; entries are by instruction, not by byte."""
    source = "contract C {\n  f();\n}\n"
    spans = read_solidity_spans("0:12:0:-:0;15:4;;:3:1;15:4:0", bytes.fromhex("6001600201015b"), source)
    assert spans == {
        0: Span(1, 0, 1, 12),
        2: Span(2, 2, 2, 6),
        4: Span(2, 2, 2, 6),
        6: Span(2, 2, 2, 6),
    }
    assert read_solidity_spans("0:12:0", b"\0", "") == {}


def test_code_is_listed_instruction_by_instruction() -> None:
    """Nothing is left out, and a PUSH cut short by the end reads zeros."""
    listed = disassemble(bytes.fromhex("60805b01fe61ff"))
    assert [str(instruction) for instruction in listed] == [
        "    0  PUSH1 0x80",
        "    2  JUMPDEST",
        "    3  ADD",
        "    4  INVALID",
        "    5  PUSH2 0xff00",
    ]
    assert listed[2].gas == 3
