"""One node's stored copy of a branch, as somebody edits it on its disk; the run itself is never touched.

Idea: blocks from the edited one to the head are held beside the run. Whoever is shown a block of the copy checks it as
every node does (rules, then ledger); what hangs on a block that is refused is refused too. Mining again gives a block
new roots, the new parent and a new seal, as far as that can be had without other people's keys.

Invariants: a copy without edits is accepted throughout; no table of the world changes; the same edits give the same
copy.

Simplification: what others think is asked of the rules at the moment of the original block. Contracts that ask for the
hash of an ancestor are told zero.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from chain.consensus.base import Finality
from chain.consensus.block_tree import BlockRecord
from chain.consensus.ghost import GhostRules
from chain.consensus.proof_of_work import ProofOfWorkRules
from chain.crypto.signatures import PUBLIC_KEY_BYTES, SIGNATURE_BYTES
from chain.encoding import decode, encode
from chain.errors import ChainroomError, InvalidBlock, InvalidInput
from chain.ledger.actions import Action, Transfer
from chain.ledger.block import Block, Header, compute_receipts_root, compute_transactions_root
from chain.ledger.execution import build_context, compute_next_base_fee, execute, execute_block
from chain.ledger.policy import KeySignature, Policy
from chain.ledger.state import State
from chain.ledger.transaction import SignedTransaction
from chain.simulation.world import World
from chain.units import parse_amount
from chain.wallet.address import decode_address

MOST_BLOCKS: Final = 400
"""Blocks above the edited one that a copy follows."""
_NUMBERS: Final = ("height", "time_us", "gas_limit", "gas_used", "base_fee_per_gas")
_SIGNED_NUMBERS: Final = ("nonce", "max_fee_per_gas", "max_tip_per_gas", "gas_limit", "chain_id")
_HASHES: Final = ("parent", "state_root", "transactions_root", "receipts_root")
EDITABLE: Final = (*_HASHES[:1], *_NUMBERS[:2], "proposer", *_HASHES[1:], *_NUMBERS[2:], "consensus", "nonce")
"""The fields of a header, in the order in which they are shown."""


class Opinion(NamedTuple):
    """What another node says of a block of the copy."""

    is_linked: bool
    """Whether the block names the hash of the one before."""
    rule: str
    """The rule that refuses it; empty when it is accepted."""
    message: str


class StoredCopy:
    """The blocks of a branch from one on. ``edit`` and ``mine_again`` change them; ``get_opinion`` asks others."""

    def __init__(self, world: World, first: BlockRecord, branch: list[BlockRecord]) -> None:
        """``branch`` has the first block's descendants, lowest first; genesis cannot be edited (InvalidInput)."""
        if first.parent is None:
            raise InvalidInput("block to edit", "genesis", "a block with a parent: genesis is agreed on beforehand")
        self.world = world
        self.records = [first, *branch[:MOST_BLOCKS]]
        self.blocks = [record.block for record in self.records]
        self.mined: dict[int, None] = {}
        """Places of blocks that were mined again."""
        self._parent = first.parent
        self._states: dict[int, tuple[Any, State]] = {}
        self._opinions: dict[int, Opinion] = {}

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from what the network has."""
        return any(block is not record.block for block, record in zip(self.blocks, self.records, strict=True))

    def heal(self) -> None:
        """Throw the copy away and take the blocks of the network again."""
        self.blocks = [record.block for record in self.records]
        self.mined.clear()
        self._forget(0)

    # Editing ---------------------------------------------------------------------------------------------------------

    def edit(self, field: str, text: str) -> None:
        """Change a field of the first block: one of EDITABLE, or a part of a transaction (`get_parts`): ``amount-0``.

        Raises InvalidInput when the text is no value of that field.
        """
        block = self.blocks[0]
        name, _, number = field.partition("-")
        if number:
            transactions = list(block.transactions)
            transactions[int(number)] = _edit_transaction(transactions[int(number)], name, text)
            self._set(0, Block(block.header, tuple(transactions)))
            return
        value = _read_value(field, text)
        self._set(0, Block(msgspec.structs.replace(block.header, **{field: value}), block.transactions))

    def drop(self, place: int) -> None:
        """Take a transaction out of the first block."""
        block = self.blocks[0]
        kept = tuple(signed for number, signed in enumerate(block.transactions) if number != place)
        self._set(0, Block(block.header, kept))

    def _set(self, place: int, block: Block) -> None:
        self.blocks[place] = block
        self._forget(place)

    def _forget(self, place: int) -> None:
        """Forget what was found out of the blocks from a place on."""
        self._states = {it: state for it, state in self._states.items() if it < place}
        self._opinions = {it: opinion for it, opinion in self._opinions.items() if it < place}

    # What others say -------------------------------------------------------------------------------------------------

    def _get_parent(self, place: int) -> Header:
        return self.blocks[place - 1].header if place else self._parent.block.header

    def _get_states(self, place: int) -> tuple[Any, State]:
        """Return what consensus and ledger are after the block before a place."""
        if place - 1 in self._states:
            return self._states[place - 1]
        before = self.records[place - 1] if place else self._parent
        return before.state, self.world.ledger.state(before.hash)

    def get_opinion(self, place: int) -> Opinion:
        """Return what another node says of the block at a place, after those before it."""
        for number in range(place + 1):
            if number not in self._opinions:
                self._opinions[number] = self._judge(number)
        return self._opinions[place]

    def _judge(self, place: int) -> Opinion:
        block, parent = self.blocks[place], self._get_parent(place)
        if block.header.parent != parent.hash:
            told = f"the header names {block.header.parent.hex()[:16]}…; the block before has {parent.hash.hex()[:16]}…"
            return Opinion(False, "ledger/parent", told)
        if place and self._opinions[place - 1].rule:
            return Opinion(True, "consensus/parent", "its parent was refused")
        if block is self.records[place].block and not self.is_changed:
            return Opinion(True, "", "valid")
        try:
            self._check(place, block, parent)
        except InvalidBlock as error:
            return Opinion(True, error.rule, error.message)
        except ChainroomError as error:
            return Opinion(True, "consensus/seal", str(error))
        if block.hash != self.records[place].hash and self._is_final(place):
            told = f"block {self.records[place].hash.hex()[:16]}… is final at this height, with the votes for it"
            return Opinion(True, "consensus/finality", told)
        return Opinion(True, "", "valid")

    def _is_final(self, place: int) -> bool:
        """Tell whether nodes hold on to the original for good; finality by depth is a habit of people, not a rule."""
        if self.world.consensus.rules.finality in (Finality.DEPTH, Finality.NONE):
            return False
        return self.records[place].height <= self.world.get_finalized().height

    def _check(self, place: int, block: Block, parent: Header) -> None:
        """Check a block as every node does, and note the states after it. Raises InvalidBlock."""
        rules, ledger = self.world.consensus.rules, self.world.ledger
        before, state = self._get_states(place)
        rules.check(before, block)
        header, subsidy = block.header, ledger.parameters.compute_subsidy(parent.height + 1)
        rewards = rules.compute_rewards(before, header.proposer, header.consensus, subsidy)
        after, execution = execute_block(parent, state, block, ledger.parameters, rewards)
        self._states[place] = rules.apply(before, block, execution.changes), after

    # Mining again ----------------------------------------------------------------------------------------------------

    def can_mine(self) -> bool:
        """Tell whether a seal can be made anew without other people's keys."""
        return isinstance(self.world.consensus.rules, ProofOfWorkRules | GhostRules)

    def find_broken(self) -> int | None:
        """Return the first place whose block others refuse and that has not been mined again, or None."""
        for place in range(len(self.blocks)):
            if place not in self.mined and self.get_opinion(place).rule:
                return place
        return None

    def mine_again(self, place: int) -> None:
        """Give the block at a place the right parent, roots and seal. Raises InvalidInput where no work can."""
        rules = self.world.consensus.rules
        if not self.can_mine():
            raise InvalidInput(
                "seal", self.world.consensus.name, "proof of work: here the proposer's key would be needed"
            )
        self.get_opinion(place)
        block = self._rebuild(place)
        if isinstance(rules, ProofOfWorkRules):
            block = rules.seal(block)
        elif isinstance(rules, GhostRules):
            block = rules.seal(block, self.records[place].state.difficulty)
        self.mined[place] = None
        self._set(place, block)

    def _rebuild(self, place: int) -> Block:
        block, parent = self.blocks[place], self._get_parent(place)
        changes: dict[str, Any] = {
            "parent": parent.hash,
            "height": parent.height + 1,
            "transactions_root": compute_transactions_root(block.transactions),
        }
        if not place or not self._opinions[place - 1].rule:
            changes |= self._execute_anew(place, block, parent)
        return Block(msgspec.structs.replace(block.header, **changes), block.transactions)

    def _execute_anew(self, place: int, block: Block, parent: Header) -> Mapping[str, Any]:
        """Return the header's numbers that follow from executing the block; none when a transaction is refused."""
        rules, ledger, (before, state) = self.world.consensus.rules, self.world.ledger, self._get_states(place)
        base_fee = compute_next_base_fee(parent)
        header = msgspec.structs.replace(block.header, height=parent.height + 1, base_fee_per_gas=base_fee)
        subsidy = ledger.parameters.compute_subsidy(header.height)
        try:
            rewards = rules.compute_rewards(before, header.proposer, header.consensus, subsidy)
            after, execution = execute(state, build_context(header, ledger.parameters, rewards), block.transactions)
        except ChainroomError:
            return {}
        return {
            "base_fee_per_gas": base_fee,
            "gas_limit": ledger.parameters.gas_limit,
            "gas_used": execution.gas_used,
            "receipts_root": compute_receipts_root(execution.receipts),
            "state_root": after.root,
        }


