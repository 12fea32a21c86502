"""Stories of escrow, crowdfunding, supply chain, identity, vault, DAO and auctions, at moments of short runs.

A story reads the run as it was at the moment, agrees with the contracts, and fits on the smallest screen.
"""

import pytest

from app.present.holders import Holders
from app.present.stories import STORIES, build_story
from app.present.stories.picture import WIDTH
from app.present.stories.supply_chain import BOX, ROWS, compute_places
from app.widgets.models import Tone
from chain.contracts.provenance import tell_batches
from chain.economy.applications import AGREEMENTS
from chain.scenario import build, convert_scenario
from chain.units import MINUTE, SECOND, TimeUs

RUNS = {
    "escrow": (12, 0.3, 14),
    "crowdfunding": (16, 0.15, 27),
    "supply_chain": (14, 0.5, 12),
    "identity": (12, 0.3, 12),
    "vault": (12, 0.2, 12),
    "dao": (15, 0.2, 12),
    "auction": (10, 0.35, 9),
}
"""Application → people, acts a second, minutes."""


@pytest.fixture(scope="module")
def tell():
    runs = {}

    def tell_story(name, at_us=None):
        people, rate, minutes = RUNS[name]
        if name not in runs:
            table = {
                "name": f"{name}-story",
                "network": {"nodes": 4},
                "consensus": {"protocol": "proof-of-stake", "interval": "5s"},
                "ledger": {"gas_limit": 30_000_000, "initial_base_fee_per_gas": 10},
                "application": [{"name": name, "people": people, "rate_per_s": rate}],
            }
            runs[name] = build(convert_scenario(table), 5)
            runs[name].run_until(TimeUs(minutes * MINUTE), 10**9)
        simulation = runs[name]
        application = next(actor for actor in simulation.world.actors if actor.name == name)
        at_us = simulation.now_us if at_us is None else at_us
        return build_story(simulation, application, TimeUs(at_us), Holders(simulation.world))

    tell_story.runs = runs
    return tell_story


def get_field(story, key):
    return next(field for field in story.fields if field.key == key)


def get_text(story):
    return ["".join(text for text, _ in line).rstrip() for line in story.drawing]


def count(field):
    return int(field.value.split()[0])


@pytest.mark.parametrize("name", RUNS)
def test_before_deployment_a_sentence_and_the_plan_say_what_comes(tell, name):
    story = tell(name, SECOND)
    assert story.headline.endswith(".")
    assert [field.key for field in story.fields[:2]] == ["plan", "step-0"]
    assert story.fields[1].value.endswith("on the chain")
    assert not story.drawing
    assert not story.charts


