"""``chainroom saves list``."""

import click

from app.cli.base import json_option, saves_option, tell, tell_json, tell_table
from app.cli.saves import open_saves
from app.storage.saves import SaveEntry


@click.command()
@json_option
@saves_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the saved runs: your own, then those that ship."""
    saves = open_saves(ctx)
    entries = saves.get_entries()
    if as_json:
        tell_json([get_fields(entry) for entry in entries])
    elif not entries:
        tell(f"no saved runs in {saves.directory}")
    else:
        tell_table([("NAME", "WHOSE", "SIZE", "CHANGED", "WHAT"), *(_get_row(entry) for entry in entries)])


def get_fields(entry: SaveEntry) -> dict[str, object]:
    """The entry as JSON shows it."""
    return {
        "name": entry.name,
        "path": str(entry.path),
        "shipped": entry.is_shipped,
        "size_bytes": entry.size_bytes,
        "changed_at": entry.changed_at.isoformat(timespec="seconds"),
        "problem": entry.problem,
        **{key: entry.summary[key] for key in ("scenario", "seed", "rules_version", "digest") if key in entry.summary},
    }


def _get_row(entry: SaveEntry) -> tuple[str, str, str, str, str]:
    whose = "shipped" if entry.is_shipped else "own"
    summary = entry.summary
    what = f"! {entry.problem}" if entry.problem else f"{summary.get('scenario', '?')}, seed {summary.get('seed', '?')}"
    size = f"{(entry.size_bytes + 1023) // 1024} KB"
    return entry.name, whose, size, entry.changed_at.strftime("%Y-%m-%d %H:%M"), what
