"""What it takes to take a network over: how many must agree to, and what they cost.

The Nakamoto coefficient (B. Srinivasan, L. Lee, 2017) is the fewest parties that together hold more than the share at
which a protocol's promise ends. What a share is made of and where it ends differ:

- work: more than a half of the hash rate writes the longest branch alone (Nakamoto, section 4);
- stake voted on (Gasper, Tendermint): from a third on nothing becomes final without them (Buterin et al.
  arXiv:2003.03052; arXiv:1807.04938), so the first stake that can stop the chain counts;
- elected producers: without a third of their seats nothing becomes irreversible (two thirds and one must build on it);
- signers (Clique): more than a half keep the turns of the others out (EIP-225, ``SIGNER_LIMIT``);
- Snowman: polls fail once more than 1 − α/K of the stake is silent or lies (arXiv:1906.08936);
- Raft: a half of the members stops it; it tolerates no liar at all, so the number is of crashes.

The cost is what must be got hold of, in the protocol's own resource, at the prices given; it is a price tag, not a
forecast: buying so much moves prices, and nothing is said of what could be stolen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from chain.simulation.simulation import Simulation
from chain.units import COIN

DOLLARS_PER_TERAHASH_PER_S: Final = 15
"""Price of machines for one million million hashes a second: those of 2023 were sold at 10 to 20 dollars."""
DOLLARS_PER_MWH: Final = 50
"""Price of power: 0.05 dollars a kWh, the assumption of the Cambridge index (docs/energy.md)."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """Who holds how much of what a protocol counts."""

    resource: str
    """``hash rate``, ``stake``, ``seats``, ``signers``, ``members`` or ``nodes``."""
    amounts: tuple[int, ...]
    """By holder, in the resource's unit: hashes a second, units of money, or one each."""
    numerator: int
    denominator: int
    """The share at which the promise ends."""
    is_reached_by_equal: bool
    """Whether exactly that share is enough; False: it must be more."""

    @property
    def threshold(self) -> str:
        """The share in words."""
        return f"{'at least' if self.is_reached_by_equal else 'more than'} {self.numerator}/{self.denominator}"


def get_holdings(simulation: Simulation) -> Holdings:
    """Return who holds what under the protocol of a run, as it stands now."""
    consensus = simulation.world.consensus
    read = _READERS.get(consensus.name, _read_nodes)
    return read(consensus.rules, consensus.agents, simulation.world.get_canonical().state)


def _read_nodes(_rules: Any, agents: Any, _state: Any) -> Holdings:
    """Count heads, for a protocol of which nothing is known."""
    return Holdings("nodes", (1,) * len(agents), 1, 2, is_reached_by_equal=False)


def _read_work(_rules: Any, agents: Any, _state: Any) -> Holdings:
    rates = tuple(agent.hash_rate_per_s for agent in agents.values())
    return Holdings("hash rate", rates, 1, 2, is_reached_by_equal=False)


def _read_gasper(_rules: Any, _agents: Any, state: Any) -> Holdings:
    active = state.registry.get_active(state.epoch)
    stakes = tuple(state.registry.validators[index].effective_balance for index in active)
    return Holdings("stake", stakes, 1, 3, is_reached_by_equal=True)


def _read_tendermint(_rules: Any, _agents: Any, state: Any) -> Holdings:
    return Holdings("stake", tuple(power * COIN for power in state.powers), 1, 3, is_reached_by_equal=True)


def _read_snowman(rules: Any, _agents: Any, _state: Any) -> Holdings:
    parameters, powers = rules.parameters, tuple(one.power for one in rules.keyring.validators)
    silent = parameters.sample_size - parameters.alpha
    return Holdings("stake", powers, silent, parameters.sample_size, is_reached_by_equal=False)


def _read_delegated(_rules: Any, _agents: Any, state: Any) -> Holdings:
    return Holdings("seats", (1,) * len(state.schedule.producers), 1, 3, is_reached_by_equal=True)


def _read_authority(rules: Any, _agents: Any, state: Any) -> Holdings:
    signers = state.snapshot.signers if hasattr(state, "snapshot") else rules.keyring.validators
    return Holdings("signers", (1,) * len(signers), 1, 2, is_reached_by_equal=False)


def _read_raft(rules: Any, _agents: Any, _state: Any) -> Holdings:
    return Holdings("members", (1,) * len(rules.members), 1, 2, is_reached_by_equal=True)


_READERS: Final[dict[str, Callable[[Any, Any, Any], Holdings]]] = {
    "delegated-proof-of-stake": _read_delegated,
    "ghost": _read_work,
    "proof-of-authority": _read_authority,
    "proof-of-stake": _read_gasper,
    "proof-of-work": _read_work,
    "raft": _read_raft,
    "snowman": _read_snowman,
    "tendermint": _read_tendermint,
}


def compute_nakamoto_coefficient(holdings: Holdings) -> int:
    """Return the fewest holders that together reach the share at which the promise ends; 0 when nobody holds any."""
    total, held = sum(holdings.amounts), 0
    for count, amount in enumerate(sorted(holdings.amounts, reverse=True), 1):
        held += amount
        excess = held * holdings.denominator - total * holdings.numerator
        if amount and (excess > 0 or (excess == 0 and holdings.is_reached_by_equal)):
            return count
    return 0


def compute_majority_cost(holdings: Holdings, joules_per_terahash: int = 50) -> dict[str, Any]:
    """Return what the decisive share costs: an amount, its unit, and how it was reckoned, in words.

    Work is bought new, so an attacker needs as much again as all honest miners have: ``hash rate / 10^12 × dollars a
    terahash a second``, beside power by the hour. Stake is bought from those who have it: ``total × share``. Seats,
    signers and members are not for sale: it is how many would have to be bribed.
    """
    total = sum(holdings.amounts)
    if holdings.resource == "hash rate":
        machines = total * DOLLARS_PER_TERAHASH_PER_S / 10**12
        hourly = total * joules_per_terahash / 10**12 / 10**6 * DOLLARS_PER_MWH
        how = (
            f"as much hash rate again as all have, {total / 10**12:g} TH/s × {DOLLARS_PER_TERAHASH_PER_S} $ a TH/s, "
            f"and {hourly:.2f} $ an hour for power"
        )
        return {"amount": machines, "unit": "$", "explanation": how}
    least = compute_least_amount(total, holdings)
    if holdings.resource == "stake":
        how = f"{holdings.threshold} of {total / COIN:g} CR at stake"
        return {"amount": least / COIN, "unit": "CR", "explanation": how}
    how = f"{holdings.threshold} of {total} {holdings.resource}, which are not for sale: so many to bribe or to break"
    return {"amount": compute_nakamoto_coefficient(holdings), "unit": holdings.resource, "explanation": how}


def compute_least_amount(total: int, holdings: Holdings) -> int:
    """Return the least amount that reaches the share."""
    exact, rest = divmod(total * holdings.numerator, holdings.denominator)
    return exact + (1 if rest or not holdings.is_reached_by_equal else 0)


def describe_holdings(holdings: Holdings) -> str:
    """Return the rule behind the coefficient in words."""
    return f"fewest holders of {holdings.threshold} of the {holdings.resource}"
