"""Write docs/keys.md from the registry of commands: ``python tools/make_keys.py``. A test holds them together."""

from pathlib import Path
from typing import Final

from app.commands import COMMANDS, EVERYWHERE, RUN, get_key

TARGET: Final = Path(__file__).resolve().parents[1] / "docs" / "keys.md"
TITLES: Final = {EVERYWHERE: "Everywhere", RUN: "On every screen around the run"}
INTRODUCTION: Final = """# Keys

Every command of the interface, from its one registry, `app/commands.py`. All of them are in the palette (`^p`) too;
`h` explains what is focused and lists what works there. Lists and pictures are walked through with the arrow keys.
"""


def build_page() -> str:
    """Return the page."""
    scopes = list(dict.fromkeys([EVERYWHERE, RUN, *(spec.scope for spec in COMMANDS)]))
    parts = [INTRODUCTION]
    for scope in scopes:
        rows = [
            f"| `{get_key(spec) or '–'}` | {spec.title} | {spec.help} |" for spec in COMMANDS if spec.scope == scope
        ]
        title = TITLES.get(scope, f"On the {scope} screen")
        parts.append(
            "\n".join([f"## {title}", "", "| key | command | what it does |", "| --- | --- | --- |", *rows, ""])
        )
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(build_page(), encoding="utf-8")
    print("docs/keys.md")
