"""The shell: one clock on every screen, commands from one registry, help, themes, saving, and what must never show."""

import asyncio
import itertools
import runpy
import threading
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import Input, OptionList, Static

from app.app import ChainroomApp
from app.commands import COMMANDS, EVERYWHERE, HINTED, RUN, get_bindings, get_command
from app.present.index import get_index
from app.present.words import format_clock
from app.screens.dialogs import ChoiceDialog, NameDialog
from app.screens.help import HelpScreen, build_sections
from app.screens.main import TABS, MainScreen
from app.screens.network import NetworkView
from app.screens.node import NodePage
from app.screens.run_screen import RunScreen
from app.screens.view import Thing
from app.storage.settings import Settings
from app.widgets.header import HeaderBar
from app.widgets.node_panel import NodePanel
from app.widgets.transport_bar import TransportBar
from app.widgets.why import WhyModal
from chain.replay import Replay
from chain.simulation.commands import CutNode, MineBlock, StopNode
from chain.simulation.simulation import Simulation
from chain.units import SECOND, TimeUs

# The registry ----------------------------------------------------------------------------------------------------


def test_every_command_has_an_id_of_its_own_and_a_help() -> None:
    assert len({spec.id for spec in COMMANDS}) == len(COMMANDS)
    assert all(spec.title and spec.help.endswith(".") for spec in COMMANDS)


def test_one_scope_binds_a_key_once() -> None:
    for scope in {spec.scope for spec in COMMANDS}:
        keys = [key for spec in COMMANDS if spec.scope == scope for key in spec.key.split(",") if key]
        assert len(set(keys)) == len(keys), scope


@pytest.mark.parametrize(
    ("scope", "home_class"),
    [(EVERYWHERE, ChainroomApp), (RUN, RunScreen), ("network", NetworkView), ("node", NodePage)],
)
def test_every_command_does_something(scope: str, home_class: type) -> None:
    for spec in COMMANDS:
        if spec.scope == scope:
            assert hasattr(home_class, f"action_{spec.action.partition('(')[0]}"), spec.id


def test_no_plain_letter_has_priority_over_a_field() -> None:
    assert not any(binding.priority for scope in (EVERYWHERE, RUN) for binding in get_bindings(scope))


def test_hints_name_commands_that_exist() -> None:
    for _, *ids in HINTED:
        assert all(get_command(command_id).key for command_id in ids)


def test_the_page_of_keys_is_made_from_the_registry() -> None:
    root = Path(__file__).parents[2]
    made = runpy.run_path(str(root / "tools" / "make_keys.py"))["build_page"]()
    assert (root / "docs" / "keys.md").read_text(encoding="utf-8") == made, "run tools/make_keys.py"


# Starting, screens -----------------------------------------------------------------------------------------------


async def test_paints_before_the_engine_is_there_and_then_shows_the_run(still_app: Any) -> None:
    app = still_app(scenario="classroom", seed=7)
    async with app.run_test(size=(120, 36)) as pilot:
        assert "chainroom" in app.get_text()
        await app.wait_for_run()
        await pilot.pause()
        assert "Proof of Work" in app.get_text()
        assert app.run_shown.simulation.seed == 7


