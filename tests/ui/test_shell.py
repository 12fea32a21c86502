"""The shell: one clock on every screen, commands from one registry, help, themes, saving, and what must never show."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from app.app import ChainroomApp
from app.commands import COMMANDS, EVERYWHERE, HINTED, RUN, get_bindings, get_command
from app.present.words import format_clock
from app.screens.dialogs import ChoiceDialog, NameDialog
from app.screens.help import HelpScreen, build_sections
from app.screens.main import TABS, MainScreen
from app.screens.network import NetworkView
from app.screens.node import NodePage
from app.screens.run_screen import RunScreen
from app.session import Session
from app.storage.settings import Settings
from app.widgets.header import HeaderBar
from app.widgets.transport_bar import TransportBar
from app.widgets.why import WhyModal
from chain.replay import Replay
from chain.simulation.commands import CutNode, MineBlock, StopNode
from chain.units import SECOND, TimeUs

MINUTE_S = 60


class StillApp(ChainroomApp):
    """Time passes only when the test says so."""

    def _tick(self) -> None:
        pass

    @property
    def run(self) -> Session:  # type: ignore[override]
        """The session, which is there once the first paint is done."""
        assert self.session is not None
        return self.session

    def play(self, seconds: float) -> None:
        """Let virtual time pass, and show it."""
        self.run.simulation.run_until(TimeUs(self.run.now_us + round(seconds * SECOND)))
        self.run.go_live()
        self.show()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for each test."""
    monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path))
    return tmp_path


@asynccontextmanager
async def start(
    size: tuple[int, int] = (120, 36), seconds: float = MINUTE_S
) -> AsyncIterator[tuple[StillApp, Pilot[None]]]:
    """The interface on the classroom, some seconds into the run, with the clock standing."""
    app = StillApp(scenario="classroom", seed=7)
    async with app.run_test(size=size, notifications=True) as pilot:
        await wait_for(lambda: app._clock is not None)
        app.play(seconds)
        await pilot.pause()
        yield app, pilot


