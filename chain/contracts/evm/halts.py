"""Why a frame stopped short of success."""

from enum import StrEnum


class Halt(StrEnum):
    """The reason a frame failed. REVERT gives back the gas that is left and carries data; the others take all gas."""

    REVERT = "reverted"
    OUT_OF_GAS = "out of gas"
    STACK_UNDERFLOW = "stack underflow"
    STACK_OVERFLOW = "stack overflow"
    INVALID_OPCODE = "invalid opcode"
    INVALID_JUMP = "jump to no JUMPDEST"
    WRITE_IN_STATIC_CALL = "write in a static call"
    READ_OUT_OF_BOUNDS = "read beyond the return data"
    INVALID_PARAMETER = "invalid parameter of a precompile"
    INVALID_CODE_PREFIX = "created code begins with 0xEF"
    ADDRESS_COLLISION = "the address of the created contract is taken"
    PRECOMPILE_NOT_SUPPORTED = "this precompile is not supported here"


class ExceptionalHalt(Exception):
    """Raised inside the machine to end the running frame; never leaves the machine."""

    def __init__(self, reason: Halt) -> None:
        self.reason = reason
        super().__init__(reason)


def fail_out_of_gas() -> ExceptionalHalt:
    """Return the most frequent of them."""
    return ExceptionalHalt(Halt.OUT_OF_GAS)
