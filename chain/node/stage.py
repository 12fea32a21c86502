"""What an ensemble works on: everything published, and the ways between all nodes at one moment."""

from dataclasses import dataclass

import numpy as np

from chain.access import Access, Right
from chain.consensus.block_tree import BlockTree, Nodes, Times
from chain.network.network import Network
from chain.units import TimeUs


@dataclass(slots=True)
class Stage:
    """All nodes at ``now_us``: the ``Stage`` of chain/consensus/base.py."""

    seed: int
    now_us: TimeUs
    tree: BlockTree
    network: Network
    access: Access

    def get_online(self) -> Nodes:
        """Return the indices of the nodes that are switched on and may read."""
        online = self.network.links.get_online_now()
        if self.access.is_public:
            return online
        return np.array([n for n in online if self.access.is_allowed(Right.READ, int(n), self.now_us)], dtype=np.intp)

    def get_groups(self) -> Nodes:
        """Return a label for each node: two have the same one when open links lead from one to the other."""
        return self.network.get_groups()

    def ask(self, sources: Nodes, targets: Nodes, luck: Times, size_bytes: int) -> Times:
        """Return how long small messages between pairs of nodes take, in µs, and count them as sent."""
        return self.network.ask(sources, targets, luck, size_bytes)

    def compute_asked_us(self, sources: Nodes, targets: Nodes, luck: Times) -> Times:
        """Return the same and count nothing."""
        return self.network.compute_asked_us(sources, targets, luck)

    def count_asked(self, messages: int, size_bytes: int) -> None:
        """Count small messages as sent."""
        self.network.count_asked(messages, size_bytes)

    def get_longest_us(self) -> Times | None:
        """Return, by luck, the longest that small messages take between any nodes; None where that is not known."""
        return self.network.get_longest_us()
