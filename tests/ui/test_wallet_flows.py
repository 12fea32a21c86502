"""What the wallet's menu leads to, by keys alone and by mouse, in a small window and a larger one."""

import csv
import json
import os
import unicodedata
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Button, Input, OptionList, TextArea
from wallet_player import PASSWORD, PHRASE, Player, play, play_with_coins

from app.schedule import Scheduled
from app.screens.wallet_create import CreateWallet
from app.screens.wallet_dialogs import ReviewDialog, UnlockDialog
from app.screens.wallet_forms import FormDialog, MenuDialog, TextDialog
from app.screens.wallet_menu import MENU
from app.screens.wallet_proposal import ProposalDialog
from app.screens.wallet_receive import ReceiveDialog
from app.screens.wallet_restore import RestoreWallet
from app.screens.wallet_reveal import RevealDialog
from app.screens.wallet_steps import WordGrid
from app.storage.keystore import Keystore
from app.storage.vault import CHEAPEST
from chain.ledger.actions import Batch, Transfer
from chain.units import COIN, SECOND
from chain.wallet.address import decode_address
from chain.wallet.secret import Secret

SIZES = [(80, 24), (120, 36)]
SMALL, LARGE = (SIZES, SIZES) if os.environ.get("CHAINROOM_FULL") else (SIZES[:1], SIZES[1:])
"""Every story is told in one of the sizes, with CHAINROOM_FULL=1 in both."""
HOSTILE = "[/x][bold red]\x1b[31m\x07\u202egnp.exe\u202c\ud800\U000e0041 " + "[/]\u2066x" * 40
ITEMS = [item.key for _, items in MENU for item in items]
BAKERY = decode_address("cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l")
OTHER_PASSWORD = "orange bicycle 52"
OTHER_PHRASE = "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path))
    return tmp_path


async def choose(player: Player, key: str) -> None:
    """Open the menu, out of a field if need be, and take an item."""
    if isinstance(player.app.screen.focused, Input):
        await player.press("escape")
    await player.press("e")
    menu = await player.expect(MenuDialog)
    options = menu.query_one(OptionList)
    options.highlighted = options.get_option_index(key)
    await player.press("enter")


async def fill(player: Player, *texts: str) -> None:
    """Type into the fields of a form, one after the other, and send it."""
    dialog = player.app.screen
    assert isinstance(dialog, FormDialog)
    for field, text in zip(dialog.query(Input), texts, strict=True):
        field.value = text
    dialog.submit()


async def write(player: Player, text: str) -> None:
    """Type a text, and do what the dialog is for."""
    dialog = await player.expect(TextDialog)
    dialog.query_one(TextArea).text = text
    await player.press("f2")