@pytest.mark.parametrize("name", RUNS)
def test_every_moment_has_a_sentence_numbers_and_a_drawing_that_fits(tell, name):
    headlines = set()
    for part in range(2, 13):
        story = tell(name, RUNS[name][2] * MINUTE * part // 12)
        headlines.add(story.headline)
        assert "Not to be told" not in story.headline
        assert story.headline.endswith((".", ")"))
        keys = [field.key for field in story.fields]
        assert len(keys) == len(set(keys))
        for line in story.drawing:
            assert sum(len(text) for text, _ in line) <= WIDTH, line
            assert all(tone in Tone.__args__ for _, tone in line)
    assert len(headlines) > 5
    assert story.fields
    assert story.drawing


@pytest.mark.parametrize("name", RUNS)
def test_the_past_reads_as_it_was(tell, name):
    early, late = tell(name, 4 * MINUTE), tell(name)
    assert early != late
    assert tell(name, 4 * MINUTE) == early


def test_all_of_them_are_told(tell):
    assert {it.name for it in AGREEMENTS} == set(RUNS) <= set(STORIES)


def test_escrow_holds_what_is_on_offer_under_way_disputed_and_owed(tell):
    story = tell("escrow")
    parts = [
        float(get_field(story, key).value.removesuffix(" CR").replace(" ", ""))
        for key in ("held", "on offer", "under way", "disputed", "owed")
    ]
    assert parts[0] == pytest.approx(sum(parts[1:]))
    assert parts[0] > 0
    rows = get_text(story)[2:]
    assert rows[0].startswith("#")
    assert any("released" in row for row in rows)
    assert any("left" in row for row in rows)


def test_crowdfunding_tells_open_from_funded_and_failed(tell):
    words = [get_field(tell("crowdfunding", at * MINUTE), key).note for at in (5, 26) for key in ("well", "statue")]
    assert words == ["open", "open", "funded", "failed"]
    story = tell("crowdfunding", 26 * MINUTE)
    assert get_field(story, "held").value == "0 CR"
    goal = story.charts[0].series[-1]
    assert {y for _, y in goal.points} == {100.0}


def test_a_recall_is_drawn_with_all_it_reaches(tell):
    simulation = tell("supply_chain") and tell.runs["supply_chain"]
    recalled = next(
        at for at in range(6 * MINUTE, 12 * MINUTE, 5 * SECOND) if "recalled" in tell("supply_chain", at).headline
    )
    story = tell("supply_chain", recalled)
    assert get_text(story)[0].startswith("All that batch #")
    reds = "".join(text for line in story.drawing for text, tone in line if tone == "bad")
    assert reds.count("╭") == count(get_field(story, "reached"))
    assert "▸" in reds
    later = tell("supply_chain")
    assert get_field(later, "reached").note == "none is live"
    assert simulation.now_us > recalled


def test_the_way_of_a_sold_batch_begins_at_a_farm(tell):
    stories = [tell("supply_chain", at) for at in range(5 * MINUTE, 12 * MINUTE, 10 * SECOND)]
    ways = [
        it for it in stories if get_text(it)[0].startswith("The way") and any("sold" in row for row in get_text(it))
    ]
    text = "".join(get_text(ways[-1]))
    assert all(role in text for role in ("farm", "mill", "bakery", "shop"))


def test_boxes_never_overlap_and_parents_stand_left():
    """A batch of two farms' wheat is split, one part is split again, two parts are mixed once more."""
    maker = bytes(20)
    events = [
        *((n, "Made", {"batch": n, "maker": maker, "product": "wheat", "quantity": 10}) for n in (0, 1)),
        *((2, "Derived", {"batch": 2, "parent": parent, "quantity": 20}) for parent in (0, 1)),
        *((3, "Derived", {"batch": n, "parent": 2, "quantity": 5}) for n in (3, 4, 5, 6)),
        *((4, "Derived", {"batch": 7, "parent": parent, "quantity": 10}) for parent in (3, 6)),
        *((5, "Derived", {"batch": n, "parent": 4, "quantity": 2}) for n in (8, 9)),
    ]
    batches = tell_batches(events)
    places = compute_places(batches, sorted(batches))
    assert len(places) == len(batches)
    for number, (column, y) in places.items():
        assert all(places[parent][0] < column for parent in batches[number].parents)
        others = [place for other, place in places.items() if other != number and place[0] == column]
        assert all(abs(y - other) >= ROWS for _, other in others)
        assert (column + 1) * BOX <= WIDTH


def test_a_card_shows_the_chosen_claim_and_hides_the_others(tell):
    tell("identity")
    application = next(actor for actor in tell.runs["identity"].world.actors if actor.name == "identity")
    last = application.memory["shown"][-1]
    story = tell("identity")
    told = {it.claim.name: it.claim.value for it in last.presentation.claims}
    claims = application.get_claims(last.paper)
    card = [line.split("│")[1] for line in get_text(story) if line.startswith("│")]
    assert len(card) == len(claims)
    for row, (name, value) in zip(card, sorted(claims.items()), strict=True):
        assert row.strip().startswith(name)
        if name in told:
            assert told[name][:14] in row
        else:
            assert "░" in row
            assert value not in row
            assert row.strip().endswith("hidden")
    assert count(get_field(story, "accepted")) <= count(get_field(story, "shown"))


def test_the_vault_shows_who_approved_and_that_the_thief_stands_alone(tell):
    rows = get_text(tell("vault"))
    assert rows[0].split()[:2] == ["owner", "1"]
    thefts = [place for place, row in enumerate(rows) if "to thief" in row]
    assert thefts
    assert all(rows[place].count("✓") == 1 and "1 of 3" in rows[place + 1] for place in thefts)
    paid = [rows[place - 1] for place, row in enumerate(rows) if "✓ paid" in row]
    assert paid
    assert all(row.count("✓") >= 3 for row in paid)


def test_the_dao_shows_yes_no_and_the_quorum(tell):
    rows = get_text(tell("dao"))
    assert rows[0].startswith("#")
    assert all(row.count("│") == 1 and "yes" in row for row in rows[1::2])
    words = {word for row in rows[::2] for word in ("voting", "waiting", "ready", "done", "rejected") if word in row}
    assert len(words) > 1


def test_sealed_bids_are_closed_at_first_and_open_afterwards(tell):
    seen = [get_text(tell("auction", at)) for at in range(MINUTE, 9 * MINUTE, 15 * SECOND)]
    sealed = [rows for rows in seen if len(rows) > 3 and "sealed ▒" in "".join(rows[1:])]
    opened = [rows for rows in seen if any("highest" in row for row in rows)]
    assert any("╶┘" not in "".join(rows) for rows in sealed)
    assert opened
    assert any("pays the second bid" in rows[-1] for rows in seen if rows)
    stairs = tell("auction", 4 * MINUTE).charts[0].series[0].points
    assert [y for _, y in stairs] == sorted(y for _, y in stairs)
