"""docs/rules.md has a section for each rule that refuses something: its name, its numbers, its source."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
RULE = re.compile(
    r'(?:InvalidTransaction|InvalidBlock|CommandRefused|_check_equal|Hindrance)\([^"]*"([a-z-]+/[a-z-]+)"'
)


def test_every_rule_is_explained_once():
    used = set()
    for source in sorted((ROOT / "chain").rglob("*.py")):
        used.update(RULE.findall(source.read_text(encoding="utf-8")))
    names = [section.split("\n", 1)[0] for section in SECTIONS]
    assert len(names) == len(set(names))
    assert {"ledger/nonce", "ledger/state-root", "mempool/replacement"} <= used
    assert used - set(names) == set()


def test_every_section_tells_its_numbers_and_its_source():
    for section in SECTIONS:
        assert "*Numbers:*" in section, section
        assert "*Source:*" in section, section