async def test_every_item_of_the_menu_opens_in_both_sizes_and_a_click_leads_home(home: Path) -> None:
    """With hostile text in every field: markup, control and bidirectional characters are seen, refused, never obeyed.

    ``esc`` is pressed in the tests below; here the mouse takes the way back that every dialog names on its frame.
    """
    async with play_with_coins(home) as player:
        wallets = player.wallet.wallets
        await player.press("escape")
        player.wallet.form.fill(HOSTILE, HOSTILE, HOSTILE)
        await player.press("s")
        check_harmless(player.text)
        player.wallet.form.fill("cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l", "1")
        wallets.add_contact("[/x][bold]", "cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l")
        wallets.rename_account(0, "[/x] [red]Maya")
        wallets.rename_wallet("[link=x][/x]")
        wallets.labels.set_transaction_label(player.payments[0].id, HOSTILE[:200].replace("\ud800", ""))
        wallets.create(Secret(OTHER_PHRASE), Secret(PASSWORD), name="[@click=app.quit]")
        wallets.switch(home / "wallet.json")
        wallets.unlock(Secret(PASSWORD))
        hidden = wallets.add_account("[/x] hidden")
        wallets.hide_account(hidden.number, is_hidden=True)
        sender = wallets.accounts[0].address
        wallets.schedule.add(player.wallet.chain_name, sender, (Transfer(BAKERY, 1),), "slow", None, 900)
        await player.pause(0.1)
        check_harmless(player.text)
        for number, key in enumerate((*ITEMS, "lock", "menu")):
            if key in ("hide_account", "faucet"):  # do it at once, and say so
                continue
            if number % 10 == 9:
                await player.pilot.resize_terminal(*SIZES[1 - number // 10 % 2])
            if key == "lock":
                wallets.lock()  # so that it asks for the password
            getattr(player.wallet, f"action_{key}")()
            await player.until(lambda: player.app.screen is not player.app.home, key)
            screen = player.app.screen
            for field in list(screen.query(Input))[:4]:
                field.value = HOSTILE
            for area in screen.query(TextArea):
                area.text = f"{HOSTILE}\n{HOSTILE}, 1, {HOSTILE}"
            if isinstance(screen, FormDialog):
                screen.submit()
            elif isinstance(screen, TextDialog):
                screen.action_submit()
            await player.pause(0.02)
            check_harmless(player.text)
            while player.app.screen is not player.app.home:
                await player.click("esc back" if "esc back" in player.text else "esc look around first")
            if key == "filter":
                await player.see("No payment has all these words")
                player.wallet.filter_text = ""
                await player.see("✓ confirmed")
        check_harmless(player.text)


def check_harmless(text: str) -> None:
    """Nothing on the screen can move the cursor, turn text around or fail to be written; markup is not obeyed."""
    found = {letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")} - {"\n"}
    assert found == set()
    text.encode()


async def test_without_a_wallet_the_menu_restores_words_of_another_program(home: Path) -> None:
    async with play(home, (80, 24), scenario="quiet") as player:
        await player.press("3")
        await player.pilot.click("#do-menu-first")
        menu = await player.expect(MenuDialog)
        assert "Restore from a key file" in player.text
        await player.press("escape")
        await player.home_again()
        assert menu is not player.app.screen

        await player.press("r")
        dialog = await player.expect(RestoreWallet)
        for place, word in enumerate(OTHER_PHRASE.split()):
            dialog.query_one(f"#word-{place}", Input).value = word
        dialog.check()
        await player.see("The words are right")
        for name, text in (("new-password", PASSWORD), ("repeat-password", PASSWORD), ("path", "m/44'/501'/0")):
            dialog.query_one(f"#{name}", Input).value = text
        dialog.save()
        await player.see("derivation path level 3 '0'")
        assert dialog.query_one("#new-password", Input).value == PASSWORD, "nothing has to be typed again"
        dialog.query_one("#path", Input).value = "m/44'/501'"
        dialog.save()
        await player.home_again()
        assert [account.path for account in player.wallet.wallets.accounts] == ["m/44'/501'"]


# Accounts and wallets


@pytest.mark.parametrize("size", LARGE)
async def test_an_account_is_renamed_hidden_and_shown_again(home: Path, size: tuple[int, int]) -> None:
    async with play_with_coins(home, size) as player:
        wallets = player.wallet.wallets
        await player.press("escape")
        await choose(player, "rename_account")
        await player.expect(FormDialog)
        await fill(player, "x" * 41)
        await player.see("it must be 1 to", "40 printable characters")
        await fill(player, "Maya [/x] 2")
        await player.home_again()
        assert wallets.accounts[0].label == "Maya [/x] 2"
        wallets.add_account("Savings")
        await choose(player, "hide_account")
        await player.until(lambda: len(wallets.accounts) == 1, "hidden")
        await choose(player, "unhide_account")
        await player.expect(MenuDialog)
        await player.see("Savings")
        await player.press("enter")
        await player.until(lambda: len(wallets.accounts) == 2, "shown again")


async def test_wallets_are_switched_named_and_deleted(home: Path) -> None:
    async with play_with_coins(home) as player:
        wallets = player.wallet.wallets
        await player.press("escape")
        await choose(player, "make_wallet")
        await player.expect(CreateWallet)
        await player.press("escape")
        await player.home_again()
        await choose(player, "restore_wallet")
        await player.expect(RestoreWallet)
        await player.press("escape")
        await player.home_again()
        wallets.create(Secret(OTHER_PHRASE), Secret(PASSWORD), label="Work account")
        await choose(player, "rename_wallet")
        await player.expect(FormDialog)
        await fill(player, "Work")
        await player.home_again()
        await choose(player, "switch_wallet")
        await player.expect(MenuDialog)
        await player.see("● Work", "○ Wallet")
        await player.press("enter")
        await player.until(lambda: wallets.account is not None and wallets.account.label == "Maya", "the first one")
        assert wallets.is_locked
        await choose(player, "delete_wallet")
        await player.expect(FormDialog)
        await player.press("enter")
        await player.see("the word delete, or esc")
        await fill(player, "delete")
        await player.until(lambda: wallets.name == "Work", "the other wallet")
        assert [path.name for path in home.glob("wallet*.json*")] == ["wallet-2.json", "wallet-2.json.bak"][:1] or (
            not (home / "wallet.json").exists()
        )


async def test_the_password_is_changed_and_the_key_file_copied_and_taken_in(home: Path) -> None:
    async with play_with_coins(home) as player:
        wallets = player.wallet.wallets
        await player.press("escape")
        await choose(player, "change_password")
        await player.expect(FormDialog)
        await fill(player, PASSWORD, "12345678", "12345678")
        await player.see("the password is a run of the alphabet")
        await fill(player, "not this one", OTHER_PASSWORD, OTHER_PASSWORD)
        await player.see("this is not the password of the wallet")
        await fill(player, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD + "x")
        await player.see("the two new passwords are not equal")
        await fill(player, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD)
        await player.home_again()
        wallets.lock()
        wallets.unlock(Secret(OTHER_PASSWORD))
        await choose(player, "auto_lock")
        await player.expect(FormDialog)
        await fill(player, "0")
        await player.see("auto_lock_min")
        await fill(player, "5")
        await player.home_again()
        assert wallets.keystore.auto_lock_s == 300

        copy = home / "copies" / "copy.json"
        await choose(player, "export_key_file")
        await player.expect(FormDialog)
        await fill(player, str(copy))
        await player.home_again()
        await choose(player, "import_key_file")
        await player.expect(FormDialog)
        await fill(player, str(home / "nothing.json"))
        await player.see("there is no such file")
        await fill(player, str(copy))
        await player.home_again()
        assert wallets.keystore.path.name == "wallet-2.json"
        assert wallets.account is not None
        assert wallets.account.label == "Maya"
        wallets.unlock(Secret(OTHER_PASSWORD))


async def test_the_sheet_has_no_words_and_the_words_need_the_password(home: Path) -> None:
    async with play_with_coins(home) as player:
        await player.press("escape")
        await choose(player, "paper")
        sheet = await player.expect(TextDialog)
        assert "abandon" not in sheet.query_one(TextArea).text
        await player.press("w")
        await player.expect(FormDialog)
        await fill(player, str(home / "sheet.txt"))
        await player.until(lambda: player.app.screen is sheet, "the sheet again")
        assert "24. ____" in (home / "sheet.txt").read_text()
        await player.press("r")
        dialog = await player.expect(RevealDialog)
        await player.type("not this one")
        await player.press("enter")
        await player.see("this is not the password of the wallet")
        await player.type(PASSWORD)
        await player.press("enter")
        await player.see("about")
        await player.press("f2")
        await player.until(lambda: "about" not in player.text, "masked")
        player.app.is_presenting = True
        await player.press("f2")
        await player.see("presenter mode masks secrets")
        dialog.query_one(WordGrid).reveal(is_revealed=True)
        await player.pause()
        assert "about" not in player.text
        await player.press("escape")
        await player.home_again()
    for path in home.rglob("*"):
        assert not path.is_file() or "abandon" not in path.read_text(errors="replace")


# Labels, history, messages


@pytest.mark.parametrize("size", SMALL)
async def test_a_payment_is_labelled_found_and_exported_and_a_message_signed(home: Path, size: tuple[int, int]) -> None:
    async with play_with_coins(home, size) as player:
        player.wallet.history.focus()
        await player.press("n")
        await player.expect(FormDialog)
        await fill(player, "=HYPERLINK() first coins")
        await player.home_again()
        await player.press("F")
        await player.expect(FormDialog)
        await fill(player, "nothing like this")
        await player.home_again()
        await player.see("History · 0 of 1")
        await player.press("F")
        await player.expect(FormDialog)
        await fill(player, "first in")
        await player.home_again()
        await player.see("History · 1 of 1")
        await choose(player, "export_csv")
        await player.expect(FormDialog)
        await fill(player, str(home / "history.csv"))
        await player.home_again()
        (row,) = csv.DictReader((home / "history.csv").read_text().splitlines())
        assert (row["amount"], row["label"]) == ("100", "'=HYPERLINK() first coins")
        await choose(player, "export_labels")
        await player.expect(FormDialog)
        await fill(player, str(home / "labels.jsonl"))
        await player.home_again()
        records = [json.loads(line) for line in (home / "labels.jsonl").read_text().splitlines()]
        assert [record["type"] for record in records] == ["addr", "pubkey", "tx"]
        records[0]["label"] = records[1]["label"] = "Renamed elsewhere"
        (home / "theirs.jsonl").write_text("\n".join(map(json.dumps, records)))
        await choose(player, "import_labels")
        await player.expect(FormDialog)
        await fill(player, str(home / "theirs.jsonl"))
        await player.until(lambda: player.wallet.wallets.accounts[0].label == "Renamed elsewhere", "renamed")

        player.wallet.wallets.lock()
        await choose(player, "sign_message")
        await player.expect(UnlockDialog)
        await player.type(PASSWORD)
        await player.press("enter")
        await write(player, "I was here [/x]\nMaya")
        await player.see("BEGIN CHAINROOM SIGNED MESSAGE")
        armour = player.app.screen.query_one(TextArea).text
        await player.press("escape")
        await player.home_again()
        await choose(player, "verify_message")
        await write(player, armour.replace("here", "there"))
        await player.see("✖ the signature does not fit")
        await write(player, armour)
        await player.see("✔ The signature is right", "Signed by Renamed elsewhere")


# Payments


@pytest.mark.parametrize("size", LARGE)
async def test_several_people_are_paid_at_once(home: Path, size: tuple[int, int]) -> None:
    async with play_with_coins(home, size) as player:
        player.wallet.wallets.add_contact("Bakery", "cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l")
        await player.press("escape")
        await player.advance(0.1)
        await player.pilot.click("#do-many")
        await write(player, "Bakery, 2, rolls\nBakery, x")
        await player.see("line 2")
        await write(player, f"Bakery, 2, rolls\n{player.wallet.wallets.accounts[0].address_text}, 3")
        await player.expect(ReviewDialog)
        await player.see("2 recipients", "5 CR")
        await player.press("enter")
        await player.until(lambda: len(player.payments) == 2, "sent")
        payment = player.payments[0]
        assert isinstance(payment.action, Batch)
        assert payment.amount == 2 * COIN
        await player.advance_until(lambda: player.payments[0].state == "confirmed")


async def test_the_buttons_replace_a_waiting_payment(home: Path) -> None:
    async with play_with_coins(home, (80, 24)) as player:
        assert player.wallet.query_one("#do-speed-up", Button).disabled
        await player.pay("cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l", "5")
        await player.press("enter")
        await player.until(lambda: len(player.payments) == 2, "sent")
        for count, button in enumerate(("#do-speed-up", "#do-cancel"), 3):
            player.wallet.history.cursor = 0  # the newest: what took the other one's place
            await player.until(lambda name=button: not player.wallet.query_one(name, Button).disabled, "possible")  # type: ignore[misc]
            await player.pilot.click(button)
            await player.expect(ReviewDialog)
            await player.press("enter")
            await player.until(lambda wanted=count: len(player.payments) == wanted, "replaced")  # type: ignore[misc]
        await player.advance_until(lambda: player.payments[0].state == "confirmed")
        assert [payment.state for payment in player.payments[:3]] == ["confirmed", "replaced", "replaced"]


async def test_payments_for_later_are_sent_in_their_moment_or_taken_back(home: Path) -> None:
    async with play_with_coins(home) as player:
        session, wallets = player.session, player.wallet.wallets
        await player.press("s")
        player.wallet.form.fill("cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l", "5", "rent")
        await player.press("escape")
        await choose(player, "pay_later")
        await player.expect(FormDialog)
        await fill(player, "yesterday")
        await player.see("in 10m, 02:30:00")
        await fill(player, "in 30s")
        await player.home_again()
        (entry,) = player.wallet.get_scheduled()
        assert isinstance(entry, Scheduled)
        assert entry.at_us is not None
        due_us = entry.at_us
        await player.until(lambda: session.due_us == due_us, "noticed")
        wallets.lock()
        session.speed, session.is_playing = 1000, True
        await player.until(lambda: session.now_us >= due_us or not session.is_playing, "time passes")
        assert session.now_us >= due_us
        session.is_playing = False
        assert len(player.payments) == 1, "the wallet is locked"
        wallets.unlock(Secret(PASSWORD))
        await player.until(lambda: not wallets.schedule.entries, "sent")
        await player.advance(0.1)
        assert player.payments[0].memo == "rent"

        await player.press("s")
        player.wallet.form.fill("cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l", "5")
        await player.press("escape")
        await choose(player, "pay_later")
        await player.expect(FormDialog)
        await fill(player, "block 500")
        await player.home_again()
        await choose(player, "scheduled")
        await player.expect(MenuDialog)
        await player.see("at block 500", "5 CR")
        await player.press("enter")
        await player.until(lambda: not player.wallet.wallets.schedule.entries, "taken back")


async def test_the_clock_does_not_run_past_a_scheduled_payment(home: Path) -> None:
    async with play_with_coins(home) as player:
        session, wallets = player.session, player.wallet.wallets
        at_us = session.now_us + 60 * SECOND
        recipient = player.wallet._find_address("cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l")
        from chain.ledger.actions import Transfer

        chain, sender = player.wallet.chain_name, wallets.accounts[0].address
        wallets.schedule.add(chain, sender, (Transfer(recipient, COIN),), "fast", at_us, None)
        player.wallet.send_due()
        session.speed, session.is_playing = 10_000, True
        await player.until(lambda: not wallets.schedule.entries, "sent")
        session.is_playing = False
        payment = next(
            it for it in player.session.simulation.world.transactions.records[::-1] if it.signed.sender == sender
        )
        assert payment.submitted_us == at_us


@pytest.mark.parametrize("size", LARGE)
async def test_two_wallets_pay_from_a_shared_account(home: Path, size: tuple[int, int]) -> None:
    """Maya's wallet proposes and signs; the text goes to Omar's wallet, which signs too and sends."""
    async with play_with_coins(home, size) as player:
        wallets = player.wallet.wallets
        omar = Keystore(home / "wallet-2.json", cost=CHEAPEST)
        their_key = omar.create(Secret(OTHER_PHRASE), Secret(PASSWORD), label="Omar", name="Omar's").public_key
        assert their_key is not None
        await player.press("escape")
        await choose(player, "add_shared")
        await write(player, "2\nMaya\nnobody")
        await player.see("64 hexadecimal digits")
        await write(player, f"2\nMaya\n{their_key.hex()}\n")
        await player.expect(FormDialog)
        await fill(player, "Both of us")
        await player.home_again()
        await player.see("Both of us · 2 of 2 keys · unlocked")
        shared = wallets.account
        assert shared is not None
        assert shared.policy is not None
        await player.press("f")
        await player.until(lambda: player.payments, "coins on their way")
        await player.advance_until(lambda: player.payments[0].state == "confirmed")
        await player.pay("cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l", "5", "rent")
        await player.see("2 of 2 keys")
        await player.press("enter")
        await player.expect(ProposalDialog)
        await player.see("○ missing", "Maya (this wallet)", "somebody else")
        await player.press("s")
        await player.see("✔ signed", "one signature is missing")
        await player.press("w")
        await player.expect(FormDialog)
        await fill(player, str(home / "half.json"))
        await player.expect(ProposalDialog)
        await player.press("escape")
        await player.home_again()
        wallets.switch(home / "wallet-2.json")
        wallets.unlock(Secret(PASSWORD))
        await choose(player, "open_proposal")
        await write(player, (home / "half.json").read_text())
        await player.expect(ProposalDialog)
        await player.see("Omar (this wallet)")
        await player.press("s")
        await player.see("Enough have signed")
        await player.press("enter")
        await player.home_again()
        wallets.switch(home / "wallet.json")
        wallets.chosen = 1
        await player.advance_until(lambda: player.payments and player.payments[0].state == "confirmed")
        assert player.payments[0].memo == "rent"


async def test_a_locked_account_pays_only_after_its_time(home: Path) -> None:
    async with play_with_coins(home) as player:
        wallets = player.wallet.wallets
        await player.press("escape")
        await choose(player, "add_locked")
        await player.expect(FormDialog)
        await fill(player, "in 2m")
        await player.see("Name the account")
        await fill(player, "Later")
        await player.home_again()
        await player.see("Later · locked until 00:02:04 · unlocked")
        assert wallets.account is not None
        assert wallets.account.policy is not None
        await player.press("f")
        await player.until(lambda: player.payments, "coins on their way")
        await player.advance_until(lambda: player.payments[0].state == "confirmed")
        await player.pay("cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l", "5")
        await player.see("the account is locked until", "ledger/locked")
        await player.press("escape")
        await player.home_again()
        await player.advance(130)
        await player.pay("cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l", "5")
        await player.press("enter")
        await player.until(lambda: len(player.payments) == 2, "sent")
        await player.advance_until(lambda: player.payments[0].state == "confirmed")


async def test_a_link_is_pasted_and_shown(home: Path) -> None:
    async with play_with_coins(home, (80, 24)) as player:
        await player.press("s")
        link = "cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l?amount=2.5&label=Bakery&memo=two%20rolls"
        form = player.wallet.form
        form.query_one("#send-to", Input).post_message(events.Paste(link))
        await player.until(lambda: form.memo == "two rolls", "read")
        assert form.query_one("#send-amount", Input).value == "2.5"
        assert form.query_one("#send-to", Input).value == "cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l"
        await player.press("escape", "Q")
        dialog = await player.expect(ReceiveDialog)
        await player.press("tab")
        dialog.query_one("#ask-amount", Input).value = "12.5"
        await player.see("?amount=12.5")
        dialog.query_one("#ask-label", Input).value = "half \ud800"
        await player.see("U+D800", "it must be whole Unicode")
        dialog.query_one("#ask-label", Input).value = ""
        dialog.query_one("#ask-amount", Input).value = "none"
        await player.see("amount 'none': it must be a")
        await player.press("escape")
        await player.home_again()
        assert PHRASE not in player.text
