"""The program: ``chainroom`` and ``python -m app``."""

import sys
from io import TextIOWrapper


def main() -> None:
    """Run the command line on ``sys.argv`` and leave with its exit code."""
    from app.cli.root import cli

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a letter shows '?', and nothing fails
    cli.main(prog_name="chainroom")


if __name__ == "__main__":
    main()
