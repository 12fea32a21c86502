"""Whoever is refused is told what to do, before signing and afterwards, and it helps."""

from pathlib import Path

import pytest
from wallet_player import PASSWORD, PHRASE, play

from app.present.wallet_advice import ADVICE, explain_mistake, get_advice
from app.screens.access import AccessPage
from app.storage.errors import StorageError
from app.storage.keystore import Keystore
from app.storage.vault import CHEAPEST
from chain.access import Right
from chain.errors import ChainroomError, InvalidAddress, InvalidInput, InvalidTransaction
from chain.wallet.mnemonic import WrongChecksum
from chain.wallet.secret import Secret

BAKERY = "cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path))
    return tmp_path


def test_advice_belongs_to_rules_that_there_are() -> None:
    rules = Path(__file__).parents[2].joinpath("docs", "rules.md").read_text(encoding="utf-8")
    assert [rule for rule in ADVICE if f"### {rule}\n" not in rules] == []
    assert get_advice("no/such-rule") == ""


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InvalidInput("label", "", "1 to 40 printable characters"), "label: 1 to 40 printable characters"),
        (InvalidInput("label", "x" * 50, "short"), f"label '{'x' * 9}…': it must be short"),
        (InvalidAddress("address length", 41, "42 characters"), "has 41 characters; a whole one has 42 characters"),
        (
            InvalidAddress("checksum", "dy0x", "…; if only one character is wrong, it is character 42"),
            "is character 42",
        ),
        (InvalidTransaction("ledger/memo", "the memo has 300 bytes"), "the memo has 300 bytes"),
        (StorageError("some/where/wallet.json: is cut off"), "is cut off"),
        (WrongChecksum("english"), "one is another word, or two have changed places"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(error: ChainroomError, text: str) -> None:
    told = explain_mistake(error, 10)
    assert told.endswith(text)
    assert "allowed" not in told
    assert "some/where" not in told


async def test_in_a_private_network_one_learns_how_to_get_onto_the_list(home: Path) -> None:
    account = Keystore(home / "wallet.json", cost=CHEAPEST).create(Secret(PHRASE), Secret(PASSWORD), label="Maya")
    async with play(home, (80, 24), scenario="classroom-private") as player:
        access = player.session.simulation.world.access
        player.wallet.wallets.unlock(Secret(PASSWORD))
        await player.advance(10)
        await player.press("3", "f")
        await player.advance_until(lambda: player.payments and player.payments[0].state in ("confirmed", "final"))

        await player.pay(BAKERY, "5")
        await player.see("rule access/send", "What to do: press A, then w", "Send it anyway", "Back")
        await player.press("enter")  # anyway: then the history says the same
        await player.until(lambda: len(player.payments) == 2 and player.payments[0].state == "refused", "refused")
        await player.press("question_mark")
        await player.see("access/send", "What to do: press A")
        await player.press("escape")

        await player.press("A")
        await player.until(lambda: isinstance(player.app.screen, AccessPage), "the page of access")
        await player.press("w")
        assert access.is_allowed(Right.SEND, account.address, player.session.now_us)
        await player.press("escape")
        await player.home_again()
        await player.advance(30)
        await player.pay(BAKERY, "5")
        await player.press("enter")
        await player.advance_until(lambda: player.payments[0].state == "final")
        assert player.payments[0].amount == 5 * 10**9