def _read_value(field: str, text: str) -> Any:
    """Return the value a person typed for a field of a header. Raises InvalidInput."""
    text = text.strip()
    if field in _NUMBERS:
        return _read_number(field, text)
    if field == "proposer":
        return decode_address(text)
    sizes = {"nonce": 8, **dict.fromkeys(_HASHES, 32)}
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    size = sizes.get(field, len(data) or 1)
    if len(data) != size:
        raise InvalidInput(field, text, f"{size * 2} hexadecimal digits" if field in sizes else "hexadecimal digits")
    return data


def _read_number(name: str, text: str) -> int:
    text = text.strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 19 or int(text) >= 1 << 63:
        raise InvalidInput(name, text, "a whole number below 2^63")
    return int(text)


def get_parts(signed: SignedTransaction) -> dict[str, Any]:
    """Return what can be edited of a transaction, by name; what is no plain value as its canonical bytes."""
    transaction, action = signed.transaction, signed.transaction.action
    if isinstance(action, Transfer):
        parts: dict[str, Any] = {"amount": action.amount, "recipient": action.recipient, "memo": action.memo}
    else:
        parts = {"action": encode(action)}
    parts |= {name: getattr(transaction, name) for name in _SIGNED_NUMBERS}
    for name, value in (("authority", transaction.authority), ("signature", signed.signature)):
        parts[name] = value if isinstance(value, bytes) else encode(value)
    return parts


