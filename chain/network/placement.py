"""Where the nodes stand: a region (which decides latency and bandwidth) and a city (for the map)."""

from dataclasses import dataclass
from itertools import accumulate

from chain.network.parameters import NetworkParameters
from chain.network.regions import CITIES, REGIONS, SHARES
from chain.network.topology import draw_by_quota


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one node."""

    region: str
    """NA, EU, SA, AP, JP or AU."""
    city: str
    """The name of its city; several nodes may share one."""
    latitude: float
    """Degrees north; for pictures only."""
    longitude: float
    """Degrees east; for pictures only."""


def build_places(parameters: NetworkParameters, seed: int) -> tuple[Place, ...]:
    """Return the place of every node: regions by their shares, or those given in turn; the cities of each in turn."""
    used = dict.fromkeys(REGIONS, 0)
    places = []
    for region in _get_regions(parameters, seed):
        cities = CITIES[region]
        city = cities[used[region] % len(cities)]
        used[region] += 1
        places.append(Place(region, city.name, city.latitude, city.longitude))
    return tuple(places)


def _get_regions(parameters: NetworkParameters, seed: int) -> list[str]:
    if parameters.regions:
        return [parameters.regions[node % len(parameters.regions)] for node in range(parameters.nodes)]
    cumulative = tuple(accumulate(SHARES[parameters.shares]))
    return [REGIONS[index] for index in draw_by_quota(parameters.nodes, cumulative, seed, "placement/region")]
