"""Proofs that need no chain: that a transaction is in a block, and what an account owned after one.

A proof is a document of plain values, made by somebody who has the chain and checked by somebody who has nothing but
the document and perhaps the hash of one block. ``kind`` says what it shows::

    both          block (its hash), header, confirmations, headers (of the blocks built on top), digest (of the rest)
    transaction   transaction, path of {side, hash}, receipt and receipt_path
    balance       address, account {nonce, balance}, steps {prefix, bitmap, hashes}, item {key, value} or null

A path is the partners on the way up the Merkle tree, each with the side it stands on, so that nothing in a document
can be changed without being noticed. All bytes are in hexadecimal. Every check is a step with the numbers that agreed
or did not; nothing is checked after the first that fails. A verdict also says in words what has been shown, and what
must be taken on trust.

Sources: S. Nakamoto, section 8 (simplified payment verification); RFC 6962, section 2.1 (audit paths); EIP-1186
(account proofs).
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

import msgspec

from chain.anchors import Partner, Step, Verdict, build_path, check_seal, iter_path, seal
from chain.crypto import trie
from chain.encoding import decode, encode
from chain.errors import InvalidInput
from chain.ledger.block import Header, Receipt
from chain.ledger.state import EMPTY_ACCOUNT, Account
from chain.ledger.transaction import SignedTransaction
from chain.units import Address, Hash, format_amount
from chain.wallet.address import decode_address, encode_address

VERSION: Final = 1
MAX_HEADERS: Final = 10_000
"""Headers a proof may carry."""

Steps = Iterator[Step]


class TransactionProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document of a transaction."""

    block: str
    """The hash of the header."""
    header: str
    transaction: str
    path: tuple[Partner, ...]
    confirmations: int = 1
    headers: tuple[str, ...] = ()
    receipt: str | None = None
    receipt_path: tuple[Partner, ...] = ()
    digest: str = ""
    kind: Literal["transaction"] = "transaction"
    version: Literal[1] = VERSION


class PlainAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is claimed of an account."""

    nonce: int
    balance: int
    """Units."""


class PlainStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A branch of the state's map."""

    prefix: str
    bitmap: int
    hashes: tuple[str, ...]


class PlainItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The leaf where the way ends."""

    key: str
    value: str


class BalanceProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document of an account."""

    block: str
    """The hash of the header."""
    header: str
    address: str
    account: PlainAccount
    steps: tuple[PlainStep, ...]
    item: PlainItem | None = None
    confirmations: int = 1
    headers: tuple[str, ...] = ()
    digest: str = ""
    kind: Literal["balance"] = "balance"
    version: Literal[1] = VERSION


# Making ----------------------------------------------------------------------------------------------------------


def build_transaction_proof(
    header: Header,
    transactions: tuple[SignedTransaction, ...],
    receipts: tuple[Receipt, ...],
    index: int,
    headers: tuple[Header, ...] = (),
) -> dict[str, Any]:
    """Return the document that shows that ``transactions[index]`` is in the block with a header, and what it did."""
    document = TransactionProof(
        block=header.hash.hex(),
        header=encode(header).hex(),
        transaction=encode(transactions[index]).hex(),
        path=build_path([signed.id for signed in transactions], index),
        confirmations=len(headers) + 1,
        headers=_to_texts([encode(it) for it in headers]),
        receipt=encode(receipts[index]).hex(),
        receipt_path=build_path([encode(receipt) for receipt in receipts], index),
    )
    return _to_plain(document)


def build_balance_proof(
    header: Header, address: Address, account: Account, proof: trie.TrieProof, headers: tuple[Header, ...] = ()
) -> dict[str, Any]:
    """Return the document that shows what an account is in the state a header commits to."""
    item = PlainItem(proof.item[0].hex(), proof.item[1].hex()) if proof.item is not None else None
    document = BalanceProof(
        block=header.hash.hex(),
        header=encode(header).hex(),
        address=encode_address(address),
        account=PlainAccount(account.nonce, account.balance),
        steps=tuple(PlainStep(it.prefix.hex(), it.bitmap, _to_texts(it.hashes)) for it in proof.steps),
        item=item,
        confirmations=len(headers) + 1,
        headers=_to_texts([encode(it) for it in headers]),
    )
    return _to_plain(document)


