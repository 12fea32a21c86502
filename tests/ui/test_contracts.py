"""The contracts screen and the debugger as a person uses them, by keys and by mouse."""

import pytest
from textual.widgets import Button, Input, TextArea

from app.contract_calls import build_call
from app.present.contracts import get_shelf
from app.screens.contract_editor import ContractEditor
from app.screens.contract_form import ContractForm
from app.screens.contracts import ContractsView
from app.screens.debugger import DebuggerScreen
from app.widgets.source_view import SourceView
from app.widgets.virtual_table import VirtualTable
from chain.contracts.library import load_artifact

SIZES = [(80, 24), (120, 36)]
RUN = {"scenario": "token-launch", "seconds": 240}


@pytest.fixture(autouse=True)
def shelf():
    """The one shelf of the program, without what other tests put there."""
    get_shelf().own.clear()
    return get_shelf()


async def go(app, pilot, *keys):
    for key in ("5", *keys):
        await pilot.press(key)
        app.show()
        await pilot.pause()
    for _ in range(4):
        app.show()
    await pilot.pause()
    return app.home.query_one(ContractsView)


def read_number(form):
    """The number a question was answered with, and that it says as of when."""
    number, _, when = str(form.query_one("#form-answer").content).splitlines()
    assert when.startswith("after block #")
    return int(number.replace(" ", ""))


async def test_the_contracts_of_the_run_and_the_shelf_are_listed(start_still):
    async with start_still(**RUN) as (app, pilot):
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await go(app, pilot)
            text = app.get_text()
            assert "token sale" in text, size
            assert "Shelf" in text, size
            assert "The sale is open" in text or "reach the goal" in text or "goal is reached" in text, size


@pytest.mark.parametrize("size", SIZES)
async def test_a_call_is_walked_through_and_left_again(start_still, size):
    async with start_still(size=size, **RUN) as (app, pilot):
        await go(app, pilot, "down", "d")
        assert isinstance(app.screen, DebuggerScreen)
        await pilot.pause()
        assert "buy" in app.get_text()
        first = app.screen.query_one(SourceView).marked
        await pilot.press("right", "right", "right")
        assert app.screen.query_one(SourceView).marked != first
        await pilot.press("left", "left", "left")
        assert app.screen.query_one(SourceView).marked == first
        for key in ("full_stop", "comma", "o", "u", "w", "W", "home", "end", "v", "question_mark"):
            await pilot.press(key)
        await pilot.press("escape", "escape")
        assert not isinstance(app.screen, DebuggerScreen)


async def test_every_panel_tells_something(start_still):
    async with start_still(**RUN) as (app, pilot):
        await go(app, pilot, "down")
        expected = {
            "use": "sold_lots",
            "calls": "buy()",
            "events": "Bought",
            "storage": "sold_lots",
            "about": "made by",
        }
        expected["story"] = "the goal"
        for name, word in expected.items():
            await pilot.click(f"#tab-{name}")
            await pilot.pause()
            app.show()
            await pilot.pause()
            assert word in app.get_text(), name


async def test_a_question_is_answered_at_the_cursor(start_still):
    async with start_still(**RUN) as (app, pilot):
        view = await go(app, pilot, "down", "enter")
        form = view.query_one(ContractForm)
        place = next(n for n, it in enumerate(form.functions) if it.name == "sold_lots")
        options = form.query_one("OptionList")
        options.highlighted = place
        await pilot.pause()
        await pilot.click("#form-ask")
        await pilot.pause()
        await app.wait_until(
            lambda: not form.query_one("#form-ask").has_class("-active")
        )  # it takes no click till then
        now = read_number(form)
        assert now > 0
        app.run_shown.seek(app.run_shown.now_us // 2)
        app.show()
        await pilot.click("#form-ask")
        await pilot.pause()
        assert read_number(form) < now


async def test_what_does_not_fit_is_told_in_the_form(start_still):
    async with start_still(**RUN) as (app, pilot):
        view = await go(app, pilot, "enter")
        form = view.query_one(ContractForm)
        form.query_one("OptionList").highlighted = next(
            n for n, it in enumerate(form.functions) if it.name == "balanceOf"
        )
        await pilot.pause()
        form.query_one("#form-args Input", Input).value = "[/x] nobody"
        form.query_one("#form-ask", Button).press()
        await pilot.pause()
        answer = str(form.query_one("#form-answer").content)
        assert "name you know" in answer
        assert "[/x] nobody" in answer


async def test_without_a_wallet_nothing_can_be_sent_and_it_says_what_to_do(start_still):
    async with start_still(**RUN) as (app, pilot):
        view = await go(app, pilot, "tab", "enter")
        view.query_one("#form-try", Button).press()
        await pilot.pause()
        assert "make a wallet first" in str(view.query_one("#form-answer").content)


BROKEN = """# pragma version ^0.4.0

@external
def add(a: uint256, b: uint256) -> uint256:
    return a + c
"""


async def test_a_copy_is_edited_its_mistakes_are_found_and_it_lies_on_the_shelf(start_still):
    """A problem is told with line and column, and the cursor stands there; what is left half done waits."""
    async with start_still(scenario="token-launch", seconds=0) as (app, pilot):
        view = await go(app, pilot, "e")
        assert isinstance(app.screen, ContractEditor)
        name = app.screen.query_one("#editor-name", Input).value
        assert name.startswith("my_")
        app.screen.query_one(TextArea).text = BROKEN
        await pilot.press("escape")
        await app.wait_until(lambda: name in view._drafts)
        await pilot.press("e")
        await app.wait_until(lambda: isinstance(app.screen, ContractEditor))
        area = app.screen.query_one(TextArea)
        assert area.text == BROKEN
        await pilot.press("ctrl+r")
        await app.wait_until(lambda: "line 5, column 16" in app.get_text())
        assert area.cursor_location == (4, 15)
        assert area.has_focus
        area.text = BROKEN.replace("a + c", "a + b")
        app.screen.query_one("#editor-name", Input).value = "my_sum"
        await pilot.click("#editor-compile")
        await app.wait_until(lambda: "my_sum" in view.shelf.own)
        assert view.shelf.own["my_sum"].abi.get_function("add")
        await app.wait_until(lambda: app.screen is app.home)
        await pilot.pause()
        app.show()
        assert "my sum (not deployed)" in app.get_text()
        assert view._drafts == {}


async def test_calls_in_the_past_are_those_of_the_past(start_still):
    async with start_still(**RUN) as (app, pilot):
        view = await go(app, pilot, "down")
        view._show_panel("calls")
        table = view.query_one("#panel-calls", VirtualTable)
        count = table.count
        app.run_shown.seek(app.run_shown.now_us // 2)
        for _ in range(4):
            app.show()
        assert 0 < table.count < count


def test_a_call_is_built_as_the_interface_says():
    function = load_artifact("token").abi.get_function("transfer")
    call = build_call(bytes(20), function, (bytes(20), 7))
    assert call.data[:4].hex() == "a9059cbb"
