"""Where in a run an attack on a contract happens, and at which step of which transaction one sees it.

Each attack is a line of data: how its transaction is known, and where in it to stop: in which call of which function,
at which line of the source. The step is found in the trace of the real transaction, so what the debugger opens is what
happened. Every attack stands beside the same one on the repaired contract.
"""

from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from app.present.contracts import Doing, Shelf, get_doings
from app.present.debugger import Debugger, open_debugger
from app.present.heads import get_canonical
from app.session import Session
from chain.contracts.tracer import Call as TracedCall
from chain.economy.application import Application
from chain.economy.applications import attack_access as access
from chain.economy.applications import attack_front_running as front_running
from chain.economy.applications import attack_integers as integers
from chain.economy.applications import attack_oracle as oracle
from chain.economy.applications import attack_reentrancy as reentrancy
from chain.economy.applications import attack_sandwich as sandwich
from chain.ledger.actions import Call
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import MINUTE, Address, TimeUs


class Stop(NamedTuple):
    """A step of a transaction."""

    label: str
    """Whose code runs."""
    function: str
    mark: str = ""
    """A piece of the line of source; empty for the last line of the call, where it fails."""
    entry: int = 0
    """How often the function has been entered before."""


class Attack(NamedTuple):
    """How an attack is found, and what is to be seen."""

    title: str
    person: int
    """Who sends the transaction."""
    label: str
    function: str
    is_success: bool
    stop: Stop
    look_for: str
    """What the stack, the storage and the calls show there."""
    due_us: int
    """About when it comes."""
    repair: str = ""
    """Of one that works: what the repaired contract does instead, its source between backquotes."""
    beside: int = -1
    """Somebody with a transaction in the same block; -1: nobody in particular."""

    @property
    def note(self) -> str:
        """What to look for, and below it the repair."""
        return f"{self.look_for}\n{self.repair}" if self.repair else self.look_for


class Found(NamedTuple):
    """An attack that has happened."""

    attack: Attack
    doing: Doing


_SANDWICHED: Final = "assert amounts[len(pools)] >= least_out"
ATTACKS: Final[dict[str, tuple[Attack, ...]]] = {
    "reentrancy": (
        Attack(
            "the bank is robbed", reentrancy.THIEF, "thief", "rob", True,
            Stop("naive_vault", "withdraw", "raw_call(msg.sender", 1),
            "The bank is entered a second time before the first withdrawal noted anything: the balance is what it was.",
            reentrancy.ROBBED_US,
            "Repaired in fixed_vault.vy: `self.balances[msg.sender] = 0` before the call.",
        ),
        Attack(
            "the repaired bank holds", reentrancy.THIEF, "second_thief", "rob", False,
            Stop("fixed_vault", "withdraw", "raw_call(msg.sender"),
            "The balance is 0 before the money goes, and the lock is closed: who comes in again undoes it all.",
            reentrancy.TRIED_US,
        ),
    ),
    "access": (
        Attack(
            "the purse is taken", access.STRANGER, "open_purse", "set_up", True,
            Stop("open_purse", "set_up", "self.owner = owner"),
            "Nobody has asked who is calling: w goes to the write that makes a stranger the owner.",
            access.TAKEN_US,
            "Repaired in access_fix.vy: `def __init__():` sets the owner, once for all.",
        ),
        Attack(
            "the safe purse holds", access.STRANGER, "safe_purse", "take_over", False,
            Stop("safe_purse", "take_over", '"not offered to you"'),
            "The caller is compared with whom it was offered to.",
            access.TRIED_US,
        ),
    ),
    "integers": (
        Attack(
            "tokens out of nothing", integers.STRANGER, "round_token", "transfer_all", True,
            Stop("round_token", "transfer_all", "unsafe_mul"),
            "2 times 2²⁵⁵ comes round to 0 on the stack, and whoever owns nothing has enough.",
            integers.FORGED_US,
            "Repaired in integer_fix.vy: `len(receivers) * amount` reverts instead.",
        ),
        Attack(
            "the safe token holds", integers.STRANGER, "safe_token", "transfer_all", False,
            Stop("safe_token", "transfer_all", ""),
            "The product does not fit into a word: the check behind the multiplication reverts.",
            integers.TRIED_US,
        ),
    ),
    "front-running": (
        Attack(
            "the copied answer", front_running.WATCHER, "puzzle_1", "solve", True,
            Stop("puzzle_1", "solve", "send(msg.sender, prize)"),
            "The answer was the solver's; msg.sender is the watcher, who paid twice the tip.",
            front_running.ROUND_US,
            "Repaired in sealed_puzzle.vy: first `def commit(` to a hash of one's own.",
            front_running.SOLVER,
        ),
        Attack(
            "the sealed answer holds", front_running.WATCHER, "sealed_puzzle", "reveal", False,
            Stop("sealed_puzzle", "reveal", '"not what you committed to"'),
            "The commitment holds the solver's address: the same words from somebody else are another hash.",
            front_running.SEALED_US,
        ),
    ),
    "sandwich": (
        Attack(
            "the sandwiched trade", sandwich.CARELESS, "router", "swap_exact_in", True,
            Stop("router", "swap_exact_in", _SANDWICHED),
            "Somebody bought just before in this block; the least is 0, so whatever is left is enough.",
            sandwich.CARELESS_US[0],
            "Repaired by a `least_out` just below the price seen: router.vy undoes less.",
            sandwich.SANDWICHER,
        ),
        Attack(
            "the least holds", sandwich.CAREFUL, "router", "swap_exact_in", False,
            Stop("router", "swap_exact_in", _SANDWICHED),
            "The same sandwich; but what is left is less than the least, and the trade undoes itself.",
            sandwich.CAREFUL_US[0],
            beside=sandwich.SANDWICHER,
        ),
    ),
    "oracle-attack": (
        Attack(
            "the price of a moment", oracle.THIEF, "thief", "attack", True,
            Stop("spot_oracle", "price", "return reserve"),
            "Within the flash loan the market asks what gold costs: the pool now says 25 times as much.",
            oracle.ROBBED_US,
            "Repaired in average_oracle.vy: `self.average` of minutes, not of a moment.",
        ),
        Attack(
            "the average holds", oracle.THIEF, "second_thief", "attack", False,
            Stop("patient_market", "borrow", ""),
            "What happens within one block counts for nothing in an average: too little collateral.",
            oracle.TRIED_US,
        ),
    ),
}  # fmt: skip
"""By application, in the order in which they come."""

