"""Who is let in: what grants and revocations do to links, agents and arrivals, and what is shared among members.

A list says who may (chain/access.py); here it is carried out. Losing JOIN closes a node's links, and nobody else can
open them again. Losing READ leaves its agent without work, since it hears nothing it could act on. PROPOSE and SEND
need no help: they are rules.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from chain.access import Right, get_needed, get_resting
from chain.encoding import decode, encode
from chain.errors import CommandRefused, InvalidEncoding
from chain.ledger.actions import Commit
from chain.ledger.transaction import SignedTransaction
from chain.node.payloads import Payload, PayloadRecord, check_payload, compute_commitment
from chain.simulation import commands as c
from chain.units import NodeId
from chain.wallet.address import ADDRESS_BYTES, shorten_address

if TYPE_CHECKING:
    from chain.simulation.world import World

PAYLOAD_KIND: Final = "payload"
"""The kind of item in which a payload travels."""


def begin_admission(world: "World") -> None:
    """Close the links of all who may not join, before anything happens."""
    outside = [node for node in range(world.node_count) if not may_join(world, node)]
    if outside:
        world.network.close_links(_get_links(world, outside), world.now_us)


def may_join(world: "World", node: int) -> bool:
    """Return whether a node may have links now."""
    return world.access.is_allowed(Right.JOIN, node, world.now_us)


def is_active(world: "World", node: int) -> bool:
    """Return whether a node's agent has anything to work on: it runs, and may read."""
    return world.network.links.is_online_now(node) and world.access.is_allowed(Right.READ, node, world.now_us)


def get_joined_links(world: "World", links: Iterable[int]) -> list[int]:
    """Return those links both ends of which may join."""
    ends = world.network.topology.links
    return [link for link in links if all(may_join(world, node) for node in ends[link])]


def check_joined(world: "World", *nodes: int) -> None:
    """Check that nodes may have links. Raises CommandRefused, rule access/join."""
    for node in nodes:
        if not may_join(world, node):
            raise CommandRefused("access/join", world.access.describe_refusal(Right.JOIN, node, world.now_us))


def _get_links(world: "World", nodes: Iterable[int]) -> list[int]:
    return sorted({link for node in nodes for link in world.network.topology.get_links(node)})


# Grants and revocations ------------------------------------------------------------------------------------------


def apply_access(world: "World", command: c.GrantAccess | c.RevokeAccess) -> None:
    """Change what a node may do, or those who live there. Raises CommandRefused."""
    right, is_allowed = Right(command.right), isinstance(command, c.GrantAccess)
    everyone: tuple[int | bytes, ...] = (command.node,)
    if right is Right.SEND and command.node < len(world.access.residents):
        everyone = world.access.residents[command.node]
    rights = get_needed(right) if is_allowed else get_resting(right)
    _change(world, command, [(one, who) for one in rights for who in everyone], is_allowed)


def apply_sending(world: "World", command: c.GrantSending | c.RevokeSending) -> None:
    """Change whether an account may send. Raises CommandRefused."""
    if len(command.account) != ADDRESS_BYTES:
        count = len(command.account)
        raise CommandRefused("command/access", f"an account has {ADDRESS_BYTES} bytes, this one {count}")
    _change(world, command, [(Right.SEND, command.account)], isinstance(command, c.GrantSending))


def _change(world: "World", command: c.Command, asked: list[tuple[Right, int | bytes]], is_allowed: bool) -> None:
    access, now_us = world.access, world.now_us
    if access.is_public:
        raise CommandRefused("access/kind", "this network is public: everybody may, and nothing is granted or revoked")
    changes = [(right, who) for right, who in asked if access.is_allowed(right, who, now_us) != is_allowed]  # type: ignore[arg-type]
    if not changes:
        raise CommandRefused("command/access", _describe_idle(asked, is_allowed))
    if not is_allowed and any(right is Right.PROPOSE for right, _ in changes):
        _check_not_last(world, changes)
    world.record_command(command)
    height = 1 + max(record.height for record in world.tree.records)
    for right, who in changes:
        access.change(right, who, is_allowed, now_us, height)  # type: ignore[arg-type]  # bytes of an Address
    for right, who in changes:
        if isinstance(who, int):
            _carry_out(world, right, NodeId(who), is_allowed)


