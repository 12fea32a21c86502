"""Labels as wallets exchange them: BIP-329, one JSON object a line.

Transactions, addresses, public keys, inputs, outputs and extended keys carry labels. What this program has no use for
(a type it does not know, an address of another chain, a field beside the label) is kept as it came and written out
again, so that labels pass through unharmed.

Labels of transactions are kept in ``labels.json`` beside the wallet; those of one's own accounts are the names of the
accounts, those of other addresses the address book (``app.wallets`` puts them there). Labels are not secret and not
encrypted; they may tell who pays whom.

Source: BIP-329. Of two records for one thing the later one counts.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.storage.database import FileKind, Notice, change_database, log_notice, read_database
from app.storage.errors import StorageError
from chain.errors import InvalidInput
from chain.units import Hash

LABELS: Final = FileKind("labels", format=1)
LABELS_FILE: Final = "labels.json"
LABEL_LIMIT: Final = 255
"""Characters of a label. Source: BIP-329, importing."""
MOST_LABELS: Final = 20_000
LIMIT_BYTES: Final = 16 * 1024 * 1024
"""Largest file that is imported."""
TYPES: Final = ("tx", "addr", "pubkey", "input", "output", "xpub")
_TABLE: Final = "labels"
_TRANSACTION: Final = re.compile("[0-9a-fA-F]{64}")
_LONGEST_REF: Final = 512

Record = Mapping[str, Any]
"""One line: ``type``, ``ref``, mostly ``label``, and whatever else stood there."""


class Reading(NamedTuple):
    """What a text of labels holds."""

    records: tuple[Record, ...]
    problems: tuple[str, ...]
    """What is wrong with single lines; the other lines count."""


def parse_labels(text: str) -> Reading:
    """Return the records of a BIP-329 text, and what is wrong line by line. Raises InvalidInput for a too long one."""
    if len(text) > LIMIT_BYTES:
        raise InvalidInput("length of the labels", len(text), f"at most {LIMIT_BYTES:,} characters")
    records: dict[tuple[str, str, str], Record] = {}
    problems: list[str] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = _parse_line(line)
        except InvalidInput as error:
            problems.append(f"line {number}: {error}")
            continue
        if len(str(record.get("label", ""))) > LABEL_LIMIT:
            problems.append(f"line {number}: the label was cut to {LABEL_LIMIT} characters")
            record = {**record, "label": record["label"][:LABEL_LIMIT]}
        key = get_key(record)
        records[key] = {**records.get(key, {}), **record}
    if len(records) > MOST_LABELS:
        raise InvalidInput("number of labels", len(records), f"at most {MOST_LABELS:,}")
    return Reading(tuple(records.values()), tuple(problems))


def _parse_line(line: str) -> Record:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise InvalidInput("label", line.strip(), "one JSON object a line") from None
    if not isinstance(record, dict):
        raise InvalidInput("label", line.strip(), "one JSON object a line")
    for name in ("type", "ref"):
        if not isinstance(record.get(name), str) or not 0 < len(record[name]) <= _LONGEST_REF:
            raise InvalidInput(name, record.get(name), f"a text of 1 to {_LONGEST_REF} characters")
    if not isinstance(record.get("label", ""), str):
        raise InvalidInput("label", record["label"], "a text")
    if not isinstance(record.get("spendable", True), bool):
        raise InvalidInput("spendable", record["spendable"], "true or false, without quotation marks")
    return record


def format_labels(records: Iterable[Record]) -> str:
    """Return the text of records, one a line, each ending in a newline; line breaks in a label are escaped."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def get_key(record: Record) -> tuple[str, str, str]:
    """Return what a record is about. Hexadecimal and bech32 references count the same in capitals."""
    ref, origin = str(record["ref"]), str(record.get("origin", ""))
    is_case_free = record["type"] in ("tx", "pubkey", "input", "output") or ref.isupper()
    return str(record["type"]), ref.lower() if is_case_free else ref, origin


class LabelBook:
    """The labels that have no better place: transactions, and whatever only passes through."""

    def __init__(self, path: Path, on_notice: Notice = log_notice) -> None:
        self._path, self._on_notice = path, on_notice
        self.records: tuple[Record, ...] = ()
        self.transactions: Mapping[Hash, str] = {}
        """What somebody noted about transactions."""
        self.reload()

    def reload(self) -> None:
        """Read the file again; one that cannot be read is told, and costs nothing else."""
        try:
            documents = [dict(it) for it in read_database(self._path, LABELS, self._on_notice).table(_TABLE)]
            records = [it["record"] for it in documents if isinstance(it.get("record"), dict)]
            self.records = parse_labels(format_labels(records)).records
        except (StorageError, InvalidInput) as error:
            self._on_notice(f"{self._path.name}: the labels cannot be read: {error}")
            self.records = ()
        self.transactions = {
            Hash(bytes.fromhex(it["ref"])): str(it["label"])
            for it in self.records
            if it["type"] == "tx" and it.get("label") and _TRANSACTION.fullmatch(it["ref"])
        }

    def get_transaction_label(self, transaction: bytes) -> str:
        """Return what somebody noted about a transaction; empty when nobody did."""
        return self.transactions.get(Hash(transaction), "")

    def set_transaction_label(self, transaction: bytes, label: str) -> None:
        """Note something about a transaction; an empty label takes the note away. Raises InvalidInput, StorageError."""
        if len(label) > LABEL_LIMIT:
            raise InvalidInput("label", label, f"at most {LABEL_LIMIT} characters")
        self.add([{"type": "tx", "ref": transaction.hex(), "label": label.strip()}])

    def add(self, records: Iterable[Record]) -> None:
        """Take in records; what stands in them replaces what was known, what is missing stays. Raises StorageError."""
        with change_database(self._path, LABELS, on_notice=self._on_notice) as database:
            table = database.table(_TABLE)
            known = {get_key(it["record"]): it["record"] for it in table if isinstance(it.get("record"), dict)}
            for record in records:
                key = get_key(record)
                known[key] = {**known.get(key, {}), **record}
                if known[key].get("label") == "" and set(known[key]) <= {"type", "ref", "label"}:
                    del known[key]
            if len(known) > MOST_LABELS:
                raise InvalidInput("number of labels", len(known), f"at most {MOST_LABELS:,}")
            table.truncate()
            table.insert_multiple({"record": dict(record)} for record in known.values())
        self.reload()
