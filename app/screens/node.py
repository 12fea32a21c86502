"""The page of a node: its own view of the chain, its mempool, its peers, what it saw; and what can be done to it."""
