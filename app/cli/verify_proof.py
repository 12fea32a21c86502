"""``chainroom verify-proof``."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from app.cli.base import json_option, tell, tell_json
from app.storage.atomic import read_whole
from app.storage.errors import MissingFile
from chain.anchors import KIND as ANCHOR_KIND
from chain.anchors import Verdict, verify_anchor
from chain.errors import InvalidInput
from chain.proofs import describe_proven, verify
from chain.units import Hash

LIMIT_BYTES = 16 * 1024 * 1024


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--block", metavar="HASH", help="The hash of a block you trust: the proof must be about that block.")
@json_option
def command(file: Path, block: str | None, as_json: bool) -> None:
    """Check the proof in FILE, or on standard input if it is '-', without the chain. Exits with 1 when it fails."""
    document, trusted_block = _read(file), _read_block(block)
    if isinstance(document, dict) and document.get("kind") == ANCHOR_KIND:
        if trusted_block is not None:
            raise InvalidInput("--block", block, "proofs of transactions and balances; an anchor names its own blocks")
        verdict, proven = verify_anchor(document), "The private block was written down on the public chain."
    else:
        verdict, proven = verify(document, trusted_block), describe_proven(document)
    (_tell_as_json if as_json else _tell)(verdict, proven)
    if not verdict.is_good:
        sys.exit(1)


def _tell(verdict: Verdict, proven: str) -> None:
    for number, step in enumerate(verdict.steps, 1):
        tell(f"{number:>3}  {'ok    ' if step.is_good else 'FAILED'}  {step.name}: {step.text}")
    if not verdict.is_good:
        tell(f"not proven: step {len(verdict.steps)} fails ({verdict.steps[-1].name})")
        return
    tell(f"proven: {proven}")
    for text in verdict.trusted:
        tell(f"on trust: {text}")


def _tell_as_json(verdict: Verdict, proven: str) -> None:
    steps = [{"name": it.name, "ok": it.is_good, "text": it.text} for it in verdict.steps]
    failed = None if verdict.is_good else len(steps)
    tell_json(
        {
            "valid": verdict.is_good,
            "failed_step": failed,
            "proven": proven if verdict.is_good else None,
            "trusted": list(verdict.trusted),
            "steps": steps,
        }
    )


def _read_block(text: str | None) -> Hash | None:
    if text is None:
        return None
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        data = b""
    if len(data) != 32:
        raise InvalidInput("block", text, "a hash: 64 hexadecimal digits")
    return Hash(data)


def _read(file: Path) -> Any:
    try:
        data = sys.stdin.buffer.read(LIMIT_BYTES) if str(file) == "-" else read_whole(file, LIMIT_BYTES)
        return json.loads(data)
    except FileNotFoundError:
        raise MissingFile(f"{file}: there is no such file") from None
    except (ValueError, RecursionError):
        raise InvalidInput("proof", str(file), "a JSON document as the explorer exports it") from None