async def wait_for(holds: Callable[[], bool]) -> None:
    """Let the application work until the condition holds."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never held")


def get_text(app: App[None]) -> str:
    """What is on the screen."""
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


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


# Starting, screens -----------------------------------------------------------------------------------------------


async def test_paints_before_the_engine_is_there_and_then_shows_the_run() -> None:
    app = StillApp(scenario="classroom", seed=7)
    async with app.run_test(size=(120, 36)) as pilot:
        assert "chainroom" in get_text(app)
        await wait_for(lambda: app._clock is not None)
        await pilot.pause()
        assert "Proof of Work" in get_text(app)
        assert app.run.simulation.seed == 7


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_every_numbered_screen_has_the_clock(size: tuple[int, int]) -> None:
    async with start(size) as (app, pilot):
        for number, tab in enumerate(TABS, start=1):
            await pilot.press(str(number))
            await pilot.pause()
            assert isinstance(app.screen, MainScreen)
            view = app.screen.get_view()
            assert view is not None
            assert view.id == tab.name
            assert app.screen.query_one(HeaderBar).display
            assert app.screen.query_one(TransportBar).display


async def test_says_so_when_the_terminal_is_too_small_and_keeps_the_keys() -> None:
    async with start((50, 15)) as (app, pilot):
        assert "needs a window of 60×18" in get_text(app)
        was_playing = app.run.is_playing
        await pilot.press("space")
        assert app.run.is_playing is not was_playing
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "Network" in get_text(app)


async def test_quits_with_exit_code_zero() -> None:
    async with start() as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0


# The clock -------------------------------------------------------------------------------------------------------


async def test_pauses_and_changes_speed() -> None:
    async with start() as (app, pilot):
        speed = app.run.speed
        await pilot.press("space", "greater_than_sign")
        assert not app.run.is_playing
        assert app.run.speed > speed
        await pilot.press("less_than_sign", "less_than_sign")
        assert app.run.speed < speed


async def test_steps_back_and_on_through_what_happened() -> None:
    async with start() as (app, pilot):
        times = [record.time_us for record in app.run.simulation.history.records]
        await pilot.press("comma", "comma")
        assert app.run.cursor_us == times[-2]
        assert format_clock(times[-2])[:8] in get_text(app)
        await pilot.press("full_stop")
        assert app.run.cursor_us == times[-1]


async def test_steps_into_the_future_at_the_right_end() -> None:
    async with start() as (app, pilot):
        before = len(app.run.simulation.history.records)
        await pilot.press("full_stop")
        assert len(app.run.simulation.history.records) == before + 1
        assert app.run.is_live


async def test_home_shows_the_start_and_end_returns_to_now() -> None:
    async with start() as (app, pilot):
        await pilot.press("home")
        assert app.run.cursor_us == 0
        assert "past" in get_text(app)
        await pilot.press("end")
        assert app.run.is_live


async def test_scrubs_with_the_mouse_on_the_timeline() -> None:
    async with start() as (app, pilot):
        bar = app.screen.query_one(TransportBar)
        first, cells = bar._line
        await pilot.mouse_down(bar, offset=(first + cells // 2, 0))
        await pilot.mouse_up(bar, offset=(first + cells // 2, 0))
        await pilot.pause()
        assert abs(app.run.cursor_us - app.run.now_us / 2) < app.run.now_us / 20


async def test_scrubs_with_keys_when_the_timeline_has_the_focus() -> None:
    async with start() as (app, pilot):
        app.screen.query_one(TransportBar).focus()
        await pilot.press("left", "left")
        assert app.run.cursor_us < app.run.now_us
        await pilot.press("right", "right", "right")
        assert app.run.is_live


async def test_marks_bookmarks_and_faults_on_the_timeline() -> None:
    async with start() as (app, pilot):
        await pilot.press("b")
        app.submit(CutNode(3))
        app.play(10)
        marks = app.screen.query_one(TransportBar).view.marks
        assert {mark.kind for mark in marks} >= {"bookmark", "attack"}
        assert "n03 cut off" in [mark.label for mark in marks]


async def test_branching_goes_on_from_the_past() -> None:
    async with start() as (app, pilot):
        app.run.seek(30 * SECOND)
        kept = app.run.simulation
        await pilot.press("B")
        await wait_for(lambda: app.run.is_live)
        assert app.run.now_us == 30 * SECOND
        assert app.run.parents == [kept]
        assert app.submit(MineBlock(0))


# Refusals and explanations ---------------------------------------------------------------------------------------


async def test_a_command_in_the_past_is_refused_and_why_explains_it() -> None:
    async with start() as (app, _):
        app.run.seek(0)
        assert not app.submit(StopNode(1))
        why = app.last_refusal
        assert why is not None
        assert why.rule == "session/past"


async def test_a_question_mark_explains_the_chosen_node() -> None:
    async with start() as (app, pilot):
        await pilot.press("question_mark")
        assert isinstance(app.screen, WhyModal)
        assert app.screen.why.rule == "consensus/fork-choice"
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


async def test_hostile_text_in_a_toast_is_only_text() -> None:
    async with start() as (app, pilot):
        app.tell("[/foo] [red]\x1b[31m\u202eboo")
        await pilot.pause()
        assert "[/foo] [red]" in get_text(app)


# Help, palette, themes -------------------------------------------------------------------------------------------


async def test_help_explains_the_focus_and_lists_every_key() -> None:
    async with start() as (app, pilot):
        rows = [row for _, _, rows in build_sections(app.screen) for row in rows]
        keys = [key for key, _ in rows]
        assert len(set(keys)) == len(keys)
        assert {"g", "space", ".", "B", "^p", "q"} <= set(keys)
        await pilot.press("h")
        assert isinstance(app.screen, HelpScreen)
        assert "Every dot is a node" in get_text(app)


async def test_the_palette_offers_what_works_here() -> None:
    async with start() as (app, _):
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert {"Pause / play", "Theme", "Heal the network", "Map, graph, ring"} <= set(titles)
        assert "Reconnect" not in titles
        await app.run_command("do.heal")
        assert app.run.simulation.log[-1].command.__class__.__name__ == "Heal"


async def test_a_theme_shows_while_one_chooses_and_is_remembered(home: Path) -> None:
    async with start() as (app, pilot):
        before = app.theme
        await pilot.press("t")
        assert isinstance(app.screen, ChoiceDialog)
        await pilot.press("down")
        await pilot.pause()
        assert app.theme != before
        await pilot.press("escape")
        await pilot.pause()
        assert app.theme == before
        app.apply_theme("projector")
    assert Settings(home / "settings.json")["theme"] == "projector"


async def test_an_unknown_theme_becomes_the_default() -> None:
    async with start() as (app, _):
        app.apply_theme("no-such-theme")
        assert app.theme == "chainroom-dark"


async def test_presenting_shows_captions_and_no_toasts() -> None:
    async with start() as (app, pilot):
        await pilot.press("P")
        await pilot.pause()
        assert app.is_presenting
        caption = app.screen.query_one("#caption", Static)
        assert caption.display
        assert "found block" in str(caption.content)
        app.tell("hello")
        await pilot.pause()
        assert "hello" not in get_text(app)


# Saving and opening ----------------------------------------------------------------------------------------------


async def test_a_saved_run_replays_to_the_same_digest() -> None:
    async with start() as (app, pilot):
        app.submit(MineBlock(2))
        await pilot.press("ctrl+s")
        assert isinstance(app.screen, NameDialog)
        app.screen.query_one(Input).value = "first run"
        await pilot.press("enter")
        await pilot.pause()
        replay = Replay(app.saves.read("first run"))
        while not replay.is_finished:
            replay.advance()
        assert replay.simulation.compute_digest() == app.run.simulation.compute_digest()


async def test_a_save_never_overwrites_and_says_why() -> None:
    async with start() as (app, pilot):
        for _ in range(2):
            await pilot.press("ctrl+s")
            app.screen.query_one(Input).value = "twice"
            await pilot.press("enter")
            await pilot.pause()
        assert isinstance(app.screen, NameDialog)
        assert "already" in get_text(app)


async def test_fields_get_every_letter() -> None:
    async with start() as (app, pilot):
        await pilot.press("ctrl+s")
        field = app.screen.query_one(Input)
        field.value = ""
        await pilot.press(*"qsm1hBt")
        assert field.value == "qsm1hBt"


async def test_opens_another_scenario() -> None:
    async with start() as (app, pilot):
        await pilot.press("o")
        choices = app.screen.query_one(OptionList)
        choices.highlighted = choices.get_option_index("scenario/quiet")
        await pilot.press("enter")
        await wait_for(lambda: app.run.simulation.scenario.name == "quiet")  # type: ignore[attr-defined]
        app.show()
        await pilot.pause()
        assert "press m" in get_text(app)
        await pilot.press("m")
        assert app.run.simulation.world.tree.get_best(app.run.now_us).height == 1


# Crashing --------------------------------------------------------------------------------------------------------


async def test_a_crash_ends_with_an_error_and_shows_no_value() -> None:
    app = StillApp(scenario="classroom", seed=7)
    shown: list[str] = []

    def fail() -> None:
        phrase = " ".join(["abandon", "ability", "able"])
        raise RuntimeError(f"could not use {phrase}")

    async def crash() -> None:
        async with app.run_test() as pilot:
            await wait_for(lambda: app._clock is not None)
            app.call_later(fail)
            await pilot.pause(0.2)
            shown.extend(str(renderable) for renderable in app._exit_renderables)

    with pytest.raises(RuntimeError):
        await crash()
    assert "RuntimeError" in shown[0]
    assert "test_shell.py" in shown[0]
    assert "abandon ability" not in shown[0]
    assert app.return_code == 1
