"""Encode values with eth-abi. Runs in the oracle's own environment; one JSON ``[type, value]`` a line, hex out."""

import json
import sys
from decimal import Decimal

from eth_abi import encode


def revive(value):
    """Bytes are written as 0x…, decimals as d…, text as t…."""
    if isinstance(value, list):
        return [revive(item) for item in value]
    if isinstance(value, str) and value.startswith("0x"):
        return bytes.fromhex(value[2:])
    if isinstance(value, str) and value.startswith("d"):
        return Decimal(value[1:])
    if isinstance(value, str):
        return value[1:]
    return value


for line in sys.stdin:
    kind, value = json.loads(line)
    print(encode([kind], [revive(value)]).hex(), flush=True)
