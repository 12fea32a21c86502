"""The wallet on the screen, by keyboard: the whole story of somebody new, and everything that can go wrong in it."""

import os
import re
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import Input, Static
from wallet_player import PASSWORD, PHRASE, Player, play, play_with_coins

from app.screens.first_run import FirstRunScreen
from app.screens.wallet_create import CreateWallet
from app.screens.wallet_dialogs import (
    AccountDialog,
    ContactDialog,
    RecipientDialog,
    ReviewDialog,
    UnlockDialog,
)
from app.screens.wallet_receive import ReceiveDialog
from app.screens.wallet_restore import RestoreWallet
from app.screens.wallet_steps import WordField, WordGrid
from app.storage.keystore import Keystore
from app.storage.vault import CHEAPEST
from app.wallets import Wallets
from app.widgets.why import WhyModal
from chain.simulation.commands import MineBlock
from chain.units import COIN
from chain.wallet.address import encode_address
from chain.wallet.mnemonic import check_phrase
from chain.wallet.secret import Secret

SIZES = [(80, 24), (120, 36)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path))
    return tmp_path


async def make_wallet(player: Player) -> None:
    """From the card of the first run to the wallet."""
    await player.press("w")
    dialog = await player.expect(CreateWallet)
    await player.press("1")
    await player.until(lambda: dialog.step == "words")
    await player.press("r")
    assert dialog._phrase is not None
    words = dialog._phrase.reveal().split()
    await player.see(*words)
    await player.press("enter")
    await player.until(lambda: dialog.step == "check")
    for place in dialog._places:
        await player.type(words[place])
        await player.press("enter")
    await player.until(lambda: dialog.step == "password")
    await player.type(PASSWORD)
    await player.press("enter")
    await player.type(PASSWORD)
    await player.press("enter")
    await player.until(lambda: dialog.step == "done")
    await player.press("enter")
    await player.home_again()


# The whole story


@pytest.mark.parametrize("size", SIZES if os.environ.get("CHAINROOM_FULL") else SIZES[:1])
async def test_from_nothing_to_a_final_payment_and_back_after_a_restart(home: Path, size: tuple[int, int]) -> None:
    async with play(home, size) as player:
        await player.expect(FirstRunScreen)
        await make_wallet(player)
        await player.until(lambda: player.payments, "coins on their way")
        await player.see("◔ pending", "1/12 nodes")
        await player.advance_until(lambda: player.payments[0].state == "confirmed")
        await player.see("Press s to make your first payment")
        await player.press("s", "o", "m", "enter", "2", "5", "tab", "tab", "l", "u", "n", "c", "h")
        await player.see("Omar +25")
        await player.press("enter")
        await player.expect(ReviewDialog)
        await player.see("Omar", "25 CR", "lunch", "Sign and send")
        await player.press("enter")
        await player.until(lambda: len(player.payments) == 2, "payment in the history")
        assert (player.payments[0].state, player.payments[0].seen) == ("pending", 1)
        await player.see("→ Omar", "1/12 nodes")
        await player.advance(0.4)
        if player.payments[0].state == "pending":
            assert 1 < player.payments[0].seen <= 12
        await player.advance_until(lambda: player.payments[0].state == "confirmed")
        assert player.payments[0].signed.is_signature_valid
        await player.see(f"block {player.payments[0].height} · 1 of 6")
        await player.advance_until(lambda: player.payments[0].state == "final")
        await player.see("✔ final", "by depth: 6")
        paid, digest = player.payments[0].id, player.session.simulation.compute_digest()
        files = "".join(path.read_text(errors="replace") for path in home.rglob("*") if path.is_file())
        assert PASSWORD not in files
        player.wallet.history.focus()
        await player.press("q")
    async with play(home, size) as player:
        assert player.session.simulation.compute_digest() == digest, "the run goes on where it was left"
        await player.press("3")
        assert player.wallet.wallets.is_locked
        assert player.payments[0].id == paid
        await player.press("l")
        await player.expect(UnlockDialog)
        await player.type("not this one")
        await player.press("enter")
        await player.see("this is not the password of the wallet")
        await player.type(PASSWORD)
        await player.press("enter")
        await player.home_again()
        assert not player.wallet.wallets.is_locked
        await player.see("✔ final", "→ Omar")


# Making a wallet


