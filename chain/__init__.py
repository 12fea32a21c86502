"""The engine of chainroom: a blockchain network as a pure function of scenario, seed and inputs.

Nothing in this package reads a clock, a file, a socket or a global source of randomness. Layers are drawn in
docs/design.md and held by import-linter; an import may only point downwards.
"""