def _edit_transaction(signed: SignedTransaction, name: str, text: str) -> SignedTransaction:
    """Return a transaction with one part changed, under the old signature. Raises InvalidInput."""
    transaction, action = signed.transaction, signed.transaction.action
    if name not in get_parts(signed):
        raise InvalidInput("part of the transaction", name, ", ".join(get_parts(signed)))
    kind: Any
    if name == "signature":
        kind = bytes if isinstance(signed.signature, bytes) else tuple[KeySignature, ...]
        return SignedTransaction(transaction, _read_bytes(name, text, kind, SIGNATURE_BYTES))
    if name == "authority":
        kind = bytes if isinstance(transaction.authority, bytes) else Policy
        changes: dict[str, Any] = {name: _read_bytes(name, text, kind, PUBLIC_KEY_BYTES)}
    elif name == "action":
        changes = {name: _read_bytes(name, text, Action)}
    elif name in _SIGNED_NUMBERS:
        changes = {name: _read_number(name, text)}
    else:
        readers: dict[str, Callable[[str], object]] = {
            "amount": parse_amount,
            "recipient": decode_address,
            "memo": _read_memo,
        }
        changes = {"action": msgspec.structs.replace(action, **{name: readers[name](text)})}
    return SignedTransaction(msgspec.structs.replace(transaction, **changes), signed.signature)


def _read_memo(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput("memo", text, "whole characters") from None
    return text


def _read_bytes(name: str, text: str, kind: Any, size: int = 0) -> Any:
    """Return what hexadecimal digits stand for: so many bytes, or the canonical encoding of a kind."""
    try:
        data = bytes.fromhex(text)
        if kind is not bytes:
            return decode(kind, data)
    except (InvalidInput, ValueError):
        data = b""
    if kind is not bytes or len(data) != size:
        allowed = f"{size * 2} hexadecimal digits" if kind is bytes else "the canonical bytes, in hexadecimal digits"
        raise InvalidInput(name, text, allowed)
    return data