def _to_texts(parts: tuple[bytes, ...] | list[bytes]) -> tuple[str, ...]:
    return tuple(part.hex() for part in parts)


def _to_plain(document: msgspec.Struct) -> dict[str, Any]:
    plain = seal(document)
    return {"kind": plain.pop("kind"), "version": plain.pop("version"), **plain}


# Checking --------------------------------------------------------------------------------------------------------


def verify(document: object, block: Hash | None = None) -> Verdict:
    """Check a document step by step. Raises InvalidInput when it is no proof of a transaction or a balance at all.

    ``block`` is the hash of a block one trusts; without it the header in the document is taken as it is.
    """
    proof, iterate, get_trusted = _read(document)
    steps: list[Step] = []
    try:
        for step in iterate(proof, block):
            steps.append(step)
            if not step.is_good:
                break
    except (InvalidInput, ValueError) as error:
        steps.append(Step("form", False, f"a part cannot be read: {error}"))
    return Verdict(tuple(steps), get_trusted(proof, block))


def describe_proven(document: object) -> str:
    """Return, in a sentence, what a proof shows when all its steps hold. Raises InvalidInput as `verify`."""
    proof, _, _ = _read(document)
    try:
        header = decode(Header, bytes.fromhex(proof.header))
        where = f"block #{header.height} {_short(header.hash)}"
        if isinstance(proof, BalanceProof):
            account = proof.account
            sent = f"{account.nonce} transaction{'' if account.nonce == 1 else 's'}"
            owns = f"owned {format_amount(account.balance)} CR and had sent {sent}"
            return f"{proof.address} {owns} in the state after {where}."
        signed = decode(SignedTransaction, bytes.fromhex(proof.transaction))
    except (InvalidInput, ValueError):
        return "nothing: it cannot be read"
    tail = f", with {len(proof.headers)} more on top of it" if proof.headers else ""
    return f"Transaction {_short(signed.id)} of {encode_address(signed.sender)} is in {where}{tail}."


class _Kind(NamedTuple):
    form: type[TransactionProof] | type[BalanceProof]
    iterate: Callable[[Any, Hash | None], Steps]
    get_trusted: Callable[[Any, Hash | None], tuple[str, ...]]


def _read(
    document: object,
) -> tuple[TransactionProof | BalanceProof, Callable[[Any, Hash | None], Steps], Callable[..., tuple[str, ...]]]:
    name = document.get("kind") if isinstance(document, dict) else None
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InvalidInput("kind of proof", name, " or ".join(_KINDS))
    try:
        proof = msgspec.convert(document, kind.form)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidInput(f"{name} proof", str(error), "a document as chainroom writes it") from None
    assert isinstance(document, dict)
    missing = [name for name in kind.form.__struct_fields__ if name not in document]
    if missing:
        raise InvalidInput(f"{name} proof", f"no {', no '.join(missing)}", "a document as chainroom writes it")
    if len(proof.headers) > MAX_HEADERS:
        raise InvalidInput("headers of a proof", len(proof.headers), f"at most {MAX_HEADERS}")
    return proof, kind.iterate, kind.get_trusted


def _iter_transaction(proof: TransactionProof, block: Hash | None) -> Steps:
    header, signed = (
        decode(Header, bytes.fromhex(proof.header)),
        decode(SignedTransaction, _to_bytes(proof.transaction)),
    )
    yield _check_header(header, proof.block, block)
    yield Step("transaction", True, f"its {signed.size_bytes} bytes have the hash {_short(signed.id)}")
    words = "holds" if signed.is_signature_valid else "does not hold"
    yield Step("signature", signed.is_signature_valid, f"the signature of {encode_address(signed.sender)} {words}")
    yield from iter_path("path", "id", signed.id, proof.path, header.transactions_root)
    if proof.receipt is not None or proof.receipt_path:
        receipt = decode(Receipt, _to_bytes(proof.receipt or ""))
        sides = [[it.side for it in path] for path in (proof.path, proof.receipt_path)]
        is_right = receipt.transaction == signed.id and sides[0] == sides[1]
        told = f"it {'succeeded' if receipt.is_success else 'failed'} and cost {format_amount(receipt.fee)} CR of fees"
        yield Step("receipt", is_right, f"at the same place a receipt names {_short(receipt.transaction)}: {told}")
        yield from iter_path("receipt path", "receipt", encode(receipt), proof.receipt_path, header.receipts_root)
    yield from _iter_headers(header, proof)


