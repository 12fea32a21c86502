"""A contract of one's own from paste to debugger: each step through the interface, each seen on the chain after it."""

import json
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Button, Input, OptionList

from app.present.contracts import get_shelf
from app.screens.contract_desk import ContractDesk
from app.screens.contract_load import ArtifactDialog
from app.screens.contracts import ContractsView
from app.screens.debugger import DebuggerScreen
from app.screens.explorer import ThingPage
from app.screens.view import Thing
from app.screens.wallet_dialogs import ReviewDialog
from app.storage.keystore import Keystore
from app.storage.paths import get_wallet_file
from app.storage.vault import CHEAPEST
from app.wallets import get_wallets
from app.widgets.virtual_table import VirtualTable
from chain.simulation.commands import RequestCoins
from chain.units import COIN
from chain.wallet.secret import Secret

LEDGER = json.loads((Path(__file__).parents[1] / "contracts" / "material" / "Ledger.json").read_text())
TWO = {"contracts": {"Ledger.sol": {"Ledger": LEDGER, "Twin": LEDGER}}}


@pytest.fixture(autouse=True)
def shelf():
    """The one shelf of the program, without what other tests put there."""
    get_shelf().own.clear()
    get_shelf()._found.clear()
    return get_shelf()


class Person:
    """Somebody at the keyboard of the contracts screen."""

    def __init__(self, app, pilot):
        self.app, self.pilot = app, pilot

    @property
    def view(self):
        return self.app.home.query_one(ContractsView)

    @property
    def desk(self):
        return self.app.home.query_one(ContractDesk)

    async def settle(self):
        for _ in range(4):
            self.app.show()
        await self.pilot.pause()

    async def make_wallet(self, coins):
        account = Keystore(get_wallet_file(), cost=CHEAPEST).create(
            Secret("abandon " * 11 + "about"), Secret("violet tractor 81"), label="Maya"
        )
        wallets = get_wallets(self.app)
        wallets.reload()
        wallets.unlock(Secret("violet tractor 81"))
        self.app.submit(RequestCoins(0, account.address, coins))
        self.app.play(60)
        await self.pilot.pause()

    async def paste_artifact(self, document, choose):
        await self.pilot.press("L")
        await self.app.wait_until(lambda: isinstance(self.app.screen, ArtifactDialog))
        self.app.screen.query_one(Input).post_message(events.Paste(json.dumps(document, indent=2)))
        options = self.app.screen.query_one(OptionList)
        await self.app.wait_until(lambda: options.option_count > 1)
        assert self.app.screen.query_one(Input).value == ""  # it never went through the field
        options.highlighted = choose
        await self.pilot.press("enter")
        await self.app.wait_until(lambda: self.app.screen is self.app.home and bool(self.view.shelf.own))
        await self.settle()

    async def choose(self, name):
        """Choose a function, an empty name for the constructor."""
        options = self.desk.query_one(OptionList)
        options.highlighted = next(
            place for place, it in enumerate(self.desk.functions) if name in (it.name, it.signature)
        )
        await self.app.wait_until(lambda: self.desk._chosen is self.desk.functions[options.highlighted])
        await self.pilot.pause()

    async def press(self, button, *texts):
        """Fill the form and press a button of it; return the answer."""
        fields = list(self.desk.query("#form-args Input").results(Input))
        for field, text in zip(fields, texts, strict=True):
            field.value = text
        self.desk.answer("")
        self.desk.query_one(f"#form-{button}", Button).press()
        await self.app.wait_until(lambda: self.read() or isinstance(self.app.screen, ReviewDialog))
        return self.read()

    async def send(self, *texts):
        """Fill the form, review, sign, and wait for a block."""
        await self.press("send", *texts)
        await self.app.wait_until(lambda: isinstance(self.app.screen, ReviewDialog))
        await self.pilot.pause()
        review = self.app.get_text()
        await self.pilot.press("enter")
        await self.app.wait_until(lambda: self.app.screen is self.app.home and "sent" in self.read())
        self.app.play(120)
        await self.settle()
        return review

    def read(self):
        return str(self.desk.query_one("#form-answer").content)

    async def look(self, panel):
        """Show a panel of the chosen contract; return what its table says."""
        self.view._show_panel(panel)
        await self.settle()
        table = self.view.query_one(f"#panel-{panel}", VirtualTable)
        return [" | ".join(cell.text for cell in table.get_row(row)) for row in range(table.count)]


