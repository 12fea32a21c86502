"""Who is behind an address: the person's own accounts, the people and miners of the simulation, the faucet.

An address is 20 bytes; names are for reading only. A person's own label wins over the simulation's name.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple
from weakref import WeakKeyDictionary

from app.present.people import get_person_name
from app.present.words import name_node
from app.widgets.text import clean
from chain.economy.application import Application
from chain.simulation.world import World
from chain.units import Address, Hash
from chain.wallet.address import encode_address, shorten_address

NO_LABELS: Final[Mapping[Address, str]] = {}
NO_NOTES: Final[Mapping[Hash, str]] = {}


HolderKind = Literal["own account", "person", "miner", "member", "faucet", "contract"]


class Holder(NamedTuple):
    """A name and what kind of holder has it."""

    name: str
    kind: HolderKind


_known: "WeakKeyDictionary[World, dict[Address, Holder]]" = WeakKeyDictionary()


def _get_simulated(world: World) -> dict[Address, Holder]:
    """Return the holders of the simulation by address; made once a world, since they never change."""
    holders = _known.get(world)
    if holders is None:
        holders = {address: Holder(name_node(node), "miner") for node, address in enumerate(world.setup.proposers)}
        for actor in world.actors:
            if isinstance(actor, Application):
                holders |= {
                    it.address: Holder(actor.get_person_name(n), "person") for n, it in enumerate(actor.signers)
                }
                holders |= {it: Holder(label.replace("_", " "), "contract") for label, it in actor.addresses.items()}
            else:
                signers = enumerate(getattr(actor, "signers", ()))
                holders |= {it.address: Holder(get_person_name(rank), "person") for rank, it in signers}
        for node, residents in enumerate(world.access.residents):  # the last one is the node's own account
            holders[residents[-1]] = Holder(f"member {name_node(node)}", "member")
        holders[world.faucet.address] = Holder("faucet", "faucet")
        _known[world] = holders
    return holders


class Holders:
    """The holders of a run's addresses."""

    __slots__ = ("_simulated", "labels", "notes")

    def __init__(
        self, world: World, labels: Mapping[Address, str] = NO_LABELS, notes: Mapping[Hash, str] = NO_NOTES
    ) -> None:
        self._simulated = _get_simulated(world)
        self.labels = labels
        """The person's accounts and address book: address → label."""
        self.notes = notes
        """What the person noted about transactions: transaction → label."""

    def get(self, address: Address) -> Holder | None:
        """Return who is behind an address, None when nobody known is."""
        label = self.labels.get(address)
        return Holder(clean(label, 40), "own account") if label is not None else self._simulated.get(address)

    def describe(self, address: Address | None) -> str:
        """Return the name, or the shortened address of somebody unknown; a dash for nobody."""
        if address is None:
            return "–"
        holder = self.get(address)
        return shorten_address(address) if holder is None else holder.name

    def describe_long(self, address: Address | None) -> str:
        """Return the name with the shortened address, or the whole address of somebody unknown; a dash for nobody."""
        if address is None:
            return "–"
        holder = self.get(address)
        return encode_address(address) if holder is None else f"{holder.name} · {shorten_address(address)}"

    def search(self, text: str, limit: int) -> list[tuple[Address, Holder]]:
        """Return the holders whose name or kind contains the text, or whose address begins with it, best first."""
        needle = " ".join(text.lower().split())
        found: list[tuple[bool, int, int, Address, Holder]] = []
        for address in dict.fromkeys([*self.labels, *self._simulated]):
            holder = self.get(address)
            assert holder is not None
            name = holder.name.lower()
            if (
                needle in name
                or needle in holder.kind
                or (needle.startswith("cr1") and encode_address(address).startswith(needle))
            ):
                found.append((not name.startswith(needle), len(name), len(found), address, holder))
        return [(address, holder) for *_, address, holder in sorted(found)[:limit]]
