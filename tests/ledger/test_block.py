"""A header commits to its body and ends with the nonce; a block is its header's."""

import msgspec
import pytest

from chain.crypto.hashing import digest_with_nonce
from chain.encoding import encode
from chain.errors import InvalidBlock, InvalidEncoding
from chain.ledger.block import (
    HEADER_DOMAIN,
    Block,
    Header,
    Receipt,
    check_block_shape,
    compute_receipts_root,
    compute_transactions_root,
    decode_block,
    encode_block,
    encode_header_prefix,
    set_nonce,
)


def build(people, count=3, **changes):
    anna, ben, _, dora = people
    transactions = tuple(anna.pay(ben.address, nonce=nonce) for nonce in range(count))
    fields = {
        "parent": bytes(32),
        "height": 7,
        "time_us": 1_000_000,
        "proposer": dora.address,
        "state_root": bytes(32),
        "transactions_root": compute_transactions_root(transactions),
        "receipts_root": compute_receipts_root(()),
        "gas_limit": 900_000,
        "gas_used": 63_000,
        "base_fee_per_gas": 1_000,
        "consensus": b"bits",
    } | changes
    return Block(Header(**fields), transactions)


def test_what_is_decoded_is_what_was_encoded(people):
    block = build(people)
    data = encode_block(block)
    again = decode_block(data)
    assert again == block
    assert again.hash == block.hash == block.header.hash
    assert again.size_bytes == len(data)
    with pytest.raises(InvalidEncoding):
        decode_block(data + b"\0")
    with pytest.raises(InvalidEncoding):
        decode_block(data[:-1])


def test_the_nonce_is_the_last_eight_bytes(people):
    header = build(people).header
    prefix = encode_header_prefix(header)
    for nonce in (0, 1, 2**64 - 1):
        ground = msgspec.structs.replace(header, nonce=nonce.to_bytes(8))
        assert encode(ground) == prefix + nonce.to_bytes(8)
        assert ground.hash == digest_with_nonce(HEADER_DOMAIN, prefix, nonce)


def test_every_field_of_the_header_changes_its_hash(people):
    header = build(people).header
    changed = {
        msgspec.structs.replace(
            header, **{name: value + 1 if isinstance(value, int) else b"\1" * max(len(value), 1)}
        ).hash
        for name, value in msgspec.structs.asdict(header).items()
    }
    assert len(changed | {header.hash}) == len(header.__struct_fields__) + 1


def test_another_nonce_makes_another_block_with_the_same_body(people):
    block = build(people)
    ground = set_nonce(block, b"\0" * 7 + b"\1")
    assert ground != block
    assert ground.transactions is block.transactions
    assert encode_header_prefix(ground.header) == encode_header_prefix(block.header)


def test_a_body_that_the_header_does_not_commit_to_is_refused(people):
    block = build(people)
    check_block_shape(block)
    first, second, third = block.transactions
    for body in [(), (first, second), (second, first, third), (first, second, third, third)]:
        with pytest.raises(InvalidBlock, match=r"the header commits to [0-9a-f]{16}…, .*ledger/transactions-root"):
            check_block_shape(Block(block.header, body))


def test_more_gas_than_the_limit_is_refused(people):
    with pytest.raises(
        InvalidBlock, match="the header says 900001 gas used; its limit is 900000; rule: ledger/gas-used"
    ):
        check_block_shape(build(people, gas_used=900_001))


def test_a_receipt_tells_where_the_fee_went():
    receipt = Receipt(bytes(32), True, gas_used=21_000, base_fee_per_gas=7, tip_per_gas=2)
    assert (receipt.burned, receipt.tip, receipt.fee) == (147_000, 42_000, 189_000)
