"""What all commands share: lazy groups, errors as one line, options, output that is safe to show.

Exit codes: 0 done, 1 refused or failed, 2 a command line that cannot be understood, 130 interrupted. An error is one
line on standard error; a traceback appears only with ``--debug``. An error that is a bug of ours shows its type only:
its text could hold what must not be shown.
"""

import contextlib
import importlib
import json
import keyword
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from chain.errors import ChainroomError

SEED_LIMIT = 2**63 - 1
_SPACES = "\u00a0\u2009\u202f"


@dataclass(slots=True)
class State:
    """What was said before or after any command."""

    debug: bool = False
    saves: Path | None = None
    """``--saves DIR``: where the person's saved runs are."""
    ascii: bool = False
    """``--ascii``: only ASCII glyphs in the interface."""


class LazyGroup(click.Group):
    """A group of commands of which only the called one is imported."""

    def __init__(self, *args: Any, package: str, table: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.package, self.table = package, table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the table, in its order."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of this name, if the table has it."""
        if cmd_name not in self.table:
            return None
        command: click.Command = importlib.import_module(get_module(self.package, cmd_name)).command
        if not any(parameter.name == "debug" for parameter in command.params):
            debug_option(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a name that does not exist is told with the nearest ones."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.table, n=2) or list(self.table)
            ctx.fail(f"there is no command {args[0]!r}; there is {', '.join(near)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))


class RootGroup(LazyGroup):
    """The group that turns every error into one line and an exit code."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run, and leave with the exit code."""
        state = State()
        extra |= {"standalone_mode": False, "obj": state}
        if os.environ.get("NO_COLOR"):
            extra["color"] = False
        try:
            code = super().main(args, prog_name, **extra)
            sys.stdout.flush()
        except Exception as error:
            if state.debug:
                traceback.print_exc()
            text, code = _describe(error)
            click.echo(f"chainroom: {clean_text(text)}", err=True)
        sys.exit(code if isinstance(code, int) else 0)


def get_module(package: str, command: str) -> str:
    """The module of a command: ``import`` is in ``import_``, ``verify-proof`` in ``verify_proof``."""
    return f"{package}.{command.replace('-', '_')}" + ("_" if keyword.iskeyword(command) else "")


def _describe(error: Exception) -> tuple[str, int]:
    """One line for a person, and the exit code."""
    if isinstance(error, click.Abort):
        is_interrupt = isinstance(error.__cause__, KeyboardInterrupt)
        return ("interrupted", 130) if is_interrupt else ("stopped: nothing more to read, or interrupted", 1)
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "chainroom"
        return f"{error.format_message().rstrip('.')}; see '{where} --help'", 2
    if isinstance(error, click.ClickException):
        return error.format_message(), error.exit_code
    if isinstance(error, ChainroomError):
        return str(error), 1
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror, 1
    return f"this is a bug ({type(error).__name__}); the same command with --debug tells where", 1


def clean_text(text: str) -> str:
    """Return text in one line without control, bidirectional and broken characters: safe to print."""
    return "".join(letter if letter.isprintable() or letter in _SPACES else " " for letter in text)


def tell(text: str) -> None:
    """Print a line of a result on standard output."""
    click.echo(clean_text(text))


def note(text: str) -> None:
    """Print a sentence that is not the result, such as a notice, on standard error."""
    click.echo(f"note: {clean_text(text)}", err=True)


def tell_json(value: object) -> None:
    """Print one JSON object on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True))


def tell_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns two spaces apart."""
    cleaned = [[clean_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cleaned, strict=True)]
    for row in cleaned:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextlib.contextmanager
def show_progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """Give a function that takes how far the work is, of ``length``; draws a bar only on a terminal."""
    if not sys.stderr.isatty() or length <= 0:
        yield lambda _: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield lambda done: bar.update(max(0, min(done, length) - bar.pos))


def _store(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            setattr(ctx.find_root().ensure_object(State), name, value)

    return callback


debug_option = click.option(
    "--debug",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_store("debug"),
    help="Show the traceback of an error.",
)
saves_option = click.option(
    "--saves",
    metavar="DIR",
    type=click.Path(path_type=Path),
    expose_value=False,
    callback=_store("saves"),
    help="Where your saved runs are (also CHAINROOM_SAVES).",
)
ascii_option = click.option(
    "--ascii", is_flag=True, expose_value=False, callback=_store("ascii"), help="Only ASCII glyphs in the interface."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
force_option = click.option("--force", is_flag=True, help="Overwrite what exists.")
settings_option = click.option(
    "--set", "settings", multiple=True, metavar="A.B=VALUE", help="Set a key of the scenario. May be repeated."
)
seed_option = click.option(
    "--seed", type=click.IntRange(0, SEED_LIMIT), metavar="N", help="The seed of all luck, 0 to 2^63-1."
)
