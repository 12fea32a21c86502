"""Why a call would fail, in words a person can do something with: the reason, the line of source, and what to do.

The reason is what the contract says (a text, a panic, an error of its own, also one of a contract it calls), or what
the compiler noted about the place. The line is found by running the message once more, step by step.
"""

from functools import partial
from typing import Final

from app.present.contracts import Shelf
from app.present.debugger import Debugger
from app.present.wallet_advice import ADVICE
from app.present.words import format_coins, format_count
from app.widgets.text import clean
from chain.contracts.abi import Abi
from chain.contracts.evm.halts import Halt
from chain.contracts.evm.host import Account, Context, Host
from chain.contracts.evm.message import Message, Result
from chain.contracts.tracer import trace_message
from chain.errors import InvalidTransaction
from chain.units import Hash

MOST_CODE_BYTES: Final = 24_576
"""EIP-170."""
_COMPILER_WORDS: Final = {
    "safeadd": "a sum would be larger than its type can hold",
    "safesub": "a difference would be below zero",
    "safemul": "a product would be larger than its type can hold",
    "safediv": "a division by zero",
    "safemod": "a division by zero",
    "send failed": "the receiver did not take the coins",
    "external call failed": "a contract that it calls failed",
    "extcodesize is zero": "there is no contract at the address that it calls",
    "fallback function": "it has no function of this name",
    "returndatasize too small": "a contract that it calls answered too little: is it of the right kind?",
}
"""What Vyper notes about a check, in words."""
_TAKES_NO_COINS: Final = "bad calldatasize or callvalue"

Words = tuple[str, str, str]
"""Problem, place and advice."""


def explain_refusal(error: InvalidTransaction, account: Account | None, message: Message) -> Words:
    """Return why a message cannot even begin, and what to do."""
    if error.rule == "evm/balance":
        has = account.balance if account is not None else 0
        problem = f"you have {format_coins(has)}, and {format_coins(message.value)} should go along"
        return problem, "", f"What to do: {ADVICE['ledger/balance'].replace('press f', 'press 3, then f')}."
    if error.rule == "evm/intrinsic-gas":
        return error.message, "", "What to do: send less data; a block of this run has no room for so much."
    return error.message, "", ""


def describe_failure(result: Result, abi: Abi, shelf: Shelf | None = None) -> str:
    """Return in words why a message failed; the errors of all contracts on the shelf are known."""
    if not result.output:
        return "it reverts without a reason" if result.error is Halt.REVERT else str(result.error or "it failed")
    explain = abi.explain_revert if shelf is None else partial(shelf.explain_revert, abi=abi)
    return clean(explain(result.output), 300)


def explain_failure(host: Host, context: Context, message: Message, result: Result, abi: Abi, shelf: Shelf) -> Words:
    """Return why a message fails, where, and what to do."""
    if result.error is Halt.OUT_OF_GAS:
        problem = f"out of gas: it takes more than the {format_count(message.gas)} gas that a block of this run holds"
        advice = "What to do: let it do less at once (a shorter list, fewer rounds), in several transactions."
        if message.target is None:
            advice = f"What to do: let the constructor do less; the code may have {MOST_CODE_BYTES} bytes at most."
        return problem, "", advice
    problem, place = describe_failure(result, abi, shelf), ""
    trace = trace_message(host, context, message, result)
    debugger = Debugger(trace, Hash(bytes(32)), shelf, message.target is None)
    step = debugger.find_failure()
    if step is not None:
        debugger.go(step)
        place, noted = _describe_place(debugger), _describe_note(debugger, message)
        problem = noted if noted and not result.output else problem
    return problem, place, "What to do: change what you typed so that this holds, or wait until it does."


def _describe_place(debugger: Debugger) -> str:
    """Return the line of source at the debugger's step; empty where no source is known."""
    artifact, span = debugger.get_artifact(debugger.call), debugger.find_span(debugger.index)
    lines = artifact.source.splitlines() if artifact is not None else []
    if artifact is None or span is None or not 0 < span.line <= len(lines):
        return ""
    return clean(f"{artifact.name}, line {span.line}: {lines[span.line - 1].strip()}", 200)


def _describe_note(debugger: Debugger, message: Message) -> str:
    """Return what the compiler noted about the last check before the end; empty when nothing."""
    artifact, call = debugger.get_artifact(debugger.call), debugger.call
    if artifact is None or debugger.creates(call):
        return ""
    steps = (it for it in range(call.last_step, call.first_step - 1, -1) if debugger.trace.call_of[it] == call.index)
    places = (debugger.trace.pcs[it] for it, _ in zip(steps, range(8), strict=False))
    note = next((artifact.reasons[pc] for pc in places if pc in artifact.reasons), "")
    if note == _TAKES_NO_COINS:
        return "it takes no coins: send 0" if message.value else "it needs more data than was sent"
    return _COMPILER_WORDS.get(note, note)
