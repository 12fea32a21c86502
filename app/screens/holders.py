"""Who is behind the addresses of the run on screen, the person's own labels first."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from textual.css.query import NoMatches

from app.present.holders import Holders
from chain.simulation.world import World
from chain.units import Address, Hash

if TYPE_CHECKING:
    from app.app import ChainroomApp


def get_holders(app: "ChainroomApp", world: World) -> Holders:
    """Return the names for a world; labels come from the wallet screen, which has read them already."""
    try:
        wallets: Any = getattr(app.home.query_one("#wallet"), "wallets", None)
    except NoMatches:
        wallets = None
    if wallets is None:
        return Holders(world)
    return Holders(
        world,
        cast("Mapping[Address, str]", wallets.get_labels()),
        cast("Mapping[Hash, str]", wallets.labels.transactions),
    )
