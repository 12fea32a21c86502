"""Where a rule is written down: its section in docs/rules.md, with the line it stands on.

An installed program may come without its docs; then only the name of the section is told.
"""

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
_HEADING: Final = "### "


class RuleSource(NamedTuple):
    """A rule's section."""

    place: str
    """``docs/rules.md, line 49``."""
    meaning: str
    """What the rule says; empty where the page is not at hand."""
    source: str
    """Where it comes from."""


@cache
def _read_sections() -> dict[str, tuple[int, str]]:
    """Return line (from 1) and text of every section."""
    try:
        lines = PAGE.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    sections: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines, 1):
        if line.startswith(_HEADING):
            name = line.removeprefix(_HEADING).strip()
            body = []
            for following in lines[number:]:
                if following.startswith("#"):
                    break
                body.append(following.strip())
            sections[name] = number, " ".join(body).strip()
    return sections


def find_rule(rule: str) -> RuleSource | None:
    """Return where a rule is written down; None for a name no rule has."""
    if not rule:
        return None
    found = _read_sections().get(rule)
    if found is None:
        return RuleSource(f"docs/rules.md, section {rule}", "", "") if not _read_sections() else None
    line, text = found
    meaning, _, source = text.partition("*Source:*")
    meaning = meaning.partition("*Numbers:*")[0]
    return RuleSource(f"docs/rules.md, line {line}", _strip(meaning), _strip(source))


def _strip(text: str) -> str:
    return text.replace("`", "").replace("*", "").strip()


def describe_rule(rule: str) -> str:
    """Return a rule's section in one paragraph, with the line it stands on; empty for a name no rule has."""
    found = find_rule(rule)
    if found is None:
        return ""
    source = f" Source: {found.source}" if found.source else ""
    return f"{found.place}: {found.meaning}{source}".strip().removesuffix(":")
