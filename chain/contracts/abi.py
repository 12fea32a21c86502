"""The face of a contract: its functions, events and errors, as a compiler describes them in JSON.

A function is called with its selector (the first four bytes of the hash of its signature) and its encoded arguments;
an event's first topic is the whole hash; a revert carries the selector of an error.

Source: Solidity documentation, "Contract ABI Specification"; ``Error(string)`` and ``Panic(uint256)`` from "Error
handling".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from chain.contracts.abi_types import AbiType, Elementary, Tuple, decode_value, encode_value, is_dynamic, parse_type
from chain.contracts.evm.message import Log
from chain.contracts.keccak import compute_keccak
from chain.errors import InvalidEncoding, InvalidInput

SELECTOR_BYTES: Final = 4
MAX_ENTRIES: Final = 4096
"""Functions, events and errors of one ABI: each function takes ten bytes of a code, which has 24 576 (EIP-170)."""
MAX_PARAMETERS: Final = 256
"""Arguments of a function, values of an event, parts of a tuple."""
PANICS: Final = {
    0x00: "compiler panic",
    0x01: "assertion failed",
    0x11: "arithmetic overflow or underflow",
    0x12: "division by zero",
    0x21: "value out of range for an enum",
    0x22: "storage byte array wrongly encoded",
    0x31: "pop from an empty array",
    0x32: "index out of bounds",
    0x41: "out of memory",
    0x51: "call of an uninitialised function",
}


@lru_cache(maxsize=10_000)
def _hash_signature(signature: str) -> bytes:
    return compute_keccak(signature.encode())


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named argument or result."""

    name: str
    """May be empty."""
    type: AbiType
    indexed: bool = False
    """Of an event: in a topic, so that it can be searched for."""
    parts: tuple["Parameter", ...] = ()
    """Names of a tuple's values."""


def _get_row(parameters: tuple[Parameter, ...]) -> Tuple:
    return Tuple(tuple(parameter.type for parameter in parameters))


