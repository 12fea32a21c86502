"""Search finds tokens by what they call themselves, and transactions by what the person noted about them."""

from importlib.resources import files
from typing import get_args

import pytest

from app.present import search as finder
from app.present.explorer_address import build_address_page
from app.present.explorer_transaction import build_transaction_page
from app.present.holders import Holder, HolderKind, Holders
from app.present.pages import Page
from app.present.tokens import Token, get_token, list_tokens
from app.screens.view import Thing
from chain.contracts.abi import encode_arguments
from chain.contracts.library import load_artifact
from chain.ledger.actions import Create
from chain.ledger.transaction import encode_transaction
from chain.scenario import build, load_scenario
from chain.simulation.commands import MineBlock, SubmitTransaction
from chain.simulation.simulation import Simulation
from chain.units import SECOND, Address, Hash, TimeUs

HOSTILE = "[/x]\x1b[2J\u202e"
TOKENS = (("Chain Room Dollar", "CRD"), ("Bad", "CRD"), (HOSTILE, HOSTILE[:4]))


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    """Three tokens, made by the faucet in one block."""
    text = (files("chain") / "scenarios/quiet.toml").read_text(encoding="utf-8")
    simulation = build(load_scenario(text, "quiet"), 7)
    faucet, artifact = simulation.world.faucet, load_artifact("token")
    for nonce, (name, symbol) in enumerate(TOKENS):
        arguments = encode_arguments(artifact.abi.constructor.inputs, [name, symbol, 2, 1000])
        signed = faucet.sign(1, nonce, Create(0, artifact.bytecode + arguments), 1000, 10, 850_000)
        simulation.submit(SubmitTransaction(0, encode_transaction(signed)))
    for _ in TOKENS:
        simulation.run_until(TimeUs(simulation.now_us + 20 * SECOND))
        simulation.submit(MineBlock(0))
    return simulation


def find(simulation: Simulation, text: str, holders: Holders | None = None, at_us: int | None = None) -> list[Thing]:
    at = TimeUs(simulation.now_us if at_us is None else at_us)
    found = finder.search(simulation.world, holders or Holders(simulation.world), text, at)
    return [result.thing for result in found.results]


def test_tokens_are_found_by_symbol_and_by_a_part_of_the_name(simulation: Simulation) -> None:
    first, second, _ = list_tokens(simulation.world, simulation.now_us)
    assert (first.name, first.symbol) == TOKENS[0]
    assert find(simulation, "crd") == [Thing("address", first.address), Thing("address", second.address)]
    assert find(simulation, "room doll") == [Thing("address", first.address)]
    assert find(simulation, "crd", at_us=SECOND) == []


def test_a_page_tells_what_the_token_calls_itself(simulation: Simulation) -> None:
    world, now_us = simulation.world, simulation.now_us
    page = build_address_page(simulation, Holders(world), list_tokens(world, now_us)[0].address, now_us)
    assert isinstance(page, Page)
    assert page.title.startswith("Contract")
    assert {it.key: it.value for it in page.facts.fields}["token"] == "CRD Chain Room Dollar"


def test_hostile_names_are_cleaned_and_other_accounts_have_none(simulation: Simulation) -> None:
    world, now_us = simulation.world, simulation.now_us
    hostile = list_tokens(world, now_us)[2]
    assert hostile.name.startswith("[/x]")
    assert not {"\x1b", "\u202e"} & set(hostile.title)
    assert get_token(world, world.faucet.address, now_us) is None
    assert Token(Address(bytes(20)), "same", "same").title == "same"


def test_a_transaction_is_found_by_its_label_and_shows_it(simulation: Simulation) -> None:
    world, now_us = simulation.world, simulation.now_us
    transaction = world.transactions.records[1].id
    holders = Holders(world, {}, {transaction: "Rent [/x] of May", Hash(bytes(32)): "Rent of nowhere"})
    assert find(simulation, "rent", holders) == [Thing("transaction", transaction)]
    page = build_transaction_page(simulation, holders, transaction, now_us)
    assert isinstance(page, Page)
    assert {it.key: it.value for it in page.facts.fields}["label"] == "Rent [/x] of May"


def test_whoever_holds_an_address_has_a_page(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    world, now_us = simulation.world, simulation.now_us
    for kind in get_args(HolderKind):
        monkeypatch.setattr(Holders, "get", lambda self, address, kind=kind: Holder("Somebody", kind))
        page = build_address_page(simulation, Holders(world), world.faucet.address, now_us)
        assert isinstance(page, Page)
        assert kind in page.state
