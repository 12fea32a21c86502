"""``wallet``: several of them, labels, history, links, many payments, accounts of several keys."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from chain.wallet.derivation import derive_key
from chain.wallet.mnemonic import check_phrase, to_seed

Chainroom = Callable[..., Result]
CheckFailure = Callable[..., None]

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
OTHER_WORDS = "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"
PASSWORD = "correct horse battery"
NEW_PASSWORD = "violet tractor 81"
TO = "cr1qd27q4l9hcfl3mpg6vhj3z5cw7l0ajelr64dy0l"


@pytest.fixture
def do(chainroom: Chainroom) -> Callable[..., str]:
    """Run ``chainroom wallet …``, which must succeed; return what it printed."""

    def run(*arguments: object, stdin: str = "") -> str:
        result = chainroom("wallet", *arguments, stdin=stdin)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return run


Do = Callable[..., str]


@pytest.fixture
def restored(do: Do) -> str:
    """The wallet of WORDS; returns its first address."""
    shown = do("restore", "--password-stdin", "--words-stdin", "--json", stdin=f"{PASSWORD}\n{WORDS}\n")
    return str(json.loads(shown)["account"]["address"])


@pytest.fixture
def other(do: Do, restored: str) -> str:
    """Another wallet beside it, called Work; returns its first public key."""
    options = ("--password-stdin", "--words-stdin", "--name", "Work", "--json")
    shown = do("restore", *options, stdin=f"{PASSWORD}\n{OTHER_WORDS}\n")
    return str(json.loads(shown)["account"]["public_key"])


@pytest.fixture
def run(chainroom: Chainroom, do: Do, restored: str) -> str:
    """A minute of the quiet network, and 100 coins of the faucet; returns the name of the save."""
    assert chainroom("run", "classroom", "--set", "network.nodes=4", "--until", "1m", "--save", "one").exit_code == 0
    do("send", "Main", "100", "--run", "one", "--faucet")
    return "one"


def test_keys_are_where_another_program_put_them(do: Do, check_failure: CheckFailure, chainroom: Chainroom) -> None:
    seed = to_seed(check_phrase(WORDS))
    for name, preset, path in (("A", "solana-cli", "m/44'/501'"), ("B", "m/44'/9'/{account}'", "m/44'/9'/0'")):
        options = ("--password-stdin", "--words-stdin", "--json", "--name", name, "--preset", preset)
        account = json.loads(do("restore", *options, stdin=f"{PASSWORD}\n{WORDS}\n"))["account"]
        assert (account["path"], account["public_key"]) == (path, derive_key(seed, path).public_key.hex())
    do("--wallet", "B", "address", "--new", "Next", "--password-stdin", stdin=PASSWORD)
    assert json.loads(do("--wallet", "B", "list", "--json"))[1]["path"] == "m/44'/9'/1'"
    check_failure(
        chainroom("wallet", "--wallet", "A", "address", "--new", "Next", "--password-stdin", stdin=PASSWORD),
        "leads to one account",
    )
    check_failure(chainroom("wallet", "restore", "--name", "C", "--preset", "doge"), "derivation preset: 'doge'")


def test_wallets_are_chosen_renamed_and_deleted(
    do: Do, chainroom: Chainroom, check_failure: CheckFailure, other: str, home: Path
) -> None:
    assert [it["name"] for it in json.loads(do("wallets", "--json"))] == ["Wallet", "Work"]
    do("wallets", "--choose", "Work")
    assert json.loads(do("list", "--json"))[0]["public_key"] == other
    do("wallets", "--rename", "Shop")
    assert json.loads(do("--wallet", "Wallet", "list", "--json"))[0]["public_key"] != other
    check_failure(chainroom("wallet", "wallets", "--delete", "Shop"), "nothing was deleted")
    check_failure(chainroom("wallet", "--wallet", "Nobody", "list"), "wallet: 'Nobody'")
    do("wallets", "--delete", "Shop", "--yes")
    assert [it["name"] for it in json.loads(do("wallets", "--json"))] == ["Wallet"]
    assert not list(home.glob("wallet-2.json*"))


def test_the_password_is_changed(do: Do, chainroom: Chainroom, check_failure: CheckFailure, restored: str) -> None:
    change = ("wallet", "password", "--password-stdin")
    check_failure(chainroom(*change, stdin=f"{PASSWORD}\npassword1\n"), "everybody tries")
    check_failure(chainroom(*change, stdin=f"wrong one here\n{NEW_PASSWORD}\n"), "not the password")
    do("password", "--password-stdin", stdin=f"{PASSWORD}\n{NEW_PASSWORD}\n")
    assert "legal" in do("paper", "--show-words", "--password-stdin", stdin=NEW_PASSWORD)
    sheet = do("paper")
    assert "24. ____" in sheet
    assert "legal" not in sheet


def test_an_account_is_hidden_and_renamed(do: Do, restored: str) -> None:
    do("import", "--watch", TO, "--label", "Shop")
    do("account", "Shop", "--rename", "Bakery", "--hide")
    accounts = json.loads(do("list", "--json"))
    assert [(it["label"], it["hidden"]) for it in accounts] == [("Main", False), ("Bakery", True)]


def test_labels_go_out_and_come_back(
    do: Do, chainroom: Chainroom, check_failure: CheckFailure, restored: str, tmp_path: Path
) -> None:
    vector = (Path(__file__).parents[1] / "vectors" / "bip329.jsonl").read_text()
    (tmp_path / "in.jsonl").write_text(json.dumps({"type": "addr", "ref": TO, "label": "Bakery"}) + "\n" + vector)
    assert json.loads(do("labels", "import", tmp_path / "in.jsonl", "--json"))["addresses"] == 1
    do("labels", "export", tmp_path / "out.jsonl")
    exported = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert all(json.loads(line) in exported for line in vector.splitlines())
    assert do("labels", "export") == (tmp_path / "out.jsonl").read_text()
    check_failure(chainroom("wallet", "labels", "import", tmp_path / "none"), "there is no such file")
    check_failure(chainroom("wallet", "labels", "export", tmp_path / "out.jsonl"), "exists already")


def test_a_link_is_made_and_paid_and_many_are_paid_at_once(
    do: Do, chainroom: Chainroom, check_failure: CheckFailure, run: str, tmp_path: Path
) -> None:
    link = do("link", "Main", "--amount", "2.5", "--label", "Maya", "--memo", "rolls & tea").strip()
    assert link.endswith("?amount=2.5&label=Maya&memo=rolls%20%26%20tea")
    assert "▀" in do("link", "--qr")
    sent = json.loads(do("send", link, "--run", run, "--password-stdin", "--json", "--for", "1m", stdin=PASSWORD))
    assert sent["amount"] == 2_500_000_000
    (tmp_path / "wages.txt").write_text(f"# wages\n{TO}, 1, one\nMain, 2, two\n")
    send = ("send", "--many", tmp_path / "wages.txt", "--run", run, "--password-stdin")
    sent = json.loads(do(*send, "--json", stdin=PASSWORD))
    assert (sent["amount"], len(sent["to"])) == (3_000_000_000, 2)
    rows = json.loads(do("history", "--run", run, "--json"))
    assert [row["memo"] for row in rows] == ["one · two", "rolls & tea", "faucet"]
    assert [row["amount"] for row in json.loads(do("history", "--run", run, "--search", "rolls", "--json"))] == [
        2_500_000_000
    ]
    do("history", "--run", run, "--csv", tmp_path / "table.csv")
    table = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    assert [row["amount"] for row in table] == ["100", "0", "-1"]
    (tmp_path / "wages.txt").write_text("Nobody, 1")
    check_failure(chainroom("wallet", *send, stdin=PASSWORD), "line 1")


def test_a_payment_waits_for_its_moment(do: Do, run: str, chainroom: Chainroom, check_failure: CheckFailure) -> None:
    send = ("send", TO, "2", "--run", run, "--password-stdin", "--for", "1m")
    sent = json.loads(do(*send, "--at", "block 30", "--json", stdin=PASSWORD))
    assert sent["block_height"] > 30
    check_failure(chainroom("wallet", *send, "--at", "00:00:05", stdin=PASSWORD), "a time that is still to come")
    check_failure(chainroom("wallet", *send, "--at", "soon", stdin=PASSWORD), "in 10m, 02:30:00")


def test_two_wallets_pay_from_one_account(
    do: Do, chainroom: Chainroom, check_failure: CheckFailure, run: str, other: str, tmp_path: Path
) -> None:
    create = ("multisig", "create", "Both", "--threshold", "2", "--key", other, "--key")
    made = json.loads(do(*create, "Main", "--json"))
    own = json.loads(do("list", "--json"))[0]["public_key"]
    theirs = json.loads(do("--wallet", "Work", *create, own, "--json"))
    assert made["address"] == theirs["address"], "the order of the keys does not matter"
    do("send", "Both", "50", "--run", run, "--faucet")
    files = [tmp_path / f"{name}.json" for name in ("plain", "mine", "theirs", "whole")]
    do("multisig", "propose", "Both", TO, "20", files[0], "--run", run, "--memo", "rent")
    check_failure(
        chainroom("wallet", "send", TO, "1", "--account", "Both", "--run", run, "--password-stdin", stdin=PASSWORD),
        "multisig propose",
    )
    check_failure(chainroom("wallet", "multisig", "send", files[0], "--run", run), "2 of the policy's keys")
    do("multisig", "sign", files[0], files[1], "--password-stdin", stdin=PASSWORD)
    check_failure(
        chainroom("wallet", "multisig", "sign", files[1], files[3], "--password-stdin", stdin=PASSWORD), "still needs"
    )
    do("--wallet", "Work", "multisig", "sign", files[0], files[2], "--password-stdin", stdin=PASSWORD)
    do("multisig", "combine", files[1], files[2], "--to", files[3])
    assert json.loads(do("multisig", "show", files[3], "--json"))["missing"] == 0
    sent = json.loads(do("multisig", "send", files[3], "--run", run, "--json"))
    assert (sent["from"], sent["amount"]) == (made["address"], 20 * 10**9)
    assert sent["block_height"] > 0
    assert chainroom("replay", run, "--verify").exit_code == 0
    for file in files:
        assert PASSWORD not in file.read_text()


def test_a_locked_account_waits_for_its_time(
    do: Do, chainroom: Chainroom, check_failure: CheckFailure, run: str
) -> None:
    do("multisig", "create", "Later", "--key", "Main", "--not-before", "20m")
    do("send", "Later", "50", "--run", run, "--faucet")
    send = ("wallet", "send", TO, "1", "--account", "Later", "--run", run, "--password-stdin")
    check_failure(chainroom(*send, stdin=PASSWORD), "rule: ledger/locked")
    do("send", "Main", "1", "--run", run, "--faucet", "--for", "20m")
    assert chainroom(*send, stdin=PASSWORD).exit_code == 0
