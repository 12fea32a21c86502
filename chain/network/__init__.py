"""The peer-to-peer network: measured regions, topologies, links over time, and gossip as tables of arrivals."""
