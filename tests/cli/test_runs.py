"""``run``, ``replay``, ``saves``, ``scenario``: a run from the library to a verified save, and what can be wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Chainroom = Callable[..., Result]
CheckFailure = Callable[..., None]

REPORT_KEYS = [
    "scenario", "seed", "rules_version", "digest", "consensus", "nodes", "virtual_seconds", "blocks", "reorgs",
    "transactions", "finality", "propagation", "proposers", "supply", "energy_kwh", "wall_seconds",
]  # fmt: skip


@pytest.fixture
def saved(chainroom: Chainroom, home: Path) -> Path:
    """A minute of the classroom, saved as ``one``; returns its file."""
    assert chainroom("run", "classroom", "--seed", "7", "--until", "1m", "--save", "one").exit_code == 0
    return home / "saves" / "one.json"


def change_save(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the run in a save file, as somebody with an editor would."""
    tables = json.loads(path.read_text())
    change(tables["run"]["1"])
    path.write_text(json.dumps(tables))


# --- run ------------------------------------------------------------------------------------------------------


def test_run_prints_one_json_object_with_the_documented_keys(chainroom: Chainroom) -> None:
    result = chainroom("run", "classroom", "--seed", "7", "--until", "1m", "--json")
    assert result.exit_code == 0
    assert result.stderr == ""
    report = json.loads(result.stdout)
    assert sorted(report) == sorted(REPORT_KEYS)
    assert (report["scenario"], report["seed"], report["nodes"]) == ("classroom", 7, 12)
    assert report["virtual_seconds"] == 60.0
    assert set(report["blocks"]) == {"proposed", "canonical", "stale", "stale_rate", "interval_mean_seconds"}


def test_run_is_the_same_twice_and_in_other_hash_seeds(chainroom: Chainroom) -> None:
    def run(seed: str, hash_seed: str) -> str:
        command = [sys.executable, "-m", "app", "run", "classroom", "--seed", seed, "--until", "2m", "--json"]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=60)
        return str(json.loads(done.stdout)["digest"])

    assert run("7", "0") == run("7", "1")
    assert run("7", "0") != run("8", "0")


def test_run_without_json_is_a_table_for_people(chainroom: Chainroom) -> None:
    result = chainroom("run", "classroom", "--until", "1m")
    assert result.exit_code == 0
    for word in ("proof-of-work, 12 nodes", "day 0  00:01:00.000", "canonical", "reorgs", "CR", "digest"):
        assert word in result.stdout


def test_any_key_can_be_set(chainroom: Chainroom) -> None:
    settings = ("--set", "network.nodes=5", "--set", "traffic.rate_per_s=0")
    report = json.loads(chainroom("run", "classroom", *settings, "--until", "30s", "--json").stdout)
    assert (report["nodes"], report["transactions"]["submitted"]) == (5, 0)


def test_scenario_of_ones_own_is_a_path(chainroom: Chainroom, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(chainroom("scenario", "show", "quiet").stdout)
    report = json.loads(chainroom("run", tmp_path / "mine.toml", "--until", "1s", "--json").stdout)
    assert report["scenario"] == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clasroom"], "clasroom: there is no scenario of this name; there is classroom"),
        (["./nowhere.toml"], "nowhere.toml: there is no such file"),
        (["classroom", "--until", "soon"], "span: 'soon' is not allowed"),
        (["classroom", "--set", "network.nodes=0"], "network.nodes"),
        (["classroom", "--set", "network.nodse=3"], "nodse"),
        (["classroom", "--set", "nonsense"], "key.name=value"),
        (["classroom", "--save", "../x"], "name of a save: '../x' is not allowed"),
        (["classroom", "--save", "../x", "--force"], "name of a save: '../x' is not allowed"),
    ],
)
def test_run_that_cannot_be_is_refused_in_one_line(
    chainroom: Chainroom, check_failure: CheckFailure, home: Path, arguments: list[str], message: str
) -> None:
    check_failure(chainroom("run", *arguments), message)
    assert not home.exists()


def test_save_is_not_overwritten_unasked(chainroom: Chainroom, check_failure: CheckFailure, saved: Path) -> None:
    before = saved.read_bytes()
    again = ("run", "classroom", "--until", "1s", "--save", "one")
    check_failure(chainroom(*again), "a save of this name exists already")
    assert saved.read_bytes() == before
    assert chainroom(*again, "--force").exit_code == 0
    assert saved.with_name("one.json.bak").read_bytes() == before


# --- replay ---------------------------------------------------------------------------------------------------