async def test_words_stay_masked_until_they_are_revealed_and_wrong_words_are_named(home: Path) -> None:
    async with play(home) as player:
        await player.press("w")
        dialog = await player.expect(CreateWallet)
        await player.press("2")
        await player.until(lambda: dialog.step == "words")
        assert dialog._phrase is not None
        words = dialog._phrase.reveal().split()
        assert len(words) == 24
        await player.see("•••••••")
        assert not any(re.search(rf"\b{word}\b", player.text) for word in words if len(word) > 6)
        await player.press("r")
        await player.see(*words)
        await player.press("r")
        await player.see("•••••••")
        dialog.ask_words()
        await player.until(lambda: dialog.step == "check")
        await player.press("enter", "enter", "enter")
        await player.see(f"word {dialog._places[0] + 1} is missing")
        await player.type("zzzz")
        await player.press("tab", "tab", "enter")
        await player.see(f"word {dialog._places[0] + 1} is another one")
        await player.press("escape")
        assert dialog.step == "words"
        await player.press("escape", "escape")
        await player.home_again()
        assert not (home / "wallet.json").exists()


async def test_presenter_mode_never_shows_words(home: Path) -> None:
    async with play(home) as player:
        player.app.is_presenting = True
        await player.press("w")
        dialog = await player.expect(CreateWallet)
        await player.press("1")
        await player.until(lambda: dialog.step == "words")
        await player.press("r")
        await player.see("presenter mode masks secrets")
        dialog.query_one(WordGrid).reveal(is_revealed=True)
        await player.pause()
        assert dialog._phrase is not None
        assert not any(word in player.text for word in dialog._phrase.reveal().split() if len(word) > 6)


async def test_a_weak_password_is_told_why_and_a_passphrase_warns(home: Path) -> None:
    async with play(home) as player:
        await player.press("w")
        dialog = await player.expect(CreateWallet)
        await player.press("1")
        await player.until(lambda: dialog.step == "words")
        dialog._go("password")
        await player.see("has 0 characters; at least 8 are needed")
        await player.type("password1")
        await player.see("is one of the first that everybody tries")
        dialog.query_one("#new-password", Input).value = ""
        for letter in f"{PASSWORD}\tviolet":  # a fast typist: what follows the tab belongs to the next field
            player.app.post_message(events.Key("tab" if letter == "\t" else letter.replace(" ", "space"), letter))
        await player.see("the two passwords are not equal")
        assert PASSWORD not in player.text
        dialog.query_one("#repeat-password", Input).value = PASSWORD
        await player.see("a good password")
        dialog.query_one("#extra").focus()
        await player.press("enter")
        await player.see("The words alone then no longer open this wallet", "the passphrase is empty")


