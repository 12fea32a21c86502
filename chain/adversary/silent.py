"""A node that hears everything and says nothing: it neither proposes nor votes.

To the others it looks like one that has crashed, but it keeps up with the chain.
"""

from chain.adversary.base import Byzantine, Handler
from chain.consensus.base import Broadcast, Effects, Publish, View


class Silent(Byzantine):
    """Says nothing."""

    name = "silent"

    def act(self, view: View, handle: Handler) -> Effects:
        return [effect for effect in handle(self.honest, view) if not isinstance(effect, Publish | Broadcast)]
