"""What a person lets a member share: the text, who may read it, and the member's signed commitment to it.

The members of a private network are simulated, and so are their keys: whoever runs the simulation signs for them.
"""

import re
import secrets

from chain.consortium import build_members
from chain.encoding import encode
from chain.errors import CommandRefused, InvalidInput
from chain.ledger.actions import Commit
from chain.node.payloads import SALT_BYTES, Payload, compute_commitment
from chain.simulation.commands import SharePayload
from chain.simulation.world import World

TIP_PER_GAS = 60


def build_share(world: World, node: int, text: str, members: str) -> SharePayload:
    """Return the command by which a node's member shares a text with others. Raises InvalidInput, CommandRefused."""
    if world.access.is_public:
        raise CommandRefused("access/kind", "this network is public: it has no members")
    if not text:
        raise InvalidInput("text", text, "what the others are to read")
    payload = Payload(secrets.token_bytes(SALT_BYTES), text.encode("utf-8", "replace"))
    signer, view = build_members(world.setup.seed, world.node_count)[node], world.view(node)
    head = view.get_head()
    waiting = sum(signed.sender == signer.address for signed in view.compute_mempool(head).pending)
    nonce = view.get_account_state(head).get_account(signer.address).nonce + waiting
    action, base_fee = Commit(compute_commitment(payload)), world.ledger.next_base_fee(head.hash)
    signed = signer.sign(world.setup.ledger.chain_id, nonce, action, base_fee, TIP_PER_GAS)
    return SharePayload(node, encode(signed), payload.salt, payload.content, read_members(members, world.node_count))


def read_members(text: str, nodes: int) -> tuple[int, ...]:
    """Return the nodes a person names, as in ``n03 n05`` or ``3, 5``. Raises InvalidInput."""
    names = [name for name in re.split(r"[\s,]+", text.strip()) if name]
    found = [int(name.lower().removeprefix("n")) for name in names if re.fullmatch(r"[nN]?[0-9]{1,6}", name)]
    if not names or len(found) < len(names) or max(found) >= nodes:
        raise InvalidInput("members", text, f"nodes, such as n00 n{nodes - 1:02d}")
    return tuple(dict.fromkeys(found))