def test_saved_run_is_verified(chainroom: Chainroom, saved: Path) -> None:
    digest = json.loads(saved.read_text())["run"]["1"]["digest"]
    result = chainroom("replay", "one", "--verify")
    assert result.exit_code == 0
    assert result.stdout.startswith("verified: ")
    assert digest in result.stdout
    report = json.loads(chainroom("replay", saved, "--json").stdout)
    assert (report["digest"], report["verified"]) == (digest, True)
    assert sorted(set(report) - {"verified", "events"}) == sorted(REPORT_KEYS)


def test_replay_without_verify_tells_about_the_run_too(chainroom: Chainroom, saved: Path) -> None:
    assert "canonical" in chainroom("replay", "one").stdout


def change_digit(digits: str, place: int) -> str:
    return digits[:place] + ("0" if digits[place] != "0" else "1") + digits[place + 1 :]


def test_changed_digest_names_the_event(chainroom: Chainroom, check_failure: CheckFailure, saved: Path) -> None:
    def change(run: dict[str, Any]) -> None:
        run["digests"]["short"] = change_digit(run["digests"]["short"], 8 * 5)

    change_save(saved, change)
    check_failure(chainroom("replay", "one", "--verify"), "diverged at event 5, day 0")


def test_changed_end_is_told(chainroom: Chainroom, check_failure: CheckFailure, saved: Path) -> None:
    change_save(saved, lambda run: run.update(digest=change_digit(run["digest"], 0)))
    check_failure(chainroom("replay", "one", "--verify"), "diverged at event")


def test_save_that_claims_too_many_steps_ends(chainroom: Chainroom, check_failure: CheckFailure, saved: Path) -> None:
    change_save(saved, lambda run: run.update(steps=10**9))
    result = chainroom("replay", "one", "--verify")
    check_failure(result, "1000000000 in the save")


def test_other_rules_cannot_be_verified(chainroom: Chainroom, check_failure: CheckFailure, saved: Path) -> None:
    change_save(saved, lambda run: run.update(rules_version=999))
    check_failure(chainroom("replay", "one", "--verify"), "recorded with rules version 999")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b'{"chainroom":{"1":{"kind":"save"', "is cut off after 32 bytes"),
        (b"{}", "is not a file of chainroom"),
        (b'{"chainroom":{"1":{"kind":"save","format":7}}}', "has format 7, this chainroom reads up to 1"),
        (b'{"chainroom":{"1":{"kind":"save","format":1}},"run":{"1":{"format":"tetris"}}}', "not a chainroom run"),
        (b'{"chainroom":{"1":{"kind":"save","format":1}},"run":{"1":{"format":"chainroom-run"}}}', "is damaged"),
    ],
)
def test_bad_saves_are_told_and_left_alone(
    chainroom: Chainroom, check_failure: CheckFailure, saved: Path, tmp_path: Path, content: bytes, message: str
) -> None:
    saved.write_bytes(content)
    check_failure(chainroom("replay", "one", "--verify"), message)
    check_failure(chainroom("replay", saved, "--verify"), message)
    check_failure(chainroom("saves", "import", saved, "--name", "two"), message)
    assert saved.read_bytes() == content
    assert not saved.with_name("two.json").exists()


# --- saves ----------------------------------------------------------------------------------------------------


def test_saves_are_listed_shown_carried_over_and_deleted(chainroom: Chainroom, saved: Path, tmp_path: Path) -> None:
    listed = json.loads(chainroom("saves", "list", "--json").stdout)
    (own,) = [entry for entry in listed if not entry["shipped"]]
    assert (own["name"], own["scenario"], own["seed"], own["problem"]) == ("one", "classroom", 7, None)
    assert "classroom, seed 7" in chainroom("saves", "list").stdout
    assert json.loads(chainroom("saves", "show", "one", "--json").stdout)["counts"]["commands"] == 0
    assert "seed" in chainroom("saves", "show", "one").stdout
    assert "day 0  00:0" in chainroom("saves", "show", str(saved)).stdout  # any file, by its path
    assert chainroom("saves", "export", "one", tmp_path / "copy.json").exit_code == 0
    assert chainroom("saves", "delete", "one").exit_code == 0
    assert not saved.exists()
    assert chainroom("saves", "import", tmp_path / "copy.json", "--name", "back").stdout == "imported as back\n"
    assert chainroom("replay", "back", "--verify").exit_code == 0


