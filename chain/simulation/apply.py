"""How each command changes the world. What cannot be done raises CommandRefused before anything has changed."""

from functools import singledispatch
from typing import Any

from chain.adversary.behaviours import get_refusal, turn
from chain.adversary.withholding import RELEASE
from chain.consensus.base import CancelTimer
from chain.encoding import decode
from chain.errors import CommandRefused, InvalidEncoding
from chain.ledger.actions import Deposit, Exit, Transfer
from chain.ledger.transaction import SignedTransaction
from chain.simulation import commands as c
from chain.simulation.admission import (
    apply_access,
    apply_payload,
    apply_sending,
    check_joined,
    get_joined_links,
    is_active,
)
from chain.simulation.world import World
from chain.units import COIN, DAY, Address, NodeId, format_amount

FAUCET_LIMIT = 1_000 * COIN
"""The most the faucet pays at once, in units."""
FAUCET_TIP_PER_GAS = 60
DEPOSIT_LIMIT = 1_000_000 * COIN
"""The most that is put down at once, in units."""
MAX_FAUCET_UNDER_WAY = 64
MAX_LAG_US = DAY


def apply_command(world: World, command: c.Command) -> None:
    """Check a command, record it, and apply it now. Raises CommandRefused."""
    for name in ("node", "other"):
        node = getattr(command, name, 0)
        if not 0 <= node < world.node_count:
            raise CommandRefused("command/node", f"there is no node {node}; nodes are 0 to {world.node_count - 1}")
    world.network.settle()  # what waits has been sent before
    _apply(command, world)


@singledispatch
def _apply(command: Any, world: World) -> None:
    raise NotImplementedError(type(command).__name__)


def _check_online(world: World, node: int, is_online: bool = True) -> None:
    if world.network.links.is_online_now(node) != is_online:
        state = "switched off" if is_online else "already running"
        raise CommandRefused("command/online", f"node n{node:02d} is {state}")


@_apply.register
def _(command: c.SubmitTransaction, world: World) -> None:
    try:
        signed = decode(SignedTransaction, command.transaction)
    except InvalidEncoding as error:
        message = f"the bytes {error.value}… are not the canonical encoding of a signed transaction"
        raise CommandRefused("command/transaction", message) from None
    world.record_command(command)
    world.submit_transaction(NodeId(command.node), signed)


@_apply.register
def _(command: c.RequestCoins, world: World) -> None:
    _check_online(world, command.node)
    if not 1 <= command.amount <= FAUCET_LIMIT:
        limit, given = format_amount(FAUCET_LIMIT), format_amount(command.amount)
        raise CommandRefused("faucet/amount", f"the faucet pays up to {limit} coins at once, {given} were asked for")
    if len(command.address) != 20:
        raise CommandRefused("faucet/address", f"an address has 20 bytes, this one {len(command.address)}")
    node, recipient = NodeId(command.node), Address(command.address)
    payment = Transfer(recipient, command.amount, "faucet")
    signed = world.sign_action(world.faucet, node, payment, FAUCET_TIP_PER_GAS, MAX_FAUCET_UNDER_WAY)
    if signed is None:
        raise CommandRefused(
            "faucet/busy", f"the faucet has {MAX_FAUCET_UNDER_WAY} payments under way; try again later"
        )
    world.record_command(command)
    world.submit_transaction(node, signed)


@_apply.register
def _(command: c.MineBlock, world: World) -> None:
    node = NodeId(command.node)
    _check_online(world, node)
    if node not in world.consensus.agents:
        raise CommandRefused("command/proposer", f"node n{node:02d} does not propose blocks")
    world.record_command(command)
    world.apply_effects(node, world.consensus.agents[node].on_demand(world.view(node)))


@_apply.register
def _(command: c.StopNode, world: World) -> None:
    _check_online(world, command.node)
    world.record_command(command)
    if is_active(world, command.node):
        world.silence(NodeId(command.node))
    world.refresh_arrivals(world.network.set_online(command.node, False, world.now_us))