async def test_every_numbered_screen_has_the_clock(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        turns = itertools.product(((80, 24), (120, 36), (200, 50)), enumerate(TABS, start=1))
        for size, (number, tab) in turns:
            if app.size != size:
                await pilot.resize_terminal(*size)
            await pilot.press(str(number))
            assert isinstance(app.screen, MainScreen)
            view = app.screen.get_view()
            assert view is not None
            assert view.id == tab.name
            assert app.screen.query_one(HeaderBar).display
            assert app.screen.query_one(TransportBar).display


async def test_says_so_when_the_terminal_is_too_small_and_keeps_the_keys(start_still: Any) -> None:
    async with start_still((50, 15)) as (app, pilot):
        assert "needs a window of 60×18" in app.get_text()
        was_playing = app.run_shown.is_playing
        await pilot.press("space")
        assert app.run_shown.is_playing is not was_playing
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "Network" in app.get_text()


async def test_quits_with_exit_code_zero(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0


# The clock -------------------------------------------------------------------------------------------------------


async def test_pauses_and_changes_speed(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        speed = app.run_shown.speed
        await pilot.press("space", "greater_than_sign")
        assert not app.run_shown.is_playing
        assert app.run_shown.speed > speed
        await pilot.press("less_than_sign", "less_than_sign")
        assert app.run_shown.speed < speed


async def test_steps_back_and_on_through_what_happened_and_into_the_future(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        times = [record.time_us for record in app.run_shown.simulation.history.records]
        await pilot.press("comma", "comma")
        assert app.run_shown.cursor_us == times[-2]
        assert format_clock(times[-2])[:8] in app.get_text()
        await pilot.press("full_stop")
        assert app.run_shown.cursor_us == times[-1]
        await pilot.press("end", "full_stop")
        assert len(app.run_shown.simulation.history.records) == len(times) + 1
        assert app.run_shown.is_live
        await pilot.press("home")
        assert app.run_shown.cursor_us == 0
        assert "past" in app.get_text()
        await pilot.press("end")
        assert app.run_shown.is_live


async def test_scrubs_with_the_mouse_and_with_keys_on_the_timeline(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        bar = app.screen.query_one(TransportBar)
        first, cells = bar._line
        await pilot.mouse_down(bar, offset=(first + cells // 2, 0))
        await pilot.mouse_up(bar, offset=(first + cells // 2, 0))
        await pilot.pause()
        assert abs(app.run_shown.cursor_us - app.run_shown.now_us / 2) < app.run_shown.now_us / 20
        await pilot.press("end")
        bar.focus()
        await pilot.press("left", "left")
        assert app.run_shown.cursor_us < app.run_shown.now_us
        await pilot.press("right", "right", "right")
        assert app.run_shown.is_live


async def test_marks_bookmarks_and_faults_on_the_timeline(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        await pilot.press("b")
        app.submit(CutNode(3))
        app.play(10)
        marks = app.screen.query_one(TransportBar).view.marks
        assert {mark.kind for mark in marks} >= {"bookmark", "attack"}
        assert "n03 all links cut" in [mark.label for mark in marks]


async def test_branching_goes_on_from_the_past(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        app.run_shown.seek(30 * SECOND)
        kept = app.run_shown.simulation
        await pilot.press("B")
        await app.wait_until(lambda: bool(app.run_shown.parents))
        while app.run_shown.catch_up_us is not None:  # what ticks would do, were the clock not standing still
            app.run_shown.tick(0)
        assert app.run_shown.now_us == 30 * SECOND
        assert app.run_shown.parents == [kept]
        assert app.submit(MineBlock(0))


# Refusals and explanations ---------------------------------------------------------------------------------------


async def test_a_command_in_the_past_is_refused_and_hostile_text_of_a_toast_is_only_text(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        app.run_shown.seek(0)
        assert not app.submit(StopNode(1))
        why = app.last_refusal
        assert why is not None
        assert why.rule == "session/past"
        app.tell("[/foo] [red]\x1b[31m\u202eboo")
        await pilot.pause()
        assert "[/foo] [red]" in app.get_text()


async def test_a_question_mark_explains_the_chosen_node(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        await pilot.press("question_mark")
        assert isinstance(app.screen, WhyModal)
        assert app.screen.why.rule == "consensus/fork-choice"
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


# Help, palette, themes -------------------------------------------------------------------------------------------


async def test_help_explains_the_focus_and_lists_every_key(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        rows = [row for _, _, rows in build_sections(app.screen) for row in rows]
        keys = [key for key, _ in rows]
        assert len(set(keys)) == len(keys)
        assert {"g", "space", ".", "B", "^p", "q"} <= set(keys)
        await pilot.press("h")
        assert isinstance(app.screen, HelpScreen)
        assert "Every dot is a node" in app.get_text()


async def test_the_palette_offers_what_works_here(start_still: Any) -> None:
    async with start_still() as (app, _):
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert {"Pause / play", "Theme", "Heal the network", "Map, graph, ring"} <= set(titles)
        assert "Reconnect" not in titles
        await app.run_command("do.heal")
        assert app.run_shown.simulation.log[-1].command.__class__.__name__ == "Heal"


async def test_a_theme_shows_while_one_chooses_and_is_remembered(start_still: Any, tmp_path: Path) -> None:
    async with start_still() as (app, pilot):
        before = app.theme
        await pilot.press("t")
        assert isinstance(app.screen, ChoiceDialog)
        await pilot.press("down")
        await pilot.pause()
        assert app.theme != before
        await pilot.press("escape")
        await pilot.pause()
        assert app.theme == before
        app.apply_theme("no-such-theme")
        assert app.theme == "chainroom-dark"
        app.apply_theme("projector")
    assert Settings(tmp_path / "settings.json")["theme"] == "projector"


async def test_presenting_shows_captions_and_no_toasts(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        await pilot.press("P")
        await pilot.pause()
        assert app.is_presenting
        caption = app.screen.query_one("#caption", Static)
        assert caption.display
        assert "found block" in str(caption.content)
        app.tell("hello")
        await pilot.pause()
        assert "hello" not in app.get_text()


# Saving and opening ----------------------------------------------------------------------------------------------


async def test_a_saved_run_replays_to_the_same_digest(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        app.submit(MineBlock(2))
        await pilot.press("ctrl+s")
        assert isinstance(app.screen, NameDialog)
        app.screen.query_one(Input).value = "first run"
        await pilot.press("enter")
        await pilot.pause()
        replay = Replay(app.saves.read("first run"))
        while not replay.is_finished:
            replay.advance()
        assert replay.simulation.compute_digest() == app.run_shown.simulation.compute_digest()


async def test_a_save_never_overwrites_and_its_field_gets_every_letter(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        for _ in range(2):
            await pilot.press("ctrl+s")
            app.screen.query_one(Input).value = "twice"
            await pilot.press("enter")
            await pilot.pause()
        assert isinstance(app.screen, NameDialog)
        assert "already" in app.get_text()
        field = app.screen.query_one(Input)
        field.value = ""
        await pilot.press(*"qsm1hBt")
        assert field.value == "qsm1hBt"


async def test_opens_another_scenario(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        await pilot.press("o")
        choices = app.screen.query_one(OptionList)
        choices.highlighted = choices.get_option_index("scenario/quiet")
        await pilot.press("enter")
        await app.wait_until(lambda: app.run_shown.simulation.scenario.name == "quiet")  # type: ignore[attr-defined]
        app.show()
        await pilot.pause()
        assert "press m" in app.get_text()
        await pilot.press("m")
        assert app.run_shown.simulation.world.tree.get_best(app.run_shown.now_us).height == 1


# Crashing --------------------------------------------------------------------------------------------------------


async def test_a_crash_ends_with_an_error_and_shows_no_value(still_app: Any) -> None:
    app = still_app(scenario="classroom", seed=7)
    shown: list[str] = []

    def fail() -> None:
        phrase = " ".join(["abandon", "ability", "able"])
        raise RuntimeError(f"could not use {phrase}")

    async def crash() -> None:
        async with app.run_test() as pilot:
            await app.wait_for_run()
            app.call_later(fail)
            await pilot.pause(0.2)
            shown.extend(str(renderable) for renderable in app._exit_renderables)

    with pytest.raises(RuntimeError):
        await crash()
    assert "RuntimeError" in shown[0]
    assert "test_shell.py" in shown[0]
    assert "abandon ability" not in shown[0]
    assert app.return_code == 1


async def test_end_goes_to_now_where_the_tip_is_followed_already(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        app.play(60)
        for view in ("1", "2", "4"):
            await pilot.press(view, "comma")
            await pilot.pause()
            assert not app.run_shown.is_live
            for _ in range(2):  # at most one goes to the tip, or to the last row
                await pilot.press("end")
                await pilot.pause()
            assert app.run_shown.is_live, view


async def test_a_page_that_is_still_being_built_is_not_shown(start_still: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ready: list[bool] = []
    monkeypatch.setattr(NodePage, "show_body", lambda page, session: ready.append(page.is_ready))
    async with start_still() as (app, pilot):
        # a tick in the middle of mounting
        monkeypatch.setattr(NodePanel, "on_mount", lambda panel: panel.app.show(), raising=False)
        await app.push_screen(NodePage(1))
        await pilot.pause()
        app.show()
        assert ready
        assert all(ready)


async def test_the_explorers_index_grows_with_the_run_whatever_is_shown(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        world = app.run_shown.simulation.world
        index = get_index(world)
        await pilot.press("6")
        app.run_shown.simulation.run_until(TimeUs(app.run_shown.now_us + 300 * SECOND))
        app.show()
        assert index.block_hashes.count == len(world.tree) > 2
        assert index.transaction_hashes.count == len(world.transactions)


async def test_a_branch_that_takes_long_is_given_up_by_going_elsewhere(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        session = app.run_shown
        app.play(20)
        trunk = session.simulation
        begun, go_on = threading.Event(), threading.Event()

        def build_slowly(at_us: TimeUs) -> Simulation:
            begun.set()
            go_on.wait(10)
            return Simulation(trunk.world.setup, trunk.scenario)

        session.build_branch = build_slowly
        session.seek(session.now_us // 2)
        app.show()
        app.screen.action_branch()
        while not begun.is_set():
            await asyncio.sleep(0.005)
        await pilot.press("end")  # keys are heard meanwhile
        go_on.set()
        await app.workers.wait_for_complete()
        assert session.simulation is trunk
        assert session.is_live
        assert not session.parents


async def test_the_page_of_a_node_stays_mounted_from_node_to_node(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        pages = []
        for node in (1, 2):
            app.open_thing(Thing("node", node))
            await pilot.pause()
            pages.append(app.screen)
            assert app.screen.node == node
            assert f"n{node:02d}" in str(app.screen.query_one(NodePanel).border_title)
            await pilot.press("escape")
        assert pages[0] is pages[1]
        app.open_thing(Thing("node", 1))
        await pilot.pause()
        app.open_thing(Thing("node", 2))  # a peer's page over it: escape leads back to the first
        await pilot.pause()
        await pilot.press("escape")
        assert app.screen.node == 1


async def test_a_key_that_arrives_while_the_program_ends_is_nobodys(still_app: Any) -> None:
    app = still_app(scenario="quiet")
    async with app.run_test():
        await app.wait_for_run()
    await app.on_event(events.Key("q", "q"))
    assert app.return_code in (0, None)
