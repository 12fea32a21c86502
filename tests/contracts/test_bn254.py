"""The curve BN254: its group laws, the vectors of Ethereum's clients, and pairings that are bilinear."""

import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers
from precompile_inputs import G1, G2, find_twist_point, multiply_twist, write_point, write_twist_point, write_words

from chain.contracts.evm import Account, Context, Halt, MemoryHost, Message, Result, bn254, execute_message
from chain.contracts.evm.frame import set_give_way
from chain.units import Address

ALICE = Address(b"\xaa" * 20)
MINUS_G1 = (1, bn254.P - 2)


def call(number: int, data: bytes, gas: int = 400_000) -> Result:
    """Call a precompile from outside, with so much gas for itself."""
    host = MemoryHost(accounts={ALICE: Account(0, 0)})
    fees = 21_000 + 40 * len(data)
    return execute_message(host, Context(), Message(ALICE, Address(number.to_bytes(20)), gas + fees, data=data))


def test_the_numbers_are_those_of_the_curve() -> None:
    """P and N as polynomials in U; the generators have N multiples."""
    u = bn254.U
    assert 36 * u**4 + 36 * u**3 + 24 * u**2 + 6 * u + 1 == bn254.P
    assert 36 * u**4 + 36 * u**3 + 18 * u**2 + 6 * u + 1 == bn254.N
    assert bn254.is_on_curve(*G1)
    assert bn254.is_on_twist(*G2)
    assert bn254.is_in_subgroup(G2)
    assert multiply_twist(G2, bn254.N) is None


@given(integers(0, 2**256 - 1), integers(0, 2**256 - 1))
def test_multiples_add_up(a: int, b: int) -> None:
    left, right = bn254.multiply(G1, a), bn254.multiply(G1, b)
    assert bn254.add(left, right) == bn254.add(right, left) == bn254.multiply(G1, a + b)
    assert left is None or bn254.is_on_curve(*left)


def test_sums_with_nothing_itself_and_its_opposite() -> None:
    assert bn254.add(None, G1) == bn254.add(G1, None) == G1
    assert bn254.add(None, None) is None
    assert bn254.add(G1, MINUS_G1) is None
    assert bn254.add(G1, G1) == bn254.multiply(G1, 2)
    assert bn254.multiply(None, 5) is bn254.multiply(G1, 0) is bn254.multiply(G1, bn254.N) is None


@pytest.mark.parametrize(
    ("number", "data", "output"),
    [
        # chfast1 of bn256Add.json and bn256ScalarMul.json, jeff1 of bn256Pairing.json (go-ethereum, core/vm/testdata)
        (6, "18b18acfb4c2c30276db5411368e7185b311dd124691610c5d3b74034e093dc9"
            "063c909c4720840cb5134cb9f59fa749755796819658d32efc0d288198f37266"
            "07c2b7f58a84bd6145f00c9c2bc0bb1a187f20ff2c92963a88019e7c6a014eed"
            "06614e20c147e940f2d70da3f74c9a17df361706a4485c742bd6788478fa17d7",
            "2243525c5efd4b9c3d3c45ac0ca3fe4dd85e830a4ce6b65fa1eeaee202839703"
            "301d1d33be6da8e509df21cc35964723180eed7532537db9ae5e7d48f195c915"),
        (7, "2bd3e6d0f3b142924f5ca7b49ce5b9d54c4703d7ae5648e61d02268b1a0a9fb7"
            "21611ce0a6af85915e2f1d70300909ce2e49dfad4a4619c8390cae66cefdb204"
            "00000000000000000000000000000000000000000000000011138ce750fa15c2",
            "070a8d6a982153cae4be29d434e8faef8a47b274a053f5a4ee2a6c9c13c31e5c"
            "031b8ce914eba3a9ffb989f9cdd5b0f01943074bf4f0f315690ec3cec6981afc"),
        (8, "1c76476f4def4bb94541d57ebba1193381ffa7aa76ada664dd31c16024c43f59"
            "3034dd2920f673e204fee2811c678745fc819b55d3e9d294e45c9b03a76aef41"
            "209dd15ebff5d46c4bd888e51a93cf99a7329636c63514396b4a452003a35bf7"
            "04bf11ca01483bfa8b34b43561848d28905960114c8ac04049af4b6315a41678"
            "2bb8324af6cfc93537a2ad1a445cfd0ca2a71acd7ac41fadbf933c2a51be344d"
            "120a2a4cf30c1bf9845f20c6fe39e07ea2cce61f0c9bb048165fe5e4de877550"
            "111e129f1cf1097710d41c4ac70fcdfa5ba2023c6ff1cbeac322de49d1b6df7c"
            "2032c61a830e3c17286de9462bf242fca2883585b93870a73853face6a6bf411"
            "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
            "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
            "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
            "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa", f"{1:064x}"),
        (6, "", "00" * 64),
        (7, "", "00" * 64),
        (8, "", f"{1:064x}"),
    ],
)  # fmt: skip
def test_the_vectors_of_other_clients(number: int, data: str, output: str) -> None:
    assert call(number, bytes.fromhex(data)).output.hex() == output


