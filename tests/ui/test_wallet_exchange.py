"""What goes in and out of a wallet as text: labels, the history as a table, a sheet of paper, several payments."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.label_exchange import export_labels, import_labels, make_label
from app.many_payments import parse_payments
from app.paper import build_paper
from app.payments import build_action
from app.present.holders import Holders
from app.present.wallet import Payment, Submissions, compute_account
from app.present.wallet_history import build_csv, filter_payments, make_harmless
from app.storage.accounts import LABEL_LIMIT
from app.storage.keystore import Keystore
from app.storage.paths import get_shipped_scenarios
from app.storage.vault import CHEAPEST
from app.wallets import Wallets
from chain.errors import InvalidInput
from chain.ledger.actions import Batch, Transfer
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation.commands import MineBlock, RequestCoins
from chain.simulation.simulation import Simulation
from chain.units import COIN, SECOND, Address, NodeId, TimeUs
from chain.wallet.address import decode_address, encode_address
from chain.wallet.secret import Secret

WORDS = Secret("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about")
PASSWORD = Secret("violet tractor 81")
BAKERY = Address(bytes(range(20)))
BAKERY_TEXT = encode_address(BAKERY)
VECTOR = (Path(__file__).parents[1] / "vectors" / "bip329.jsonl").read_text()


@pytest.fixture
def wallets(tmp_path: Path) -> Wallets:
    wallets = Wallets(Keystore(tmp_path / "wallet.json", cost=CHEAPEST))
    wallets.create(WORDS, PASSWORD, label="Maya")
    return wallets


def line(kind: str, ref: str, label: str) -> str:
    return json.dumps({"type": kind, "ref": ref, "label": label}) + "\n"


# Labels


def test_labels_go_where_they_belong_and_the_rest_passes_through(wallets: Wallets) -> None:
    maya = wallets.accounts[0]
    assert maya.public_key is not None
    text = line("addr", BAKERY_TEXT.upper(), "Bakery") + line("pubkey", maya.public_key.hex(), "Mine") + VECTOR
    imported = import_labels(wallets, text)
    assert (imported.accounts, imported.addresses, imported.transactions, imported.kept) == (1, 1, 2, 5)
    assert wallets.accounts[0].label == "Mine"
    assert [(it.label, it.address) for it in wallets.contacts] == [("Bakery", BAKERY)]
    transaction = bytes.fromhex("f91d0a8a78462bc59398f2c5d7a84fcff491c26ba54c4833478b202796c8aafd")
    assert wallets.labels.get_transaction_label(transaction) == "Transaction"
    exported = [json.loads(it) for it in export_labels(wallets).splitlines()]
    assert all(json.loads(it) in exported for it in VECTOR.splitlines())
    assert {"type": "addr", "ref": BAKERY_TEXT, "label": "Bakery"} in exported


def test_labels_move_to_another_computer(wallets: Wallets, tmp_path: Path) -> None:
    wallets.add_contact("Bakery", BAKERY_TEXT)
    wallets.labels.set_transaction_label(bytes(32), "rent")
    text = export_labels(wallets)
    (tmp_path / "elsewhere").mkdir()
    other = Wallets(Keystore(tmp_path / "elsewhere" / "wallet.json", cost=CHEAPEST))
    other.create(WORDS, PASSWORD, label="Main")
    import_labels(other, text)
    import_labels(other, text)
    assert export_labels(other) == text


def test_a_name_that_is_taken_takes_nobody_s_place(wallets: Wallets) -> None:
    wallets.add_contact("Bakery", BAKERY_TEXT)
    other = Address(bytes(20))
    import_labels(wallets, line("addr", encode_address(other), "Bakery"))
    assert {it.label: it.address for it in wallets.contacts} == {"Bakery": BAKERY, "Bakery (2)": other}


@given(st.text(max_size=300))
def test_any_text_becomes_a_label_or_nothing(text: str) -> None:
    label = make_label(text)
    assert len(label) <= LABEL_LIMIT
    assert label.isprintable()


# The history


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    text = (get_shipped_scenarios() / "quiet.toml").read_text()
    simulation = build(apply_settings(load_scenario(text, "quiet"), ["network.nodes=6"]), 3)
    for _ in range(3):
        simulation.submit(RequestCoins(0, BAKERY, 25 * COIN // 2))
        simulation.submit(MineBlock(0))
        simulation.run_until(TimeUs(simulation.now_us + 5 * SECOND))
    return simulation


@pytest.fixture
def payments(simulation: Simulation) -> tuple[Payment, ...]:
    return compute_account(simulation, Submissions(), NodeId(0), simulation.now_us, BAKERY).payments


def test_the_history_is_searched_by_any_word(simulation: Simulation, payments: tuple[Payment, ...]) -> None:
    holders = Holders(simulation.world)

    def find(text: str) -> int:
        return len(filter_payments(payments, text, holders, lambda it: "Rent" if it == payments[0].id else ""))

    assert [find(text) for text in ("", "faucet in", "FAUCET out", "rent", payments[1].id.hex()[:9])] == [3, 3, 0, 1, 1]
    assert find("12.5") == 3
    assert find("block 1") >= 1


def test_the_table_has_every_payment_and_no_formula(simulation: Simulation, payments: tuple[Payment, ...]) -> None:
    holders = Holders(simulation.world, {simulation.world.faucet.address: "=cmd|' /C calc'!A0"})
    text = build_csv(payments, holders, lambda _: '@SUM(1)\r\n"quoted"\u202e')
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 3
    assert {row["amount"] for row in rows} == {"12.5"}
    assert {row["name"] for row in rows} == {"'=cmd|' /C calc'!A0"}
    assert {row["label"] for row in rows} == {'\'@SUM(1)  "quoted"'}
    assert [int(row["time_us"]) for row in rows] == sorted(int(row["time_us"]) for row in rows)


@given(st.text(max_size=100))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = make_harmless(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", " "))
    assert "\n" not in cell


# On paper


def test_the_sheet_has_lines_for_the_words_and_the_words_only_when_asked(wallets: Wallets) -> None:
    masked = build_paper("Home", wallets.accounts).reveal()
    assert "abandon" not in masked
    assert "24. ____" in masked
    assert wallets.accounts[0].address_text in masked
    shown = build_paper("Home", wallets.accounts, WORDS, has_passphrase=True).reveal()
    assert shown.count("abandon") == 11
    assert "without it these words open another wallet" in shown
    assert all(len(row) <= 80 for row in shown.splitlines())
    assert "abandon" not in repr(build_paper("Home", (), WORDS, has_passphrase=False))


# Several payments


def find_address(text: str) -> Address:
    return BAKERY if text == "Bakery" else decode_address(text)


def test_payments_are_typed_a_line_each() -> None:
    text = f"# wages\nBakery, 2.5, rolls, and coffee\n\n{BAKERY_TEXT}\t1\tfrom a table\nBakery,3"
    reading = parse_payments(text, find_address)
    assert reading.problems == ()
    assert [(it.amount, it.memo) for it in reading.payments] == [
        (2_500_000_000, "rolls, and coffee"), (COIN, "from a table"), (3 * COIN, ""),
    ]  # fmt: skip
    assert reading.amount == 6_500_000_000
    assert build_action(reading.payments) == Batch(reading.payments)
    assert build_action(reading.payments[:1]) == Transfer(BAKERY, 2_500_000_000, "rolls, and coffee")


@pytest.mark.parametrize(
    "text",
    [
        "Bakery",
        "Nobody, 1",
        "Bakery, none",
        "Bakery, 0",
        "Bakery, 1, a\u202eb",
        "Bakery,1\n" * 101,
        "Bakery, 2,5, lunch",
        "Bakery, 1,000",
    ],
)
def test_a_line_that_is_no_payment_is_named(text: str) -> None:
    reading = parse_payments(text, find_address)
    assert len(reading.problems) == 1


def test_the_line_is_named() -> None:
    (problem,) = parse_payments("Bakery, 1\nBakery, x", find_address).problems
    assert problem.startswith("line 2: amount 'x': it must be")
    with pytest.raises(InvalidInput):
        decode_address("Bakery")