def _describe_idle(asked: list[tuple[Right, int | bytes]], is_allowed: bool) -> str:
    if not asked:
        return "nobody sends from this node"
    right, who = asked[-1]
    name = f"n{who:02d}" if isinstance(who, int) else shorten_address(who)  # type: ignore[arg-type]
    return f"{name} may already {right.value}" if is_allowed else f"{name} may not {right.value} as it is"


def _check_not_last(world: "World", changes: list[tuple[Right, int | bytes]]) -> None:
    """A chain without proposers could never grow again."""
    left = set(world.access.get_allowed(Right.PROPOSE, world.now_us)) - {who for _, who in changes}
    if not left:
        raise CommandRefused("command/access", "somebody must be left who may propose, and this is the last one")


def _carry_out(world: "World", right: Right, node: NodeId, is_allowed: bool) -> None:
    network, now_us = world.network, world.now_us
    if right is Right.JOIN:
        links = _get_links(world, [node])
        change = network.open_links if is_allowed else network.close_links
        world.refresh_arrivals(change(get_joined_links(world, links) if is_allowed else links, now_us))
    if right is Right.READ:
        is_acting = node in world.consensus.agents and network.links.is_online_now(node)
        if is_acting and not is_allowed:
            world.silence(node)
        world.refresh_arrivals(network.refresh_opened())
        if is_acting and is_allowed:
            world.wake(node)


# Payloads --------------------------------------------------------------------------------------------------------


def apply_payload(world: "World", command: c.SharePayload) -> None:
    """Check a payload and its commitment, send it to its members, hand in the transaction. Raises CommandRefused."""
    node, payload = NodeId(command.node), Payload(command.salt, command.content)
    try:
        signed = decode(SignedTransaction, command.transaction)
    except InvalidEncoding as error:
        message = f"the bytes {error.value}… are not the canonical encoding of a signed transaction"
        raise CommandRefused("command/transaction", message) from None
    check_payload(payload)
    members = _check_members(world, node, command.members)
    action, commitment = signed.transaction.action, compute_commitment(payload)
    if not isinstance(action, Commit) or action.commitment != commitment:
        named = action.commitment.hex()[:16] if isinstance(action, Commit) else "nothing"
        raise CommandRefused(
            "command/payload", f"the transaction commits to {named}, the payload gives {commitment.hex()[:16]}"
        )
    if commitment in world.tables.payloads.records:
        raise CommandRefused("command/payload", f"commitment {commitment.hex()[:16]}… has been shared already")
    world.record_command(command)
    share_payload(world, node, payload, members)
    world.submit_transaction(node, signed)


def _check_members(world: "World", node: NodeId, named: tuple[int, ...]) -> tuple[NodeId, ...]:
    members = tuple(sorted({node, *(NodeId(member) for member in named)}))
    for member in members:
        if not 0 <= member < world.node_count:
            raise CommandRefused("command/node", f"there is no node {member}; nodes are 0 to {world.node_count - 1}")
        if not world.access.is_allowed(Right.READ, member, world.now_us):
            raise CommandRefused("access/read", world.access.describe_refusal(Right.READ, member, world.now_us))
    return members


def share_payload(world: "World", node: NodeId, payload: Payload, members: tuple[NodeId, ...]) -> PayloadRecord:
    """Send a payload to its members, each by itself; the commitment is for others to send."""
    commitment, now_us = compute_commitment(payload), world.now_us
    size_bytes = len(encode(payload))
    spreads = {
        member: world.network.send(
            commitment + member.to_bytes(4), node, now_us, size_bytes, PAYLOAD_KIND, target=member
        )
        for member in members
        if member != node
    }
    record = PayloadRecord(commitment, payload, node, now_us, members, spreads)
    world.tables.payloads.add(record)
    arrivals = b"".join(spread.arrival_us(member).to_bytes(8) for member, spread in spreads.items())
    world.history.note(b"payload" + commitment + arrivals)
    return record
