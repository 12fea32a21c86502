"""``chainroom wallet create``."""

import os
import sys
from collections.abc import Callable

import click

from app.cli.base import force_option, json_option, note, tell, tell_json
from app.cli.secrets import PasswordSource, passphrase_options, password_options
from app.cli.wallet import get_fields, open_keystore
from app.storage.accounts import check_label
from app.storage.errors import ExistingFile
from app.storage.keystore import Keystore
from app.storage.passwords import check_password
from app.storage.shelf import check_name_is_free, get_free_path
from chain.wallet.mnemonic import ENTROPY_BYTES, LANGUAGES, WORD_COUNTS, build_phrase
from chain.wallet.secret import Secret

_ENTROPY = dict(zip(map(str, WORD_COUNTS), ENTROPY_BYTES, strict=True))


@click.command()
@click.option("--words", type=click.Choice(list(_ENTROPY)), default="12", help="How many words; 12 unless said.")
@click.option("--language", type=click.Choice(LANGUAGES), default="english", help="The language of the words.")
@click.option("--label", default="Main", help="What to call the first account.")
@click.option("--name", default="", help="What to call the wallet; with a name it is put beside those there are.")
@click.option("--show-words", is_flag=True, help="Print the words on standard output.")
@password_options
@passphrase_options
@force_option
@json_option
def command(
    words: str,
    language: str,
    label: str,
    name: str,
    show_words: bool,
    password: PasswordSource,
    read_passphrase: Callable[[], Secret[str]],
    force: bool,
    as_json: bool,
) -> None:
    """Make a new wallet with new words.

    On a terminal the words are shown once, to be written down. Elsewhere they are shown only with --show-words. With
    --force a wallet that exists is set aside, never overwritten.
    """
    keystore = find_place(name, force)
    check_label(label)
    secret = password.read(is_new=True)
    check_password(secret)
    passphrase = read_passphrase()
    phrase = build_phrase(os.urandom(_ENTROPY[words]), language)
    make_room(keystore)
    account = keystore.create(phrase, secret, passphrase, label=label, name=name)
    if as_json:
        shown = {"words": phrase.reveal()} if show_words else {}
        tell_json({"file": str(keystore.path), "account": get_fields(account), **shown})
        return
    tell(f"created {keystore.path}")
    tell(f"account {account.number}  {account.label}  {account.address_text}")
    if show_words:
        tell(f"words  {phrase.reveal()}")
    elif sys.stdin.isatty() and sys.stdout.isatty():
        show_once(phrase)
    else:
        note("the words were not shown; 'chainroom wallet export --show-words' shows them")


def find_place(name: str, force: bool) -> Keystore:
    """Return where a new wallet goes: beside the others when it has a name. Raises ExistingFile, InvalidInput."""
    keystore = open_keystore()
    if name:
        check_name_is_free(keystore.at(keystore.path.with_name("none")), check_label(name))
        return keystore.at(get_free_path(keystore))
    check_is_free(keystore, force)
    return keystore


def check_is_free(keystore: Keystore, force: bool) -> None:
    """Refuse to go on when there is a wallet, before anything is asked. Raises ExistingFile."""
    if keystore.exists() and not force:
        raise ExistingFile(f"{keystore.path}: there is a wallet already; --force sets it aside")


def make_room(keystore: Keystore) -> None:
    """Set an existing wallet aside."""
    if keystore.exists():
        note(f"the wallet before was kept as {keystore.set_aside()}")


def show_once(phrase: Secret[str]) -> None:
    """Show the words on the terminal until a key is pressed, then take them off the screen."""
    words = phrase.reveal().split()
    lines = [f"{number:2}  {word}" for number, word in enumerate(words, 1)]
    click.echo("\nThese words are the wallet. Write them down, in order; nobody can restore it without them.\n")
    click.echo("\n".join(lines))
    click.pause("\nPress any key when they are written down.")
    click.echo(f"\x1b[{len(lines) + 5}F\x1b[J", nl=False)
    click.echo("The words are off the screen; 'chainroom wallet export --show-words' shows them again.")
