"""What somebody changed in a run, in a few words: from the commands that history keeps."""

from collections.abc import Callable
from typing import Any, Final

from app.present.words import format_coins, format_hashes, format_span, name_node
from chain.simulation import commands as c
from chain.simulation.world import World

WAYS: Final = {
    "equivocating": "signs two things where it may sign one",
    "forging": "makes blocks that break a rule",
    "silent": "says nothing, though it runs",
    "withholding": "keeps what it makes to itself for a while",
}
"""What a node does that turned bad, by its behaviour."""
_WORDS: Final[dict[type[Any], Callable[[Any], str]]] = {
    c.SubmitTransaction: lambda _: "handed a transaction",
    c.RequestCoins: lambda it: f"asked the faucet for {format_coins(it.amount)}",
    c.MineBlock: lambda _: "told to propose a block now",
    c.StopNode: lambda _: "switched off",
    c.StartNode: lambda _: "switched on",
    c.CutNode: lambda _: "all links cut",
    c.ReconnectNode: lambda _: "links opened again",
    c.CutLink: lambda it: f"its link to {name_node(it.other)} cut",
    c.OpenLink: lambda it: f"its link to {name_node(it.other)} opened",
    c.Partition: lambda _: "the network is cut in parts that cannot hear each other",
    c.Heal: lambda _: "every link is open again",
    c.SetLag: lambda it: f"delayed by {format_span(it.extra_us)}" if it.extra_us else "no longer delayed",
    c.SetLinkLag: lambda it: f"its link to {name_node(it.other)} is slower by {format_span(it.extra_us)}",
    c.SetHashRate: lambda it: f"tries {format_hashes(it.hash_rate_per_s)} a second now",
    c.ProposeSigner: lambda it: f"votes to {'add' if it.authorize else 'drop'} {name_node(it.other)} as a signer",
    c.WithdrawProposal: lambda it: f"votes on {name_node(it.other)} no longer",
    c.DepositStake: lambda it: f"{format_coins(it.amount)} put down for it",
    c.ExitValidator: lambda _: "asks to leave",
    c.TurnByzantine: lambda it: describe_behaviour(it.behaviour),
    c.SetTraffic: lambda it: f"people pay each other {it.per_1000_s / 1000:g} times a second now",
    c.GrantAccess: lambda it: f"was granted the right to {it.right}",
    c.RevokeAccess: lambda it: f"lost the right to {it.right}",
    c.GrantSending: lambda _: "an account may send now",
    c.RevokeSending: lambda _: "an account may no longer send",
    c.SharePayload: lambda _: "shared with members",
}


def describe_behaviour(behaviour: str) -> str:
    """Return what a node does from now on, as ``turn-byzantine`` names it."""
    return f"turned bad: {WAYS[behaviour]}" if behaviour in WAYS else "honest again: keeps to the protocol"


def describe_command(world: World, index: int) -> str:
    """Return what the command of a record of history did, such as ``switched off``; without the node's name."""
    command = world.history.commands[index]
    return _WORDS[type(command)](command)
