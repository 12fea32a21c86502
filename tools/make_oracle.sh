#!/bin/sh
# Makes the environment in which the executable specification of Ethereum runs, for tests/contracts/oracle.
# It is apart from the project's own, because its pinned versions clash with ours. Needs Python 3.11 or 3.12.
#
# usage: tools/make_oracle.sh [DIRECTORY]      (default: $CHAINROOM_ORACLE, or ~/.cache/chainroom/oracle)
set -eu
place="${1:-${CHAINROOM_ORACLE:-${XDG_CACHE_HOME:-$HOME/.cache}/chainroom/oracle}}"
python="${PYTHON:-}"
if [ -z "$python" ]; then
    for candidate in python3.11 python3.12 python3; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then
            python="$candidate"
            break
        fi
    done
fi
if [ -z "$python" ]; then
    echo "make_oracle: no Python 3.11 or 3.12 found; set PYTHON to one" >&2
    exit 1
fi
"$python" -m venv "$place"
"$place/bin/python" -m pip install --quiet --disable-pip-version-check \
    "ethereum-execution==2.20.0" "eth-abi>=5,<7" "py-evm>=0.10.1b1"
echo "oracle: $place/bin/python"
