"""Who may do what: public, private and hybrid networks.

Four rights, each with its list of those who have it. JOIN: to have links with other nodes. READ: to open blocks,
transactions and messages. SEND: to have one's transactions taken (accounts). PROPOSE: to make blocks (nodes, by their
account). In a public network nobody is asked. In a private one whoever is not on the list is refused by a rule of that
right's name. A hybrid one is private, and anchored in a public chain (chain/simulation/anchoring.py).

The rights of a node stand on each other: who proposes must read, who reads must have joined. A grant gives what it
needs, a revocation takes what rests on it.

Invariants. SEND and PROPOSE are *rules*: a list holds from a height on, so whether a block is valid follows from the
block and its height, the same for everyone, on every branch, for ever. A change holds from the first height at which
nothing has been published yet, so it never makes a published block invalid. JOIN and READ are facts about wires and
keys: they hold from a moment on. What was read before a revocation stays read.

Who is not allowed to read passes sealed items on like everybody, but cannot open them; a later grant is the key to all
of them, from that moment on.

Sources: Hyperledger Besu, "Use local permissioning" (allow-lists of nodes and accounts), "Onchain permissioning" (a
block with a transaction of an account that is not allowed is not imported), "Add and remove validators without voting"
(``transitions``: a list of validators that holds from a block number on, in everybody's configuration).

Simplification. Everybody's configuration changes at the same moment: how members agree on it is left out. Under proof
of work a header names its proposer without a signature, so an outsider could work for a member's account; all other
protocols sign.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from chain.errors import InvalidBlock, InvalidTransaction
from chain.ledger.block import Block
from chain.units import NEVER, Address, NodeId
from chain.wallet.address import shorten_address

Times = npt.NDArray[np.int64]
Kind = Literal["public", "private", "hybrid"]
MOST_NAMED: Final = 6
"""Names that a refusal spells out of those who are allowed."""


class Right(Enum):
    """What one may be allowed to do."""

    JOIN = "join"
    READ = "read"
    SEND = "send"
    PROPOSE = "propose"


NODE_RIGHTS: Final = (Right.JOIN, Right.READ, Right.PROPOSE)
"""The rights of nodes; each needs those before it."""

Who = NodeId | Address
"""A node; an account for SEND."""


class AccessParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[access]``. A list that is left out has everybody the scenario knows."""

    kind: Kind = "public"
    join: tuple[Annotated[int, Meta(ge=0)], ...] | None = None
    """Nodes that may have links."""
    read: tuple[Annotated[int, Meta(ge=0)], ...] | None = None
    """Nodes that may read; left out: those that may join."""
    send: tuple[str, ...] | None = None
    """Accounts that may send: ``people``, ``members``, ``faucet``, ``n03`` (who lives at a node), or an address."""
    propose: tuple[Annotated[int, Meta(ge=0)], ...] | None = None
    """Nodes that may make blocks; left out: those that may read."""
    anchor_every: Annotated[int, Meta(ge=1, le=100_000)] = 5
    """Hybrid: final blocks of the private chain from one anchor to the next."""
    payloads_per_1000_s: Annotated[int, Meta(ge=0, le=100_000)] = 0
    """How often members share something that only some of them may read."""


class Change(NamedTuple):
    """Somebody got or lost a right."""

    time_us: int
    """When it was decided."""
    height: int
    """The first height at which it holds, where the right is a rule."""
    is_allowed: bool