def test_saves_elsewhere(chainroom: Chainroom, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "class"
    chainroom("--saves", elsewhere, "saves", "import", saved)
    assert (elsewhere / "one.json").exists()
    assert chainroom("saves", "list", "--saves", elsewhere, "--json").stdout.count('"shipped": false') == 1
    assert chainroom("replay", "one", "--verify", "--saves", elsewhere).exit_code == 0
    monkeypatch.setenv("CHAINROOM_SAVES", str(elsewhere))
    chainroom("saves", "delete", "one")
    assert not (elsewhere / "one.json").exists()
    assert saved.exists()


def test_damaged_save_is_read_from_its_backup_with_a_note(chainroom: Chainroom, saved: Path) -> None:
    chainroom("run", "classroom", "--until", "1s", "--save", "one", "--force")
    saved.write_text("scribble")
    result = chainroom("replay", "one", "--verify")
    assert result.exit_code == 0
    assert result.stderr.startswith("note: ")
    assert "using the backup one.json.bak" in result.stderr
    assert "! " in chainroom("saves", "list").stdout


@pytest.mark.parametrize("command", [["show"], ["delete"], ["export"]])
def test_missing_save_is_told(
    chainroom: Chainroom, check_failure: CheckFailure, tmp_path: Path, command: list[str]
) -> None:
    target = [tmp_path / "x.json"] if command == ["export"] else []
    check_failure(chainroom("saves", *command, "nothing", *target), "nothing: there is no save of this name")
    expected = "there is no such file" if command == ["show"] else "is not allowed"  # show takes a path too
    check_failure(chainroom("saves", *command, "../nowhere/x", *target), expected)


# --- scenario -------------------------------------------------------------------------------------------------


def test_shipped_scenarios_are_listed_and_can_all_be_run(chainroom: Chainroom) -> None:
    names = [entry["name"] for entry in json.loads(chainroom("scenario", "list", "--json").stdout)]
    assert {"classroom", "bitcoin-2015", "bitcoin-2019", "two-continents", "quiet"} <= set(names)
    for name in names:
        assert chainroom("scenario", "check", name).stdout.startswith(f"{name}: can be run, ")
        assert name in chainroom("scenario", "list").stdout


def test_scenario_is_shown_as_written_or_with_every_key(chainroom: Chainroom) -> None:
    assert "[network]" in chainroom("scenario", "show", "classroom").stdout
    assert json.loads(chainroom("scenario", "show", "classroom", "--json").stdout)["network"]["nodes"] == 12


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[network", "allowed: TOML"),
        (b"[network]\nnodes = 0\n", "network.nodes"),
        (b"[netwrok]\nnodes = 3\n", "netwrok"),
        (b"\xff\xfe", "byte 0 is not"),
        (b"a = " + b"[" * 5000, "allowed: TOML"),
    ],
)
def test_wrong_scenario_is_told_and_its_text_is_not_shown(
    chainroom: Chainroom, check_failure: CheckFailure, tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "wrong.toml").write_bytes(content)
    for command in ("check", "show"):
        check_failure(chainroom("scenario", command, tmp_path / "wrong.toml"), message)


# --- play -----------------------------------------------------------------------------------------------------


def test_what_the_interface_would_open_is_found_or_told(
    chainroom: Chainroom, check_failure: CheckFailure, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[object, ...]] = []

    class Interface:
        return_code = 3

        def __init__(self, scenario: Any, seed: object, document: Any, saves: object, ascii_glyphs: bool) -> None:
            opened.append((scenario and scenario.name, seed, document and document["seed"], ascii_glyphs))

        def run(self) -> None:
            """Show nothing."""

    monkeypatch.setattr("app.app.ChainroomApp", Interface)
    monkeypatch.setattr("app.cli.play._has_terminal", lambda: True)
    for arguments in ([], ["play", "quiet", "--seed", "9", "--ascii"], ["play", "one"], ["play", saved], ["--ascii"]):
        assert chainroom(*arguments).exit_code == 3
    assert opened == [
        (None, None, None, False),
        ("quiet", 9, None, True),
        (None, None, 7, False),
        (None, None, 7, False),
        (None, None, None, True),
    ]
    check_failure(chainroom("play", "nothing"), "there is no scenario and no saved run of this name")
    check_failure(chainroom("play", "one", "--seed", "3"), "a saved run has its own seed", 2)
    chainroom("run", "quiet", "--until", "1s", "--save", "quiet")
    check_failure(chainroom("play", "quiet"), "quiet.toml for the scenario or quiet.json for the saved run")
    assert chainroom("play", "quiet.toml").exit_code == chainroom("play", "quiet.json").exit_code == 3
