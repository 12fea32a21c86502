"""Writing machine code by hand: opcodes by name, pushes by number, jumps by label."""

from chain.contracts.evm.opcodes import OPCODES

BYTES = {row.name: row.byte for row in OPCODES if row} | {"INVALID": 0xFE}


def push(number: int) -> bytes:
    """Return the shortest PUSH of a number."""
    size = (number.bit_length() + 7) // 8
    return bytes([0x5F + size]) + number.to_bytes(size)


def assemble(*items: int | str | bytes) -> bytes:
    """Return code: numbers are pushed, names are opcodes, bytes stand for themselves.

    ``":x"`` marks a JUMPDEST and ``"@x"`` pushes its place (with PUSH2), wherever the mark stands.
    """
    code, places, holes = bytearray(), {}, []
    for item in items:
        if isinstance(item, int):
            code += push(item)
        elif isinstance(item, bytes):
            code += item
        elif item.startswith(":"):
            places[item[1:]] = len(code)
            code.append(BYTES["JUMPDEST"])
        elif item.startswith("@"):
            code += b"\x61\0\0"
            holes.append((len(code) - 2, item[1:]))
        else:
            code.append(BYTES[item])
    for hole, label in holes:
        code[hole : hole + 2] = places[label].to_bytes(2)
    return bytes(code)


def return_stack(count: int = 1) -> bytes:
    """Return code that returns the top words of the stack, the top first."""
    stores = b"".join(assemble(32 * place, "MSTORE") for place in range(count))
    return stores + assemble(32 * count, 0, "RETURN")
