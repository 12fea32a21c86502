"""Payments that several keys must sign: who has signed, collected in a text that travels by file, mail or chat.

A proposal is an unsigned transaction of a policy's account with the signatures made so far. Its text is JSON: the
canonical bytes of the transaction, which alone count, beside them in words what they say, and the signatures with their
public keys. Every signature is checked when a text is read; whoever holds enough of them can send the payment, and no
one can change it without losing them all.

Source: BIP-174 (partially signed transactions) for the parts: creator, signer, combiner, finalizer.
"""

import json
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from chain.crypto.signatures import is_valid_signature
from chain.encoding import decode, encode
from chain.errors import InvalidInput
from chain.ledger.policy import KeySignature, Policy
from chain.ledger.transaction import (
    SignedTransaction,
    Transaction,
    check_form,
    compute_signing_hash,
    join_signatures,
    sign_for_policy,
)
from chain.units import format_amount
from chain.wallet.address import encode_address
from chain.wallet.derivation import DerivedKey

FORMAT: Final = 1
LIMIT_CHARACTERS: Final = 1024 * 1024
_KIND: Final = "chainroom partly signed transaction"


class Proposal(NamedTuple):
    """A payment that collects signatures."""

    transaction: Transaction
    policy: Policy
    signatures: tuple[KeySignature, ...] = ()
    """By place of the key in the policy, each checked."""

    @property
    def signed_keys(self) -> tuple[bytes, ...]:
        """The public keys that have signed."""
        return tuple(self.policy.public_keys[place] for place, _ in self.signatures)

    @property
    def missing_count(self) -> int:
        """How many signatures are still needed."""
        return max(0, self.policy.threshold - len(self.signatures))


def build_proposal(transaction: Transaction) -> Proposal:
    """Return a proposal without signatures. Raises InvalidInput when one key alone decides, InvalidTransaction."""
    if not isinstance(transaction.authority, Policy):
        raise InvalidInput("account", "one key", "an account that a policy decides on")
    check_form(transaction)
    return Proposal(transaction, transaction.authority)


def sign_proposal(proposal: Proposal, key: DerivedKey) -> Proposal:
    """Return the proposal with one more signature. Raises InvalidInput when the key is none of the policy's."""
    return _add(proposal, [sign_for_policy(proposal.transaction, key.private_key.reveal())])


def combine(proposals: Iterable[Proposal]) -> Proposal:
    """Return one proposal with all signatures. Raises InvalidInput when they are of different payments."""
    first, *rest = proposals
    for other in rest:
        if other.transaction != first.transaction:
            raise InvalidInput(
                "proposal", describe_proposal(other), f"signatures of one payment: {describe_proposal(first)}"
            )
        first = _add(first, other.signatures)
    return first


def finish(proposal: Proposal) -> SignedTransaction:
    """Return the signed transaction. Raises InvalidInput while signatures are missing."""
    if proposal.missing_count:
        raise InvalidInput("signatures", len(proposal.signatures), f"{proposal.policy.threshold} of the policy's keys")
    return join_signatures(proposal.transaction, proposal.signatures)


def describe_proposal(proposal: Proposal) -> str:
    """Return what is paid, in a few words."""
    action = proposal.transaction.action
    names = [encode_address(payment.recipient) for payment in action.get_payments()[:2]]
    whom = " and ".join(names) + (" …" if len(action.get_payments()) > 2 else "")
    return f"{format_amount(action.amount)} to {whom or 'nobody'}, nonce {proposal.transaction.nonce}"


def format_proposal(proposal: Proposal) -> str:
    """Return the text of a proposal."""
    transaction, payments = proposal.transaction, proposal.transaction.action.get_payments()
    readable = {
        "from": encode_address(proposal.policy.address),
        "pays": [[encode_address(it.recipient), format_amount(it.amount), it.memo] for it in payments],
        "needs": f"{proposal.policy.threshold} of {len(proposal.policy.public_keys)} signatures",
        "nonce": transaction.nonce,
        "fee_at_most": format_amount(transaction.gas_limit * transaction.max_fee_per_gas),
    }
    signatures = [
        {"public_key": proposal.policy.public_keys[place].hex(), "signature": signature.hex()}
        for place, signature in proposal.signatures
    ]
    document = {
        "kind": _KIND,
        "format": FORMAT,
        "in_words": readable,
        "transaction": encode(transaction).hex(),
        "signatures": signatures,
    }
    return json.dumps(document, indent=2) + "\n"


def parse_proposal(text: str) -> Proposal:
    """Return the proposal of a text; what it says in words is not looked at.

    Raises InvalidInput naming what is wrong, also a signature that does not fit, InvalidTransaction.
    """
    document = _parse_json(text)
    try:
        data = bytes.fromhex(document["transaction"])
        entries = [(bytes.fromhex(it["public_key"]), bytes.fromhex(it["signature"])) for it in document["signatures"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidInput("proposal", text[:40], "transaction and signatures in hexadecimal") from None
    proposal = build_proposal(decode(Transaction, data))
    return _add(proposal, [_check_signature(proposal, key, signature) for key, signature in entries])


def _parse_json(text: str) -> dict[str, Any]:
    if len(text) > LIMIT_CHARACTERS:
        raise InvalidInput("length of the proposal", len(text), f"at most {LIMIT_CHARACTERS:,} characters")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("kind") != _KIND:
        raise InvalidInput("proposal", text.strip()[:40], "the whole text of a partly signed payment, from { to }")
    if document.get("format") != FORMAT:
        raise InvalidInput("format of the proposal", document.get("format"), f"{FORMAT}; a newer program wrote this")
    return document


def _check_signature(proposal: Proposal, public_key: bytes, signature: bytes) -> KeySignature:
    keys = proposal.policy.public_keys
    if public_key not in keys:
        raise InvalidInput("signing key", public_key.hex()[:16], f"one of the {len(keys)} keys of the account")
    if not is_valid_signature(public_key, compute_signing_hash(proposal.transaction), signature):
        allowed = f"one that key {public_key.hex()[:16]}… made of this payment"
        raise InvalidInput("signature", signature.hex()[:16], allowed)
    return keys.index(public_key), signature


def _add(proposal: Proposal, signatures: Iterable[KeySignature]) -> Proposal:
    merged = dict(signatures) | dict(proposal.signatures)
    return proposal._replace(signatures=tuple(sorted(merged.items())))
