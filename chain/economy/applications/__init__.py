"""The applications that people of a run can use: one a file, all named here."""

from typing import Final

from chain.economy.application import Application, ApplicationParameters, build_application_signers
from chain.economy.applications.attack_access import AccessMistake
from chain.economy.applications.attack_front_running import FrontRunning
from chain.economy.applications.attack_integers import IntegerMistake
from chain.economy.applications.attack_oracle import OracleAttack
from chain.economy.applications.attack_reentrancy import Reentrancy
from chain.economy.applications.attack_sandwich import SandwichAttack
from chain.economy.applications.auction import Auctions
from chain.economy.applications.crowdfunding import Crowdfunding
from chain.economy.applications.dao import Dao
from chain.economy.applications.escrow import Escrow
from chain.economy.applications.exchange import Exchange
from chain.economy.applications.flash_arbitrage import FlashArbitrage
from chain.economy.applications.identity import Identity
from chain.economy.applications.lending import LendingMarket
from chain.economy.applications.shared_house import SharedHouse
from chain.economy.applications.stable_coin import StableCoin
from chain.economy.applications.supply_chain import SupplyChain
from chain.economy.applications.token import TokenLaunch
from chain.economy.applications.vault import Vault
from chain.errors import InvalidScenario
from chain.schema import suggest

ATTACKS: Final = (Reentrancy, AccessMistake, IntegerMistake, FrontRunning, SandwichAttack, OracleAttack)
AGREEMENTS: Final = (Escrow, Crowdfunding, SupplyChain, Identity, Vault, Dao, Auctions)
FINANCE: Final = (TokenLaunch, Exchange, FlashArbitrage, LendingMarket, StableCoin, SharedHouse)
APPLICATIONS: Final[dict[str, type[Application]]] = {it.name: it for it in (*FINANCE, *AGREEMENTS, *ATTACKS)}


def check_application(parameters: ApplicationParameters, key: str) -> None:
    """Check that there is such an application, with people for all its roles. Raises InvalidScenario naming the key."""
    names = list(APPLICATIONS)
    if parameters.name not in APPLICATIONS:
        raise InvalidScenario(key, parameters.name, ", ".join(names) + suggest(parameters.name, names))
    least = APPLICATIONS[parameters.name].least_people
    if parameters.people < least:
        people_key = key.removesuffix("name") + "people"
        raise InvalidScenario(people_key, parameters.people, f"{least} or more: {parameters.name} has so many roles")


def build_application(seed: int, parameters: ApplicationParameters, number: int, index: int) -> Application:
    """Return the actor of an application: the ``number``-th of the scenario, the ``index``-th actor of the run."""
    signers = build_application_signers(seed, parameters, number)
    return APPLICATIONS[parameters.name](seed, parameters, signers, index)
