# pragma version ^0.4.0
"""
The puzzle of puzzle.vy, with commit and reveal: who copies the answer comes too late.

First the solver commits to a hash of the answer, the own address and a secret salt; that tells nothing. At least
WAIT_BLOCKS later the solver reveals. Now everybody can read the answer, but can use it only with a commitment of the
own that old: who makes one at the sight of the answer has to wait, and by then the prize is gone. A higher fee does
not help, since it cannot buy a block in the past.
"""

event Committed:
    solver: indexed(address)
    commitment: bytes32

event Solved:
    solver: indexed(address)
    answer: String[64]
    prize: uint256

WAIT_BLOCKS: public(constant(uint256)) = 5

answer_hash: public(immutable(bytes32))
is_solved: public(bool)
commitments: public(HashMap[address, bytes32])
commit_blocks: public(HashMap[address, uint256])


@deploy
@payable
def __init__(_answer_hash: bytes32):
    answer_hash = _answer_hash


@external
@view
def compute_commitment(solver: address, answer: String[64], salt: bytes32) -> bytes32:
    """Return what to commit. Ask your own node, and take a salt that nobody can guess."""
    return self._compute_commitment(solver, answer, salt)


@external
def commit(commitment: bytes32):
    """Put down that you have an answer, without telling it. A new commitment takes the place of the old one."""
    self.commitments[msg.sender] = commitment
    self.commit_blocks[msg.sender] = block.number
    log Committed(solver=msg.sender, commitment=commitment)


@external
def reveal(answer: String[64], salt: bytes32):
    """Tell the answer you committed to, and get the prize."""
    assert not self.is_solved, "solved already"
    assert keccak256(answer) == answer_hash, "wrong"
    commitment: bytes32 = self._compute_commitment(msg.sender, answer, salt)
    assert commitment == self.commitments[msg.sender], "not what you committed to"
    assert block.number >= self.commit_blocks[msg.sender] + WAIT_BLOCKS, "committed too late"
    self.is_solved = True
    prize: uint256 = self.balance
    send(msg.sender, prize)
    log Solved(solver=msg.sender, answer=answer, prize=prize)


@internal
@pure
def _compute_commitment(solver: address, answer: String[64], salt: bytes32) -> bytes32:
    return keccak256(abi_encode(solver, answer, salt))
