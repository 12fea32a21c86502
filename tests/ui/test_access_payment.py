"""Paying in a private network: refused by name while one is not on the list, in a block once one is."""

import os
from pathlib import Path

import pytest
from wallet_player import PASSWORD, PHRASE, play

from app.screens.access import AccessPage
from app.storage.keystore import Keystore
from app.storage.vault import CHEAPEST
from app.widgets.why import WhyModal
from chain.access import Right
from chain.wallet.secret import Secret


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("size", [(80, 24), (120, 36)] if os.environ.get("CHAINROOM_FULL") else [(80, 24)])
async def test_a_payment_is_refused_until_one_is_on_the_list(home: Path, size: tuple[int, int]) -> None:
    account = Keystore(home / "wallet.json", cost=CHEAPEST).create(Secret(PHRASE), Secret(PASSWORD), label="Maya")
    async with play(home, size, scenario="classroom-private") as player:
        world = player.session.simulation.world
        player.wallet.wallets.unlock(Secret(PASSWORD))
        await player.advance(10)
        assert not world.access.is_allowed(Right.SEND, account.address, world.now_us)
        await player.press("3", "f")  # the faucet is on the list: coins may come
        await player.until(lambda: player.payments, "coins on their way")
        await player.advance_until(lambda: player.payments[0].state == "final")

        await player.pay("Omar", "5")
        await player.see("would refuse this", "access/send", "Send it anyway")
        await player.press("enter")
        await player.until(lambda: player.payments[0].state == "refused", "refused")
        await player.see("✖ refused")
        await player.press("question_mark")
        await player.expect(WhyModal)
        await player.see("access/send", "may not send")

        await player.press("escape", "A")
        await player.until(lambda: isinstance(player.app.screen, AccessPage), "who may do what")
        await player.press("w")
        assert world.access.is_allowed(Right.SEND, account.address, world.now_us)
        await player.press("escape")
        await player.home_again()
        await player.advance(20)  # the list holds from the first height at which nothing has been published

        await player.pay("Omar", "5")
        assert "would refuse" not in player.text
        await player.press("enter")
        await player.until(lambda: player.payments[0].state != "refused", "the payment on its way")
        await player.advance_until(lambda: player.payments[0].state == "final")
        await player.see("by majority · block")