@_apply.register
def _(command: c.StartNode, world: World) -> None:
    _check_online(world, command.node, False)
    world.record_command(command)
    world.refresh_arrivals(world.network.set_online(command.node, True, world.now_us))
    if is_active(world, command.node):
        world.wake(NodeId(command.node))


@_apply.register
def _(command: c.CutNode, world: World) -> None:
    world.record_command(command)
    world.refresh_arrivals(world.network.close_links(world.network.topology.get_links(command.node), world.now_us))


@_apply.register
def _(command: c.ReconnectNode, world: World) -> None:
    check_joined(world, command.node)
    world.record_command(command)
    links = get_joined_links(world, world.network.topology.get_links(command.node))
    world.refresh_arrivals(world.network.open_links(links, world.now_us))


@_apply.register
def _(command: c.CutLink, world: World) -> None:
    link = _find_link(world, command.node, command.other)
    world.record_command(command)
    world.refresh_arrivals(world.network.close_links([link], world.now_us))


@_apply.register
def _(command: c.OpenLink, world: World) -> None:
    link = _find_link(world, command.node, command.other)
    check_joined(world, command.node, command.other)
    world.record_command(command)
    world.refresh_arrivals(world.network.open_links([link], world.now_us))


def _find_link(world: World, node: int, other: int) -> int:
    link = world.network.topology.get_link(node, other)
    if link is None:
        raise CommandRefused("command/link", f"nodes n{node:02d} and n{other:02d} are not linked")
    return link


@_apply.register
def _(command: c.Partition, world: World) -> None:
    named = [node for group in command.groups for node in group]
    wrong = [node for node in named if not 0 <= node < world.node_count]
    if wrong or len(set(named)) < len(named) or not named:
        raise CommandRefused("command/partition", f"groups must name nodes 0 to {world.node_count - 1}, each once")
    world.record_command(command)
    world.refresh_arrivals(world.network.partition(command.groups, world.now_us))


@_apply.register
def _(command: c.Heal, world: World) -> None:
    world.record_command(command)
    every_link = get_joined_links(world, range(len(world.network.topology.links)))
    world.refresh_arrivals(world.network.heal(world.now_us))
    world.refresh_arrivals(world.network.open_links(every_link, world.now_us))


@_apply.register
def _(command: c.SetLag, world: World) -> None:
    _check_lag(command.extra_us)
    world.record_command(command)
    world.refresh_arrivals(world.network.set_lag(world.now_us, nodes=[command.node], extra_us=command.extra_us))


@_apply.register
def _(command: c.SetLinkLag, world: World) -> None:
    link = _find_link(world, command.node, command.other)
    _check_lag(command.extra_us)
    world.record_command(command)
    world.refresh_arrivals(world.network.set_lag(world.now_us, links=[link], extra_us=command.extra_us))


def _check_lag(extra_us: int) -> None:
    if not 0 <= extra_us <= MAX_LAG_US:
        raise CommandRefused("command/lag", f"a lag is 0 to {MAX_LAG_US} microseconds, not {extra_us}")


@_apply.register
def _(command: c.SetHashRate, world: World) -> None:
    node = NodeId(command.node)
    if not 0 <= command.hash_rate_per_s <= 10**18:
        raise CommandRefused("command/hash-rate", f"a hash rate is 0 to 10**18, not {command.hash_rate_per_s}")
    agent = world.consensus.agents.get(node)
    if not hasattr(agent, "set_hash_rate"):
        raise CommandRefused("command/hash-rate", f"node n{node:02d} does not mine")
    world.record_command(command)
    effects = agent.set_hash_rate(world.view(node), command.hash_rate_per_s)  # type: ignore[union-attr]  # just checked
    if world.network.links.is_online_now(node):
        world.apply_effects(node, effects)


