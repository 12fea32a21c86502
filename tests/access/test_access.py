"""The lists of a run: asked at any moment and any height, past ones too."""

import numpy as np
import pytest

from chain.access import Access, Right, get_needed, get_resting
from chain.errors import InvalidBlock, InvalidTransaction
from chain.ledger.block import Block, Header
from chain.units import NEVER, Address

ACCOUNTS = tuple(Address(bytes([node]) * 20) for node in range(4))
STRANGER = Address(b"\xee" * 20)
EVERYBODY = {Right.JOIN: range(4), Right.READ: range(4), Right.SEND: ACCOUNTS, Right.PROPOSE: range(4)}


def build_private(**lists: tuple[int, ...]) -> Access:
    """A private network of four nodes; ``propose=(0, 1)`` shortens a list."""
    return Access("private", ACCOUNTS, (), EVERYBODY | {Right[name.upper()]: listed for name, listed in lists.items()})


def build_block(height: int, proposer: Address) -> Block:
    empty = bytes(32)
    return Block(Header(empty, height, height, proposer, empty, empty, empty, 1, 0, 1, b""))  # type: ignore[arg-type]


def test_in_a_public_network_nobody_is_asked() -> None:
    access = Access("public", ACCOUNTS)
    access.check_block(build_block(3, STRANGER))
    access.check_sender(STRANGER, 3)
    assert access.is_allowed(Right.JOIN, 77, 0)
    arrival = np.array([1, 2, 3, 4])
    assert access.compute_opened(arrival) is arrival


def test_a_block_is_judged_by_the_list_of_its_height() -> None:
    access = build_private()
    access.change(Right.PROPOSE, 2, False, time_us=500, height=10)
    access.check_block(build_block(9, ACCOUNTS[2]))  # whenever it comes
    with pytest.raises(InvalidBlock, match="n02 may not propose block #10; may: n00, n01, n03") as caught:
        access.check_block(build_block(10, ACCOUNTS[2]))
    assert caught.value.rule == "access/propose"
    access.change(Right.PROPOSE, 2, True, time_us=900, height=20)
    access.check_block(build_block(20, ACCOUNTS[2]))
    with pytest.raises(InvalidBlock):
        access.check_block(build_block(19, ACCOUNTS[2]))


def test_a_block_for_nobodys_account_has_no_allowed_proposer() -> None:
    with pytest.raises(InvalidBlock, match="access/propose"):
        build_private().check_block(build_block(1, STRANGER))


def test_a_stranger_may_not_send_and_is_told_who_may() -> None:
    with pytest.raises(InvalidTransaction, match=r"may not send from block #4 on; may: cr1q.*rule: access/send"):
        build_private().check_sender(STRANGER, 4)


def test_what_was_true_at_a_moment_stays_so() -> None:
    access = build_private()
    before = access.copy()
    access.change(Right.JOIN, 1, False, time_us=500, height=10)
    assert access.is_allowed(Right.JOIN, 1, 499)
    assert not access.is_allowed(Right.JOIN, 1, 500)
    assert access.get_allowed(Right.JOIN, 499) == (0, 1, 2, 3)
    assert access.get_allowed(Right.JOIN, 500) == (0, 2, 3)
    assert before.is_allowed(Right.JOIN, 1, 500)  # a branch does not know


def test_sealed_items_open_with_the_next_grant() -> None:
    """n03 may not read from the beginning, n01 between 100 and 200."""
    access = build_private(read=(0, 1, 2))
    access.change(Right.READ, 1, False, time_us=100, height=1)
    access.change(Right.READ, 1, True, time_us=200, height=2)
    for arrival_us, opened_us in ((0, 0), (99, 99), (100, 100), (101, 200), (199, 200), (200, 200), (300, 300)):
        opened = access.compute_opened(np.full(4, arrival_us))
        assert opened.tolist() == [arrival_us, opened_us, arrival_us, NEVER]
    assert access.compute_opened_us(1, NEVER) == NEVER


def test_rights_of_a_node_stand_on_each_other() -> None:
    assert get_needed(Right.PROPOSE) == (Right.JOIN, Right.READ, Right.PROPOSE)
    assert get_needed(Right.JOIN) == (Right.JOIN,)
    assert get_resting(Right.JOIN) == (Right.PROPOSE, Right.READ, Right.JOIN)
    assert get_resting(Right.READ) == (Right.PROPOSE, Right.READ)
    assert get_needed(Right.SEND) == get_resting(Right.SEND) == (Right.SEND,)
