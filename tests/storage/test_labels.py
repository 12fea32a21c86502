"""Labels in the form of BIP-329: read, kept, written again; what is not understood passes through unharmed."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.labels import LABEL_LIMIT, LabelBook, format_labels, parse_labels
from chain.errors import InvalidInput

TRANSACTION = bytes(range(32))
VECTOR = (Path(__file__).parents[1] / "vectors" / "bip329.jsonl").read_text()


def test_the_vector_of_the_specification_comes_back_as_it_was() -> None:
    reading = parse_labels(VECTOR)
    assert reading.problems == ()
    assert [record["type"] for record in reading.records] == ["tx", "addr", "pubkey", "input", "output", "xpub", "tx"]
    assert format_labels(reading.records) == "".join(json.dumps(json.loads(it)) + "\n" for it in VECTOR.splitlines())


def test_unknown_types_and_fields_are_kept(tmp_path: Path) -> None:
    line = '{"type": "invoice", "ref": "7", "label": "ü", "height": 3, "rate": {"USD": 1.5}}\n'
    book = LabelBook(tmp_path / "labels.json")
    book.add(parse_labels(line + VECTOR).records)
    book = LabelBook(tmp_path / "labels.json")
    assert format_labels(book.records) == line + format_labels(parse_labels(VECTOR).records)


def test_a_broken_line_costs_only_itself() -> None:
    reading = parse_labels(
        '\ufeff{"type":"tx","ref":"aa","label":"one"}\r\n\nnonsense\n[1]\n{"type":"tx"}\n' + "[" * 9999
    )
    assert [record["ref"] for record in reading.records] == ["aa"]
    assert [problem.split(":")[0] for problem in reading.problems] == ["line 3", "line 4", "line 5", "line 6"]


@pytest.mark.parametrize(
    "line",
    [
        '{"type":"tx","ref":1}',
        '{"type":"tx","ref":"aa","label":7}',
        '{"type":"output","ref":"a:0","spendable":"false"}',
    ],
)
def test_wrong_kinds_of_values_are_named(line: str) -> None:
    reading = parse_labels(line)
    assert reading.records == ()
    assert len(reading.problems) == 1


def test_long_labels_are_cut_and_said() -> None:
    (record,), (problem,) = parse_labels(json.dumps({"type": "tx", "ref": "aa", "label": "x" * 10_000}))
    assert len(record["label"]) == LABEL_LIMIT
    assert problem == "line 1: the label was cut to 255 characters"


def test_what_a_record_leaves_out_stays_as_it_was(tmp_path: Path) -> None:
    book = LabelBook(tmp_path / "labels.json")
    book.add(parse_labels('{"type":"output","ref":"aa:0","label":"rent"}').records)
    book.add(parse_labels('{"type":"output","ref":"AA:0","spendable":false}').records)
    assert [dict(record) for record in book.records] == [
        {"type": "output", "ref": "AA:0", "label": "rent", "spendable": False}
    ]


def test_a_transaction_is_labelled_and_the_label_taken_away(tmp_path: Path) -> None:
    book = LabelBook(tmp_path / "labels.json")
    book.set_transaction_label(TRANSACTION, " rent for May ")
    assert LabelBook(tmp_path / "labels.json").get_transaction_label(TRANSACTION) == "rent for May"
    book.set_transaction_label(TRANSACTION, "")
    assert book.get_transaction_label(TRANSACTION) == ""
    assert book.records == ()
    with pytest.raises(InvalidInput, match="at most 255"):
        book.set_transaction_label(TRANSACTION, "x" * 256)


def test_labels_that_cannot_be_read_are_told_and_cost_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text("{")
    notices: list[str] = []
    assert LabelBook(tmp_path / "labels.json", notices.append).records == ()
    assert "the labels cannot be read" in notices[0]


@given(
    st.lists(st.tuples(st.sampled_from(["tx", "addr", "thing"]), st.text(min_size=1, max_size=9), st.text(max_size=20)))
)
def test_whatever_is_written_is_read_again(rows: list[tuple[str, str, str]]) -> None:
    records = parse_labels(
        format_labels({"type": kind, "ref": ref, "label": label} for kind, ref, label in rows)
    ).records
    assert parse_labels(format_labels(records)).records == records


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    assert all(problem.startswith("line ") for problem in parse_labels(text).problems)