_known: "WeakKeyDictionary[World, tuple[object, list[Found]]]" = WeakKeyDictionary()


def iter_applications(simulation: Simulation) -> list[Application]:
    """Return the applications of a run in which attacks come."""
    return [actor for actor in simulation.world.actors if isinstance(actor, Application) and actor.name in ATTACKS]


def list_attacks(simulation: Simulation) -> list[Attack]:
    """Return the attacks that come in a run, also those still to come."""
    return [attack for application in iter_applications(simulation) for attack in ATTACKS[application.name]]


def find_attacks(simulation: Simulation, at_us: TimeUs) -> list[Found]:
    """Return the attacks that have happened on the canonical branch by a moment."""
    world = simulation.world
    key, known = get_canonical(world, at_us).hash, _known.get(world)
    if known is not None and known[0] == key:
        return known[1]
    found = [
        Found(attack, doing)
        for application in iter_applications(simulation)
        for attack in ATTACKS[application.name]
        if (doing := _find_doing(world, application, attack, at_us)) is not None
    ]
    _known[world] = key, found
    return found


def _find_doing(world: World, application: Application, attack: Attack, at_us: TimeUs) -> Doing | None:
    contract, abi = application.addresses[attack.label], application.get_abi(attack.label)
    sender = application.signers[attack.person].address
    for doing in get_doings(world, contract, at_us):
        action = doing.signed.transaction.action
        if (
            isinstance(action, Call)
            and action.contract == contract
            and doing.signed.sender == sender
            and doing.receipt.is_success is attack.is_success
            and (function := abi.find_function(action.data)) is not None
            and function.name == attack.function
            and _has_sender(doing, application, attack.beside)
        ):
            return doing
    return None


def _has_sender(doing: Doing, application: Application, person: int) -> bool:
    if person < 0:
        return True
    wanted = application.signers[person].address
    return any(signed.sender == wanted for signed in doing.block.block.transactions)


def find_step(debugger: Debugger, stop: Stop, addresses: dict[str, Address]) -> int | None:
    """Return the number of the step at which to stop; None where the transaction does not come to it."""
    entered = [call for call in debugger.trace.calls if _is_entered(debugger, call, stop, addresses)]
    if len(entered) <= stop.entry:
        return None
    call = entered[stop.entry]
    artifact = debugger.get_artifact(call)
    lines = artifact.source.splitlines() if artifact is not None else []
    steps = range(call.first_step, call.last_step + 1)
    for step in steps if stop.mark else reversed(steps):
        span = debugger.find_span(step) if debugger.trace.call_of[step] == call.index else None
        if span is not None and span.line == span.end_line and stop.mark in lines[span.line - 1]:
            return step
    return call.last_step if steps and not stop.mark else None


def _is_entered(debugger: Debugger, call: TracedCall, stop: Stop, addresses: dict[str, Address]) -> bool:
    artifact = debugger.get_artifact(call) if call.address == addresses[stop.label] else None
    function: Any = artifact.abi.find_function(call.data) if artifact is not None else None
    return function is not None and function.name == stop.function


def open_attack(simulation: Simulation, found: Found, shelf: Shelf) -> Debugger:
    """Return the debugger at the step where an attack is to be seen."""
    attack, doing = found
    application = next(it for it in iter_applications(simulation) if attack in ATTACKS[it.name])
    debugger = open_debugger(simulation.world, doing.block.hash, doing.place, shelf)
    step = find_step(debugger, attack.stop, application.addresses)
    if step is None:
        debugger.begin()
    else:
        debugger.go(step)
    return debugger


def mark_attacks(session: Session) -> None:
    """Set a bookmark where each attack has happened, once; those of a saved run are there already."""
    names = [mark.name for mark in session.bookmarks]
    if all(attack.title in names for attack in list_attacks(session.simulation)):
        return
    for attack, doing in find_attacks(session.simulation, session.now_us):
        if attack.title not in names:
            session.bookmark(attack.title, doing.block.published_us)


def describe_due(attack: Attack) -> str:
    """Return when an attack that has not happened yet comes."""
    return f"after {attack.due_us // MINUTE} min"
