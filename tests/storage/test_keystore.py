"""The wallet file: made, unlocked, locked, renewed, exported; never overwritten, never telling a secret."""

import errno
import json
import os
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from app.storage import vault
from app.storage.accounts import Account, check_label
from app.storage.database import Tables, backup_of, write_tables
from app.storage.errors import (
    DamagedFile,
    ExistingFile,
    MissingFile,
    StorageError,
    WalletLocked,
    WeakPassword,
    WrongPassword,
)
from app.storage.keystore import WALLET, Keystore
from app.storage.vault import CHEAPEST, Cost
from chain.errors import InvalidAddress, InvalidInput, InvalidMnemonic
from chain.wallet.address import encode_address
from chain.wallet.derivation import derive_key
from chain.wallet.mnemonic import check_phrase, to_seed
from chain.wallet.secret import Secret

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
PHRASE, PASSPHRASE = Secret(WORDS), Secret("TREZOR passphrase")
PASSWORD, OTHER = Secret("correct horse battery"), Secret("another long one")
SEED = to_seed(check_phrase(WORDS), PASSPHRASE)


class Clock:
    """A clock that stands still until it is moved."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keystore(tmp_path: Path, clock: Clock) -> Keystore:
    return Keystore(tmp_path / "wallet.json", cost=CHEAPEST, clock=clock, auto_lock_s=60)


@pytest.fixture
def made(keystore: Keystore) -> Keystore:
    keystore.create(PHRASE, PASSWORD, PASSPHRASE, label="Maya")
    return keystore


def test_created_wallet_has_one_account_and_needs_no_password_to_show_it(keystore: Keystore) -> None:
    account = keystore.create(PHRASE, PASSWORD, PASSPHRASE, label="Maya")
    key = derive_key(SEED, "m/44'/1'/0'/0'")
    assert account == Account(0, "Maya", key.address, "m/44'/1'/0'/0'", key.public_key)
    assert keystore.get_accounts() == [account]
    assert keystore.get_account("Maya") == keystore.get_account(0) == keystore.get_account(account.address_text)
    assert stat.S_IMODE(keystore.path.stat().st_mode) == 0o600


def test_unlocked_wallet_gives_keys(made: Keystore) -> None:
    with made.unlock(PASSWORD) as unlocked:
        key = unlocked.get_key(made.get_account("Maya"))
        assert key.private_key == derive_key(SEED, "m/44'/1'/0'/0'").private_key
    assert unlocked.is_locked
    with pytest.raises(WalletLocked, match="unlock it with its password"):
        unlocked.get_key(made.get_account("Maya"))


def test_phrase_comes_back_only_with_the_password(made: Keystore) -> None:
    assert made.reveal_phrase(PASSWORD) == (PHRASE, PASSPHRASE)
    for call in (made.unlock, made.reveal_phrase):
        with pytest.raises(WrongPassword, match=r"wallet\.json: this is not the password of the wallet"):
            call(OTHER)


def test_japanese_and_korean_phrases_come_back_as_people_write_them(keystore: Keystore) -> None:
    from chain.wallet.mnemonic import build_phrase

    phrase = build_phrase(bytes(range(16)), "korean")
    keystore.create(phrase, PASSWORD)
    assert keystore.reveal_phrase(PASSWORD)[0] == phrase


def test_wallet_locks_itself_when_nobody_is_there(made: Keystore, clock: Clock) -> None:
    unlocked = made.unlock(PASSWORD)
    account = made.get_account(0)
    clock.now_s += 59
    assert not unlocked.is_locked
    unlocked.touch()
    clock.now_s += 59
    unlocked.get_key(account)
    clock.now_s += 1
    with pytest.raises(WalletLocked):
        unlocked.get_key(account)
    clock.now_s -= 30
    assert unlocked.is_locked, "it forgot the seed: a clock set back does not open it"
    with pytest.raises(WalletLocked):
        unlocked.touch()


def test_accounts_are_added_in_order(made: Keystore) -> None:
    with made.unlock(PASSWORD) as unlocked:
        second = made.add_account(unlocked, " Savings ")
        far = made.add_account(unlocked, "Far", "m/44'/501'/7'/0'")
        third = made.add_account(unlocked, "Third")
        assert [account.path for account in (second, far, third)] == [
            "m/44'/1'/1'/0'",
            "m/44'/501'/7'/0'",
            "m/44'/1'/2'/0'",
        ]
        assert unlocked.get_key(far).address == far.address
    assert [(account.number, account.label) for account in made.get_accounts()] == [
        (0, "Maya"),
        (1, "Savings"),
        (2, "Far"),
        (3, "Third"),
    ]


def test_watched_account_has_no_key(made: Keystore) -> None:
    address = encode_address(derive_key(SEED, "m/0'").address)
    shop = made.add_watch_only(address, "Shop")
    assert shop.is_watch_only
    assert shop.address_text == address
    with (
        made.unlock(PASSWORD) as unlocked,
        pytest.raises(InvalidInput, match="account: 'Shop' is not allowed; allowed: an account with a key"),
    ):
        unlocked.get_key(shop)


def test_an_account_is_there_once_and_labels_differ(made: Keystore) -> None:
    with made.unlock(PASSWORD) as unlocked:
        with pytest.raises(ExistingFile, match=r"is account 0 \(Maya\) already"):
            made.add_account(unlocked, "Again", "m/44'/1'/0'/0'")
        with pytest.raises(InvalidInput, match="one that no other account has"):
            made.add_account(unlocked, "Maya")
    with pytest.raises(ExistingFile):
        made.add_watch_only(made.get_account(0).address_text, "Shop")
    with pytest.raises(InvalidAddress):
        made.add_watch_only("cr1nonsense", "Shop")
    assert len(made.get_accounts()) == 1


def test_account_is_renamed(made: Keystore) -> None:
    made.rename_account(0, "Omar")
    made.rename_account(0, "Omar")
    assert made.get_account(0).label == "Omar"
    with pytest.raises(InvalidInput, match=r"account: 'Maya' is not allowed; allowed: 0 \(Omar\)"):
        made.get_account("Maya")


@pytest.mark.parametrize("label", ["", "  ", "x" * 41, "a\x1b[31mb", "a\nb", "a\u202eb"])
def test_labels_are_printable_and_short(label: str) -> None:
    with pytest.raises(InvalidInput, match="label"):
        check_label(label)


def test_changed_password_opens_and_the_old_one_does_not_even_in_the_backup(made: Keystore) -> None:
    made.change_password(PASSWORD, OTHER)
    assert made.reveal_phrase(OTHER) == (PHRASE, PASSPHRASE)
    with pytest.raises(WrongPassword):
        made.unlock(PASSWORD)
    assert backup_of(made.path).read_bytes() == made.path.read_bytes()


def test_password_is_not_changed_without_the_old_or_to_a_weak_one(made: Keystore) -> None:
    before = made.path.read_bytes()
    with pytest.raises(WrongPassword):
        made.change_password(OTHER, OTHER)
    with pytest.raises(WeakPassword):
        made.change_password(PASSWORD, Secret("password1"))
    assert made.path.read_bytes() == before


def test_a_wallet_is_never_overwritten(made: Keystore, tmp_path: Path) -> None:
    before = made.path.read_bytes()
    made.export(tmp_path / "copy.json")
    for attempt in (
        lambda: made.create(PHRASE, OTHER),
        lambda: made.take_in(tmp_path / "copy.json"),
        lambda: made.export(tmp_path / "copy.json"),
    ):
        with pytest.raises(ExistingFile):
            attempt()
    assert made.path.read_bytes() == before
    kept = made.set_aside()
    assert kept.read_bytes() == before
    assert not made.exists()
    made.create(PHRASE, OTHER)
    assert Keystore(kept, cost=CHEAPEST).reveal_phrase(PASSWORD) == (PHRASE, PASSPHRASE)


def test_refused_creation_leaves_no_trace(keystore: Keystore, tmp_path: Path) -> None:
    for phrase, password, label, error in (
        (Secret("legal winner thank"), PASSWORD, "Main", InvalidMnemonic),
        (PHRASE, Secret("12345678"), "Main", WeakPassword),
        (PHRASE, PASSWORD, "", InvalidInput),
    ):
        with pytest.raises(error):
            keystore.create(phrase, password, label=label)
    assert list(tmp_path.iterdir()) == []


def test_without_a_wallet_everything_says_so(keystore: Keystore, tmp_path: Path) -> None:
    attempts: list[Callable[[], object]] = [
        keystore.get_accounts,
        lambda: keystore.unlock(PASSWORD),
        lambda: keystore.change_password(PASSWORD, OTHER),
        lambda: keystore.add_watch_only(encode_address(derive_key(SEED).address), "Shop"),
        lambda: keystore.export(tmp_path / "copy.json"),
    ]
    for attempt in attempts:
        with pytest.raises(MissingFile, match="there is no wallet yet"):
            attempt()
    assert list(tmp_path.iterdir()) == []


def test_exported_copy_is_taken_in_elsewhere(made: Keystore, tmp_path: Path) -> None:
    made.export(tmp_path / "copy.json")
    other = Keystore(tmp_path / "other" / "wallet.json", cost=CHEAPEST)
    assert other.take_in(tmp_path / "copy.json") == made.get_accounts()
    assert other.reveal_phrase(PASSWORD) == (PHRASE, PASSPHRASE)
    assert stat.S_IMODE((tmp_path / "copy.json").stat().st_mode) == 0o600


# --- files touched by another hand --------------------------------------------------------------------------------


def change_file(keystore: Keystore, table: str, key: str, value: object) -> None:
    """Change one value in the file as an attacker would, with a right checksum."""
    tables = json.loads(keystore.path.read_text())
    del tables["chainroom"]
    tables[table]["1"][key] = value
    keystore.path.write_bytes(write_tables(tables, WALLET))


def test_any_changed_byte_is_damage_not_a_wrong_password(made: Keystore) -> None:
    good = made.path.read_text()
    made.path.write_text(good.replace('"box":"', '"box":"00', 1))
    with pytest.raises(DamagedFile, match="its checksum disagrees with its content"):
        made.unlock(PASSWORD)


def test_damaged_wallet_is_read_from_its_backup(made: Keystore) -> None:
    made.rename_account(0, "Omar")
    made.path.write_bytes(made.path.read_bytes()[:100])
    notices: list[str] = []
    again = Keystore(made.path, cost=CHEAPEST, on_notice=notices.append)
    assert [account.label for account in again.get_public()[1]] == ["Maya"]
    assert len(notices) == 1, "told once"
    assert again.reveal_phrase(PASSWORD) == (PHRASE, PASSPHRASE)
    assert "is cut off after 100 bytes; using the backup" in notices[0]


def test_exchanged_address_cannot_collect_money(made: Keystore) -> None:
    thief = derive_key(Secret(b"thief" * 8))
    change_file(made, "accounts", "address", encode_address(thief.address))
    with pytest.raises(DamagedFile, match="account 0 is broken"):
        made.get_accounts()
    change_file(made, "accounts", "public_key", thief.public_key.hex())
    with made.unlock(PASSWORD) as unlocked, pytest.raises(DamagedFile, match="the file was changed by another hand"):
        unlocked.get_key(made.get_account(0))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("memory_bytes", 1 << 40, "which is not allowed"),
        ("passes", 10**9, "which is not allowed"),
        ("passes", 0, "which is not allowed"),
        ("passes", 1.5, "unknown way"),
        ("passes", True, "unknown way"),
        ("salt", "00", "unknown way"),
        ("kdf", "rot13", "unknown way"),
        ("box", "xyz", "is broken"),
        ("box", 7, "is broken"),
    ],
)
def test_hostile_boxes_are_refused_before_any_work(
    made: Keystore, tmp_path: Path, key: str, value: object, message: str
) -> None:
    change_file(made, "vault", key, value)
    with pytest.raises(DamagedFile, match=message):
        made.unlock(PASSWORD)
    other = Keystore(tmp_path / "other.json")
    with pytest.raises(DamagedFile, match=message):
        other.take_in(made.path)
    assert not other.exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [("label", 7), ("label", "\x1b[2J"), ("address", None), ("path", "m/../../etc"), ("path", 3), ("public_key", "zz")],
)
def test_broken_accounts_are_told(made: Keystore, key: str, value: object) -> None:
    change_file(made, "accounts", key, value)
    with pytest.raises(DamagedFile, match=r"wallet\.json: account 0 is broken"):
        made.get_accounts()


def test_wallet_without_accounts_or_box_is_not_taken_in(keystore: Keystore, tmp_path: Path) -> None:
    cases: list[tuple[Tables, str]] = [
        ({}, "holds no encrypted box"),
        ({"vault": {"1": {}}}, "its encrypted box is broken"),
    ]
    for tables, message in cases:
        (tmp_path / "strange.json").write_bytes(write_tables(tables, WALLET))
        with pytest.raises(DamagedFile, match=message):
            keystore.take_in(tmp_path / "strange.json")


# --- secrets ------------------------------------------------------------------------------------------------------

SECRETS = [WORDS, "winner", "sausage", PASSPHRASE.reveal(), PASSWORD.reveal(), OTHER.reveal()]
KEYS = [SEED.reveal(), *(derive_key(SEED, f"m/44'/1'/{index}'/0'").private_key.reveal() for index in range(2))]


def check_nothing_secret(data: bytes) -> None:
    for secret in SECRETS:
        assert secret.encode() not in data
    for key in KEYS:
        assert key not in data
        assert key.hex().encode() not in data.lower()


def test_no_file_holds_a_secret(made: Keystore, tmp_path: Path) -> None:
    with made.unlock(PASSWORD) as unlocked:
        made.add_account(unlocked, "Savings")
    made.change_password(PASSWORD, OTHER)
    made.export(tmp_path / "copy.json")
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert len(files) >= 3
    for path in files:
        check_nothing_secret(path.read_bytes())


def test_no_representation_or_error_holds_a_secret(made: Keystore, tmp_path: Path) -> None:
    unlocked = made.unlock(PASSWORD)
    told = [repr(made), repr(unlocked), str(vars(unlocked)), repr(unlocked.get_key(made.get_account(0)))]
    failures: list[Callable[[], object]] = [
        lambda: made.unlock(OTHER),
        lambda: made.change_password(PASSWORD, Secret("sausage")),
        lambda: made.create(PHRASE, PASSWORD),
        lambda: Keystore(tmp_path / "no" / "wallet.json").create(Secret(WORDS + " sausages"), PASSWORD),
        lambda: made.take_in(tmp_path / "none.json"),
    ]
    for failure in failures:
        with pytest.raises((StorageError, InvalidMnemonic)) as caught:
            failure()
        told += [str(caught.value), repr(caught.value)]
        for frame, _ in traceback.walk_tb(caught.value.__traceback__):
            if "storage" in frame.f_code.co_filename:  # what a crash screen that shows locals would print of ours
                told += [repr(value) for value in frame.f_locals.values()]
    check_nothing_secret("\n".join(told).encode())


def test_box_does_not_tell_how_long_the_phrase_is() -> None:
    sizes = {
        len(vault.close_box(Secret(phrase), Secret(passphrase), PASSWORD, CHEAPEST)["box"])
        for phrase in (WORDS, WORDS + " " + WORDS)
        for passphrase in ("", "x" * 100)
    }
    assert len(sizes) == 1


def test_every_box_has_its_own_salt_and_keeps_its_cost() -> None:
    cost = Cost(2, 16384)
    one, other = (vault.close_box(PHRASE, PASSPHRASE, PASSWORD, cost) for _ in range(2))
    assert one["salt"] != other["salt"]
    assert (one["passes"], one["memory_bytes"]) == (2, 16384)
    assert vault.open_box(one, PASSWORD, Path("file")) == (PHRASE, PASSPHRASE)


KILL_WHILE_THE_PASSWORD_CHANGES = """
import os, signal, sys
from pathlib import Path
from app.storage.database import backup_of
from app.storage.errors import WrongPassword
from app.storage.keystore import Keystore
from app.storage.vault import CHEAPEST
from chain.wallet.secret import Secret

