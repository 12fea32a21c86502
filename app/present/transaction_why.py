"""Why the fields of a transaction and of an account are as they are, with the rule and the numbers."""

from app.present.heads import get_canonical
from app.present.words import format_clock, format_coins, format_count, plural
from app.widgets.models import Why
from chain.ledger.block import Receipt
from chain.ledger.fees import compute_intrinsic_gas
from chain.ledger.policy import Policy
from chain.ledger.transaction import SignedTransaction, compute_signing_hash
from chain.simulation.world import World
from chain.units import Address, TimeUs


def explain_transaction_fields(signed: SignedTransaction, receipt: Receipt | None) -> dict[str, Why]:
    """Return what ``?`` says of the fields of a transaction, by key."""
    fee = _explain_fee(signed, receipt)
    whys = dict.fromkeys(("fee", "burned", "tip", "gas"), fee)
    return whys | {"nonce": _explain_nonce(signed), "signature": _explain_signature(signed)}


def _explain_fee(signed: SignedTransaction, receipt: Receipt | None) -> Why:
    transaction = signed.transaction
    needed = compute_intrinsic_gas(transaction.action, transaction.authority)
    limits = (
        ("needs at least", f"{format_count(needed)} gas"),
        ("gas limit", format_count(transaction.gas_limit)),
        ("fee cap", f"{format_count(transaction.max_fee_per_gas)} per gas"),
        ("tip at most", f"{format_count(transaction.max_tip_per_gas)} per gas"),
    )
    if receipt is None:
        highest = format_coins(transaction.gas_limit * transaction.max_fee_per_gas)
        text = f"At most {highest}: all of its gas at the fee cap. What it really pays is decided by the block."
        return Why("What the fee may be", "ledger/fee-cap", limits, text)
    paid = receipt.base_fee_per_gas + receipt.tip_per_gas
    numbers = (
        *limits,
        ("gas used", format_count(receipt.gas_used)),
        ("base fee", f"{format_count(receipt.base_fee_per_gas)} per gas, burned"),
        ("tip", f"{format_count(receipt.tip_per_gas)} per gas, to the proposer"),
        ("fee", f"{format_count(receipt.gas_used)} × {format_count(paid)} = {format_coins(receipt.fee)}"),
    )
    text = "The block's base fee is burned; the tip is what the cap leaves above it, but no more than was offered."
    return Why("How the fee came about", "ledger/base-fee", numbers, text)


def _explain_nonce(signed: SignedTransaction) -> Why:
    nonce = signed.transaction.nonce
    text = (
        f"{plural(nonce, 'transaction')} of the account must be in the chain before this one; a second one with this "
        "nonce can replace it only while it waits."
    )
    return Why(f"Nonce {nonce}", "ledger/nonce", (), text)


def _explain_signature(signed: SignedTransaction) -> Why:
    transaction = signed.transaction
    authority = transaction.authority
    message = compute_signing_hash(transaction).hex()
    if isinstance(authority, Policy):
        keys = f"{authority.threshold} of {len(authority.public_keys)}"
        numbers = (("keys", keys), ("signed bytes' hash", f"{message[:32]}…"))
    else:
        numbers = (("public key", f"{authority.hex()[:32]}…"), ("signed bytes' hash", f"{message[:32]}…"))
    holds = "holds" if signed.is_signature_valid else "does not hold"
    text = (
        f"The signature {holds}. It is over the hash of everything the transaction says, so no digit of it can be "
        "changed by anybody else; the address is a hash of the public key."
    )
    return Why(f"The signature {holds}", "ledger/signature", numbers, text)


def explain_balance(world: World, address: Address, at_us: TimeUs) -> Why:
    """Return why an account has what it has."""
    head = get_canonical(world, at_us)
    account = world.ledger.state(head.hash).get_account(address)
    numbers = (
        ("balance", format_coins(account.balance)),
        ("next nonce", str(account.nonce)),
        ("after", f"block #{head.height}"),
        ("state root", f"{head.block.header.state_root.hex()[:32]}…"),
    )
    text = (
        f"What the account has in the state after block #{head.height}, the canonical head at {format_clock(at_us)}. "
        "Payments that wait in mempools do not count, and those in the newest blocks can still be undone. p proves it."
    )
    return Why("Balance", "ledger/account", numbers, text)
