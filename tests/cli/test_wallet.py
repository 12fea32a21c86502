"""``wallet``: made, restored, signing, paying in a saved run; and never a secret where it does not belong."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from app.storage.keystore import Keystore
from app.storage.paths import get_wallet_file
from chain.wallet.derivation import derive_key
from chain.wallet.mnemonic import check_phrase, to_seed
from chain.wallet.secret import Secret

Chainroom = Callable[..., Result]
CheckFailure = Callable[..., None]

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
PASSWORD = "correct horse battery"
OTHER = "quite another password"
KEY = derive_key(to_seed(check_phrase(WORDS)))


@pytest.fixture
def restored(chainroom: Chainroom) -> str:
    """The wallet of WORDS; returns its first address."""
    arguments = ("wallet", "restore", "--password-stdin", "--words-stdin", "--json")
    result = chainroom(*arguments, stdin=f"{PASSWORD}\n{WORDS}\n")
    assert result.exit_code == 0, result.stderr
    return str(json.loads(result.stdout)["account"]["address"])


# --- making and restoring ---------------------------------------------------------------------------------------


def test_created_wallet_shows_its_words_only_when_asked(chainroom: Chainroom, home: Path) -> None:
    result = chainroom("wallet", "create", "--password-stdin", stdin=PASSWORD + "\n")
    assert result.exit_code == 0
    assert (home / "wallet.json").exists()
    words = chainroom("wallet", "export", "--show-words", "--password-stdin", stdin=PASSWORD).stdout
    phrase = words.removeprefix("words  ").strip()
    assert len(phrase.split()) == 12
    assert check_phrase(phrase).language == "english"
    assert phrase not in result.output
    assert "the words were not shown" in result.stderr


@pytest.mark.parametrize(
    ("count", "language"), [("12", "english"), ("24", "french"), ("15", "korean"), ("18", "japanese")]
)
def test_words_lead_to_the_same_wallet_again(
    chainroom: Chainroom, home: Path, tmp_path: Path, count: str, language: str
) -> None:
    options = ("--words", count, "--language", language, "--show-words", "--json", "--password-stdin")
    made = json.loads(chainroom("wallet", "create", *options, stdin=PASSWORD).stdout)
    assert len(made["words"].split()) == int(count)
    (tmp_path / "words.txt").write_text(made["words"] + "\n", encoding="utf-8")
    (home / "wallet.json").rename(tmp_path / "lost.json")
    again = chainroom(
        "wallet", "restore", "--words-file", tmp_path / "words.txt", "--password-stdin", "--json", stdin=OTHER
    )
    assert json.loads(again.stdout)["account"] == made["account"]


def test_two_created_wallets_differ(chainroom: Chainroom) -> None:
    options = ("wallet", "create", "--show-words", "--json", "--password-stdin", "--force")
    one, other = (json.loads(chainroom(*options, stdin=PASSWORD).stdout)["words"] for _ in range(2))
    assert one != other


def test_passphrase_leads_to_other_keys(chainroom: Chainroom, restored: str, tmp_path: Path) -> None:
    (tmp_path / "extra").write_text("TREZOR\n")
    arguments = ("wallet", "restore", "--password-stdin", "--words-stdin", "--passphrase-file", tmp_path / "extra")
    result = chainroom(*arguments, "--json", "--force", stdin=f"{PASSWORD}\n{WORDS}\n")
    assert json.loads(result.stdout)["account"]["address"] != restored
    shown = chainroom("wallet", "export", "--show-words", "--password-stdin", stdin=PASSWORD).stdout
    assert shown == f"words  {WORDS}\npassphrase  TREZOR\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            WORDS.replace("sausage", "sausge"),
            "word 6: 'sausge' is not allowed; allowed: words of the english list, such as sausage",
        ),
        (WORDS + " legal", "number of words: '13'"),
        (WORDS.replace("yellow", "year"), "the checksum does not fit"),
        ("", "number of words: '0'"),
    ],
)
def test_wrong_words_are_told_each_in_its_way(
    chainroom: Chainroom, check_failure: CheckFailure, home: Path, words: str, message: str
) -> None:
    result = chainroom("wallet", "restore", "--password-stdin", "--words-stdin", stdin=f"{PASSWORD}\n{words}\n")
    check_failure(result, message)
    assert not home.exists()


def test_weak_password_is_refused_before_anything_is_made(
    chainroom: Chainroom, check_failure: CheckFailure, home: Path
) -> None:
    check_failure(chainroom("wallet", "create", "--password-stdin", stdin="12345678\n"), "the password ")
    assert not home.exists()


def test_a_wallet_is_set_aside_never_overwritten(
    chainroom: Chainroom, check_failure: CheckFailure, restored: str, home: Path
) -> None:
    before = (home / "wallet.json").read_bytes()
    create = ("wallet", "create", "--password-stdin")
    check_failure(chainroom(*create, stdin=OTHER), "there is a wallet already; --force sets it aside")
    assert chainroom(*create, "--force", "--label", "x" * 99, stdin=OTHER).exit_code == 1
    assert (home / "wallet.json").read_bytes() == before
    assert chainroom(*create, "--force", stdin=OTHER).exit_code == 0
    (kept,) = home.glob("wallet.json.replaced-*")
    assert kept.read_bytes() == before


def test_password_comes_from_a_file_or_a_variable(
    chainroom: Chainroom, check_failure: CheckFailure, restored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    export = ("wallet", "export", "--show-words")
    check_failure(chainroom(*export), "no terminal to ask for: password; use --password-stdin or --password-file")
    assert WORDS in chainroom(*export, "--password-file", tmp_path / "password").stdout
    check_failure(chainroom(*export, "--password-file", tmp_path / "none"), "there is no such file")
    check_failure(chainroom(*export, "--password-stdin"), "standard input ended before the password")
    monkeypatch.setenv("CHAINROOM_PASSWORD_FILE", str(tmp_path / "password"))
    assert WORDS in chainroom(*export).stdout


def test_password_is_never_an_argument(chainroom: Chainroom) -> None:
    for command in ("create", "restore", "export", "sign", "send", "address"):
        result = chainroom("wallet", command, "--password", PASSWORD)
        assert result.exit_code == 2
        assert PASSWORD not in result.stderr


# --- accounts -----------------------------------------------------------------------------------------------------


def test_accounts_are_listed_added_and_watched(
    chainroom: Chainroom, check_failure: CheckFailure, restored: str
) -> None:
    new = chainroom("wallet", "address", "--new", "Savings", "--password-stdin", stdin=PASSWORD).stdout.strip()
    watched = "cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l"
    assert chainroom("wallet", "import", "--watch", watched, "--label", "Shop").exit_code == 0
    accounts = json.loads(chainroom("wallet", "list", "--json").stdout)
    assert [(it["number"], it["label"], it["address"], it["watch_only"]) for it in accounts] == [
        (0, "Main", restored, False),
        (1, "Savings", new, False),
        (2, "Shop", watched, True),
    ]
    assert chainroom("wallet", "address").stdout == restored + "\n"
    assert chainroom("wallet", "address", "Savings").stdout == new + "\n"
    assert "watched only" in chainroom("wallet", "list").stdout
    check_failure(chainroom("wallet", "address", "Nobody"), "allowed: 0 (Main), 1 (Savings), 2 (Shop)")
    check_failure(chainroom("wallet", "import", "--watch", watched[:-1] + "q"), "checksum: '64dy0q' is not allowed")
    check_failure(chainroom("wallet", "address", "--new", "X", "--password-stdin", stdin=OTHER), "not the password")


def test_without_a_wallet_every_command_says_so(
    chainroom: Chainroom, check_failure: CheckFailure, home: Path, tmp_path: Path
) -> None:
    for arguments in (
        ["list"],
        ["address"],
        ["address", "--new", "x"],
        ["sign", "hello"],
        ["balance", "--run", "x"],
        ["export", tmp_path / "copy.json"],
        ["export", "--show-words"],
        ["import", "--watch", "cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l"],
    ):
        check_failure(chainroom("wallet", *arguments), "there is no wallet yet; 'chainroom wallet create' makes one")
    assert not home.exists()


def test_exported_wallet_is_taken_in_again(
    chainroom: Chainroom, check_failure: CheckFailure, restored: str, home: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.json"
    assert chainroom("wallet", "export", copy).stdout == f"exported to {copy}\n"
    check_failure(chainroom("wallet", "export", copy), "exists already")
    check_failure(chainroom("wallet", "import", copy), "there is a wallet already")
    (tmp_path / "junk.json").write_text("junk")
    check_failure(chainroom("wallet", "import", tmp_path / "junk.json", "--force"), "is not JSON")
    assert chainroom("wallet", "address").stdout.strip() == restored
    (home / "wallet.json").unlink()
    assert chainroom("wallet", "import", copy).exit_code == 0
    assert WORDS in chainroom("wallet", "export", "--show-words", "--password-stdin", stdin=PASSWORD).stdout


# --- messages -----------------------------------------------------------------------------------------------------


def test_signed_message_verifies_and_a_changed_one_does_not(
    chainroom: Chainroom, check_failure: CheckFailure, restored: str, tmp_path: Path
) -> None:
    armour = chainroom("wallet", "sign", "-", "--password-stdin", stdin=f"{PASSWORD}\nI owe you 5 CR\nMaya\n").stdout
    (tmp_path / "signed.txt").write_text(armour)
    assert chainroom("wallet", "verify", tmp_path / "signed.txt").stdout == f"valid: signed by {restored}\n"
    verified = json.loads(chainroom("wallet", "verify", "-", "--json", stdin=armour).stdout)
    assert verified == {"valid": True, "address": restored, "message": "I owe you 5 CR\nMaya"}
    check_failure(chainroom("wallet", "verify", "-", stdin=armour.replace("5 CR", "9 CR")), "signature")
    check_failure(chainroom("wallet", "verify", "-", stdin="nothing"), "signed message")
    check_failure(chainroom("wallet", "verify", tmp_path / "none"), "there is no such file")
    check_failure(
        chainroom("wallet", "sign", "x", "--account", "7", "--password-stdin", stdin=PASSWORD), "account: '7'"
    )


# --- paying in a saved run -----------------------------------------------------------------------------------------


@pytest.fixture
def run(chainroom: Chainroom, restored: str) -> str:
    """A minute of the classroom, and 100 coins of the faucet; returns the name of the save."""
    assert chainroom("run", "classroom", "--until", "1m", "--save", "one").exit_code == 0
    result = chainroom("wallet", "send", "Main", "100", "--run", "one", "--faucet", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["confirmations"] > 0
    return "one"


def get_balances(chainroom: Chainroom, run: str) -> list[int]:
    return [account["balance"] for account in json.loads(chainroom("wallet", "balance", "--run", run, "--json").stdout)]


def test_coins_come_from_the_faucet_and_go_to_somebody(chainroom: Chainroom, run: str) -> None:
    assert get_balances(chainroom, run) == [100 * 10**9]
    chainroom("wallet", "address", "--new", "Savings", "--password-stdin", stdin=PASSWORD)
    arguments = ("wallet", "send", "Savings", "2.5", "--run", run, "--memo", "lunch", "--password-stdin")
    sent = json.loads(chainroom(*arguments, "--save", "two", "--json", stdin=PASSWORD).stdout)
    assert (sent["amount"], sent["nodes_reached"], sent["nodes"]) == (2_500_000_000, 12, 12)
    assert sent["block_height"] > 0
    main, savings = get_balances(chainroom, "two")
    assert savings == 2_500_000_000
    assert 97 * 10**9 < main < 97_500_000_000
    assert get_balances(chainroom, run) == [100 * 10**9, 0], "the first save is as it was"
    for save in (run, "two"):
        assert chainroom("replay", save, "--verify").exit_code == 0
    assert "100 CR" in chainroom("wallet", "balance", "Main", "--run", run).stdout


def test_refused_payment_names_rule_and_numbers_and_changes_nothing(
    chainroom: Chainroom, check_failure: CheckFailure, run: str, home: Path
) -> None:
    save = home / "saves" / "one.json"
    before = save.read_bytes()
    send, to = ("wallet", "send"), "cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l"
    options = ("--run", run, "--password-stdin")
    check_failure(chainroom(*send, to, "5000", *options, stdin=PASSWORD), "rule: ledger/balance")
    check_failure(chainroom(*send, to, "5", *options, stdin=OTHER), "this is not the password of the wallet")
    check_failure(chainroom(*send, to[:-1] + "q", "5", *options, stdin=PASSWORD), "checksum: '64dy0q'")
    check_failure(chainroom(*send, to, "five", *options, stdin=PASSWORD), "amount")
    check_failure(chainroom(*send, to, "5", *options, "--node", "99", stdin=PASSWORD), "node: '99'")
    check_failure(chainroom(*send, to, "99999", "--run", run, "--faucet"), "rule: faucet/amount")
    check_failure(chainroom(*send, to, "5", "--run", run, "--faucet", "--save", run), "exists already")
    check_failure(chainroom(*send, to, "5", "--run", save, "--faucet"), "give a name for the longer one with --save")
    check_failure(chainroom(*send, to, "5", *options, "--memo", "a\u202eb", stdin=PASSWORD), "memo")
    assert save.read_bytes() == before


# --- secrets -------------------------------------------------------------------------------------------------------

SECRETS = [WORDS, "winner thank", PASSWORD, OTHER, KEY.private_key.reveal().hex(), "TREZOR passphrase"]


def check_nothing_secret(text: str) -> None:
    for secret in SECRETS:
        assert secret.lower() not in text.lower()


def test_no_file_and_no_output_holds_a_secret(chainroom: Chainroom, run: str, home: Path, tmp_path: Path) -> None:
    """Use everything, well and badly, with and without --debug, then look everywhere."""
    (tmp_path / "extra").write_text("TREZOR passphrase")
    both = f"{PASSWORD}\n{WORDS}\n"
    restore = ["wallet", "restore", "--words-stdin", "--password-stdin", "--passphrase-file", tmp_path / "extra"]
    calls: list[tuple[list[object], str]] = [
        (["wallet", "list"], ""),
        (["wallet", "address", "--new", "Two", "--password-stdin"], PASSWORD),
        (["wallet", "address", "--new", "Three", "--password-stdin"], OTHER),
        (["wallet", "sign", "hello", "--password-stdin"], PASSWORD),
        (["wallet", "sign", "hello", "--password-stdin"], OTHER),
        (["wallet", "send", "Two", "1", "--run", run, "--password-stdin"], PASSWORD),
        (["wallet", "send", "Two", "1000000", "--run", run, "--password-stdin"], PASSWORD),
        (["wallet", "export", tmp_path / "copy.json"], ""),
        (["wallet", "export", "--show-words", "--password-stdin"], OTHER),
        (restore, both),
        ([*restore, "--force"], both),
        ([*restore, "--force"], f"{PASSWORD}\n{WORDS} thank\n"),
        ([*restore, "--force"], f"password1\n{WORDS}\n"),
        (["wallet", "create", "--password-stdin", "--force"], PASSWORD),
        (["saves", "show", run], ""),
    ]
    for arguments, stdin in calls:
        for debug in ([], ["--debug"]):
            result = chainroom(*arguments, *debug, stdin=stdin)
            check_nothing_secret(result.output)
    (tmp_path / "extra").unlink()
    files = [Path(folder) / name for folder, _, names in os.walk(tmp_path) for name in names]
    assert len(files) >= 6
    for file in files:
        check_nothing_secret(file.read_bytes().decode("utf-8", "replace"))
        assert KEY.private_key.reveal() not in file.read_bytes()


# --- at a terminal -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_at_a_terminal_the_password_is_hidden_and_the_words_are_shown_once(home: Path) -> None:
    import pexpect

    child = pexpect.spawn(
        sys.executable,
        ["-m", "app", "wallet", "create"],
        env={**os.environ, "CHAINROOM_HOME": str(home), "TERM": "xterm", "NO_COLOR": "1"},
        encoding="utf-8",
        timeout=30,
    )
    child.expect("New password: ")
    child.sendline(PASSWORD)
    child.expect("Repeat for confirmation: ")
    child.sendline(PASSWORD)
    child.expect("Press any key when they are written down")
    shown = child.before
    child.send(" ")
    child.expect("The words are off the screen")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert PASSWORD not in shown
    words = [line.split()[1] for line in shown.splitlines() if line.strip() and line.split()[0].isdecimal()]
    assert len(words) == 12
    phrase, _ = Keystore(home / "wallet.json").reveal_phrase(Secret(PASSWORD))
    assert phrase.reveal().split() == words


def test_wallet_file_is_where_the_home_is(home: Path) -> None:
    assert get_wallet_file() == home / "wallet.json"
