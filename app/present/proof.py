"""The proof of a transaction or of a balance as a person sees it: the document, its steps, what it shows."""

import json
from typing import Any, NamedTuple

from app.present.heads import get_canonical
from app.present.index import get_including_block, get_index, get_submitted
from app.present.pages import Milestone
from app.present.words import format_clock, plural, shorten_hash
from app.screens.view import Thing
from app.widgets.models import Field
from chain.anchors import Verdict
from chain.consensus.block_tree import BlockRecord
from chain.crypto.merkle import compute_levels
from chain.ledger.block import Header
from chain.proofs import build_balance_proof, build_transaction_proof, describe_proven, verify
from chain.simulation.world import World
from chain.units import Address, Hash, TimeUs

MOST_HEADERS = 100
"""Headers on top that a proof takes along."""
SHOWN_DIGITS = 4


class Proof(NamedTuple):
    """A document and what it is worth."""

    name: str
    """A file name."""
    document: dict[str, Any]
    verdict: Verdict
    proven: str
    levels: tuple[tuple[str, ...], ...] = ()
    """The Merkle tree of the block's transactions, leaves first; empty for balances."""
    leaf: int = 0


def build_proof(world: World, thing: Thing, at_us: TimeUs) -> Proof | str:
    """Return the proof of a transaction or an account at a moment, or why there is none."""
    assert isinstance(thing.key, bytes)
    if thing.kind == "transaction":
        return _prove_transaction(world, Hash(thing.key), at_us)
    if thing.kind == "address":
        return _prove_balance(world, Address(thing.key), at_us)
    return "Transactions and balances can be proved: choose one of them."


def _prove_transaction(world: World, digest: Hash, at_us: TimeUs) -> Proof | str:
    record, index = get_submitted(world, digest, at_us), get_index(world)
    block = get_including_block(world, index, record, at_us) if record is not None else None
    if record is None or block is None:
        return (
            f"Transaction {shorten_hash(digest)} is in no block of the canonical branch at {format_clock(at_us)}: "
            "there is nothing to prove yet."
        )
    transactions = block.block.transactions
    place = transactions.index(record.signed)
    receipts = world.ledger.receipts(block.hash)
    document = build_transaction_proof(
        block.block.header, transactions, receipts, place, _get_headers_above(world, block, at_us)
    )
    levels = compute_levels([signed.id for signed in transactions])
    texts = tuple(tuple(it.hex()[:SHOWN_DIGITS] for it in level) for level in levels)
    return check_proof(f"proof-tx-{digest.hex()[:12]}.json", document)._replace(levels=texts, leaf=place)


def _prove_balance(world: World, address: Address, at_us: TimeUs) -> Proof | str:
    head = get_canonical(world, at_us)
    state = world.ledger.state(head.hash)
    account, proof = state.get_account(address), state.prove_account(address)
    document = build_balance_proof(head.block.header, address, account, proof)
    return check_proof(f"proof-balance-{address.hex()[:12]}-{head.height}.json", document)


def _get_headers_above(world: World, block: BlockRecord, at_us: TimeUs) -> tuple[Header, ...]:
    head = get_canonical(world, at_us)
    branch = get_index(world).get_branch(head)
    above = branch[block.height + 1 : min(head.height, block.height + MOST_HEADERS) + 1]
    return tuple(record.block.header for record in above)


def check_proof(name: str, document: dict[str, Any]) -> Proof:
    """Return a document with the verdict on it, as ``chainroom verify-proof`` gives it."""
    return Proof(name, document, verify(document), describe_proven(document))


def tamper_with(proof: Proof) -> Proof:
    """Return the proof with one digit of what it claims changed, to see at which step that is noticed."""
    document = dict(proof.document)
    if document["kind"] == "balance":
        account = document["account"]
        document["account"] = {**account, "balance": account["balance"] + 1}
    else:
        text = document["transaction"]
        place = len(text) - 9
        document["transaction"] = text[:place] + ("1" if text[place] == "0" else "0") + text[place + 1 :]
    return check_proof(proof.name, document)._replace(levels=proof.levels, leaf=proof.leaf)


def build_steps(proof: Proof) -> tuple[Milestone, ...]:
    """Return the steps of the check, top to bottom."""
    return tuple(
        Milestone("✓" if it.is_good else "✗", it.name[:12], it.text, "text" if it.is_good else "bad")
        for it in proof.verdict.steps
    )


def build_fields(proof: Proof) -> tuple[Field, ...]:
    """Return what is proven, and what must be trusted."""
    verdict, steps = proof.verdict, len(proof.verdict.steps)
    if verdict.is_good:
        result = Field("result", "result", f"✓ all {plural(steps, 'step')} hold", "good", has_why=True)
    else:
        result = Field("result", "result", f"✗ step {steps} fails: {verdict.steps[-1].name}", "bad", has_why=True)
    size = len(encode_document(proof))
    fields = [
        result,
        Field("block", "block", proof.document["block"], "accent"),
        Field("size", "size", f"{size} B", note="as a file"),
        Field("file", "file", proof.name, note="x writes it"),
    ]
    fields += [Field(f"trust-{place}", "on trust", text, "warning") for place, text in enumerate(verdict.trusted)]
    return tuple(fields)


def encode_document(proof: Proof) -> bytes:
    """Return the document as a JSON file."""
    return (json.dumps(proof.document, indent=1) + "\n").encode()