async def test_a_pasted_contract_is_deployed_called_and_walked_through(start_still):
    """Paste, choose, deploy, try, call, sign, block; then storage, events, the explorer's page and the debugger."""
    async with start_still(scenario="token-launch", seconds=30) as (app, pilot):
        person = Person(app, pilot)
        await person.make_wallet(100 * COIN)
        await pilot.press("5")
        await person.settle()

        await person.paste_artifact(TWO, choose=0)
        assert "Ledger (not deployed)" in app.get_text()
        person.view._show_panel("use")
        await person.choose("")
        answer = await person.press("try", "[/x] book", "3")
        assert "it would succeed" in answer
        assert "fee about 0." in answer
        await person.send("[/x] book", "3")
        deployed = person.view.query_one("#contracts-deployed", VirtualTable)
        deployed.choose(deployed.count - 1)
        await person.settle()
        contract = person.view.get_chosen()
        assert contract.artifact.name == "Ledger"  # though its maker is written into the code
        assert any(row.startswith('title | short text | "[/x] book"') for row in await person.look("storage"))
        assert not any("balances[" in row for row in await person.look("storage"))

        person.view._show_panel("use")
        await person.settle()
        await person.choose("put")
        review = await person.send("5", "2.5")
        assert "2.5 CR" in review
        rows = await person.look("storage")
        assert "balances[Maya] | uint256 | 2 500 000 000" in rows
        assert "entries[Maya][5].owner | address | Maya" in rows
        assert "list[0] | uint256 | 2 500 000 000" in rows
        assert "three[1] | address | Maya" in rows
        assert any("Put | owner Maya, amount 2 500 000 000" in row for row in await person.look("events"))
        assert "put(5)" in (await person.look("calls"))[0]
        person.view._show_panel("use")
        await person.choose("balances")
        assert (await person.press("ask", "Maya")).startswith("2 500 000 000")

        call = person.view.get_chosen().doings[-1]
        app.open_thing(Thing("address", contract.address))
        await app.wait_until(lambda: isinstance(app.screen, ThingPage) and app.screen._page is not None)
        assert {it.key: it.count for it in app.screen._page.tables}["callers"] == 1
        assert [it.count for it in app.screen._page.tables if it.key == "told"] == [1]
        app.screen.go_to(Thing("transaction", call.signed.id))
        await pilot.pause()
        facts = {it.key: it.value for it in app.screen._page.facts.fields}
        assert facts["call"] == "put(5)"
        assert "failed" not in facts
        told = next(it for it in app.screen._page.tables if it.key == "told")
        assert [cell.text for cell in told.get_row(0)][1:] == ["Put", "owner Maya, amount 2 500 000 000"]
        await pilot.press("d")
        await app.wait_until(lambda: isinstance(app.screen, DebuggerScreen))
        await app.wait_until(lambda: "succeeded" in app.get_text())
        writes = app.screen.query_one("#debugger-writes", VirtualTable)
        names = [writes.get_row(row)[1].text for row in range(writes.count)]
        assert names[0].startswith("balances[Maya] · ")
        assert any(name.startswith('byName["gold"] · ') for name in names)


async def test_what_would_fail_says_so_and_what_to_do_before_it_is_sent(start_still):
    """A custom error, a panic, an overflow, more coins than one has, a fee one cannot pay, the past."""
    async with start_still(scenario="token-launch", seconds=30) as (app, pilot):
        person = Person(app, pilot)
        await pilot.press("5")
        await person.settle()
        await person.paste_artifact(TWO, choose=0)
        person.view._show_panel("use")
        await person.choose("")
        assert "make a wallet first" in await person.press("try", "book", "3")
        await person.make_wallet(3 * COIN)
        await person.settle()
        await person.choose("")
        assert "small_, value of type uint128" in await person.press("try", "book", "many")
        await person.send("book", "3")
        deployed = person.view.query_one("#contracts-deployed", VirtualTable)
        deployed.choose(deployed.count - 1)
        await person.settle()

        await person.choose("take")
        answer = await person.press("send", "7")
        assert "it would fail: Poor(" in answer
        assert "What to do: " in answer
        assert app.screen is app.home  # and nothing was asked to be signed
        await person.choose("less(uint256,uint256)")
        assert "arithmetic overflow or underflow" in await person.press("try", "1", "2")
        await person.choose("half")
        assert "assertion failed" in await person.press("ask", "3")
        await person.choose("put")
        answer = await person.press("try", "1", "50")
        assert "and 50 CR should go along" in answer
        assert "press 3, then f" in answer
        has = app.run_shown.simulation.world.ledger.state(
            app.run_shown.simulation.world.get_canonical().hash
        ).get_account(get_wallets(app).account.address)
        answer = await person.press("try", "1", f"{has.balance / COIN:.9f}")
        assert "it would succeed" in answer
        assert "but it cannot be sent" in answer  # nothing is left for the fee
        assert "press f" in answer
        app.run_shown.seek(app.run_shown.now_us - 1_000_000)
        await person.settle()
        assert "you are looking at the past" in await person.press("try", "1", "1")


async def test_a_file_that_is_none_is_told_and_another_can_be_tried(start_still, tmp_path):
    (tmp_path / "abi.json").write_text(json.dumps(LEDGER["abi"]))
    nameless = {"abi": LEDGER["abi"], "bytecode": LEDGER["evm"]["bytecode"]["object"]}
    (tmp_path / "My-Book 2.json").write_text(json.dumps(nameless))
    async with start_still(scenario="token-launch", seconds=0) as (app, pilot):
        person = Person(app, pilot)
        await pilot.press("5", "L")
        await app.wait_until(lambda: isinstance(app.screen, ArtifactDialog))
        field = app.screen.query_one(Input)
        for text, problem in (
            (str(tmp_path / "no.json"), "no.json cannot be read"),
            (str(tmp_path), "cannot be read"),
            ("a\0b", "cannot be read"),
            (str(tmp_path / "abi.json"), "an ABI alone makes no contract"),
        ):
            field.value = text
            await pilot.press("enter")
            await pilot.pause()
            assert problem in app.get_text()
        field.value = str(tmp_path / "My-Book 2.json")
        await pilot.press("enter")
        await app.wait_until(lambda: app.screen is app.home and bool(person.view.shelf.own))
        assert list(person.view.shelf.own) == ["MyBook2"]
        await pilot.press("L")
        await app.wait_until(lambda: isinstance(app.screen, ArtifactDialog))
        app.screen.query_one(Input).post_message(events.Paste(json.dumps(TWO)))
        await app.wait_until(lambda: app.screen.has_class("-choosing"))
        await pilot.press("escape")  # back to the field
        assert not app.screen.has_class("-choosing")
        await pilot.press("escape")
        assert app.screen is app.home
