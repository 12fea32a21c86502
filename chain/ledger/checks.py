"""The rules that refuse a transaction, one function each; every refusal names its rule and the numbers that disagreed.

`check_validity` asks what never changes for a transaction on a chain (form, chain id, gas, signature); the others ask
what depends on the sender's account and on the block. Sources: Yellow Paper, section 6 (initial tests of intrinsic
validity), EIP-155, EIP-1559. docs/rules.md has a section for each rule.
"""

from chain.errors import InvalidTransaction
from chain.ledger.fees import compute_intrinsic_gas
from chain.ledger.parameters import LedgerParameters
from chain.ledger.policy import Policy
from chain.ledger.state import Account
from chain.ledger.transaction import SignedTransaction, Transaction, check_form
from chain.units import format_amount, format_time


def check_validity(signed: SignedTransaction, parameters: LedgerParameters) -> None:
    """Check what holds of a transaction in every state. Raises InvalidTransaction.

    Rules: those of `check_form`, then ledger/chain-id, ledger/gas-limit, ledger/signature.
    """
    transaction = signed.transaction
    check_form(transaction)
    if transaction.chain_id != parameters.chain_id:
        raise InvalidTransaction(
            "ledger/chain-id", f"the transaction is for chain {transaction.chain_id}; this is {parameters.chain_id}"
        )
    needed, gas_limit = compute_intrinsic_gas(transaction.action, transaction.authority), transaction.gas_limit
    if not needed <= gas_limit <= parameters.gas_limit:
        raise InvalidTransaction(
            "ledger/gas-limit",
            f"the gas limit is {gas_limit}; the transaction needs {needed}, a block holds {parameters.gas_limit}",
        )
    if not signed.is_signature_valid:
        raise InvalidTransaction("ledger/signature", _explain_signature(transaction.authority))


def _explain_signature(authority: bytes | Policy) -> str:
    if isinstance(authority, Policy):
        needed, keys = authority.threshold, len(authority.public_keys)
        return f"exactly {needed} valid signatures of the policy's {keys} keys are needed, in the order of the keys"
    return f"the signature is not one of public key {authority.hex()[:16]}…"


def check_unlocked(transaction: Transaction, now_us: int) -> None:
    """Check that the time before which the account may not pay is over. Raises InvalidTransaction, rule ledger/locked.

    Source: BIP-65, with the block's own time.
    """
    authority = transaction.authority
    if isinstance(authority, Policy) and now_us < authority.not_before_us:
        raise InvalidTransaction(
            "ledger/locked",
            f"the account is locked until {format_time(authority.not_before_us)}; it is {format_time(now_us)}",
        )


def check_nonce_unused(transaction: Transaction, account: Account) -> None:
    """Check that the sender has not used the nonce yet. Raises InvalidTransaction, rule ledger/nonce."""
    if transaction.nonce < account.nonce:
        raise InvalidTransaction(
            "ledger/nonce", f"nonce {transaction.nonce} is already used; the account's next nonce is {account.nonce}"
        )


def check_nonce(transaction: Transaction, account: Account) -> None:
    """Check that the nonce is the sender's next one. Raises InvalidTransaction, rule ledger/nonce."""
    check_nonce_unused(transaction, account)
    if transaction.nonce > account.nonce:
        raise InvalidTransaction(
            "ledger/nonce",
            f"nonce {transaction.nonce} leaves a gap; the account's next nonce is {account.nonce}",
        )


def check_fee_cap(transaction: Transaction, base_fee_per_gas: int) -> None:
    """Check that the fee cap reaches the base fee. Raises InvalidTransaction, rule ledger/fee-cap."""
    if transaction.max_fee_per_gas < base_fee_per_gas:
        raise InvalidTransaction(
            "ledger/fee-cap",
            f"the fee cap is {transaction.max_fee_per_gas} units per gas; the base fee is {base_fee_per_gas}",
        )


def check_gas_left(transaction: Transaction, gas_used: int, gas_limit: int) -> None:
    """Check that the block has room for all the gas asked for. Raises InvalidTransaction, rule ledger/block-gas."""
    if gas_used + transaction.gas_limit > gas_limit:
        raise InvalidTransaction(
            "ledger/block-gas",
            f"the gas limit is {transaction.gas_limit}; {gas_limit - gas_used} of the block's {gas_limit} are left",
        )


def check_balance(transaction: Transaction, balance: int) -> None:
    """Check that the balance covers amount and highest fee. Raises InvalidTransaction, rule ledger/balance."""
    cost = transaction.compute_max_cost()
    if cost > balance:
        amount = transaction.action.amount
        raise InvalidTransaction(
            "ledger/balance",
            f"the account has {format_amount(balance)}, needs {format_amount(cost)}: "
            f"{format_amount(amount)} to send and at most {format_amount(cost - amount)} of fees",
        )
