"""The index of a run against slow answers to the same questions, now and at past moments, forks included."""

from pathlib import Path
from typing import Any

import pytest

from app.present.heads import get_canonical
from app.present.index import find_stale_blocks, get_index
from app.present.prefixes import PrefixIndex
from app.present.rich_list import RichList
from chain.crypto.hashing import digest
from chain.ledger.state import State
from chain.scenario import build, load_scenario
from chain.simulation.commands import Partition
from chain.units import MINUTE, TimeUs

ROOT = Path(__file__).resolve().parents[2]
FRACTIONS = (0, 3, 7, 10)


@pytest.fixture(scope="module")
def world() -> Any:
    text = (ROOT / "chain" / "scenarios" / "classroom.toml").read_text(encoding="utf-8")
    simulation = build(load_scenario(text.replace("grind_hashes = 1024", "grind_hashes = 0"), "classroom"), 11)
    simulation.submit(Partition(((0, 1, 2, 3, 4),)))
    simulation.run_until(TimeUs(12 * MINUTE))
    return simulation.world


def get_moments(world: Any) -> list[TimeUs]:
    return [TimeUs(world.now_us * part // 10) for part in FRACTIONS]


def test_earnings_are_those_of_the_blocks_that_stayed(world: Any) -> None:
    index = get_index(world)
    for at_us in get_moments(world):
        head = get_canonical(world, at_us)
        for address in world.setup.proposers:
            kept = [it for it in index.get_branch(head)[1 : head.height + 1] if it.block.header.proposer == address]
            executions = [world.ledger.execution(record.hash) for record in kept]
            expected = len(kept), sum(it.subsidy + it.tips for it in executions)
            assert index.get_earnings(address, head, at_us) == expected


def test_stale_blocks_are_those_off_the_branch(world: Any) -> None:
    index = get_index(world)
    for at_us in get_moments(world):
        head = get_canonical(world, at_us)
        published = world.tree.records[: world.tree.count_published(at_us)]
        assert find_stale_blocks(index, head, at_us) == [it for it in published if not index.is_on_branch(it, head)]
    assert find_stale_blocks(index, get_canonical(world, world.now_us), world.now_us), "halves apart must fork"


def test_what_names_an_account_is_found_by_it(world: Any) -> None:
    index = get_index(world)
    for at_us in get_moments(world):
        for address in [*index.payments][:20]:
            expected = [
                record
                for record in world.transactions.records
                if record.submitted_us <= at_us
                and address in (record.signed.sender, record.signed.transaction.action.recipient)
            ]
            assert index.get_payments(address, at_us) == expected


def test_every_hash_is_found_by_either_end(world: Any) -> None:
    index = get_index(world)
    for record in world.transactions.records[::17]:
        digits = record.id.hex()
        for begin, end in ((digits[:6], ""), ("", digits[-5:]), (digits[:2], digits[-2:]), (digits, "")):
            assert record.id in index.transaction_hashes.iter_with(begin, end)


@pytest.mark.parametrize(
    ("begin", "end"), [("ab", ""), ("abc", ""), ("", "abc"), ("a", "f"), ("", "ff"), ("1234567", "")]
)
def test_prefixes_find_what_looking_at_all_finds(begin: str, end: str) -> None:
    index, hashes = PrefixIndex(), [digest("test", n.to_bytes(4)) for n in range(5000)]
    for it in hashes:
        index.add(it)
    expected = {it for it in hashes if it.hex().startswith(begin) and it.hex().endswith(end)}
    assert set(index.iter_with(begin, end)) == expected


def test_the_rich_list_moves_from_any_state_to_any_other(world: Any) -> None:
    rich = RichList()
    for at_us in [*get_moments(world), TimeUs(0), world.now_us]:
        state: State = world.ledger.state(get_canonical(world, at_us).hash)
        rich.move_to(state)
        expected = sorted(
            (-account.balance, address) for address, account in state.iterate_accounts() if account.balance
        )
        assert rich.ranked == expected
        assert rich.total == state.compute_total_balance()