async def test_impatience_while_the_key_is_computed_does_no_harm(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_go, create = threading.Event(), Wallets.create

    def create_slowly(self: Wallets, *args: Any, **options: Any) -> Any:
        assert may_go.wait(10)
        return create(self, *args, **options)

    monkeypatch.setattr(Wallets, "create", create_slowly)
    async with play(home) as player:
        await player.press("w")
        dialog = await player.expect(CreateWallet)
        await player.press("1")
        await player.until(lambda: dialog.step == "words")
        dialog._go("password")
        await player.until(lambda: dialog.focused is dialog.query_one("#new-password"))
        for _ in range(2):
            await player.type(PASSWORD)
            await player.press("enter")
        await player.see("encrypting")
        await player.press("enter", "escape", "enter")
        assert dialog.step == "password"
        may_go.set()
        await player.until(lambda: dialog.step == "done")
        assert "at least 8 are needed" not in player.text


# Restoring


async def test_restoring_word_by_word_names_what_is_wrong(home: Path) -> None:
    async with play(home) as player:
        await player.press("r")
        dialog = await player.expect(RestoreWallet)
        await player.press("a", "b", "a", "n", "d", "n")
        await player.see("not in the list; near   1 abandon")
        await player.press("1")
        field = dialog.query_one("#word-0", WordField)
        assert field.value == "abandon"
        assert dialog.focused is dialog.query_one("#word-1")
        await player.press("a", "b", "s", "space")
        assert dialog.query_one("#word-1", WordField).value == "abs", "several words begin like this"
        dialog.check()
        await player.see("word 3 is missing")
        for place, word in enumerate(PHRASE.split()):
            dialog.query_one(f"#word-{place}", WordField).value = word
        dialog.query_one("#word-4", WordField).value = "abandom"
        await player.pause()
        dialog.check()
        await player.see("word 5, 'abandom', is not in the english list; nearest: abandon")
        dialog.query_one("#word-4", WordField).value = ""
        await player.pause()
        assert "is not in the english list" not in player.text
        await player.press("z", "o", "o", "enter")  # no word is missing: enter checks them all
        await player.see("every word is in the english list, but the checksum does not fit")
        dialog.query_one("#word-4", WordField).value = "abandon"
        dialog.check()
        await player.see("The words are right")


async def test_words_may_come_as_fast_as_they_like_and_a_wrong_one_is_named_at_once(home: Path) -> None:
    """A terminal that knows no paste sends a phrase as keys, faster than any field takes them in."""
    async with play(home, (80, 24), scenario="quiet") as player:
        await player.press("3", "r")
        dialog = await player.expect(RestoreWallet)
        await player.until(lambda: isinstance(dialog.focused, WordField), "ready")
        for letter in "legal winn thnk year wave":
            player.app.post_message(events.Key("space" if letter == " " else letter, letter))
        await player.until(lambda: dialog.query_one("#word-4", WordField).value == "wave", "typed")
        typed = [field.value for field in dialog.query(WordField)]
        assert typed[:5] == ["legal", "winner", "thnk", "year", "wave"]
        await player.see("✖3", "✖ word 3, 'thnk', is not in the english list; nearest: thank")
        dialog.query_one("#word-2", WordField).value = "thank"
        await player.until(lambda: "is not in the english list" not in player.text, "named no more")
        await player.press("backspace", "q", "tab")
        await player.see("✖5", "✖ word 5, 'wavq'")


async def test_a_phrase_of_another_language_is_pasted_and_restored(home: Path) -> None:
    phrase = "ábaco " * 11 + "abierto"
    assert check_phrase(phrase).language == "spanish"
    async with play(home) as player:
        await player.press("r")
        dialog = await player.expect(RestoreWallet)
        dialog.query_one("#word-0", WordField).post_message(events.Paste(phrase))
        await player.until(lambda: dialog.language == "spanish", "language found")
        await player.press("enter")
        await player.see("The words are right")
        dialog.query_one("#new-password", Input).value = PASSWORD
        dialog.query_one("#repeat-password", Input).value = PASSWORD
        dialog.save()
        await player.home_again()
        assert player.wallet.wallets.accounts[0].label == "Main"
        assert not player.wallet.wallets.is_locked


async def test_restoring_another_wallet_leaves_the_first_where_it_is(home: Path) -> None:
    async with play_with_coins(home) as player:
        before = player.wallet.wallets.accounts[0].address
        await player.press("r")
        dialog = await player.expect(RestoreWallet)
        await player.see("one is put beside it")
        dialog.query_one("#word-0", WordField).post_message(events.Paste("zoo " * 11 + "wrong"))
        await player.until(lambda: dialog.query_one("#word-11", WordField).value == "wrong")
        dialog.check()
        await player.see("The words are right")
        dialog.query_one("#new-password", Input).value = PASSWORD
        dialog.query_one("#repeat-password", Input).value = PASSWORD
        dialog.save()
        await player.home_again()
        assert player.wallet.wallets.accounts[0].address != before
        assert [entry.path.name for entry in player.wallet.wallets.list_wallets()] == ["wallet.json", "wallet-2.json"]


# Paying


async def test_a_payment_that_cannot_be_is_refused_with_its_reason(home: Path) -> None:
    async with play_with_coins(home) as player:
        await player.pay("Omar", "9000")
        await player.see("n00 would refuse this", "ledger/balance", "Send it anyway")
        await player.press("enter")
        await player.until(lambda: player.payments[0].state == "refused")
        await player.see("✖ refused", "? why")
        await player.press("question_mark")
        await player.expect(WhyModal)
        await player.see("The node did not take it", "ledger/balance")
        await player.press("escape", "enter")
        await player.expect(WhyModal)


async def test_what_is_typed_wrong_is_said_while_it_is_typed(home: Path) -> None:
    async with play_with_coins(home) as player:
        form, address = player.wallet.form, player.wallet.wallets.accounts[0].address_text
        await player.press("s")
        for to, amount, memo, message in (
            ("Om", "1", "", "did you mean Omar"),
            ("Nobody", "1", "", "nobody here is called 'Nobody'"),
            (
                address[:-1] + ("q" if address[-1] != "q" else "p"),
                "1",
                "",
                "its checksum does not fit; if only one character is wrong, it is character",
            ),
            ("cr1qqq", "1", "", "this address has 6 characters; a whole one has 42 characters"),
            ("Omar", "1,000", "", "1000 for a thousand, 1.0 for one"),
            ("Omar", "1.0000000001", "", "at most 9 decimals"),
            ("Omar", "0", "", "more than nothing"),
            ("Omar", "1000", "", "has 100 to spend"),
            ("Omar", "1", "\u202eevil", "control character"),
        ):
            form.fill(to, amount, memo)
            wish, problem = form.read()
            assert message in problem
            assert wish is None or amount == "1000"
        form.fill("Omar", "0,125")
        assert form.read()[0] is not None, "a comma before decimals is one"


async def test_a_locked_wallet_asks_for_the_password_when_it_signs(home: Path) -> None:
    async with play_with_coins(home) as player:
        await player.press("l")
        assert player.wallet.wallets.is_locked
        await player.pay("Omar", "1")
        await player.press("enter")
        await player.expect(UnlockDialog)
        await player.press("escape")
        await player.home_again()
        assert len(player.payments) == 1, "nothing was signed"
        await player.pay("Omar", "1")
        await player.press("enter")
        await player.expect(UnlockDialog)
        await player.type(PASSWORD)
        await player.press("enter")
        await player.until(lambda: len(player.payments) == 2, "payment")


async def test_whoever_types_or_clicks_is_here_and_the_wallet_stays_open(home: Path) -> None:
    async with play_with_coins(home) as player:
        unlocked = player.wallet.wallets._unlocked
        assert unlocked is not None
        for act in (partial(player.press, "k"), partial(player.press, "x"), partial(player.click, "esc back")):
            unlocked.deadline_s -= 600
            before_s = unlocked.deadline_s
            await act()
            assert unlocked.deadline_s > before_s + 500


async def test_the_clock_slows_down_while_a_payment_is_on_its_way(home: Path) -> None:
    async with play_with_coins(home) as player:
        player.session.speed = 100
        await player.pay("Omar", "1")
        player.session.is_playing = True
        await player.press("enter")
        await player.until(lambda: player.session.speed == 2, "slowed")
        player.session.is_playing = False
        await player.advance_until(lambda: player.payments[0].state == "confirmed")
        assert player.session.speed == 100


@pytest.mark.parametrize(("key", "title"), [("u", "Speed up by replacing"), ("x", "Cancel by replacing")])
async def test_a_pending_payment_is_replaced(home: Path, key: str, title: str) -> None:
    async with play_with_coins(home) as player:
        await player.pay("Omar", "25")
        await player.press("enter")
        await player.until(lambda: len(player.payments) == 2, "payment")
        await player.see("u speed up   x cancel")
        await player.press(key)
        await player.expect(ReviewDialog)
        await player.see(title)
        await player.press("enter")
        await player.until(lambda: len(player.payments) == 3, "replacement")
        await player.advance_until(lambda: player.payments[0].state == "confirmed")
        assert player.payments[1].state == "replaced"
        await player.see("✖ replaced")
        kept = player.wallet.view.balance.confirmed if player.wallet.view else 0
        assert (kept > 99 * COIN) == (key == "x")


async def test_the_past_can_be_looked_at_and_not_paid_from(home: Path) -> None:
    async with play_with_coins(home) as player:
        player.session.seek(0)
        player.app.show()
        await player.see("No payments yet", "you are looking at the past")
        player.session.go_live()
        player.app.show()
        await player.see("✓ confirmed")


# Accounts, names, looks


async def test_accounts_are_added_watched_and_turned_through(home: Path) -> None:
    async with play_with_coins(home, (120, 36)) as player:
        await player.press("a")
        await player.expect(AccountDialog)
        await player.type("Savings")
        await player.press("enter")
        await player.home_again()
        await player.see("▸ Savings")
        faucet = player.session.simulation.world.faucet.address
        await player.press("a")
        dialog = await player.expect(AccountDialog)
        await player.type("[/red] Shop")
        dialog.query_one("#address", Input).value = "cr1qzzz"
        await player.press("enter")
        await player.see("42 characters")
        dialog.query_one("#address", Input).value = encode_address(faucet)
        await player.press("enter")
        await player.home_again()
        await player.see("[/red] Shop", "this account is only watched")
        await player.press("right_square_bracket")
        await player.see("▸ Maya")


async def test_a_name_in_the_address_book_can_be_paid(home: Path) -> None:
    async with play_with_coins(home, (120, 36)) as player:
        await player.press("k")
        dialog = await player.expect(ContactDialog)
        await player.type("Bakery [b]")
        dialog.query_one("#address", Input).value = player.wallet.wallets.accounts[0].address_text
        await player.press("enter")
        await player.home_again()
        await player.see("Bakery [b]")
        player.wallet.contacts.focus()
        await player.press("enter")
        await player.until(lambda: player.wallet.query_one("#send-to", Input).value == "Bakery [b]")
        player.wallet.contacts.focus()
        await player.press("k")
        await player.expect(ContactDialog)
        await player.pilot.click("#remove")
        await player.home_again()
        assert player.wallet.wallets.contacts == ()


async def test_whom_to_pay_is_chosen_from_a_list(home: Path) -> None:
    async with play_with_coins(home) as player:
        await player.press("s", "down")
        dialog = await player.expect(RecipientDialog)
        await player.see("Omar", "person")
        dialog.query_one("#filter", Input).value = "ken"
        await player.pause()
        await player.press("enter")
        await player.home_again()
        assert player.wallet.query_one("#send-to", Input).value == "Kenji"


async def test_from_the_choice_of_the_fee_enter_goes_on_to_the_review(home: Path) -> None:
    async with play_with_coins(home) as player:
        await player.press("s")
        player.wallet.form.fill("Omar", "5")
        await player.press(*["tab"] * 5, "right", "enter")
        review = await player.expect(ReviewDialog)
        fast = player.wallet.form.fees.choices[2]
        assert review.draft.transaction.max_tip_per_gas == fast.tip_per_gas
        await player.click("esc back")
        await player.home_again()
        assert len(player.payments) == 1, "nothing was signed"


async def test_all_there_is_can_be_sent(home: Path) -> None:
    async with play_with_coins(home) as player:
        await player.press("s")
        player.wallet.form.fill("Omar")
        await player.pilot.click("#send-max")
        await player.until(lambda: player.wallet.form.read()[0] is not None)
        await player.pilot.click("#send-review")
        await player.expect(ReviewDialog)
        assert "would refuse" not in player.text
        await player.press("enter")
        await player.until(lambda: player.payments[0].is_outgoing)
        assert player.payments[0].state == "pending"


@pytest.mark.parametrize("size", SIZES)
async def test_the_address_is_shown_whole_and_as_a_code(home: Path, size: tuple[int, int]) -> None:
    async with play_with_coins(home, size) as player:
        await player.press("Q")
        await player.expect(ReceiveDialog)
        await player.see(player.wallet.wallets.accounts[0].address_text, "█▀▀▀▀▀█")


async def test_in_a_narrow_window_accounts_and_form_swap(home: Path) -> None:
    async with play_with_coins(home, (80, 24)) as player:
        assert "Address book" not in player.text
        await player.press("v")
        await player.see("Accounts", "Address book")
        assert "Review and sign" not in player.text
        await player.click("v accounts / form")
        await player.see("Review and sign")
        await player.click("? why")
        await player.expect(WhyModal)
        await player.click("esc close")
        await player.home_again()


async def test_a_wallet_file_that_cannot_be_read_is_said_and_kept(home: Path) -> None:
    (home / "wallet.json").write_text("{broken")
    async with play(home) as player:
        await player.press("3")
        await player.see("This wallet file cannot be read", "r restores it from its words")
        await player.press("w")
        await player.pause()
        assert player.app.screen is player.app.home
    assert (home / "wallet.json").read_text() == "{broken"


async def test_secrets_do_not_stay_in_the_fields(home: Path) -> None:
    async with play_with_coins(home) as player:
        await player.press("l", "l")
        dialog = await player.expect(UnlockDialog)
        field = dialog.query_one("#password", Input)
        await player.type("wrong password")
        await player.press("ctrl+a", "ctrl+c")
        assert player.app.clipboard == ""
        await player.press("enter")
        await player.until(lambda: "not the password" in str(dialog.query_one("#message", Static).render()))
        assert field.value == ""


@pytest.mark.parametrize("size", SIZES)
async def test_how_it_looks(home: Path, size: tuple[int, int]) -> None:
    """The golden is the view alone, without the bars around it; CHAINROOM_UPDATE_GOLDENS=1 writes it anew."""
    keystore = Keystore(home / "wallet.json", cost=CHEAPEST)
    keystore.create(Secret(PHRASE), Secret(PASSWORD), label="Maya")
    async with play(home, size, scenario="quiet") as player:
        player.wallet.wallets.add_contact("Bakery", player.wallet.wallets.accounts[0].address_text)
        await player.press("3", "f")
        player.app.submit(MineBlock(0))
        await player.advance(20)
        player.wallet.wallets.unlock(Secret(PASSWORD))
        recipient = encode_address(player.session.simulation.world.faucet.address)
        for amount in ("9000", "25"):
            await player.pay(recipient, amount, "lunch")
            await player.press("enter")
            await player.home_again()
        await player.advance(0.2)
        player.app.clear_notifications()
        await player.see("✖ refused", "◔ pending")
        await player.pause(0.1)
        region = player.wallet.region
        text = "\n".join(player.text.split("\n")[region.y : region.bottom]) + "\n"
    golden = Path(__file__).parent / "golden" / f"wallet_{size[0]}x{size[1]}.txt"
    if os.environ.get("CHAINROOM_UPDATE_GOLDENS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
