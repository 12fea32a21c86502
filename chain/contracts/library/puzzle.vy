# pragma version ^0.4.0
"""
A prize for the first who sends the answer to a puzzle: and so for whoever reads the mempool.

The answer stands in the transaction, and everybody sees a transaction before it is in a block. Somebody who knows
nothing copies it, pays a higher fee, and comes first. sealed_puzzle.vy cannot be run in front of.
"""

event Solved:
    solver: indexed(address)
    answer: String[64]
    prize: uint256

answer_hash: public(immutable(bytes32))
is_solved: public(bool)


@deploy
@payable
def __init__(_answer_hash: bytes32):
    answer_hash = _answer_hash


@external
def solve(answer: String[64]):
    """Send the answer, and get the prize."""
    assert not self.is_solved, "solved already"
    assert keccak256(answer) == answer_hash, "wrong"
    self.is_solved = True
    prize: uint256 = self.balance
    send(msg.sender, prize)  # whoever sent it
    log Solved(solver=msg.sender, answer=answer, prize=prize)
