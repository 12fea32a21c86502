"""The stories of stable coin, shared house and flash arbitrage: what they say is what the contracts say."""

import pytest

from app.present.holders import Holders
from app.present.stories import build_story
from chain.scenario import build, convert_scenario
from chain.units import MINUTE, SECOND, TimeUs


def play(name, people, minutes):
    table = {
        "name": f"{name}-story",
        "network": {"nodes": 4},
        "consensus": {"interval": "5s", "grind_hashes": 0},
        "ledger": {"gas_limit": 30_000_000, "initial_base_fee_per_gas": 10},
        "application": [{"name": name, "people": people, "rate_per_s": 0.5}],
    }
    simulation = build(convert_scenario(table), 1)
    simulation.run_until(TimeUs(minutes * MINUTE), 10**9)
    return simulation


@pytest.fixture(scope="module")
def coin():
    return play("stable_coin", 15, 28)


@pytest.fixture(scope="module")
def house():
    return play("shared_house", 9, 12)


@pytest.fixture(scope="module")
def loops():
    return play("flash_arbitrage", 8, 8)


def tell(simulation, at_us):
    application = simulation.world.actors[1]
    return build_story(simulation, application, TimeUs(at_us), Holders(simulation.world))


def get_fields(story):
    return {field.key: field for field in story.fields}


def get_text(line):
    return "".join(text for text, _ in line)


@pytest.mark.parametrize("name", ["coin", "house", "loops"])
def test_before_there_is_a_contract_only_the_plan_is_shown(name, request):
    story = tell(request.getfixturevalue(name), SECOND)
    assert story.headline
    assert {field.key.split("-")[0] for field in story.fields} == {"plan", "step"}
    assert story[2:] == ((), ())


@pytest.mark.parametrize("name", ["coin", "house", "loops"])
def test_the_plan_is_told_until_it_is_done(name, request):
    simulation = request.getfixturevalue(name)
    told = [get_fields(tell(simulation, at_us)).get("plan") for at_us in range(SECOND, 5 * MINUTE, 5 * SECOND)]
    steps = [0 if field is None else int(field.value.split()[0]) for field in told]
    opened = told.index(None)
    assert steps[:opened] == sorted(steps[:opened])
    assert len(set(steps[:opened])) >= 2
    assert set(told[opened:]) == {None}


@pytest.mark.parametrize("name", ["coin", "house", "loops"])
def test_the_past_reads_as_it_was(name, request):
    simulation = request.getfixturevalue(name)
    early = tell(simulation, 6 * MINUTE)
    assert tell(simulation, 12 * MINUTE) != early
    assert tell(simulation, 6 * MINUTE) == early


# The stable coin


def test_a_lie_is_named_and_shown_to_move_nothing(coin):
    story = tell(coin, 28 * MINUTE)
    fields = get_fields(story)
    assert "the one in the middle counts" in story.headline
    assert fields["reporter-5"].tone == "bad"
    assert "far off" in fields["reporter-5"].note
    assert "too old" in fields["reporter-4"].note
    assert fields["reporter-4"].value.startswith("○")
    assert abs(float(fields["off"].value.split()[0])) < 5


def test_each_vault_has_a_bar_with_the_least_it_must_be_worth(coin):
    story = tell(coin, 28 * MINUTE)
    vaults = {key: field for key, field in get_fields(story).items() if key.startswith("vault-") and "→" in field.value}
    assert len(story.drawing) == len(vaults) >= 3
    for line, field in zip(story.drawing, vaults.values(), strict=True):
        assert get_text(line).startswith(field.label)
        assert get_text(line)[11 + 12] == "│"  # 150 of 400 %
        assert line[1][1] == field.tone
        assert field.note in get_text(line)
    assert all(len(get_text(line)) <= 74 for line in story.drawing)


def test_a_liquidation_is_told_and_marked(coin):
    moments = range(8 * MINUTE, 28 * MINUTE, 5 * SECOND)
    story = next(it for it in (tell(coin, at) for at in moments) if "keeper burnt" in it.headline)
    count = int(get_fields(story)["falls"].value.split()[0])
    assert len(story.charts[0].markers[0].points) == count > 0
    assert story.charts[1].series[0].points[-1][1] == pytest.approx(_read_amount(story, "supply"), abs=0.01)


def _read_amount(story, key):
    return float(get_fields(story)[key].value.rsplit(" ", 1)[0].replace(" ", ""))


# The shared house


def test_rent_adds_up_in_the_numbers_shown(house):
    story = tell(house, 12 * MINUTE)
    fields = get_fields(story)
    assert fields["sum"].value == "✔ to the unit"
    units = sum(round(10**9 * _read_amount(story, key)) for key in ("paid", "claimable"))
    waiting = int(fields["waiting"].value.split()[0])
    assert units + waiting == round(10**9 * _read_amount(story, "rent"))
    assert story.charts[0].series[0].points[-1][1] == pytest.approx(_read_amount(story, "rent"), abs=1e-6)


def test_the_drawing_leads_from_the_deed_to_all_shares(house):
    story = tell(house, 12 * MINUTE)
    first, *holders = (get_text(line) for line in story.drawing)
    assert first.startswith("deed 1, ")
    assert first.endswith("1000 shares")
    assert sum(int(line.split()[-1]) for line in holders) == 1000
    assert [line.strip()[0] for line in holders] == ["├"] * (len(holders) - 1) + ["└"]


def test_before_the_house_is_divided_one_person_owns_it(house):
    headlines = [tell(house, at).headline for at in range(0, 3 * MINUTE, SECOND)]
    assert any("owns a house alone" in it for it in headlines)
    assert any("has all 1000 shares" in it for it in headlines)


def test_houses_sold_whole_are_listed_with_their_owners(house):
    fields = get_fields(tell(house, 12 * MINUTE))
    deeds = [field for key, field in fields.items() if key.startswith("deed-")]
    assert deeds
    assert all(field.note.startswith("holder") and field.label.endswith(" ×") for field in deeds)


def test_a_loop_is_told_as_it_went(loops):
    story = tell(loops, 8 * MINUTE)
    fields, (prices, gained) = get_fields(story), story.charts
    for name, line in zip(("east_pool", "west_pool"), prices.series, strict=True):
        assert line.points[-1][1] == pytest.approx(float(fields[name].value.split()[0]), abs=1e-4)
    assert int(fields["loops"].value) == len(gained.series[0].points) - 1 > 3
    assert fields["gain"].value == fields["own"].value == f"{gained.series[0].points[-1][1]:.2f} USD"
    text = [get_text(line) for line in story.drawing]
    owed, got = (float(text[2].split(f" {step} ")[1].split()[0]) for step in (4, 3))
    assert got - owed == pytest.approx(float(fields["loop-0"].note.split()[0]), abs=0.02)
    assert max(map(len, text)) <= 74
