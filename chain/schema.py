"""Says in words which value of a table a schema refuses, and what would be allowed there.

msgspec checks a table against typed values and tells where it failed. Here that place is looked up in the types, so
that a person reads ``network.nodes: 'four' is not allowed; allowed: a whole number`` and, for a key that does not
exist, the keys that do and the one that was probably meant.
"""

import difflib
import re
from typing import Any

import msgspec
from msgspec import inspect as types

from chain.errors import InvalidScenario
from chain.units import Span

SPANS = 'a span of time in quotes, such as "250ms", "30m", "1h30m", "7d"'
MISSING = "(missing)"


def explain(error: msgspec.ValidationError, kind: type, table: Any, prefix: str = "") -> InvalidScenario:
    """Return why ``table`` is no ``kind``: key, value, what is allowed. ``prefix`` is where the table stands."""
    match = re.search(r"^(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", str(error), re.DOTALL)
    assert match is not None
    what, path = match["what"], re.findall(r"[^.\[\]]+", match["path"] or "")
    found, value = _walk(types.type_info(kind), path, table)
    value = str(value).lower() if isinstance(value, bool) else value  # as TOML writes it
    field = re.search(r"(unknown|missing required) field `([^`]*)`", what)
    if field is None:
        return InvalidScenario(_join(prefix, path), value, describe(found) + suggest(value, _get_names(found)))
    key = _join(prefix, [*path, field[2]])
    if field[1] == "unknown":
        names = _get_names(found)
        return InvalidScenario("key", key, ", ".join(names) + suggest(field[2], names))
    return InvalidScenario(key, MISSING, describe(_walk(found, [field[2]], {})[0]))


def suggest(value: object, names: list[str]) -> str:
    """Return ``" (did you mean …?)"`` with the name nearest to a value, or nothing."""
    near = difflib.get_close_matches(value, names, 1) if isinstance(value, str) else []
    return f" (did you mean {near[0]}?)" if near else ""


def describe(info: types.Type) -> str:
    """Return in words what a type allows."""
    match info:
        case types.IntType():
            return "a whole number" + _describe_range(info.ge, info.le)
        case types.FloatType():
            return "a number" + _describe_range(info.ge, info.le)
        case types.BoolType():
            return "true or false"
        case types.StrType():
            return "a text in quotes"
        case types.BytesType():
            return "bytes, written as base64 in quotes"
        case types.LiteralType():
            return ", ".join(map(str, info.values))
        case types.VarTupleType():
            return f"a list, each entry {describe(info.item_type)}"
        case types.TupleType():
            return f"a list of {len(info.item_types)}: {'; '.join(map(describe, info.item_types))}"
        case types.CustomType() if info.cls is Span:
            return SPANS
        case types.StructType():
            return f"a table with the keys {', '.join(_get_names(info))}"
        case types.UnionType():
            return ", ".join(_get_names(info)) or describe(info.types[0])
    return "a table"


def _describe_range(least: float | None, most: float | None) -> str:
    if least is None and most is None:
        return ""
    if most is None:
        return f" of at least {least:g}"
    return f" from {least or 0} to {most}"


def _get_names(info: types.Type) -> list[str]:
    """Return the names a type lets one choose from: keys, values or commands."""
    match info:
        case types.StructType():
            return [field.encode_name for field in info.fields]
        case types.LiteralType():
            return [str(value) for value in info.values]
        case types.UnionType():
            return [str(member.tag) for member in info.types if isinstance(member, types.StructType) and member.tag]
    return []


def _walk(info: types.Type, path: list[str], value: Any) -> tuple[types.Type, Any]:
    """Return the type and the value at a path, both as far as it leads."""
    for part in path:
        value = _get_item(value, part)
        match info:
            case types.StructType():
                fields = {field.encode_name: field.type for field in info.fields}
                info = fields.get(part, info)
            case types.VarTupleType():
                info = info.item_type
            case types.TupleType():
                info = info.item_types[int(part)]
        info = _resolve(info, value)
    return info, value


def _resolve(info: types.Type, value: Any) -> types.Type:
    """Return the member of a union that a value belongs to, as far as the value tells."""
    if isinstance(info, types.Metadata):
        return _resolve(info.type, value)
    if not isinstance(info, types.UnionType):
        return info
    tag = value.get("command") if isinstance(value, dict) else None
    chosen = [member for member in info.types if isinstance(member, types.StructType) and member.tag == tag]
    return chosen[0] if chosen else info


def _get_item(value: Any, part: str) -> Any:
    try:
        return value[int(part)] if isinstance(value, (list, tuple)) else value[part]
    except (KeyError, IndexError, ValueError, TypeError):
        return MISSING


def _join(prefix: str, path: list[str]) -> str:
    text = ".".join([prefix, *path] if prefix else path)
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", text) or "the scenario"
