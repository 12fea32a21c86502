"""One thing close up: fields, Merkle tree, why, QR code; and the pens all widgets draw with."""

from dataclasses import replace

import pytest
import segno
from textual.color import Color

from app.widgets.field_list import FieldList
from app.widgets.header import TabBar
from app.widgets.merkle_tree import MerkleTree
from app.widgets.models import Field, Why
from app.widgets.network_map import NetworkMap
from app.widgets.pens import PEN_RULES
from app.widgets.qr_code import QrCode, get_qr_rows
from app.widgets.why import WhyModal

FIELDS = (
    Field("hash", "hash", "00000a4be29f3a71", zeros=5),
    Field("rate", "hashrate", "14.2 %", "good"),
    Field("state", "state", "refused", "bad", note="nonce", has_why=True),
)
HOSTILE = "[/foo] [bold red]x[/]\x1b[31m \u202eevil [@click=app.quit]z[/]"


def make_levels(leaves: int) -> tuple[tuple[str, ...], ...]:
    """Levels of made-up hashes, leaves first."""
    levels = [tuple(f"{leaf * 40503 % 65536:04x}" for leaf in range(leaves))]
    while len(levels[-1]) > 1:
        levels.append(tuple(f"{node:04x}" for node in range((len(levels[-1]) + 1) // 2)))
    return tuple(levels)


async def test_fields_are_chosen_asked_and_copied_by_key(stage) -> None:
    fields = FieldList(FIELDS)
    app = stage(fields)
    fields.styles.height = "1fr"
    async with app.run_test(size=(40, 5), message_hook=app.watch) as pilot:
        await pilot.press("down", "down", "down", "question_mark", "y", "enter")
        await pilot.pause()
        assert app.get_lines()[2] == " state     refused              nonce ?"
        wishes = {(type(m).__name__, m.key) for m in app.seen}
        asked = {("WhyAsked", "state"), ("CopyAsked", "state"), ("FieldOpened", "state")}
        assert wishes == {("FieldChosen", "rate"), ("FieldChosen", "state")} | asked
        fields.show(FIELDS[1:])
        assert fields.cursor == 1  # still on "state"


async def test_the_zeros_of_a_proof_of_work_stand_out(stage) -> None:
    fields = FieldList(FIELDS)
    app = stage(fields)
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.press("down")
        await pilot.pause()
        strip = fields.render_line(0)
        zeros = fields.get_pens()[fields.PEN["zeros"]]
        assert [segment.text for segment in strip if segment.style is zeros] == ["00000"]
        assert zeros.color == Color.parse(app.theme_variables["primary"]).rich_color


async def test_more_fields_than_rows_scroll_with_the_cursor(stage) -> None:
    fields = FieldList(tuple(Field(f"k{n}", f"key {n}", str(n)) for n in range(20)))
    fields.styles.height = 5
    app = stage(fields)
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.press(*["down"] * 12)
        await pilot.pause()
        assert "key 12" in app.get_lines()[-1]
        assert app.get_lines()[-1].endswith("↓")
        await pilot.click(fields, offset=(3, 1))
        assert fields.cursor == 9


async def test_a_merkle_path_is_lit_to_the_root(stage, check_golden) -> None:
    tree = MerkleTree(make_levels(7), 4)
    tree.styles.height = "1fr"
    app = stage(tree)
    async with app.run_test(size=(60, 9), message_hook=app.watch) as pilot:
        check_golden(app, "merkle_60x9")
        await pilot.press("right", "right", "right", "left")
        await pilot.pause()
        assert tree.chosen == 5
        assert [m.leaf for m in dict.fromkeys(app.seen)] == [5, 6, 5]


@pytest.mark.parametrize("leaves", [1, 2, 3, 9, 300, 2000])
async def test_a_merkle_tree_of_any_size_shows_the_path_and_its_siblings(stage, leaves) -> None:
    tree = MerkleTree(make_levels(leaves), leaves // 2)
    tree.styles.height = "1fr"
    app = stage(tree)
    async with app.run_test(size=(80, 26)):
        text = "\n".join(app.get_lines())
        levels = len(tree.levels)
        siblings = sum((leaves // 2 >> level ^ 1) < len(tree.levels[level]) for level in range(levels - 1))
        assert (text.count("●"), text.count("◆")) == (levels, siblings)


async def test_no_transactions_no_tree(stage) -> None:
    app = stage(MerkleTree())
    app.widget.styles.height = 3
    async with app.run_test(size=(40, 3)) as pilot:
        await pilot.press("left", "right")
        assert "No transactions" in app.get_lines()[0]


async def test_why_shows_rule_numbers_and_text_and_never_markup(stage) -> None:
    app = stage(TabBar(["One"]))
    async with app.run_test(size=(80, 24)) as pilot:
        why = Why("tx 4be2 refused " + HOSTILE, "ledger/nonce", (("nonce", "7"), ("next " + HOSTILE, "8")), HOSTILE)
        await app.push_screen(WhyModal(why))
        await pilot.pause()
        text = "\n".join(app.get_lines())
        assert "tx 4be2 refused [/foo]" in text
        assert "rule  ledger/nonce" in text
        assert "[bold red]x[/]" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, WhyModal)


async def test_the_qr_code_holds_the_text_dark_on_light(stage) -> None:
    text = "cr1q8x7y6z5w4v3u2t1s0r9q8p7o6n5m4l3k3v7"
    rows = get_qr_rows(text)
    halves = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    modules = [[halves[char][half] for char in row] for row in rows for half in (0, 1)]
    matrix = [
        [int(bool(module)) for module in row] for row in segno.make(text, error="m", micro=False).matrix_iter(border=2)
    ]
    assert modules[: len(matrix)] == matrix
    widget = QrCode(text)
    app = stage(widget, "phosphor")
    async with app.run_test(size=(60, 26)):
        style = widget.get_pens()[widget.PEN["qr"]]
        assert any(segment.style is style for segment in widget.render_line(0))
        assert (style.color, style.bgcolor) == (Color.parse("#000000").rich_color, Color.parse("#ffffff").rich_color)
    app = stage(QrCode(text))
    async with app.run_test(size=(20, 10)):
        assert "needs" in app.get_lines()[0]


async def test_pens_follow_theme_and_focus(stage) -> None:
    widget = NetworkMap()
    app = stage(widget)
    async with app.run_test(size=(40, 10)) as pilot:
        pens = widget.get_pens()
        assert widget.get_pens() is pens  # pooled, not made again
        app.theme = "chainroom-light"
        await pilot.pause()
        assert widget.get_pens()[widget.PEN["land"]].color != pens[widget.PEN["land"]].color
        assert set(widget.PENS) <= set(PEN_RULES)


async def test_a_theme_that_changes_one_variable_only_is_painted(stage) -> None:
    fields = FieldList(FIELDS)
    app = stage(fields)
    async with app.run_test(size=(40, 5)) as pilot:
        app.register_theme(replace(app.current_theme, name="other", variables={"muted": "#123456"}))
        app.theme = "other"
        await pilot.pause()
        muted = Color.parse("#123456").rich_color
        painted = {segment.style.color for strip in app.screen._compositor.render_strips() for segment in strip}
        assert muted in painted


def test_pens_cost_nothing_when_styles_are_matched() -> None:
    assert not FieldList._get_component_classes()


async def test_without_colours_the_cursor_and_alarms_still_show(stage, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    fields = FieldList(FIELDS)
    app = stage(fields)
    async with app.run_test(size=(40, 5)):
        pens = fields.get_pens()
        assert pens[fields.PEN["cursor"]].reverse
        assert pens[fields.PEN["bad"]].underline