@_apply.register
def _(command: c.ProposeSigner, world: World) -> None:
    _set_proposal(world, command, command.authorize)


@_apply.register
def _(command: c.WithdrawProposal, world: World) -> None:
    _set_proposal(world, command, None)


def _set_proposal(world: World, command: c.ProposeSigner | c.WithdrawProposal, authorize: bool | None) -> None:
    agent = world.consensus.agents.get(NodeId(command.node))
    if not hasattr(agent, "set_proposal"):
        raise CommandRefused("command/signer", f"node n{command.node:02d} does not vote on who signs blocks")
    world.record_command(command)
    agent.set_proposal(world.tables.proposers[command.other], authorize)  # type: ignore[union-attr]  # just checked


@_apply.register
def _(command: c.DepositStake, world: World) -> None:
    if not 1 <= command.amount <= DEPOSIT_LIMIT:
        limit, given = format_amount(DEPOSIT_LIMIT), format_amount(command.amount)
        raise CommandRefused("command/stake", f"a deposit is up to {limit} coins, {given} were put down")
    _send_stake(command, world, Deposit(command.amount, world.tables.proposers[command.node]))


@_apply.register
def _(command: c.ExitValidator, world: World) -> None:
    agent = world.consensus.agents.get(NodeId(command.node))
    if not hasattr(agent, "leave"):
        _send_stake(command, world, Exit(world.tables.proposers[command.node]))
        return
    _check_online(world, command.node)
    world.record_command(command)
    effects = agent.leave(world.view(command.node))  # type: ignore[union-attr]  # just checked
    world.apply_effects(NodeId(command.node), effects)


def _send_stake(command: c.DepositStake | c.ExitValidator, world: World, action: Deposit | Exit) -> None:
    """Let the faucet send a transaction for a node's validator, through that node."""
    _check_online(world, command.node)
    if not world.consensus.rules.takes_stake:
        raise CommandRefused("command/stake", "this protocol knows no stake")
    node = NodeId(command.node)
    signed = world.sign_action(world.faucet, node, action, FAUCET_TIP_PER_GAS, MAX_FAUCET_UNDER_WAY)
    if signed is None:
        raise CommandRefused("faucet/busy", f"the faucet has {MAX_FAUCET_UNDER_WAY} payments under way, or no coins")
    world.record_command(command)
    world.submit_transaction(node, signed)


@_apply.register
def _(command: c.TurnByzantine, world: World) -> None:
    node = NodeId(command.node)
    agent = world.consensus.agents.get(node)
    if agent is None:
        raise CommandRefused("command/byzantine", f"node n{node:02d} takes no part in the protocol")
    refusal = get_refusal(world.consensus.rules, command.behaviour)
    if refusal:
        raise CommandRefused("command/byzantine", refusal)
    world.record_command(command)
    world.consensus.agents[node] = turn(agent, command.behaviour)
    world.apply_effects(node, [CancelTimer(RELEASE)])


@_apply.register
def _(command: c.SetTraffic, world: World) -> None:
    people = [actor for actor in world.actors if hasattr(actor, "set_rate")]
    if not 0 <= command.per_1000_s <= 10**7:
        raise CommandRefused(
            "command/traffic", f"traffic is 0 to 10000000 a thousand seconds, not {command.per_1000_s}"
        )
    if not people:
        raise CommandRefused("command/traffic", "this scenario has no people who pay each other")
    world.record_command(command)
    for actor in people:
        actor.set_rate(world, command.per_1000_s)


_apply.register(c.GrantAccess, lambda command, world: apply_access(world, command))
_apply.register(c.RevokeAccess, lambda command, world: apply_access(world, command))
_apply.register(c.GrantSending, lambda command, world: apply_sending(world, command))
_apply.register(c.RevokeSending, lambda command, world: apply_sending(world, command))
_apply.register(c.SharePayload, lambda command, world: apply_payload(world, command))