@dataclass(frozen=True, slots=True)
class Function:
    """Something that can be called."""

    name: str
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...] = ()
    mutability: str = "nonpayable"
    """pure and view only read; payable takes money; nonpayable refuses it."""

    @property
    def signature(self) -> str:
        """Return name and types: ``transfer(address,uint256)``."""
        return f"{self.name}{_get_row(self.inputs)}"

    @property
    def selector(self) -> bytes:
        """Return the four bytes that call it."""
        return _hash_signature(self.signature)[:SELECTOR_BYTES]

    @property
    def reads_only(self) -> bool:
        """Tell whether it promises to change nothing."""
        return self.mutability in ("pure", "view")

    def encode_call(self, values: Sequence[Any]) -> bytes:
        """Return call data. Raises InvalidInput naming the argument when a value does not fit."""
        return self.selector + encode_arguments(self.inputs, values)

    def decode_call(self, data: bytes) -> tuple[Any, ...]:
        """Return the arguments in call data. Raises InvalidEncoding."""
        values: tuple[Any, ...] = decode_value(_get_row(self.inputs), data[SELECTOR_BYTES:])
        return values

    def decode_output(self, data: bytes) -> tuple[Any, ...]:
        """Return the results in what a call returned. Raises InvalidEncoding."""
        values: tuple[Any, ...] = decode_value(_get_row(self.outputs), data)
        return values


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a contract tells."""

    name: str
    inputs: tuple[Parameter, ...]
    anonymous: bool = False
    """Without its hash in the first topic."""

    @property
    def signature(self) -> str:
        """Return name and types: ``Transfer(address,address,uint256)``."""
        return f"{self.name}{_get_row(self.inputs)}"

    @property
    def topic(self) -> bytes:
        """Return the hash that is its first topic."""
        return _hash_signature(self.signature)

    def decode(self, log: Log) -> dict[str, Any]:
        """Return the values of a log by name, in order; nameless ones are called ``0``, ``1`` … by their place.

        Of a long indexed value only its hash is known: that is returned as 32 bytes. Raises InvalidEncoding.
        """
        topics = list(log.topics) if self.anonymous else list(log.topics)[1:]
        indexed = [parameter for parameter in self.inputs if parameter.indexed]
        if len(topics) != len(indexed):
            raise InvalidEncoding("event topics", len(topics), f"{len(indexed)} for {self.signature}")
        plain = tuple(parameter for parameter in self.inputs if not parameter.indexed)
        data = iter(decode_value(_get_row(plain), log.data))
        values: dict[str, Any] = {}
        for place, parameter in enumerate(self.inputs):
            name = parameter.name if parameter.name and parameter.name not in values else str(place)
            values[name] = _decode_topic(parameter.type, topics.pop(0)) if parameter.indexed else next(data)
        return values


def _decode_topic(kind: AbiType, topic: bytes) -> Any:
    hashed = not isinstance(kind, Elementary) or is_dynamic(kind)
    return topic if hashed else decode_value(kind, topic)


@dataclass(frozen=True, slots=True)
class CustomError:
    """A reason that a revert can carry."""

    name: str
    inputs: tuple[Parameter, ...]

    @property
    def signature(self) -> str:
        """Return name and types."""
        return f"{self.name}{_get_row(self.inputs)}"

    @property
    def selector(self) -> bytes:
        """Return the four bytes that begin the revert data."""
        return _hash_signature(self.signature)[:SELECTOR_BYTES]

    def encode(self, values: Sequence[Any]) -> bytes:
        """Return revert data."""
        return self.selector + encode_arguments(self.inputs, values)

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """Return the values in revert data. Raises InvalidEncoding."""
        values: tuple[Any, ...] = decode_value(_get_row(self.inputs), data[SELECTOR_BYTES:])
        return values


ERROR_STRING: Final = CustomError("Error", (Parameter("message", Elementary("string")),))
PANIC: Final = CustomError("Panic", (Parameter("code", Elementary("uint", 256)),))


@dataclass(frozen=True, slots=True)
class Abi:
    """All that a contract can be asked and can say."""

    functions: tuple[Function, ...] = ()
    events: tuple[Event, ...] = ()
    errors: tuple[CustomError, ...] = ()
    constructor: Function = Function("", ())
    """What initcode takes; without a selector."""
    receives: bool = False
    """It takes money that comes with no data, or any call at all (receive, fallback)."""

    def get_function(self, name: str) -> Function:
        """Return a function by its name, or by its signature where names repeat. Raises InvalidInput."""
        found = [function for function in self.functions if name == function.name]
        found = found or [function for function in self.functions if name == function.signature]
        if len(found) != 1:
            known = ", ".join(function.signature for function in self.functions) or "no functions"
            raise InvalidInput("function", name, f"one of {known}")
        return found[0]

    def find_function(self, data: bytes) -> Function | None:
        """Return the function that call data calls, or None."""
        selector = data[:SELECTOR_BYTES]
        return next((function for function in self.functions if function.selector == selector), None)

    def decode_log(self, log: Log) -> tuple[Event, dict[str, Any]] | None:
        """Return the event of a log and its values; None when no event of this contract reads it."""
        for event in self.events:
            if not event.anonymous and log.topics[:1] == (event.topic,):
                try:
                    return event, event.decode(log)
                except InvalidEncoding:
                    continue
        return None

    def explain_revert(self, data: bytes) -> str:
        """Return in words why a call reverted: the message, the panic, the error with its values, or the bytes."""
        if not data:
            return "reverted without a reason"
        for error in (ERROR_STRING, PANIC, *self.errors):
            if data[:SELECTOR_BYTES] == error.selector:
                try:
                    return _describe(error, error.decode(data))
                except InvalidEncoding:
                    continue
        return f"reverted with 0x{data[:64].hex()}" + ("…" if len(data) > 64 else "")


def _describe(error: CustomError, values: tuple[Any, ...]) -> str:
    if error is ERROR_STRING:
        return str(values[0])
    if error is PANIC:
        return PANICS.get(values[0], f"panic {values[0]:#x}")
    shown = (f"0x{value.hex()}" if isinstance(value, bytes) else str(value) for value in values)
    named = zip(error.inputs, shown, strict=True)
    return f"{error.name}({', '.join(f'{p.name}={text}' if p.name else text for p, text in named)})"


def encode_arguments(parameters: tuple[Parameter, ...], values: Sequence[Any]) -> bytes:
    """Return encoded arguments. Raises InvalidInput naming the argument that does not fit, or their number."""
    if len(values) != len(parameters):
        raise InvalidInput("number of arguments", len(values), str(len(parameters)))
    for place, (parameter, value) in enumerate(zip(parameters, values, strict=True)):
        try:
            encode_value(parameter.type, value)
        except InvalidInput as error:
            name = parameter.name or f"number {place + 1}"
            raise InvalidInput(f"argument {name}, {error.thing}", error.value, error.allowed) from None
    return encode_value(_get_row(parameters), list(values))


def read_abi(entries: object) -> Abi:
    """Return the ABI that a compiler's JSON list describes. Raises InvalidInput naming what is not understood."""
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise InvalidInput("ABI", entries, "a list of functions, events and errors")
    if len(entries) > MAX_ENTRIES:
        raise InvalidInput("entries of the ABI", len(entries), f"at most {MAX_ENTRIES}: no code has room for more")
    functions, events, errors, constructor, receives = [], [], [], Function("", ()), False
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise InvalidInput("ABI entry", entry, "an object with type, name and inputs")
        kind, name = entry.get("type", "function"), str(entry.get("name", ""))
        inputs = _read_parameters(entry.get("inputs"))
        if kind == "function":
            outputs = _read_parameters(entry.get("outputs"))
            functions.append(Function(name, inputs, outputs, _read_mutability(entry)))
        elif kind == "event":
            events.append(Event(name, inputs, bool(entry.get("anonymous"))))
        elif kind == "error":
            errors.append(CustomError(name, inputs))
        elif kind == "constructor":
            constructor = Function("", inputs, (), _read_mutability(entry))
        elif kind in ("receive", "fallback"):
            receives = receives or kind == "receive" or _read_mutability(entry) == "payable"
        else:
            raise InvalidInput("ABI entry", kind, "function, event, error, constructor, receive or fallback")
    return Abi(tuple(functions), tuple(events), tuple(errors), constructor, receives)


def _read_mutability(entry: Mapping[str, Any]) -> str:
    old = "view" if entry.get("constant") else "payable" if entry.get("payable") else "nonpayable"
    return str(entry.get("stateMutability", old))


def _read_parameters(entries: object, depth: int = 0) -> tuple[Parameter, ...]:
    if entries is None:
        return ()
    if not isinstance(entries, Sequence) or isinstance(entries, str) or len(entries) > MAX_PARAMETERS:
        raise InvalidInput("parameters in the ABI", entries, f"a list of at most {MAX_PARAMETERS}")
    return tuple(_read_parameter(entry, depth) for entry in entries)


def _read_parameter(entry: object, depth: int = 0) -> Parameter:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("type"), str) or depth > 16:
        raise InvalidInput("ABI parameter", entry, "an object with name and type")
    text: str = entry["type"]
    parts: tuple[Parameter, ...] = ()
    if text.startswith("tuple"):
        parts = _read_parameters(entry.get("components"), depth + 1)
        text = str(_get_row(parts)) + text.removeprefix("tuple")
    return Parameter(str(entry.get("name", "")), parse_type(text), bool(entry.get("indexed")), parts)
