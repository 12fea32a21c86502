"""The model behind the wallet screen: the file, the lock, the address book, payments, and what became of them."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from app.payments import build_payment, build_replacement, compute_fee_choices, compute_most, get_interval_us, get_node
from app.present.wallet import AccountView, Submissions, compute_account
from app.storage.accounts import Account
from app.storage.errors import WalletLocked, WeakPassword, WrongPassword
from app.storage.keystore import Keystore
from app.storage.paths import get_shipped_scenarios
from app.storage.settings import Settings
from app.storage.vault import CHEAPEST
from app.wallets import Wallets, build_new_phrase, choose_places, get_wallets
from chain.errors import InvalidAddress, InvalidInput
from chain.ledger.actions import Transfer
from chain.ledger.transaction import encode_transaction
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation.commands import MineBlock, RequestCoins, StopNode, SubmitTransaction
from chain.simulation.simulation import Simulation
from chain.units import COIN, SECOND, Hash, NodeId, TimeUs
from chain.wallet.mnemonic import check_phrase
from chain.wallet.secret import Secret

WORDS = Secret("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about")
PASSWORD = Secret("violet tractor 81")
NODE = NodeId(0)


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Holder:
    """What the program is to its wallets."""

    keystore: Keystore
    settings: Settings | None


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wallets(tmp_path: Path, clock: Clock) -> Wallets:
    keystore = Keystore(tmp_path / "wallet.json", cost=CHEAPEST, clock=clock, auto_lock_s=600)
    wallets = Wallets(keystore, clock=clock, settings=Settings(tmp_path / "settings.json"))
    wallets.create(WORDS, PASSWORD, label="Maya")
    return wallets


@pytest.fixture
def simulation() -> Simulation:
    text = (get_shipped_scenarios() / "quiet.toml").read_text()
    return build(apply_settings(load_scenario(text, "quiet"), ["network.nodes=6"]), 3)


def mine(simulation: Simulation, blocks: int = 1) -> None:
    for _ in range(blocks):
        simulation.submit(MineBlock(NODE))
        simulation.run_until(TimeUs(simulation.now_us + 5 * SECOND))


def fund(simulation: Simulation, account: Account, coins: int = 100) -> None:
    simulation.submit(RequestCoins(NODE, account.address, coins * COIN))
    mine(simulation)


def look(simulation: Simulation, account: Account, at_us: int | None = None) -> AccountView:
    at = TimeUs(simulation.now_us if at_us is None else at_us)
    return compute_account(simulation, Submissions(), NODE, at, account.address)


def pay(simulation: Simulation, wallets: Wallets, amount: int, speed: int = 1, memo: str = "lunch") -> Hash:
    account, now_us = wallets.accounts[0], simulation.now_us
    view = look(simulation, account)
    action = Transfer(simulation.world.faucet.address, amount, memo)
    choice = compute_fee_choices(simulation, NODE, now_us, action)[speed]
    draft = build_payment(
        simulation, NODE, now_us, account, action, choice, view.balance.next_nonce, view.balance.committed
    )
    signed = wallets.sign(draft)
    simulation.submit(SubmitTransaction(draft.node, encode_transaction(signed)))
    simulation.run_until(TimeUs(simulation.now_us + 1))
    return signed.id


# The file and the lock


def test_a_new_wallet_is_open_and_has_one_account(wallets: Wallets) -> None:
    assert [account.label for account in wallets.accounts] == ["Maya"]
    assert not wallets.is_locked


def test_after_a_restart_the_accounts_are_there_and_the_keys_are_not(wallets: Wallets) -> None:
    again = Wallets(Keystore(wallets.keystore.path, cost=CHEAPEST))
    assert again.accounts == wallets.accounts
    assert again.is_locked
    with pytest.raises(WrongPassword):
        again.unlock(Secret("violet tractor 82"))
    assert again.is_locked
    again.unlock(PASSWORD)
    assert not again.is_locked


def test_the_wallet_locks_itself_when_nothing_is_done(wallets: Wallets, clock: Clock) -> None:
    clock.now_s = 599
    wallets.touch()
    clock.now_s = 1198
    assert not wallets.is_locked
    clock.now_s = 1199
    assert wallets.is_locked
    with pytest.raises(WalletLocked):
        wallets.add_account("Savings")


def test_a_weak_password_leaves_the_old_wallet_where_it_is(wallets: Wallets) -> None:
    with pytest.raises(WeakPassword):
        wallets.create(WORDS, Secret("password"))
    assert wallets.keystore.get_accounts() == list(wallets.accounts)
    assert len(wallets.list_wallets()) == 1


def test_another_wallet_stands_beside_the_first(wallets: Wallets, tmp_path: Path) -> None:
    old = wallets.accounts[0]
    new = wallets.create(build_new_phrase(24, "spanish"), PASSWORD, label="New", name="Work")
    assert new.address != old.address
    assert [account.label for account in wallets.accounts] == ["New"]
    assert [entry.name for entry in wallets.list_wallets()] == ["Wallet", "Work"]
    assert wallets.settings is not None
    assert wallets.settings["wallet"] == "wallet-2.json"
    wallets.switch(tmp_path / "wallet.json")
    assert wallets.is_locked
    assert wallets.accounts == (old,)
    wallets.rename_wallet("Home")
    with pytest.raises(InvalidInput, match="no other wallet"):
        wallets.rename_wallet("Work")
    wallets.delete_wallet()
    assert [entry.name for entry in wallets.list_wallets()] == ["Work"]
    assert wallets.accounts == (new,)
    assert get_wallets(Holder(wallets.keystore, wallets.settings)).accounts == (new,)
    wallets.delete_wallet()
    assert not wallets.exists


def test_a_wallet_that_cannot_be_read_is_set_aside_for_the_restored_one(wallets: Wallets, tmp_path: Path) -> None:
    for name in ("wallet.json", "wallet.json.bak"):
        (tmp_path / name).write_text("{broken")
    wallets.reload()
    assert "is not JSON" in wallets.problem
    wallets.create(WORDS, PASSWORD, label="Again")
    assert [account.label for account in wallets.accounts] == ["Again"]
    assert [path for path in tmp_path.iterdir() if "replaced" in path.name]


def test_the_setting_says_after_how_long_the_wallet_locks(wallets: Wallets, clock: Clock) -> None:
    wallets.set_auto_lock(1)
    clock.now_s += 59
    assert not wallets.is_locked
    clock.now_s += 2
    assert wallets.is_locked
    assert wallets.settings is not None
    assert wallets.settings["auto_lock_min"] == 1
    with pytest.raises(InvalidInput, match="1 to 1440"):
        wallets.set_auto_lock(0)


def test_a_changed_password_opens_and_the_old_one_does_not(wallets: Wallets) -> None:
    wallets.change_password(PASSWORD, Secret("orange bicycle 52"))
    wallets.lock()
    with pytest.raises(WrongPassword):
        wallets.unlock(PASSWORD)
    wallets.unlock(Secret("orange bicycle 52"))
    with pytest.raises(WeakPassword):
        wallets.change_password(Secret("orange bicycle 52"), Secret("12345678"))


def test_hidden_accounts_keep_their_names_and_come_back(wallets: Wallets) -> None:
    main, savings = wallets.accounts[0], wallets.add_account("Savings")
    wallets.hide_account(savings.number, is_hidden=True)
    assert wallets.accounts == (main,)
    assert wallets.get_labels()[savings.address] == "Savings"
    with pytest.raises(InvalidInput, match="while another one is shown"):
        wallets.hide_account(main.number, is_hidden=True)
    wallets.hide_account(savings.number, is_hidden=False)
    assert [account.label for account in wallets.accounts] == ["Maya", "Savings"]


def test_what_another_program_writes_is_seen(wallets: Wallets, tmp_path: Path) -> None:
    other = Wallets(Keystore(tmp_path / "wallet.json", cost=CHEAPEST))
    other.unlock(PASSWORD)
    other.add_account("Theirs")
    other.add_contact("Bakery", wallets.accounts[0].address_text)
    wallets.poll()
    assert [account.label for account in wallets.accounts] == ["Maya", "Theirs"]
    assert wallets.contacts[0].label == "Bakery"
    assert not wallets.is_locked


def test_accounts_are_added_watched_renamed(wallets: Wallets, simulation: Simulation) -> None:
    savings = wallets.add_account("Savings")
    assert wallets.account == savings
    wallets.rename_account(savings.number, "Rainy days")
    assert [account.label for account in wallets.accounts] == ["Maya", "Rainy days"]


@pytest.mark.parametrize("count", [12, 24])
def test_new_phrases_are_valid_and_never_the_same(count: int) -> None:
    one, other = build_new_phrase(count, "english"), build_new_phrase(count, "english")
    assert one != other
    assert len(check_phrase(one.reveal()).text.reveal().split()) == count
    places = choose_places(count)
    assert len(set(places)) == 3
    assert list(places) == sorted(places)


# The address book


def test_the_address_book_survives_and_refuses_what_is_no_address(wallets: Wallets) -> None:
    wallets.add_account("Savings")
    address = wallets.accounts[1].address_text
    wallets.add_contact("Omar", address)
    again = Wallets(wallets.keystore)
    assert [contact.label for contact in again.contacts] == ["Omar"]
    with pytest.raises(InvalidAddress, match="checksum"):
        wallets.add_contact("Ines", address[:-1] + ("q" if address[-1] != "q" else "p"))
    with pytest.raises(InvalidInput, match="label"):
        wallets.add_contact("\x1b[2J", address)
    wallets.remove_contact("Omar")
    assert Wallets(wallets.keystore).contacts == ()


def test_a_damaged_address_book_is_told_and_costs_nothing_else(wallets: Wallets, tmp_path: Path) -> None:
    (tmp_path / "contacts.json").write_text("{broken")
    notices: list[str] = []
    again = Wallets(wallets.keystore, notices.append)
    assert again.accounts == wallets.accounts
    assert again.contacts == ()
    assert "address book" in notices[0]


# Payments and what became of them


def test_coins_of_the_faucet_are_incoming_then_confirmed(wallets: Wallets, simulation: Simulation) -> None:
    account = wallets.accounts[0]
    simulation.submit(RequestCoins(NODE, account.address, 100 * COIN))
    view = look(simulation, account)
    assert (view.balance.confirmed, view.balance.incoming) == (0, 100 * COIN)
    assert [payment.state for payment in view.payments] == ["pending"]
    mine(simulation)
    view = look(simulation, account)
    assert (view.balance.confirmed, view.balance.incoming) == (100 * COIN, 0)
    assert [payment.state for payment in view.payments] == ["confirmed"]


def test_a_payment_spreads_confirms_and_becomes_final_by_depth(wallets: Wallets, simulation: Simulation) -> None:
    account = wallets.accounts[0]
    fund(simulation, account)
    sent_us = simulation.now_us
    paid = pay(simulation, wallets, 25 * COIN)
    payment = look(simulation, account).payments[0]
    assert (payment.id, payment.state, payment.is_outgoing, payment.seen) == (paid, "pending", True, 1)
    balance = look(simulation, account).balance
    assert balance.outgoing == 25 * COIN + payment.fee
    assert balance.spendable == 100 * COIN - balance.committed
    assert (balance.nonce, balance.next_nonce) == (0, 1)
    simulation.run_until(TimeUs(simulation.now_us + 5 * SECOND))
    assert look(simulation, account).payments[0].seen == 6
    mine(simulation)
    payment = look(simulation, account).payments[0]
    assert (payment.state, payment.confirmations, payment.height) == ("confirmed", 1, 2)
    assert look(simulation, account).balance.confirmed == 75 * COIN - payment.fee
    mine(simulation, 5)
    assert look(simulation, account).payments[0].state == "final"
    assert look(simulation, account, sent_us + 1).payments[0].state == "pending", "the past looks as it looked then"


def test_what_cannot_be_paid_is_foretold_and_refused_with_its_rule(wallets: Wallets, simulation: Simulation) -> None:
    account = wallets.accounts[0]
    fund(simulation, account)
    choice = compute_fee_choices(simulation, NODE, simulation.now_us)[0]
    action = Transfer(simulation.world.faucet.address, 9000 * COIN)
    draft = build_payment(simulation, NODE, simulation.now_us, account, action, choice, 0, 0)
    assert draft.problem is not None
    assert draft.problem.rule == "ledger/balance"
    pay(simulation, wallets, 9000 * COIN)
    payment = look(simulation, account).payments[0]
    assert (payment.state, payment.rule) == ("refused", "ledger/balance")
    assert "9 000" in payment.message
    assert look(simulation, account).balance.next_nonce == 0


def test_the_largest_amount_leaves_exactly_what_fees_may_cost(wallets: Wallets, simulation: Simulation) -> None:
    account = wallets.accounts[0]
    fund(simulation, account)
    choice = compute_fee_choices(simulation, NODE, simulation.now_us, Transfer(account.address, 1, "lunch"))[1]
    most = compute_most(100 * COIN, 0, choice)
    pay(simulation, wallets, most)
    assert look(simulation, account).payments[0].state == "pending"


def test_payments_in_a_row_take_nonces_in_a_row(wallets: Wallets, simulation: Simulation) -> None:
    account = wallets.accounts[0]
    fund(simulation, account)
    for _ in range(3):
        pay(simulation, wallets, COIN)
    assert look(simulation, account).balance.next_nonce == 3
    mine(simulation)
    view = look(simulation, account)
    assert [payment.state for payment in view.payments] == ["confirmed"] * 4
    assert view.balance.nonce == 3


@pytest.mark.parametrize("is_cancel", [False, True])
def test_a_waiting_payment_is_sped_up_or_cancelled(wallets: Wallets, simulation: Simulation, is_cancel: bool) -> None:
    account = wallets.accounts[0]
    fund(simulation, account)
    slow = pay(simulation, wallets, 25 * COIN, speed=0)
    record = simulation.world.transactions.get(slow)
    assert record is not None
    fast = compute_fee_choices(simulation, NODE, simulation.now_us)[2]
    draft = build_replacement(simulation, NODE, simulation.now_us, account, record, fast, is_cancel=is_cancel)
    assert draft.problem is None
    simulation.submit(SubmitTransaction(0, encode_transaction(wallets.sign(draft))))
    mine(simulation)
    newest, older = look(simulation, account).payments[:2]
    assert newest.state == "confirmed"
    assert (older.id, older.state) == (slow, "replaced")
    spent = 100 * COIN - look(simulation, account).balance.confirmed - newest.fee
    assert spent == (0 if is_cancel else 25 * COIN)


# The node and the fees


def test_a_wallet_turns_to_the_next_node_that_runs(simulation: Simulation) -> None:
    assert get_node(simulation.world, 2, simulation.now_us) == 2
    simulation.submit(StopNode(2))
    assert get_node(simulation.world, 2, simulation.now_us) == 3


def test_faster_costs_more_and_a_crowded_mempool_costs_more_still() -> None:
    text = (get_shipped_scenarios() / "classroom.toml").read_text()
    calm = build(load_scenario(text, "classroom"), 3)
    crowded = build(apply_settings(load_scenario(text, "classroom"), ["traffic.rate_per_s=8"]), 3)
    assert get_interval_us(calm) == 10 * SECOND
    waits, fees = {}, {}
    for name, run in (("calm", calm), ("crowded", crowded)):
        run.run_until(TimeUs(120 * SECOND))
        slow, normal, fast = compute_fee_choices(run, NODE, run.now_us)
        assert slow.fee < normal.fee < fast.fee
        assert slow.blocks >= normal.blocks >= fast.blocks >= 1
        waits[name], fees[name] = slow.blocks, fast.fee
    assert waits["crowded"] > waits["calm"]
    assert fees["crowded"] > fees["calm"]


def test_where_blocks_are_made_by_hand_nobody_knows_how_long_it_takes(simulation: Simulation) -> None:
    assert {choice.wait_us for choice in compute_fee_choices(simulation, NODE, simulation.now_us)} == {None}
