"""Every behaviour that a node may be turned to, by name: adding one is a module and a line here."""

from typing import Any

from chain.adversary.base import Byzantine
from chain.adversary.equivocating import Equivocating
from chain.adversary.forging import Forging
from chain.adversary.silent import Silent
from chain.adversary.withholding import Withholding
from chain.consensus.base import Agent, Rules
from chain.consensus.raft_rules import RaftRules

BEHAVIOURS: dict[str, type[Byzantine]] = {it.name: it for it in (Equivocating, Forging, Silent, Withholding)}


def get_refusal(rules: Rules[Any], behaviour: str) -> str:
    """Return why nodes cannot behave so under a protocol; empty where they can."""
    if behaviour == "equivocating" and not hasattr(rules, "keyring"):
        return "a miner signs nothing: two blocks at once are twice the work"
    if isinstance(rules, RaftRules) and behaviour not in ("honest", "silent"):
        return "Raft's members trust each other: it is made for crashes, and a traitor among them has it all its way"
    return ""


def turn(agent: Agent, behaviour: str) -> Agent:
    """Return a node's agent as a traitor of this behaviour, or as it was before: ``honest``."""
    honest = agent.honest if isinstance(agent, Byzantine) else agent
    return honest if behaviour == "honest" else BEHAVIOURS[behaviour](honest)