class Access:
    """The lists of a run and all their changes: asked at any moment and at any height, past ones too."""

    __slots__ = ("_changes", "_node_of", "_sealed", "accounts", "kind", "residents")

    def __init__(
        self,
        kind: Kind,
        accounts: tuple[Address, ...],
        residents: tuple[tuple[Address, ...], ...] = (),
        allowed: Mapping[Right, Iterable[int | Address]] | None = None,
    ) -> None:
        """``accounts``: of each node, for its rewards; ``residents``: who sends from each node; ``allowed``: lists."""
        self.kind = kind
        self.accounts = accounts
        self.residents = residents
        self._node_of = {account: NodeId(node) for node, account in enumerate(accounts)}
        first = Change(0, 0, True)
        self._changes = {(right, who): (first,) for right, everyone in (allowed or {}).items() for who in everyone}
        self._sealed = self._get_sealed_nodes()

    def copy(self) -> "Access":
        """Return independent lists; what never changes is shared."""
        other = Access.__new__(Access)
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        other._changes = self._changes.copy()
        return other

    @property
    def is_public(self) -> bool:
        """Whether nobody is asked."""
        return self.kind == "public"

    # Asking ------------------------------------------------------------------------------------------------------

    def is_allowed(self, right: Right, who: int | Address, at_us: int) -> bool:
        """Return whether somebody had a right at a moment: of SEND and PROPOSE, for the next new height."""
        if self.is_public:
            return True
        changes = self._get(right, who)
        place = bisect_right(changes, at_us, key=lambda change: change.time_us)
        return place > 0 and changes[place - 1].is_allowed

    def is_allowed_in(self, right: Right, who: int | Address, height: int) -> bool:
        """Return whether a list names somebody at a height."""
        if self.is_public:
            return True
        changes = self._get(right, who)
        place = bisect_right(changes, height, key=lambda change: change.height)
        return place > 0 and changes[place - 1].is_allowed

    def get_allowed(self, right: Right, at_us: int) -> tuple[int | Address, ...]:
        """Return who had a right at a moment, in order; nobody is listed in a public network."""
        listed = [who for listed, who in self._changes if listed is right and self.is_allowed(right, who, at_us)]
        return tuple(sorted(listed))

    def get_node(self, account: Address) -> NodeId | None:
        """Return the node whose account this is."""
        return self._node_of.get(account)

    def _get(self, right: Right, who: int | Address) -> tuple[Change, ...]:
        return self._changes.get((right, who), ())

    # Rules -------------------------------------------------------------------------------------------------------

    def check_block(self, block: Block) -> None:
        """Check the proposer and all senders by the lists of the block's height. Raises InvalidBlock.

        Rules: access/propose, access/send.
        """
        if self.is_public:
            return
        height, proposer = block.header.height, block.header.proposer
        node = self._node_of.get(proposer)
        if node is None or not self.is_allowed_in(Right.PROPOSE, node, height):
            name = shorten_address(proposer) if node is None else f"n{node:02d}"
            message = f"{name} may not propose block #{height}; {self._describe_allowed_in(Right.PROPOSE, height)}"
            raise InvalidBlock("access/propose", message)
        for index, signed in enumerate(block.transactions):
            if not self.is_allowed_in(Right.SEND, signed.sender, height):
                message = f"transaction {index} ({signed.id.hex()[:16]}…): {self._refuse_sender(signed.sender, height)}"
                raise InvalidBlock("access/send", message)

    def check_sender(self, sender: Address, height: int) -> None:
        """Check that an account may send in a block of a height. Raises InvalidTransaction, rule access/send."""
        if not self.is_allowed_in(Right.SEND, sender, height):
            raise InvalidTransaction("access/send", self._refuse_sender(sender, height))

    def _refuse_sender(self, sender: Address, height: int) -> str:
        allowed = self._describe_allowed_in(Right.SEND, height)
        return f"{shorten_address(sender)} may not send from block #{height} on; {allowed}"

    def _describe_allowed_in(self, right: Right, height: int) -> str:
        listed = [who for listed, who in self._changes if listed is right and self.is_allowed_in(right, who, height)]
        return describe_allowed(listed)

    def describe_refusal(self, right: Right, who: int | Address, at_us: int) -> str:
        """Return who may not do what, and who may: what a refusal says."""
        name = f"n{who:02d}" if isinstance(who, int) else shorten_address(who)
        return f"{name} may not {right.value}; {describe_allowed(self.get_allowed(right, at_us))}"

    # Changing ----------------------------------------------------------------------------------------------------

    def change(self, right: Right, who: int | Address, is_allowed: bool, time_us: int, height: int) -> None:
        """Let somebody have a right or no longer. Neither moment nor height may lie before the last change's."""
        key = (right, NodeId(who) if isinstance(who, int) else who)
        self._changes[key] = (*self._changes.get(key, ()), Change(time_us, height, is_allowed))
        self._sealed = self._get_sealed_nodes()

    # Reading -----------------------------------------------------------------------------------------------------

    def _get_sealed_nodes(self) -> tuple[int, ...]:
        """Return the nodes that cannot or could not read everything from the beginning."""
        everything = (Change(0, 0, True),)
        nodes = range(0 if self.is_public else len(self.accounts))
        return tuple(node for node in nodes if self._get(Right.READ, node) != everything)

    def compute_opened_us(self, node: int, arrival_us: int) -> int:
        """Return when a node can open what reaches it at a moment: at once, with a later grant, or NEVER.

        What arrives at the very moment of a revocation is still opened, as a link that closes lets it through.
        """
        changes = self._get(Right.READ, node)
        place = bisect_left(changes, arrival_us, key=lambda change: change.time_us)
        if arrival_us >= NEVER or self.is_public or (place > 0 and changes[place - 1].is_allowed):
            return arrival_us
        return next((change.time_us for change in changes[place:] if change.is_allowed), NEVER)

    def compute_opened(self, arrival_us: Times) -> Times:
        """Return when each node can open what reaches it then; the same array where all could always read."""
        opened = arrival_us
        for node in self._sealed:
            opened_us = self.compute_opened_us(node, arrival_us.item(node))
            if opened_us != arrival_us.item(node):
                opened = opened.copy() if opened is arrival_us else opened
                opened[node] = opened_us
        return opened


def describe_allowed(allowed: Iterable[int | Address]) -> str:
    """Return the names of those who may: ``may: n00, n01 and 4 more``."""
    listed = list(allowed)
    names = [f"n{who:02d}" if isinstance(who, int) else shorten_address(who) for who in listed[:MOST_NAMED]]
    more = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    return f"may: {', '.join(names) or 'nobody'}{more}"


def get_needed(right: Right) -> tuple[Right, ...]:
    """Return what must be granted for a right to be of use, itself included, the first need first."""
    return NODE_RIGHTS[: NODE_RIGHTS.index(right) + 1] if right in NODE_RIGHTS else (right,)


def get_resting(right: Right) -> tuple[Right, ...]:
    """Return what falls with a right, itself included, the last one first."""
    return NODE_RIGHTS[NODE_RIGHTS.index(right) :][::-1] if right in NODE_RIGHTS else (right,)