def _iter_balance(proof: BalanceProof, block: Hash | None) -> Steps:
    header, address = decode(Header, _to_bytes(proof.header)), decode_address(proof.address)
    yield _check_header(header, proof.block, block)
    steps = tuple(
        trie.TrieStep(_to_bytes(it.prefix), it.bitmap, tuple(map(_to_bytes, it.hashes))) for it in proof.steps
    )
    item = (_to_bytes(proof.item.key), _to_bytes(proof.item.value)) if proof.item is not None else None
    yield from _iter_branches(header.state_root, address, steps)
    account = Account(proof.account.nonce, proof.account.balance)
    value = None if account == EMPTY_ACCOUNT else encode(account)
    is_right = trie.verify_proof(header.state_root, address, value, trie.TrieProof(steps, item))
    claim = f"nonce {account.nonce}, balance {format_amount(account.balance)} CR"
    end = f"the leaf {_short(trie.hash_leaf(*item))}" if item is not None else "an empty place"
    yield Step("account", is_right, f"{end} {'shows' if is_right else 'does not show'} {claim}")
    yield from _iter_headers(header, proof)


def _iter_branches(root: Hash, address: Address, steps: tuple[trie.TrieStep, ...]) -> Steps:
    """Yield a step a branch: its hash, and the child that the address leads to."""
    path, depth, expected = trie.compute_path(address), 0, root
    for number, step in enumerate(steps):
        found = trie.hash_branch(step.prefix, step.bitmap, step.hashes) if 0 < step.bitmap < 1 << 24 else b""
        text = f"{len(step.hashes)} children hash to {_short(found)}; expected {_short(expected)}"
        yield Step(f"branch {number + 1}", found == expected, text)
        depth += len(step.prefix)
        bit = 1 << path[depth] if depth < len(path) else 0
        if step.bitmap & bit:
            expected = Hash(step.hashes[(step.bitmap & (bit - 1)).bit_count()])
        depth += 1


def _check_header(header: Header, claimed: str, block: Hash | None) -> Step:
    if header.hash.hex() != claimed:
        return Step("header", False, f"the header hashes to {_short(header.hash)}; the proof claims {claimed[:16]}…")
    if block is None:
        return Step("header", True, f"the header of block #{header.height} hashes to {_short(header.hash)}")
    text = f"the header hashes to {_short(header.hash)}; the block you trust is {_short(block)}"
    return Step("header", header.hash == block, text)


def _iter_headers(header: Header, proof: TransactionProof | BalanceProof) -> Steps:
    headers, claimed = [header, *(decode(Header, _to_bytes(text)) for text in proof.headers)], proof.confirmations
    broken = [it.height for below, it in pairwise(headers) if it.parent != below.hash or it.height != below.height + 1]
    words = f"#{broken[0]} does not name the one before" if broken else "each names the one before"
    if len(headers) > 1:
        yield Step("headers on top", not broken, f"#{header.height} to #{headers[-1].height}: {words}")
    text = f"the proof claims {claimed}; it has {len(headers)} linked header{'s' * (len(headers) > 1)}"
    yield Step("confirmations", claimed == len(headers), text)
    yield check_seal(proof, proof.digest)


def _get_trusted(proof: TransactionProof | BalanceProof, block: Hash | None) -> tuple[str, ...]:
    source = "that the block you named" if block is not None else "that the block of this header"
    trusted = [f"{source} is on the chain the network follows: ask a node you trust, or compare with your own headers"]
    if isinstance(proof, TransactionProof):
        confirmations = len(proof.headers) + 1
        trusted.append(f"that {confirmations} confirmation{'s' * (confirmations > 1)} are enough for what is at stake")
        trusted.append("that whoever made the blocks on top obeyed the rules: only their links are checked here")
    else:
        trusted.append("that whoever made the block executed it rightly: the state's root is taken as it stands")
    return tuple(trusted)


def _to_bytes(text: str) -> bytes:
    return bytes.fromhex(text)


def _short(data: bytes) -> str:
    return f"{data.hex()[:16]}…"


_KINDS: Final[dict[str, _Kind]] = {
    "transaction": _Kind(TransactionProof, _iter_transaction, _get_trusted),
    "balance": _Kind(BalanceProof, _iter_balance, _get_trusted),
}