@settings(max_examples=5)
@given(integers(1, bn254.N - 1), integers(1, bn254.N - 1))
def test_pairings_are_bilinear(a: int, b: int) -> None:
    """e(aG, bH) is e(abG, H), and not e((ab + 1)G, H)."""
    left = (bn254.multiply(G1, a), multiply_twist(G2, b))
    assert bn254.is_product_one([left, (bn254.multiply(MINUS_G1, a * b), G2)])
    assert not bn254.is_product_one([left, (bn254.multiply(MINUS_G1, a * b + 1), G2)])


def test_pairings_with_nothing_are_one() -> None:
    assert bn254.is_product_one([(None, G2), (G1, None)])
    assert not bn254.is_product_one([(None, G2), (G1, G2)])


OUTSIDE = write_twist_point(find_twist_point(5))
"""On the twist, but not in the subgroup."""


@pytest.mark.parametrize(
    ("number", "data"),
    [
        (6, write_words(1, 3)),
        (6, write_words(bn254.P, 0)),
        (6, write_words(1, 2, 1 + bn254.P, 2)),
        (7, write_words(0, 1, 5)),
        (8, bytes(191)),
        (8, write_point(G1) + write_twist_point(G2)[:64] + write_words(1, 1)),
        (8, write_point(None) + OUTSIDE),
        (8, write_words(0, 0, bn254.P, 0, 0, 0)),
    ],
    ids=["off the curve", "no field element", "too large", "off the curve too", "length", "off the twist",
         "off the subgroup", "no element of the twist"],
)  # fmt: skip
def test_bad_points_take_all_gas(number: int, data: bytes) -> None:
    result = call(number, data)
    assert result.error is Halt.INVALID_PARAMETER
    assert result.gas_used == 421_000 + 40 * len(data)


@pytest.mark.parametrize(("number", "size", "price"), [(6, 0, 150), (7, 0, 6000), (8, 0, 45_000), (8, 384, 113_000)])
def test_prices_of_eip_1108(number: int, size: int, price: int) -> None:
    host = MemoryHost(accounts={ALICE: Account(0, 0)})
    target, gas = Address(number.to_bytes(20)), 21_000 + 4 * size + price
    for limit, error in ((gas, None), (gas - 1, Halt.OUT_OF_GAS)):
        result = execute_message(host, Context(), Message(ALICE, target, limit, data=bytes(size)))
        assert (result.error, result.gas_used) == (error, limit)


def test_many_pairings_give_way() -> None:
    turns: list[None] = []
    set_give_way(lambda: turns.append(None))
    try:
        assert call(8, (write_point(G1) + write_twist_point(G2)) * 2).output == bytes(32)
    finally:
        set_give_way(None)
    assert len(turns) > 60
