"""One tree of errors: what was refused, in words that say what is allowed."""

import importlib
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chain
from chain import errors
from chain.errors import MAX_SHOWN, ChainroomError, CommandRefused, InvalidInput, InvalidScenario, ReplayDiverged


def iter_kinds(kind: type[ChainroomError]) -> list[type[ChainroomError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in iter_kinds(child))]


def test_a_wrong_value_is_named_with_what_is_allowed() -> None:
    error = InvalidScenario("network.nodes", -1, "1 to 20000")
    assert str(error) == "network.nodes: '-1' is not allowed; allowed: 1 to 20000"
    assert (error.thing, error.value, error.allowed) == ("network.nodes", -1, "1 to 20000")


def test_a_broken_rule_is_named() -> None:
    error = CommandRefused("command/node", "there is no node 99; nodes are 0 to 11")
    assert str(error) == "there is no node 99; nodes are 0 to 11; rule: command/node"
    assert error.rule == "command/node"


def test_a_divergence_is_named_by_event_time_and_place() -> None:
    error = ReplayDiverged(17, 8_077_250_000, "day 0  02:14:37.250, node n07")
    assert str(error) == "diverged at event 17, day 0  02:14:37.250, node n07"
    assert (error.event, error.time_us) == (17, 8_077_250_000)


def test_a_long_value_is_cut() -> None:
    message = str(InvalidInput("memo", "x" * 10_000, "less"))
    assert "x" * (MAX_SHOWN - 3) + "...'" in message
    assert "x" * MAX_SHOWN not in message


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),  # would colour the terminal
        ("two\nlines", "two\\nlines"),
        ("abc\u202edcba", "abc\\u202edcba"),  # would write backwards
        ("half \ud800", "half \\ud800"),  # could not be printed at all
        ("Grüße, 世界", "Grüße, 世界"),
    ],
)
def test_what_cannot_be_printed_is_escaped(value: str, shown: str) -> None:
    assert str(InvalidInput("name", value, "words")) == f"name: '{shown}' is not allowed; allowed: words"


@given(st.one_of(st.text(), st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl"]), min_size=30), st.binary()))
def test_a_message_is_one_printable_line_of_bounded_length(value: object) -> None:
    message = str(InvalidInput("thing", value, "words"))
    assert message.isprintable()
    assert len(message) <= MAX_SHOWN + 50
    message.encode()


def test_every_error_of_the_engine_stands_in_the_tree() -> None:
    for module in pkgutil.walk_packages(chain.__path__, "chain."):
        importlib.import_module(module.name)
    kinds = [kind for kind in iter_kinds(ChainroomError) if kind.__module__.startswith("chain.")]
    assert len(kinds) > 12
    missing = [kind.__name__ for kind in kinds if f" {kind.__name__} " not in (errors.__doc__ or "").replace("\n", " ")]
    assert missing == []
