"""Keys along paths: the vectors of SLIP-0010 and SEP-0005, agreement with bip-utils and with well-known wallets."""

import json
from base64 import b32decode
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from bip_utils import Base58Decoder, Bip32Slip10Ed25519, Bip44, Bip44Coins
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidInput
from chain.wallet.address import compute_address
from chain.wallet.derivation import DEFAULT_PATH, HARDENED, PRESETS, derive_key, get_path, parse_path
from chain.wallet.mnemonic import check_phrase, to_seed
from chain.wallet.secret import Secret

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "slip10_ed25519.json").read_text())["tests"]
STELLAR = json.loads((Path(__file__).parents[1] / "vectors" / "sep0005.json").read_text())["tests"]
WALLETS = json.loads((Path(__file__).parents[1] / "vectors" / "wallets_ed25519.json").read_text())["tests"]
SEED = to_seed(check_phrase("abandon " * 11 + "about"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector[0][:4]} {vector[1]}")
def test_slip_0010(vector: list[str]) -> None:
    seed, path, chain_code, private_key, public_key = vector
    key = derive_key(Secret(bytes.fromhex(seed)), path)
    found = key.chain_code.reveal().hex(), key.private_key.reveal().hex(), key.public_key.hex()
    assert found == (chain_code, private_key, public_key)


@given(st.binary(min_size=16, max_size=64), st.lists(st.integers(0, HARDENED - 1), max_size=6))
def test_bip_utils_derives_the_same(seed: bytes, indices: list[int]) -> None:
    path = "/".join(("m", *(f"{index}'" for index in indices)))
    theirs, ours = Bip32Slip10Ed25519.FromSeed(seed).DerivePath(path), derive_key(Secret(seed), path)
    assert ours.private_key.reveal() == theirs.PrivateKey().Raw().ToBytes()
    assert ours.public_key == theirs.PublicKey().RawCompressed().ToBytes()[1:]
    assert ours.chain_code.reveal() == theirs.ChainCode().ToBytes()


@pytest.mark.parametrize("vector", STELLAR, ids=lambda vector: vector["phrase"].split()[0])
def test_sep_0005(vector: dict[str, Any]) -> None:
    """A strkey is a version byte, 32 bytes of key and a checksum of two, in base 32."""
    seed = to_seed(check_phrase(vector["phrase"]), Secret(vector["passphrase"]))
    assert seed.reveal().hex() == vector["seed"]
    for number, (public, private) in zip(vector.get("numbers", range(9)), vector["keys"], strict=False):
        key = derive_key(seed, get_path(number, "stellar"))
        assert key.public_key == b32decode(public)[1:33]
        assert key.private_key.reveal() == b32decode(private)[1:33]


@pytest.mark.parametrize("vector", WALLETS, ids=lambda vector: vector["preset"])
def test_phrases_of_other_wallets_lead_to_the_keys_they_publish(vector: dict[str, Any]) -> None:
    seed = to_seed(check_phrase(vector["phrase"]), Secret(vector.get("passphrase", "")))
    for number, key in enumerate(vector.get("keys", ())):
        public_key = bytes.fromhex(key) if len(key) == 64 else Base58Decoder.Decode(key)
        assert derive_key(seed, get_path(number, vector["preset"])).public_key == public_key
    for number, address in enumerate(vector.get("addresses", ())):
        public_key = derive_key(seed, get_path(number, vector["preset"])).public_key
        assert blake2b(b"\0" + public_key, digest_size=32).hexdigest() == address


@pytest.mark.parametrize("coin", ["STELLAR", "TEZOS", "NEAR_PROTOCOL", "APTOS", "SUI", "MULTIVERSX"])
def test_presets_are_where_other_wallets_put_their_accounts(coin: str) -> None:
    theirs = Bip44.FromSeed(SEED.reveal(), Bip44Coins[coin]).DeriveDefaultPath().PrivateKey().Raw().ToBytes()
    assert derive_key(SEED, get_path(0, coin.lower().split("_")[0])).private_key.reveal() == theirs


def test_the_solana_preset_is_that_of_its_wallets() -> None:
    """The address that Phantom and Solflare show for the phrase of zeros."""
    address = Base58Decoder.Decode("HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk")
    assert derive_key(SEED, get_path(0, "solana")).public_key == address


def test_a_path_of_one_s_own_is_a_preset_too() -> None:
    assert get_path(3, "m/44'/283'/{account}'/0'/0'") == "m/44'/283'/3'/0'/0'"
    assert get_path(0, "solana-cli") == get_path(0, " m/44'/501' ") == "m/44'/501'"
    with pytest.raises(InvalidInput, match="leads to one account"):
        get_path(1, "solana-cli")
    with pytest.raises(InvalidInput, match="level 2"):
        get_path(0, "m/44'/x'")


def test_the_program_s_own_path_is_on_no_real_network() -> None:
    assert get_path(0) == DEFAULT_PATH == "m/44'/1'/0'/0'"
    assert get_path(7) == "m/44'/1'/7'/0'"
    others = [get_path(0, preset) for preset in PRESETS if preset not in ("chainroom", "solana-keygen")]
    assert all(parse_path(path)[1] != 1 for path in others)


def test_a_derived_key_knows_its_address_and_shows_no_secret() -> None:
    key = derive_key(SEED)
    assert key.path == DEFAULT_PATH
    assert key.address == compute_address(key.public_key)
    for secret in (key.private_key, key.chain_code):
        assert repr(secret.reveal())[2:-1] not in repr(key)


def test_where_there_is_no_path_the_seed_is_the_key() -> None:
    key = derive_key(SEED, get_path(0, "solana-keygen"))
    assert key.path == "seed"
    assert key.private_key.reveal() == SEED.reveal()[:32]
    with pytest.raises(InvalidInput, match="leads to one account"):
        get_path(1, "solana-keygen")
    with pytest.raises(InvalidInput, match=r"^derivation path: 'seeds'"):
        derive_key(SEED, "seeds")


def test_accounts_have_keys_of_their_own() -> None:
    assert len({derive_key(SEED, get_path(account)).address for account in range(20)}) == 20


@pytest.mark.parametrize(
    ("path", "indices"),
    [("m", ()), ("m/0'", (0,)), ("m/44'/501'/0'/0'", (44, 501, 0, 0)), (" m/1h/2H/2147483647' ", (1, 2, 2147483647))],
)
def test_paths(path: str, indices: tuple[int, ...]) -> None:
    assert parse_path(path) == indices


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "^derivation path: ''"),
        ("44'/0'", "^derivation path: '44'"),
        ("M/0'", "^derivation path"),
        ("m/" + "0'/" * 255 + "0'", "at most 255 levels"),
        ("m/", "level 1: ''"),
        ("m/0'//1'", "level 2: ''"),
        ("m/44'/x'", "level 2: 'x'"),
        ("m/-1'", "level 1: '-1'"),
        ("m/٣'", "level 1"),
        ("m/0''", "level 1: '0''"),
        ("m/44'/0", "level 2: '0' .* allowed: 0', since Ed25519 has hardened keys only"),
        ("m/2147483648'", "level 1: .* an index from 0 to 2147483647"),
        ("m/" + "9" * 5000 + "'", "level 1: .* an index from 0"),
    ],
)
def test_bad_paths_are_refused_by_level(path: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        derive_key(SEED, path)


@pytest.mark.parametrize(("account", "preset"), [(-1, "chainroom"), (HARDENED, "chainroom"), (0, "dogecoin")])
def test_unknown_accounts_and_presets(account: int, preset: str) -> None:
    with pytest.raises(InvalidInput):
        get_path(account, preset)


@pytest.mark.parametrize("length", [0, 15, 65])
def test_seeds_have_16_to_64_bytes(length: int) -> None:
    with pytest.raises(InvalidInput, match="seed length"):
        derive_key(Secret(bytes(length)))
