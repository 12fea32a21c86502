"""What tokens call themselves: the answers of a contract to ``name()`` and ``symbol()``.

Whoever wrote the code chose both, so two tokens may have one symbol, and a name proves nothing: the address does.
Asked once a contract, with little gas, and kept for a symbol hardly ever changes. Source: ERC-20, optional methods.
"""

from functools import cache
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from app.present.heads import get_canonical
from app.present.index import get_index
from app.widgets.text import clean
from chain.contracts.abi import Function
from chain.contracts.evm.host import Context, Host
from chain.contracts.evm.message import Message
from chain.contracts.evm.transaction import execute_message
from chain.contracts.library import load_artifact
from chain.errors import ChainroomError
from chain.simulation.world import World
from chain.units import Address, TimeUs

ASK_GAS: Final = 200_000
"""Gas a question may use: a contract that never answers costs a few milliseconds, once."""
MOST_LETTERS: Final = 32
_NOBODY: Final = Address(bytes(20))


class Token(NamedTuple):
    """A contract that says how it is called."""

    address: Address
    name: str
    symbol: str

    @property
    def title(self) -> str:
        """Symbol and name, as far as there are."""
        return " ".join(dict.fromkeys(it for it in (self.symbol, self.name) if it))


_known: "WeakKeyDictionary[World, dict[Address, Token]]" = WeakKeyDictionary()


def list_tokens(world: World, at_us: TimeUs) -> list[Token]:
    """Return the contracts with a name or a symbol at a moment, in order of their making."""
    contracts = get_index(world).contracts
    made = (address for address, block in contracts.items() if block.published_us <= at_us)
    return [token for address in made if (token := get_token(world, address, at_us)) is not None]


def get_token(world: World, address: Address, at_us: TimeUs) -> Token | None:
    """Return how a contract is called; None where there is no code then, or where it does not say."""
    head, known = get_canonical(world, at_us), _known.setdefault(world, {})
    if not world.ledger.state(head.hash).get_code(address):
        return None
    if address not in known:
        host, context = world.ledger.open_next(head.hash, head.block.header.time_us + 1)
        known[address] = Token(address, *(_ask(host, context, address, it) for it in ("name", "symbol")))
    return known[address] if known[address].title else None


def _ask(host: Host, context: Context, address: Address, question: str) -> str:
    function = _get_function(question)
    try:
        message = Message(_NOBODY, address, ASK_GAS, 0, function.encode_call(()))
        result = execute_message(host, context, message, write=False)
        answer = function.decode_output(result.output)[0] if result.success and result.output else ""
    except ChainroomError:
        return ""
    return clean(str(answer), MOST_LETTERS).strip()


@cache
def _get_function(name: str) -> Function:
    return load_artifact("token").abi.get_function(name)
