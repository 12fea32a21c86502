"""How passwords, passphrases and recovery words come in: hidden on a terminal, from standard input, or from a file.

Never as an argument: arguments stand in the list of processes and in the history of the shell. From standard input the
password is the first line; what else is read from it comes after.
"""

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from app.storage.atomic import read_whole
from app.storage.errors import MissingFile
from chain.wallet.mnemonic import NO_PASSPHRASE
from chain.wallet.secret import Secret

LIMIT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class PasswordSource:
    """Where the password comes from."""

    is_stdin: bool
    file: Path | None

    def read(self, *, is_new: bool = False) -> Secret[str]:
        """Return the password; a new one is asked for twice. Raises ClickException, MissingFile, StorageError."""
        if self.is_stdin:
            return read_line("the password")
        if self.file is not None:
            return read_file(self.file)
        return ask(
            "Password" if not is_new else "New password", is_new=is_new, instead="--password-stdin or --password-file"
        )


def password_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--password-stdin`` and ``--password-file``, and a ``password`` to read."""

    @click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
    @click.option(
        "--password-file",
        type=click.Path(path_type=Path),
        envvar="CHAINROOM_PASSWORD_FILE",
        help="Read the password from the first line of a file (also CHAINROOM_PASSWORD_FILE).",
    )
    @functools.wraps(function)
    def wrapper(*args: Any, password_stdin: bool, password_file: Path | None, **options: Any) -> Any:
        return function(*args, password=PasswordSource(password_stdin, password_file), **options)

    return wrapper


def passphrase_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--passphrase`` and ``--passphrase-file``, and ``read_passphrase`` to call."""

    @click.option("--passphrase", is_flag=True, help="Ask for a BIP-39 passphrase, which leads to other keys.")
    @click.option("--passphrase-file", type=click.Path(path_type=Path), help="Read the passphrase from a file.")
    @functools.wraps(function)
    def wrapper(*args: Any, passphrase: bool, passphrase_file: Path | None, **options: Any) -> Any:
        def read() -> Secret[str]:
            if passphrase_file is not None:
                return read_file(passphrase_file)
            return ask("Passphrase", is_new=True, instead="--passphrase-file") if passphrase else NO_PASSPHRASE

        return function(*args, read_passphrase=read, **options)

    return wrapper


def ask(what: str, *, instead: str, is_new: bool = False, is_hidden: bool = True) -> Secret[str]:
    """Ask on the terminal. Raises ClickException naming the options to use instead where there is none."""
    if not sys.stdin.isatty():
        raise click.ClickException(f"no terminal to ask for: {what.lower()}; use {instead}")
    return Secret(click.prompt(what, hide_input=is_hidden, confirmation_prompt=is_new, err=True, type=str))


def read_line(what: str) -> Secret[str]:
    """Return the next line of standard input. Raises ClickException when there is none or it is too long."""
    line = sys.stdin.readline(LIMIT_BYTES)
    if not line:
        raise click.ClickException(f"standard input ended before {what}")
    if len(line) >= LIMIT_BYTES:
        raise click.ClickException(f"{what} on standard input is longer than {LIMIT_BYTES} characters")
    return Secret(line.rstrip("\r\n"))


def read_file(path: Path) -> Secret[str]:
    """Return the first line of a file. Raises MissingFile, StorageError, ClickException."""
    try:
        data = read_whole(path, LIMIT_BYTES)
    except FileNotFoundError:
        raise MissingFile(f"{path}: there is no such file") from None
    try:
        return Secret(data.decode("utf-8").partition("\n")[0].rstrip("\r"))
    except UnicodeDecodeError:
        raise click.ClickException(f"{path}: is not text in UTF-8") from None