path, phrase = Path(sys.argv[1]), Secret("abandon " * 11 + "about")
keystore, passwords = Keystore(path, cost=CHEAPEST), [Secret("violet tractor 81"), Secret("orange bicycle 52")]
calls = ("open", "write", "fsync", "link", "replace", "unlink")

def change_killed_at(number, old, new):
    count = 0
    def wrap(call):
        def counted(*args, **options):
            nonlocal count
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            return call(*args, **options)
        return counted
    for name in calls:
        setattr(os, name, wrap(getattr(os, name)))
    keystore.change_password(old, new)

def find_password(file):
    opened = []
    for password in passwords:
        try:
            assert keystore.at(file).reveal_phrase(password)[0].reveal().split() == phrase.reveal().split()
            opened.append(password)
        except WrongPassword:
            pass
    (password,) = opened
    return password

keystore.create(phrase, passwords[0])
kills = 0
while True:
    old = find_password(path)
    new = passwords[0] if old is passwords[1] else passwords[1]
    child = os.fork()
    if child == 0:
        change_killed_at(kills, old, new)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    now = find_password(path)
    assert now is old or find_password(backup_of(path)) is new, "the old password opens the backup of the new file"
    if not os.WIFSIGNALED(status):
        assert now is new
        break
    kills += 1
print(kills)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="fork and SIGKILL")
def test_a_kill_while_the_password_changes_leaves_one_password_that_opens(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILL_WHILE_THE_PASSWORD_CHANGES, str(tmp_path / "wallet.json")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 8, "it really was killed at that many different points"
    assert {it.name for it in tmp_path.iterdir()} <= {"wallet.json", "wallet.json.bak", ".wallet.json.lock"}


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_wallet_as_it_was(made: Keystore, monkeypatch: pytest.MonkeyPatch, call: str) -> None:

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    changes: list[Callable[[], object]] = [
        lambda: made.change_password(PASSWORD, OTHER),
        lambda: made.rename_account(0, "Other"),
        lambda: made.rename("Other"),
        lambda: made.add_account(made.unlock(PASSWORD), "Second"),
    ]
    for change in changes:
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            with pytest.raises(StorageError, match="No space left on device"):
                change()
        assert [it.label for it in made.get_accounts()] == ["Maya"]
        made.unlock(PASSWORD).lock()
