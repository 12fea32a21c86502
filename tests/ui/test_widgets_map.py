"""The network map: where nodes stand, what moves, and how to choose."""

import dataclasses

import pytest

from app.widgets import map_layout
from app.widgets.map_picture import MapPicture
from app.widgets.models import BlockSpread, Flight, HeadGroup, MapLink, MapNode, MapView, Pulse
from app.widgets.network_map import NetworkMap

PLACES = [("Frankfurt", 50.1, 8.7), ("Virginia", 38.9, -77.4), ("Tokyo", 35.7, 139.7), ("Sydney", -33.9, 151.2)]


def make_view(count: int = 8, **changes) -> MapView:
    """``count`` nodes round the four places, a ring of links, one block on its way."""
    nodes = tuple(
        MapNode(n, f"n{n:02d}", *PLACES[n % 4], group=n % 5 // 4, is_online=n != 5, is_hostile=n == 6)
        for n in range(count)
    )
    links = tuple(MapLink(n, (n + 1) % count) for n in range(count))
    view = MapView(
        nodes,
        links,
        (Flight("block", 0, 1, 0.5), Flight("transaction", 2, 3, 0.5)),
        groups=(HeadGroup("#812", count - 2), HeadGroup("#812′", 1)),
        offline=1,
        spread=BlockSpread("block #812", 0.87, "1.9 s"),
    )
    return dataclasses.replace(view, **changes)


def test_land_is_where_land_is() -> None:
    width, height = 360, 136
    land = map_layout.get_land_dots(width, height)

    def is_land(latitude: float, longitude: float) -> bool:
        x, y = map_layout.get_map_place(latitude, longitude, width, height)
        return bool(land[y][x])

    for place in ((50, 10), (40, -100), (-25, 134), (0, 22), (-10, -55), (62, 100)):
        assert is_land(*place), place
    for place in ((0, -30), (30, -150), (-30, 80), (35, 18), (42, 51)):  # two oceans, another, two seas
        assert not is_land(*place), place


def test_every_node_has_a_cell_of_its_own() -> None:
    nodes = [MapNode(n, "x", "Frankfurt", 50.1, 8.7) for n in range(150)]
    links = [MapLink(n, n // 2) for n in range(1, 150)]
    for spots in (
        map_layout.place_on_map(nodes, 78, 20),
        map_layout.place_on_ring(nodes, 78, 20),
        map_layout.place_as_graph(nodes, links, 78, 20),
    ):
        assert len(set(spots)) == 150
        assert all(0 <= x < 78 and 0 <= y < 20 for x, y in spots)


def test_more_nodes_than_cells_share_cells() -> None:
    nodes = [MapNode(n, "x", "y", 0, 0) for n in range(30)]
    assert len(map_layout.place_on_map(nodes, 4, 4)) == 30


def test_thousands_of_nodes_leave_most_of_the_map_free() -> None:
    places = ((50.1, 8.7), (40.7, -74), (1.3, 103.8))
    nodes = [MapNode(n, "x", "y", *places[n % 3]) for n in range(6000)]
    spots = map_layout.place_on_map(nodes, 78, 20)
    assert len(spots) == 6000
    assert len(set(spots)) == 78 * 20 // map_layout.CELLS_PER_NODE
    assert map_layout.place_as_graph(nodes, [], 78, 20) == map_layout.place_on_ring(nodes, 78, 20)


def test_the_graph_layout_is_the_same_every_time() -> None:
    view = make_view(20)
    first = map_layout.place_as_graph(view.nodes, view.links, 78, 20)
    map_layout._compute_graph.cache_clear()
    assert map_layout.place_as_graph(view.nodes, view.links, 78, 20) == first
    assert map_layout.place_as_graph((), (), 78, 20) == []


def test_paths_have_both_ends_and_take_the_short_way_round_the_world() -> None:
    path = map_layout.build_path((2, 5), (10, 5), 0.2)
    assert (path[0], path[-1]) == ((4, 22), (20, 22))
    assert min(y for _, y in path) < 22  # bent upwards
    around = map_layout.build_path((2, 5), (70, 5), 0.0, wrap_dots=160)
    assert len(around) < 40
    assert {0, 159} <= {x for x, _ in around}


async def test_the_picture(stage, check_golden) -> None:
    app = stage(NetworkMap(make_view()))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        check_golden(app, "map_80x24")


async def test_the_picture_in_ascii(stage) -> None:
    app = stage(NetworkMap(make_view()), ascii_glyphs=True)
    async with app.run_test(size=(80, 24)):
        text = "\n".join(app.get_lines())
        assert text.isascii()
        assert "@ on #812 (6)" in text


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (120, 36), (200, 50), (20, 4), (3, 1)])
async def test_every_size_and_layout_shows(stage, size) -> None:
    app = stage(NetworkMap(make_view(24, pulses=(Pulse(3, 0.5),), trails=((0, 1),))))
    async with app.run_test(size=size) as pilot:
        for _ in range(3):
            await pilot.press("g")
            await pilot.pause()
            assert len(app.get_lines()) == size[1]


async def test_glyph_and_word_tell_the_state(stage) -> None:
    app = stage(NetworkMap(make_view()))
    async with app.run_test(size=(120, 36)):
        text = "\n".join(app.get_lines())
        assert "● on #812 (6)   ◆ on #812′ (1)   ○ offline (1)" in text
        assert "block #812 reached 87 % in 1.9 s" in text
        assert "○n05" in text or "n05○" in text
        assert "n06!" in text
        assert text.count("◆") == 2  # n04 and the legend


async def test_keys_choose_and_open_and_say_so(stage) -> None:
    app = stage(NetworkMap(make_view(4)))
    async with app.run_test(size=(120, 36), message_hook=app.watch) as pilot:
        await pilot.press("left", "right", "right", "down", "enter")  # Frankfurt → Virginia → back → Tokyo → Sydney
        await pilot.pause()
        chosen = [m.node for m in app.seen if isinstance(m, NetworkMap.NodeFocused)]
        opened = [m.node for m in app.seen if isinstance(m, NetworkMap.NodeOpened)]
        assert list(dict.fromkeys(chosen)) == [0, 1, 2, 3]
        assert set(opened) == {3}
        assert "n03 Sydney" in "\n".join(app.get_lines())


async def test_clicking_chooses_then_opens(stage) -> None:
    widget = NetworkMap(make_view(4))
    app = stage(widget)
    async with app.run_test(size=(120, 36), message_hook=app.watch) as pilot:
        spot = widget._get_picture().spots[2]
        await pilot.hover(widget, offset=spot)
        assert widget.hovered == 2
        await pilot.click(widget, offset=spot)
        assert widget.chosen == 2
        await pilot.click(widget, offset=spot)
        await pilot.pause()
        assert any(isinstance(m, NetworkMap.NodeOpened) and m.node == 2 for m in app.seen)


async def test_only_rows_that_changed_are_painted(stage) -> None:
    view = make_view()
    widget = NetworkMap(view)
    app = stage(widget)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        painted: list[int] = []
        render_line = widget.render_line
        widget.render_line = lambda y: painted.append(y) or render_line(y)  # type: ignore[method-assign]
        widget.show(dataclasses.replace(view))
        await pilot.pause()
        assert painted == []
        widget.show(dataclasses.replace(view, flights=(Flight("block", 0, 1, 0.6), view.flights[1])))
        await pilot.pause()
        assert 0 < len(set(painted)) < 12


async def test_a_cut_is_marked_and_moves_with_the_links(stage) -> None:
    view = make_view(4)
    widget = NetworkMap(view)
    app = stage(widget)
    async with app.run_test(size=(120, 36)) as pilot:
        assert "✕" not in "\n".join(app.get_lines())
        widget.show(
            dataclasses.replace(view, links=tuple(dataclasses.replace(link, is_cut=True) for link in view.links))
        )
        await pilot.pause()
        assert "\n".join(app.get_lines()).count("✕") >= 3


async def test_nodes_may_come_and_go(stage) -> None:
    widget = NetworkMap(make_view(12))
    app = stage(widget)
    async with app.run_test(size=(80, 24)) as pilot:
        widget.choose(11)
        widget.show(make_view(4))
        await pilot.press("right", "g", "g")
        widget.show(MapView())
        await pilot.press("right", "enter", "g", "g", "g")
        await pilot.pause()
        assert "n0" not in "\n".join(app.get_lines())


def test_a_flight_stays_on_its_link() -> None:
    view = make_view(4)
    picture = MapPicture(view, type("S", (), {"width": 80, "height": 24})(), "map", NetworkMap.PEN)  # type: ignore[arg-type]
    path = picture.get_path(0, 1)
    assert picture.get_path(1, 0) == path[::-1]
    assert picture.get_path(0, 99) == ()
    still = picture.draw_still(view, ())
    for fraction in (-1.0, 0.0, 0.5, 1.0, 7.0):
        frame = picture.draw_moving(dataclasses.replace(view, flights=(Flight("block", 0, 1, fraction),)), still)
        x, y = path[min(len(path) - 1, max(0, int(fraction * len(path))))]
        assert frame.pens[y // 4][x // 2] == NetworkMap.PEN["block-flight"]
