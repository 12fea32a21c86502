"""The lending market's story: rates, health and liquidations as the contracts have them, at several moments."""

import pytest

from app.present.holders import Holders
from app.present.stories import build_story
from chain.scenario import build, convert_scenario
from chain.units import MINUTE, SECOND, TimeUs

TABLE = {
    "name": "lending-story",
    "network": {"nodes": 4},
    "consensus": {"interval": "5s", "grind_hashes": 0},
    "ledger": {"gas_limit": 30_000_000, "initial_base_fee_per_gas": 10},
    "application": [{"name": "lending", "people": 14, "rate_per_s": 0.5}],
}


@pytest.fixture(scope="module")
def simulation():
    it = build(convert_scenario(TABLE), 2)
    it.run_until(TimeUs(16 * MINUTE), 10**9)
    return it


def tell(simulation, at_us):
    market = next(actor for actor in simulation.world.actors if actor.name == "lending")
    return build_story(simulation, market, TimeUs(at_us), Holders(simulation.world))


def get_fields(story):
    return {field.key: field for field in story.fields}


def test_before_the_market_is_there_it_says_what_comes(simulation):
    story = tell(simulation, SECOND)
    assert story.headline.startswith("The founder puts")
    assert {field.key.split("-")[0] for field in story.fields} == {"plan", "step"}
    assert story.charts == ()


def test_before_there_is_a_price_it_says_that_nobody_knows_it(simulation):
    opened = next(at for at in range(0, 5 * MINUTE, SECOND) if "price" in get_fields(tell(simulation, at)))
    story = tell(simulation, opened)
    assert "Too few reporters" in story.headline
    assert get_fields(story)["price"].value == "nobody knows"
    assert get_fields(story)["reporter-1"].value == "○ nothing yet"
    assert get_fields(story)["borrower-6"].value == "not here yet"


def test_borrowers_are_judged_by_their_health(simulation):
    fields = [it for it in tell(simulation, 12 * MINUTE).fields if it.key.startswith("borrower-") and "→" in it.value]
    assert len(fields) >= 3
    marks = {"good": "✔", "warning": "!", "bad": "✖"}
    for field in fields:
        mark, number = field.note.split()
        health = float(number)
        assert mark == marks[field.tone]
        assert (health >= 1.3, health < 1) == (field.tone == "good", field.tone == "bad")


def test_a_liquidation_is_told_counted_and_marked(simulation):
    moments = range(8 * MINUTE, 16 * MINUTE, 5 * SECOND)
    story = next(it for it in (tell(simulation, at) for at in moments) if "liquidator paid" in it.headline)
    assert "worth 8 % more" in story.headline
    assert get_fields(story)["falls"].value.endswith(("time", "times"))
    price, rate = story.charts
    assert len(price.markers[0].points) == int(get_fields(story)["falls"].value.split()[0]) > 0
    assert [line.label for line in rate.series] == ["borrowers", "suppliers"]


def test_the_marks_on_the_rate_are_the_markets_own(simulation):
    for at_us in (6 * MINUTE, 10 * MINUTE, 16 * MINUTE):
        story = tell(simulation, at_us)
        fields, marks = get_fields(story), story.charts[1].markers
        used = float(fields["used"].value.split()[-2])
        for key, mark in zip(("borrow", "supply"), marks, strict=True):
            assert mark.points[0][0] == pytest.approx(used, abs=0.06)
            assert mark.points[0][1] == pytest.approx(float(fields[key].value.split()[0]), abs=0.006)


def test_the_past_reads_as_it_was(simulation):
    early = tell(simulation, 7 * MINUTE)
    assert tell(simulation, 16 * MINUTE) != early
    assert tell(simulation, 7 * MINUTE) == early
