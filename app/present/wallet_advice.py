"""What is wrong with what a person typed, in a sentence, and what to do about a payment that a node refuses."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.widgets.text import clean
from chain.errors import ChainroomError, InvalidAddress, InvalidInput, RuleBroken

ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "access/send": "press A, then w: that puts your accounts on the list of who may send; it holds from one of the "
        "next blocks on. Then send again",
        "ledger/balance": "send less (max takes all there is), or press f for coins of the faucet",
        "ledger/locked": "wait until that time: nobody can pay from this account before it",
        "ledger/nonce": "send it again: the wallet takes the nonce that is next",
        "ledger/fee-cap": "choose a higher fee: fast",
        "ledger/memo": "write a shorter memo",
        "ledger/signature": "check that the account is yours and that the wallet belongs to this run",
        "ledger/chain-id": "make it again in this run: it was signed for another one",
        "ledger/policy": "collect the signatures that are missing: e, Partly signed payment",
        "ledger/recipient": "check the address of the recipient",
        "mempool/full": "choose a higher fee, or wait until blocks have taken some in",
        "mempool/known": "wait: the node has it already",
        "mempool/replacement": "offer more (u), or wait for the one that is there",
        "node/online": "start the node again on the network screen (1), or send once another one is taken",
    }
)


def get_advice(rule: str) -> str:
    """Return what to do, as a sentence; empty where nothing helps or nobody knows."""
    advice = ADVICE.get(rule, "")
    return f"What to do: {advice}." if advice else ""


def explain_mistake(error: ChainroomError, limit: int = 120) -> str:
    """Return what is wrong: without the path of the wallet file, with at most ``limit`` cells of what was typed."""
    if isinstance(error, InvalidAddress) and error.thing == "checksum":
        hint = error.allowed.partition("; ")[2]
        return "this address is mistyped, its checksum does not fit" + (f"; {hint}" if hint else "")
    if isinstance(error, InvalidAddress) and error.thing == "address length":
        return f"this address has {error.value} characters; a whole one has {error.allowed}"
    if isinstance(error, InvalidInput) and type(error).__str__ is Exception.__str__:
        typed = clean(str(error.value), limit)
        return f"{error.thing} '{typed}': it must be {error.allowed}" if typed else f"{error.thing}: {error.allowed}"
    if isinstance(error, RuleBroken):
        return error.message
    head, separator, rest = str(error).partition(": ")
    return rest if separator and head.endswith(".json") else str(error)
