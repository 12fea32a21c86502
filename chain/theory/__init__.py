"""Closed forms and what they come from: what the simulation is checked against. Nothing here decides anything."""
