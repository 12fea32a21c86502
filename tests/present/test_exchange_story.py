"""The exchange pool's story at several moments: sentence, numbers and charts agree with the pool."""

import pytest

from app.present.holders import Holders
from app.present.stories import build_story
from chain.scenario import build, convert_scenario
from chain.theory.amm import compute_impermanent_loss
from chain.units import MINUTE, SECOND, TimeUs

TABLE = {
    "name": "exchange-story",
    "network": {"nodes": 4},
    "consensus": {"interval": "5s", "grind_hashes": 0},
    "ledger": {"gas_limit": 30_000_000, "initial_base_fee_per_gas": 10},
    "application": [{"name": "exchange", "people": 8, "rate_per_s": 0.4}],
}


@pytest.fixture(scope="module")
def simulation():
    it = build(convert_scenario(TABLE), 5)
    it.run_until(TimeUs(20 * MINUTE), 10**9)
    return it


def tell(simulation, at_us):
    application = next(actor for actor in simulation.world.actors if actor.name == "exchange")
    return build_story(simulation, application, TimeUs(at_us), Holders(simulation.world))


def get_values(story):
    return {field.key: field.value for field in story.fields}


def test_before_there_is_a_pool_it_says_what_comes(simulation):
    story = tell(simulation, SECOND)
    assert story.headline.startswith("The founder puts two moneys")
    assert {field.key.split("-")[0] for field in story.fields} == {"plan", "step"}
    assert [field.value for field in story.fields[-1:]] == ["calls add_liquidity of router"]
    assert not story.charts


def test_from_the_first_liquidity_on_it_has_a_price(simulation):
    opened = next(at for at in range(0, 10 * MINUTE, 5 * SECOND) if "price" in get_values(tell(simulation, at)))
    story = tell(simulation, opened)
    assert story.headline.startswith("The pool is open")
    assert get_values(story)["price"] == "2.0000 USD"
    assert get_values(story)["reserves"] == "1 000 CR · 2 000 USD"
    assert get_values(story)["sum"] == "+0.000 %"


def test_later_it_tells_trades_charts_and_what_a_provider_has(simulation):
    story = tell(simulation, 20 * MINUTE)
    values = get_values(story)
    assert "swapped" in story.headline or "arbitrageur" in story.headline
    assert {f"trade-{place}" for place in range(6)} <= set(values)
    loss, earned, total = (float(values[key].removesuffix(" %")) for key in ("loss", "earned", "sum"))
    assert loss <= 0 < earned
    assert loss + earned == pytest.approx(total, abs=0.0011)
    price = float(values["price"].removesuffix(" USD"))
    assert loss == pytest.approx(100 * compute_impermanent_loss(price / 2), abs=0.01)


def test_charts_end_at_what_the_numbers_say(simulation):
    story = tell(simulation, 20 * MINUTE)
    values, (prices, provider) = get_values(story), story.charts
    pool, outside, low, high = prices.series
    assert pool.points[-1][1] == pytest.approx(float(values["price"].split()[0]), abs=1e-4)
    assert outside.points[-1][1] == pytest.approx(float(values["outside"].split()[0]), abs=1e-4)
    assert all(a[1] < b[1] < c[1] for a, b, c in zip(low.points, outside.points, high.points, strict=True))
    assert provider.series[0].points[-1][1] == pytest.approx(float(values["sum"].split()[0]), abs=1e-3)


def test_the_past_reads_as_it_was(simulation):
    early, late = tell(simulation, 8 * MINUTE), tell(simulation, 20 * MINUTE)
    assert early != late
    assert tell(simulation, 8 * MINUTE) == early
