"""A secret is where it was typed and nowhere else: no file, picture, log, report, argument or crash has it."""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

import pytest
from textual.widgets import Input
from wallet_player import PASSWORD, Player, play

from app.crash import describe_crash
from app.last_run import build_document
from app.screens.wallet_create import CreateWallet
from app.screens.wallet_forms import FormDialog
from app.screens.wallet_reveal import RevealDialog
from app.screens.wallet_steps import WordGrid
from chain.simulation.report import compute_report
from chain.wallet.derivation import derive_key
from chain.wallet.mnemonic import check_phrase, to_seed
from chain.wallet.secret import Secret

PASSPHRASE = "seven purple anchors"
OTHER = "orange bicycle 52"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path))
    return tmp_path


def find_forms(phrase: str) -> list[str]:
    """Every form in which the secrets of a wallet could leak: as text, its halves, and the bytes in hexadecimal."""
    checked = check_phrase(phrase)
    seed = to_seed(checked, Secret(PASSPHRASE))
    key = derive_key(seed)
    words = phrase.split()
    values = (checked.entropy, seed, key.private_key, key.chain_code)
    return [
        " ".join(words[:3]), " ".join(words[-3:]), ",".join(words[:3]), PASSPHRASE, PASSWORD, OTHER,
        *(value.reveal().hex()[:32] for value in values),
    ]  # fmt: skip


async def make_wallet(player: Player) -> str:
    """Walk through the dialog as a person does; return the words."""
    await player.press("3", "w")
    dialog = await player.expect(CreateWallet)
    await player.press("1")
    await player.until(lambda: dialog.step == "words", "words")
    phrase = dialog._phrase
    assert phrase is not None
    await player.press("r", "enter")
    await player.until(lambda: dialog.step == "check", "check")
    words = phrase.reveal().split()
    for number, place in enumerate(dialog._places):
        dialog.query_one(f"#check-{number}", Input).value = words[place]
    dialog.compare()
    dialog.query_one("#extra").toggle()  # type: ignore[attr-defined]
    await player.pause()
    for name in ("new-password", "repeat-password"):
        dialog.query_one(f"#{name}", Input).value = PASSWORD
    for name in ("passphrase", "repeat-passphrase"):
        dialog.query_one(f"#{name}", Input).value = PASSPHRASE
    await player.pause()
    dialog.save()
    await player.until(lambda: dialog.step == "done", "done")
    await player.press("enter")
    await player.home_again()
    return phrase.reveal()


async def test_a_life_of_a_wallet_leaves_no_secret_behind(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with play(home, (80, 24), scenario="quiet") as player:
        app, wallets = player.app, player.wallet.wallets
        phrase = await make_wallet(player)
        forms = find_forms(phrase)
        seen = [app.export_screenshot()]

        await player.advance_until(lambda: player.payments and player.payments[0].state == "confirmed")
        await player.pay("cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l", "5", "rent")
        seen.append(app.export_screenshot())
        await player.press("enter")
        await player.until(lambda: len(player.payments) == 2, "paid")

        player.wallet.action_change_password()
        dialog = await player.expect(FormDialog)
        for field, text in zip(dialog.query(Input), (PASSWORD, OTHER, OTHER), strict=True):
            field.value = text
        await player.pause(0.05)
        seen.append(app.export_screenshot())
        dialog.submit()
        await player.home_again()

        app.push_screen(RevealDialog(wallets))  # the words, then masked again, then closed
        reveal = await player.expect(RevealDialog)
        await player.type(OTHER)
        await player.press("enter")
        await player.see(phrase.split()[0])
        reveal.query_one(WordGrid).reveal(is_revealed=False)
        await player.pause(0.05)
        seen.append(app.export_screenshot())
        await player.press("escape")
        await player.home_again()

        wallets.keystore.export(home / "copy.json")
        document = build_document(player.session)
        assert document is not None
        app.saves.write("life", document)
        seen += [repr(document), repr(compute_report(player.session.simulation))]
        seen += [app.clipboard, repr(wallets.__dict__), repr(wallets._unlocked.__dict__ if wallets._unlocked else "")]
        seen += [" ".join(sys.argv), json.dumps(dict(os.environ)), caplog.text]
        seen += [repr(task) for task in asyncio.all_tasks()]
        try:
            raise RuntimeError(phrase)
        except RuntimeError as error:
            seen.append(describe_crash(error))
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {"wallet.json", "wallet.json.bak", "copy.json"} <= {path.name for path in files}
    seen += [path.read_bytes().decode("utf-8", "replace") for path in files]
    text = "\n".join(seen).lower().replace("&#160;", " ").replace("\xa0", " ")
    assert [number for number, form in enumerate(forms) if form.lower() in text] == []
    assert "maya" not in text
    assert "rent" in text, "the pictures were really searched"
