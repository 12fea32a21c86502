"""What the story of an application is read from: its contracts' answers and events at one moment of the run."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from app.contract_calls import read_function
from app.present.contracts import Doing, get_doings
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.widgets.models import Field, Line, Series
from chain.contracts.abi import Abi
from chain.contracts.library import load_artifact
from chain.economy.application import Application
from chain.ledger.actions import Call
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import MINUTE, Address, Hash, TimeUs

T = TypeVar("T")
MOST_POINTS: Final = 240
"""Points of a line: more than a terminal has columns of dots to show."""


class Chart(NamedTuple):
    """Lines over virtual minutes, or whatever x means."""

    title: str
    series: tuple[Series, ...]
    unit: str = ""
    x_label: str = "min"
    y_range: tuple[float, float] | None = None
    """From where to where; the lines themselves and zero when None."""
    markers: tuple[Series, ...] = ()
    """Single points, each row of them in the colour of the series in the same place."""
    is_area: bool = True
    """Whether what is below the first line is filled."""


class Story(NamedTuple):
    """What an application's panel shows."""

    headline: str
    """One plain sentence: what happened last, or what is about to."""
    fields: tuple[Field, ...] = ()
    charts: tuple[Chart, ...] = ()
    """At most two."""
    drawing: tuple[Line, ...] = ()
    """A picture made of text, below everything else; 74 cells wide at most, so that it fits everywhere."""


class Happened(NamedTuple):
    """An event that one of the contracts told."""

    time_us: int
    """The block's time."""
    name: str
    values: dict[str, Any]
    doing: Doing


_decoded: "WeakKeyDictionary[World, dict[tuple[Hash, int, Address], tuple[Happened, ...]]]" = WeakKeyDictionary()
"""What each doing told, since blocks never change and decoding is slow."""


def _decode(doing: Doing, address: Address, abi: Abi) -> tuple[Happened, ...]:
    time_us = doing.block.block.header.time_us
    decoded = (abi.decode_log(log) for log in doing.receipt.logs if log.address == address)
    return tuple(Happened(time_us, event.name, values, doing) for event, values in filter(None, decoded))


class Reader:
    """The contracts of an application at a moment."""

    def __init__(self, simulation: Simulation, application: Application, at_us: TimeUs, holders: Holders) -> None:
        self.simulation, self.application, self.at_us, self.holders = simulation, application, at_us, holders
        self.world = simulation.world
        self.head = get_canonical(self.world, at_us)
        self.state = self.world.ledger.state(self.head.hash)
        self._opened: Any = None

    @property
    def time_s(self) -> int:
        """The chain's time in seconds."""
        return self.head.block.header.time_us // 10**6

    def is_deployed(self, *labels: str) -> bool:
        """Tell whether contracts are on the chain at the moment; all of the application's when none is named."""
        application = self.application
        return all(self.state.get_code(application.addresses[label]) for label in labels or application.addresses)

    def read(self, label: str, function: str, *arguments: Any) -> Any:
        """Return what a view function answers. Raises InvalidTransaction with the reason when it fails."""
        if self._opened is None:
            time_us = max(self.at_us, self.head.block.header.time_us + 1)
            self._opened = self.world.ledger.open_next(self.head.hash, TimeUs(time_us))
        host, context = self._opened
        abi = load_artifact(self.application.artifacts[label]).abi
        address = self.application.addresses[label]
        values = read_function(host, context, address, abi.get_function(function), arguments, abi)
        return values[0] if len(values) == 1 else values

    def list_events(self, label: str, *names: str) -> list[Happened]:
        """Return a contract's events of these names, all when none is given; the oldest first."""
        address, abi = self.application.addresses[label], load_artifact(self.application.artifacts[label]).abi
        known, found = _decoded.setdefault(self.world, {}), list[Happened]()
        for doing in get_doings(self.world, address, self.at_us):
            key = doing.block.hash, doing.place, address
            if key not in known:
                known[key] = _decode(doing, address, abi)
            found += known[key]
        return [it for it in found if it.name in names] if names else found

    def list_failures(self, label: str) -> list[Doing]:
        """Return the calls of a contract that failed, the oldest first."""
        address = self.application.addresses[label]
        return [
            doing
            for doing in get_doings(self.world, address, self.at_us)
            if not doing.receipt.is_success and isinstance(doing.signed.transaction.action, Call)
        ]

    def get_coins(self, who: str | int) -> int:
        """Return the units a contract (by label) or a person (by number) owns."""
        return self.state.get_account(self.get_address(who)).balance

    def get_address(self, who: str | int) -> Address:
        """Return the address of a contract, by label, or of a person, by number."""
        application = self.application
        return application.addresses[who] if isinstance(who, str) else application.signers[who].address

    def name(self, address: bytes) -> str:
        """Return who has an address."""
        return self.holders.describe(Address(address))


def thin(points: Sequence[T]) -> Sequence[T]:
    """Return some of the points, evenly and with the last one, when there are more than a line can show."""
    if len(points) <= MOST_POINTS:
        return points
    return [*(points[place * len(points) // MOST_POINTS] for place in range(MOST_POINTS)), points[-1]]


def build_series(label: str, points: Sequence[tuple[int, float]]) -> Series:
    """Return a line from (time in µs, value) points, over virtual minutes."""
    return Series(label, tuple((time_us / MINUTE, value) for time_us, value in thin(points)))
