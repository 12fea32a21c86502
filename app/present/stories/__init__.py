"""What an application is for, in a sentence, numbers and pictures: one story a file, all named here.

A story is read at a moment of the run, from view functions and events (`Reader`). It is built again only when the head
or the moment changes by a block.
"""

from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from app.present.holders import Holders
from app.present.stories.attacks import (
    build_access_story,
    build_front_running_story,
    build_integers_story,
    build_oracle_attack_story,
    build_reentrancy_story,
    build_sandwich_story,
)
from app.present.stories.auction import build_auction_story
from app.present.stories.crowdfunding import build_crowdfunding_story
from app.present.stories.dao import build_dao_story
from app.present.stories.escrow import build_escrow_story
from app.present.stories.exchange import build_exchange_story
from app.present.stories.flash_arbitrage import build_flash_arbitrage_story
from app.present.stories.identity import build_identity_story
from app.present.stories.lending import build_lending_story
from app.present.stories.plan import build_plan_fields
from app.present.stories.reader import Reader, Story
from app.present.stories.shared_house import build_shared_house_story
from app.present.stories.stable_coin import build_stable_coin_story
from app.present.stories.supply_chain import build_supply_chain_story
from app.present.stories.token import build_token_story
from app.present.stories.vault import build_vault_story
from chain.economy.application import Application
from chain.errors import ChainroomError
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import Address, TimeUs

STORIES: Final[dict[str, Callable[[Reader], Story]]] = {
    "token": build_token_story,
    "exchange": build_exchange_story,
    "flash_arbitrage": build_flash_arbitrage_story,
    "lending": build_lending_story,
    "stable_coin": build_stable_coin_story,
    "shared_house": build_shared_house_story,
    "escrow": build_escrow_story,
    "crowdfunding": build_crowdfunding_story,
    "supply_chain": build_supply_chain_story,
    "identity": build_identity_story,
    "vault": build_vault_story,
    "dao": build_dao_story,
    "auction": build_auction_story,
    "reentrancy": build_reentrancy_story,
    "access": build_access_story,
    "integers": build_integers_story,
    "front-running": build_front_running_story,
    "sandwich": build_sandwich_story,
    "oracle-attack": build_oracle_attack_story,
}

_told: "WeakKeyDictionary[World, dict[str, tuple[object, Story]]]" = WeakKeyDictionary()


def list_applications(simulation: Simulation) -> list[Application]:
    """Return the applications of a run."""
    return [actor for actor in simulation.world.actors if isinstance(actor, Application)]


def find_application(simulation: Simulation, contract: Address) -> Application | None:
    """Return the application a contract belongs to."""
    return next((it for it in list_applications(simulation) if contract in it.addresses.values()), None)


def build_story(simulation: Simulation, application: Application, at_us: TimeUs, holders: Holders) -> Story:
    """Return the story of an application at a moment; the same one as before while the head is the same."""
    reader = Reader(simulation, application, at_us, holders)
    known = _told.setdefault(simulation.world, {}).get(application.name)
    if known is not None and known[0] == reader.head.hash:
        return known[1]
    try:
        story = STORIES[application.name](reader)
    except ChainroomError as error:  # an answer that cannot be given yet, such as a price nobody has reported
        story = Story(f"Not to be told just now: {error}")
    story = story._replace(fields=(*build_plan_fields(reader), *story.fields))
    _told[simulation.world][application.name] = reader.head.hash, story
    return story
