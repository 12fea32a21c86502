"""The pages in docs/ keep up with the code."""

import re
from pathlib import Path

from chain.scenario import build, load_scenario
from chain.simulation.report import compute_report

ROOT = Path(__file__).parents[1]


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_every_number_of_a_report_is_explained() -> None:
    report = compute_report(build(load_scenario("[network]\nnodes = 2", "small"))) | {"wall_seconds": 0.0}
    keys = {
        f"{key}.{inner}" if isinstance(value, dict) and value else key
        for key, value in report.items()
        for inner in (value if isinstance(value, dict) and value else [""])
    }
    assert keys == set(re.findall(r"^\| `([a-z0-9_.]+)` \|", read("report.md"), re.MULTILINE))


def test_every_simplification_is_collected() -> None:
    """A module that says that it simplifies stands in the table; a module in the table exists."""
    page = read("simplifications.md")
    saying = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "chain").rglob("*.py")
        if re.search(r"\bSimplifications?\b", path.read_text(encoding="utf-8"))
    }
    named = set(re.findall(r"`(chain/[a-z_/]+\.py)`", page))
    assert saying - named == set()
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_terms_stand_in_the_glossary_once() -> None:
    terms = re.findall(r"^\*\*([^*]+)\*\*", read("glossary.md"), re.MULTILINE)
    assert len(terms) == len(set(terms)) > 80
    for section in read("glossary.md").split("\n## ")[1:]:
        assert "\n**" in section


def test_links_between_pages_lead_somewhere() -> None:
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
