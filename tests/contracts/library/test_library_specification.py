"""Every transaction that the tests of this room send, asked again of Ethereum's executable specification.

The tests without parameters are run once more as scripts; what they send is kept as cases, each with all accounts
before it. Result, gas, refund, storage, logs and revert data must agree to the last unit, in every mode of the machine.
"""

import os
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from inspect import signature
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from cases import ENV, Case, ask_specification, compare, digest, dump_host, get_oracle, run_case
from stage import Stage

from chain.contracts.evm import Mode
from chain.contracts.evm.message import Message

FULL = bool(os.environ.get("CHAINROOM_FULL"))
HERE = Path(__file__).parent
MODULES = sorted(path.name for path in HERE.glob("test_*.py") if path != Path(__file__))


def iter_scripts(name: str) -> Iterator[Callable[[], None]]:
    """Yield a module's tests that need nothing."""
    spec = spec_from_file_location(f"script_{name}", HERE / name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    for key, test in vars(module).items():
        is_test = key.startswith("test_") and callable(test)
        if is_test and not hasattr(test, "hypothesis") and not signature(test).parameters:
            yield test


def make_case(stage: Stage, message: Message) -> Case:
    """Return a message on a stage as a case."""
    account = stage.host.accounts[message.sender]
    tx: dict[str, Any] = {
        "sender": message.sender.hex(),
        "to": message.target.hex() if message.target else "",
        "value": hex(message.value),
        "data": message.data.hex(),
        "gas": message.gas,
        "nonce": hex(account.nonce),
        "access": [],
    }
    env = {**ENV, "time": stage.time_s, "number": stage.number}
    return {"pre": dump_host(stage.host), "env": env, "tx": tx}


def collect_cases(name: str) -> list[Case]:
    """Return what the tests of a module send, each once."""
    cases: dict[str, Case] = {}

    def listen(stage: Stage, message: Message) -> None:
        case = make_case(stage, message)
        cases[digest(case)] = case

    Stage.listeners.append(listen)
    try:
        for script in iter_scripts(name):
            script()
    finally:
        Stage.listeners.remove(listen)
    return list(cases.values())


@pytest.mark.statistics
@pytest.mark.skipif(get_oracle() is None, reason="needs tools/make_oracle.sh")
@pytest.mark.parametrize("name", MODULES)
def test_shipped_contracts_run_as_the_specification_says(name: str) -> None:
    cases = collect_cases(name)
    chosen = cases if FULL else list(islice(cases, 0, None, 20))
    for case, theirs in zip(chosen, ask_specification(chosen), strict=True):
        for mode in Mode:
            assert compare(run_case(case, mode), theirs) is None, (mode, case["tx"])
