"""``chainroom wallet restore``."""

from collections.abc import Callable
from pathlib import Path

import click

from app.cli.base import force_option, json_option, tell, tell_json
from app.cli.secrets import PasswordSource, ask, passphrase_options, password_options, read_file, read_line
from app.cli.wallet import get_fields
from app.cli.wallet.create import find_place, make_room
from app.storage.accounts import check_label
from app.storage.passwords import check_password
from chain.wallet.derivation import DEFAULT_PRESET, PRESETS, get_path
from chain.wallet.mnemonic import LANGUAGES, check_phrase
from chain.wallet.secret import Secret


@click.command()
@click.option("--words-stdin", is_flag=True, help="Read the words from the next line of standard input.")
@click.option("--words-file", type=click.Path(path_type=Path), help="Read the words from the first line of a file.")
@click.option("--language", type=click.Choice(LANGUAGES), help="The language of the words; found out unless said.")
@click.option("--label", default="Main", help="What to call the first account.")
@click.option("--name", default="", help="What to call the wallet; with a name it is put beside those there are.")
@click.option(
    "--preset",
    default=DEFAULT_PRESET,
    metavar="NAME|PATH",
    help=f"Where the keys are: {', '.join(PRESETS)}, or a path such as m/44'/501'/{{account}}'.",
)
@password_options
@passphrase_options
@force_option
@json_option
def command(
    words_stdin: bool,
    words_file: Path | None,
    language: str | None,
    label: str,
    name: str,
    preset: str,
    password: PasswordSource,
    read_passphrase: Callable[[], Secret[str]],
    force: bool,
    as_json: bool,
) -> None:
    """Make the wallet again from its 12 to 24 words.

    A wrong word is named, with the nearest ones; words that only fail their checksum are told so. With both
    --password-stdin and --words-stdin the password is the first line and the words are the second.
    """
    keystore = find_place(name, force)
    check_label(label)
    get_path(0, preset)
    secret = password.read(is_new=True) if password.is_stdin else None
    phrase = check_phrase(_read_words(words_stdin, words_file).reveal(), language)
    secret = secret or password.read(is_new=True)
    check_password(secret)
    passphrase = read_passphrase()
    make_room(keystore)
    account = keystore.create(phrase.text, secret, passphrase, label=label, preset=preset, name=name)
    if as_json:
        tell_json({"file": str(keystore.path), "account": get_fields(account)})
        return
    tell(f"restored {keystore.path}")
    tell(f"account {account.number}  {account.label}  {account.address_text}")


def _read_words(is_stdin: bool, file: Path | None) -> Secret[str]:
    if is_stdin:
        return read_line("the words")
    if file is not None:
        return read_file(file)
    return ask("Words", is_hidden=False, instead="--words-stdin or --words-file")
