"""What somebody changed is told with what was changed: which way a node turned, by how much it is delayed."""

from typing import get_args

import pytest

from app.present.captions import build_caption
from app.present.command_words import _WORDS
from app.present.node import build_sights
from app.present.timeline import Timeline
from app.session import Session
from app.starting import read_shipped_scenario
from chain.scenario import apply_settings, build
from chain.simulation import commands as c
from chain.units import COIN, SECOND, Address, TimeUs

TOLD: list[tuple[c.Command, str, str]] = [
    (c.TurnByzantine(3, "silent"), "proof-of-authority", "turned bad: says nothing, though it runs"),
    (c.TurnByzantine(3, "honest"), "proof-of-authority", "honest again: keeps to the protocol"),
    (c.SetLag(3, 2 * SECOND), "proof-of-work", "delayed by 2.0 s"),
    (c.SetLag(3, 0), "proof-of-work", "no longer delayed"),
    (c.SetLinkLag(3, 4, 2 * SECOND), "proof-of-work", "its link to n04 is slower by 2.0 s"),
    (c.SetHashRate(3, 5 * 10**11), "proof-of-work", "tries 500 GH a second now"),
    (c.ProposeSigner(3, 5, False), "proof-of-authority", "votes to drop n05 as a signer"),
    (c.DepositStake(3, 7 * COIN), "proof-of-stake", "7 CR put down for it"),
    (c.ExitValidator(3), "tendermint", "asks to leave"),
    (c.RequestCoins(3, Address(bytes(20)), COIN), "proof-of-work", "asked the faucet for 1 CR"),
]
"""Command, protocol, and what is said of it."""


@pytest.mark.parametrize(("command", "protocol", "words"), TOLD)
def test_the_caption_and_the_node_tell_what_was_changed(command: c.Command, protocol: str, words: str) -> None:
    settings = [f"consensus.protocol={protocol}", "network.topology=complete"]
    simulation = build(apply_settings(read_shipped_scenario("classroom"), settings), 7)
    simulation.submit(command)
    session = Session(simulation, is_playing=False)
    place = simulation.world.network.places[3].city
    assert build_caption(session) == f"n03 in {place}: {words}."
    assert words in [sight.text for sight in build_sights(simulation.world, 3, simulation.now_us)]


def test_what_concerns_everybody_is_told_without_a_node() -> None:
    simulation = build(read_shipped_scenario("classroom"), 7)
    for command, words in (
        (c.Partition(((1, 2),)), "The network is cut in parts that cannot hear each other."),
        (c.Heal(), "Every link is open again."),
        (c.SetTraffic(1500), "People pay each other 1.5 times a second now."),
    ):
        simulation.submit(command)  # type: ignore[arg-type]  # commands all
        assert build_caption(Session(simulation, is_playing=False)) == words


def test_the_timeline_says_which_way_a_node_turned_and_a_branch_remembers() -> None:
    simulation = build(apply_settings(read_shipped_scenario("classroom"), ["consensus.protocol=tendermint"]), 7)
    simulation.submit(c.TurnByzantine(2, "forging"))
    simulation.run_until(TimeUs(20 * SECOND))
    simulation.submit(c.TurnByzantine(2, "honest"))
    for run in (simulation, simulation.copy()):
        labels = [mark.label for mark in Timeline(run.world).build_marks(Session(run, is_playing=False))]
        assert "n02 turned bad: makes blocks that break a rule" in labels
        assert "n02 honest again: keeps to the protocol" in labels


def test_every_command_has_words() -> None:
    assert set(_WORDS) == set(get_args(c.Command))
