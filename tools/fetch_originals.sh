#!/bin/sh
# Fetches the compiled contracts of Uniswap v2 and Aave v2 as their authors published them, for
# tests/contracts/library/test_originals.py, which runs them beside ours. They are not part of the project. Needs npm.
#
# usage: tools/fetch_originals.sh [DIRECTORY]      (default: $CHAINROOM_ORIGINALS, or ~/.cache/chainroom/originals)
set -eu
place="${1:-${CHAINROOM_ORIGINALS:-${XDG_CACHE_HOME:-$HOME/.cache}/chainroom/originals}}"
mkdir -p "$place"
cd "$place"
for package in @uniswap/v2-core@1.0.1 @uniswap/v2-periphery@1.1.0-beta.0 @aave/protocol-v2@1.0.1; do
    archive="$(npm pack --silent "$package" | tail -n 1)"
    tar -xzf "$archive"
    rm "$archive"
    find package -name UniswapV2Factory.json -o -name UniswapV2Pair.json -o -name UniswapV2Router02.json \
        -o -name DefaultReserveInterestRateStrategy.json | while read -r file; do cp "$file" .; done
    rm -r package
done
echo "originals: $place"
