"""Experiments: runs under several protocols side by side, and simulated results beside known ones."""
