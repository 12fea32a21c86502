"""Every rule that refuses a transaction, with the numbers it tells. docs/rules.md explains each."""

import msgspec
import pytest

from chain.errors import InvalidTransaction
from chain.ledger.checks import check_validity
from chain.ledger.execution import BlockContext, apply_transaction
from chain.ledger.parameters import LedgerParameters
from chain.ledger.state import Account, State
from chain.ledger.transaction import SignedTransaction
from chain.units import COIN

PARAMETERS = LedgerParameters(gas_limit=100_000)


@pytest.mark.parametrize(
    ("rule", "changes", "message"),
    [
        ("ledger/chain-id", {"chain_id": 2}, "the transaction is for chain 2; this is 1"),
        ("ledger/number", {"gas_limit": -1}, "gas_limit is -1; it must be 0 to 9223372036854775807"),
        ("ledger/recipient", {"recipient": bytes(19)}, "the recipient has 19 bytes; an address has 20"),
        ("ledger/amount", {"amount": 0}, "the amount is 0; it must be 0.000000001 to 9 223 372 036.854775807"),
        ("ledger/memo", {"memo": "\t"}, "the memo has U+0009 at position 0, a control character"),
        ("ledger/memo", {"memo": 300 * "x"}, "the memo has 300 bytes; at most 256 are allowed"),
        (
            "ledger/tip",
            {"max_fee_per_gas": 2_000, "max_tip_per_gas": 2_001},
            "the tip of 2001 units per gas is more than the fee cap of 2000, which must cover it",
        ),
        (
            "ledger/gas-limit",
            {"gas_limit": 21_047, "memo": "abc"},
            "the gas limit is 21047; the transaction needs 21048, a block holds 100000",
        ),
        (
            "ledger/gas-limit",
            {"gas_limit": 100_001},
            "the gas limit is 100001; the transaction needs 21000, a block holds 100000",
        ),
        ("ledger/nonce", {"nonce": 12}, "nonce 12 leaves a gap; the account's next nonce is 9"),
        ("ledger/nonce", {"nonce": 7}, "nonce 7 is already used; the account's next nonce is 9"),
        (
            "ledger/fee-cap",
            {"max_fee_per_gas": 999},
            "the fee cap is 999 units per gas; the base fee is 1000",
        ),
        (
            "ledger/balance",
            {"amount": 9_000 * COIN, "max_fee_per_gas": 2_000, "gas_limit": 21_000},
            "the account has 1 244.7, needs 9 000.042: 9 000 to send and at most 0.042 of fees",
        ),
    ],
)
def test_refusals(people, rule, changes, message):
    anna, ben, _, dora = people
    state = State().put_accounts({anna.address: Account(9, 1_244_700_000_000)})
    root, context = state.root, BlockContext(1, 1, dora.address, 1_000, PARAMETERS)
    signed = anna.pay(**({"recipient": ben.address, "nonce": 9} | changes))
    with pytest.raises(InvalidTransaction) as refused:
        apply_transaction(state, signed, context)
    assert (refused.value.rule, refused.value.message) == (rule, message)
    assert str(refused.value) == f"{message}; rule: {rule}"
    assert state.root == root


def test_a_signature_by_another_key(people):
    anna, ben, carl, _ = people
    signed = SignedTransaction(anna.write(carl.address), ben.pay(carl.address).signature)
    with pytest.raises(InvalidTransaction, match=r"not one of public key [0-9a-f]{16}…; rule: ledger/signature"):
        check_validity(signed, PARAMETERS)
    short = msgspec.structs.replace(signed.transaction, authority=b"short")
    with pytest.raises(InvalidTransaction, match="the public key has 5 bytes; it must have 32; rule: ledger/signature"):
        check_validity(SignedTransaction(short, signed.signature), PARAMETERS)


def test_the_balance_must_cover_the_highest_price_to_the_unit(people):
    anna, ben, _, dora = people
    signed = anna.pay(ben.address, amount=5, gas_limit=21_000, max_fee_per_gas=2_000)
    needed = 5 + 21_000 * 2_000
    context = BlockContext(1, 1, dora.address, 1_000, PARAMETERS)
    apply_transaction(State().put_accounts({anna.address: Account(0, needed)}), signed, context)
    with pytest.raises(InvalidTransaction, match="ledger/balance"):
        apply_transaction(State().put_accounts({anna.address: Account(0, needed - 1)}), signed, context)
