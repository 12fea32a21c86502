"""Short runs of applications: ``play(name, minutes, people=…)`` gives the run with what its contracts told."""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from chain.contracts.library import load_artifact
from chain.economy.application import Application
from chain.economy.look import Look
from chain.ledger.actions import Call
from chain.scenario import build, convert_scenario
from chain.units import MINUTE, NodeId, TimeUs


class Told(NamedTuple):
    """An event, and the call that caused it."""

    time_s: int
    name: str
    values: dict[str, Any]
    sender: bytes
    function: str


class Played:
    """A finished run."""

    def __init__(self, simulation, name):
        self.simulation, self.world = simulation, simulation.world
        self.application = next(actor for actor in self.world.actors if isinstance(actor, Application))
        assert self.application.name == name

    def iter_calls(self):
        """Yield time, transaction and receipt of every call on the canonical branch, the oldest first."""
        for record in list(self.world.tree.iter_branch(self.world.get_canonical()))[::-1]:
            for signed, receipt in zip(record.block.transactions, self.world.ledger.receipts(record.hash), strict=True):
                if isinstance(signed.transaction.action, Call):
                    yield record.block.header.time_us // 10**6, signed, receipt

    def list_told(self, label, *names):
        """Return a contract's events of these names, all when none is given."""
        address, abi = self.application.addresses[label], self.application.get_abi(label)
        found = []
        for time_s, signed, receipt in self.iter_calls():
            action = signed.transaction.action
            target = next((it for it, at in self.application.addresses.items() if at == action.contract), None)
            function = self.application.get_abi(target).find_function(action.data) if target else None
            for log in receipt.logs:
                if log.address == address:
                    event, values = abi.decode_log(log)
                    found.append(Told(time_s, event.name, values, signed.sender, function.name if function else ""))
        return [it for it in found if it.name in names] if names else found

    def list_failures(self):
        """Return who failed with which function and why."""
        return [
            (self.name(signed.sender), self.find_function(signed.transaction.action))
            for _, signed, receipt in self.iter_calls()
            if not receipt.is_success
        ]

    def find_function(self, action):
        """Return the name of what was called."""
        label = next(it for it, at in self.application.addresses.items() if at == action.contract)
        function = load_artifact(self.application.artifacts[label]).abi.find_function(action.data)
        return function.name if function else ""

    def name(self, address):
        """Return what a person or contract is called."""
        people = {it.address: self.application.get_person_name(n) for n, it in enumerate(self.application.signers)}
        return people.get(address) or next(it for it, at in self.application.addresses.items() if at == address)

    def look(self, person=0) -> Look:
        """Return what a person would see at the end who has heard everything."""
        host, context = self.world.ledger.open_next(self.world.get_canonical().hash, self.world.now_us)
        return replace(self.application._look(self.world, NodeId(0), person), host=host, context=context)


@pytest.fixture(scope="session")
def play():
    def play_application(name, minutes, seed=5, **parameters):
        table = {
            "name": f"{name}-test",
            "network": {"nodes": 4},
            "consensus": {"protocol": "proof-of-stake", "interval": "5s"},
            "ledger": {"gas_limit": 30_000_000, "initial_base_fee_per_gas": 10},
            "application": [{"name": name} | parameters],
        }
        simulation = build(convert_scenario(table), seed)
        simulation.run_until(TimeUs(minutes * MINUTE), 10**9)
        return Played(simulation, name)

    return play_application
