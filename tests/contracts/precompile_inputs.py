"""Random calls of the precompiles 1 to 9: good input, input a little wrong, and gas that just suffices or does not."""

from random import Random

from assembler import assemble
from cases import Case, make_case
from coincurve import PrivateKey

from chain.contracts.evm import bn254
from chain.contracts.evm.precompiles import compute_modexp_gas

G1 = (1, 2)
G2 = (
    (
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
    ),
    (
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    ),
)
"""The generator of the subgroup of the twist (EIP-197)."""
CALLER = "c1" * 20


def write_words(*numbers: int) -> bytes:
    """Return numbers as words."""
    return b"".join(number.to_bytes(32) for number in numbers)


def write_point(point: bn254.Point) -> bytes:
    """Return a point of the curve as the precompiles read it."""
    return write_words(*(point or (0, 0)))


def write_twist_point(point: bn254.TwistPoint) -> bytes:
    """Return a point of the twist as the precompile reads it: the factor of i first."""
    (a, b), (c, d) = point or ((0, 0), (0, 0))
    return write_words(b, a, d, c)


def multiply_twist(point: bn254.TwistPoint, factor: int) -> bn254.TwistPoint:
    """Return a multiple of a point of the twist."""
    total: bn254.TwistPoint = None
    for bit in bin(factor)[2:]:
        total = bn254.add_on_twist(total, total)
        if bit == "1":
            total = bn254.add_on_twist(total, point)
    return total


def find_twist_point(start: int) -> tuple[bn254.Pair, bn254.Pair]:
    """Return a point of the twist that is not in the subgroup, as nearly none is."""
    for a in range(start, start + 1000):
        square = bn254.compute_twist_square((a, 1))
        norm = pow(square[0] ** 2 + square[1] ** 2, (bn254.P + 1) // 4, bn254.P)
        for sign in (norm, -norm):
            half = (square[0] + sign) * pow(2, -1, bn254.P) % bn254.P
            c = pow(half, (bn254.P + 1) // 4, bn254.P)
            if c and c * c % bn254.P == half:
                d = square[1] * pow(2 * c, -1, bn254.P) % bn254.P
                if bn254.is_on_twist((a, 1), (c, d)):
                    return (a, 1), (c, d)
    raise AssertionError(start)


def _sign(random: Random) -> bytes:
    digest = random.randbytes(32)
    signature = PrivateKey.from_int(random.randrange(1, 2**200)).sign_recoverable(digest, hasher=None)
    return digest + write_words(27 + signature[64]) + signature[:64]


def _power(random: Random) -> bytes:
    sizes = [random.choice([0, 1, 2, 31, 32, 33, 64, 70]) for _ in range(3)]
    return write_words(*sizes) + random.randbytes(sum(sizes) + random.randrange(3))


def _pairing(random: Random) -> bytes:
    a, b = random.randrange(1, 1000), random.randrange(1, 1000)
    parts = [write_point(bn254.multiply(G1, a)) + write_twist_point(multiply_twist(G2, b))]
    parts.append(write_point(bn254.multiply(G1, -a * b + random.choice([0, 0, 0, 1]))) + write_twist_point(G2))
    if random.random() < 0.3:
        parts.append(write_point(random.choice([None, G1])) + write_twist_point(random.choice([None, None, G2])))
    if random.random() < 0.1:
        parts.append(write_point(G1) + write_twist_point(find_twist_point(random.randrange(10**6))))
    return b"".join(parts[: random.choice([0, 1, 2, 3, 4])])


def _blake(random: Random) -> bytes:
    return random.randrange(60).to_bytes(4) + random.randbytes(208) + bytes([random.choice([0, 1, 1, 2])])


def make_input(number: int, random: Random) -> bytes:
    """Return good input for a precompile."""
    point = bn254.multiply(G1, random.randrange(bn254.N))
    makers = {
        1: lambda: _sign(random),
        5: lambda: _power(random),
        6: lambda: write_point(point) + write_point(random.choice([point, None, G1, bn254.multiply(point, -1)])),
        7: lambda: write_point(point) + write_words(random.choice([0, bn254.N, 2**256 - 1, random.getrandbits(256)])),
        8: lambda: _pairing(random),
        9: lambda: _blake(random),
    }
    return makers.get(number, lambda: random.randbytes(random.randrange(100)))()


def compute_price(number: int, data: bytes) -> int:
    """Return what a precompile takes."""
    words = (len(data) + 31) // 32
    if number == 5:
        base, exponent, modulus = (int.from_bytes(data[place : place + 32].ljust(32, b"\0")) for place in (0, 32, 64))
        head = data[96 + base : 96 + base + min(exponent, 32)].ljust(min(exponent, 32), b"\0")
        return min(compute_modexp_gas(base, exponent, modulus, int.from_bytes(head)), 10**6)
    fixed = {1: 3000, 2: 60 + 12 * words, 3: 600 + 120 * words, 4: 15 + 3 * words, 6: 150, 7: 6000}
    fixed |= {8: 45_000 + 34_000 * (len(data) // 192), 9: int.from_bytes(data[:4])}
    return fixed[number]


def make_precompile_case(seed: int) -> Case:
    """Return the case of a seed: a contract hands its call data to a precompile and keeps what comes back."""
    random = Random(seed)
    number = random.choice([1, 2, 3, 4, 5, 5, 5, 6, 6, 6, 7, 7, 8, 9])
    data = bytearray(make_input(number, random))
    spoil = random.randrange(8)
    if spoil == 0:
        data = data[: random.randrange(len(data) + 1)]
    elif spoil == 1:
        data += random.randbytes(random.choice([1, 31, 32, 192]))
    elif spoil == 2 and data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    elif spoil == 3 and len(data) >= 32:
        place = 32 * random.randrange(len(data) // 32)
        data[place : place + 32] = random.choice([bytes(32), b"\xff" * 32, bn254.P.to_bytes(32), bn254.N.to_bytes(32)])
    gas = max(0, compute_price(number, bytes(data)) + random.choice([0, 0, 0, 1, -1, 1000]))
    kind = random.choice(["CALL", "STATICCALL", "DELEGATECALL", "CALLCODE"])
    value = [random.choice([0, 0, 1])] if kind in ("CALL", "CALLCODE") else []
    code = assemble("CALLDATASIZE", 0, 0, "CALLDATACOPY", 64, 0, "CALLDATASIZE", 0, *value, number, gas, kind)
    code += assemble(96, "MSTORE", "RETURNDATASIZE", 0, 128, "RETURNDATACOPY", "MSIZE", 0, "RETURN")
    pre = {CALLER: ["0x1", "0x5", code.hex(), {}]}
    if random.random() < 0.2:
        return make_case(pre, "00" * 19 + f"{number:02x}", data=data.hex(), gas=random.choice([60_000, 400_000]))
    return make_case(pre, CALLER, data=data.hex(), gas=1_000_000)
