"""A Secret tells its content only to who asks for it."""

import copy
import json
import pickle
import traceback

import msgspec
import pytest

from chain.encoding import encode
from chain.wallet.secret import Secret


def test_nothing_that_prints_shows_it() -> None:
    secret = Secret("hunter2")
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>20}", f"{secret:s}", "%s" % secret, f"{[secret]}"]  # noqa: UP031
    assert not any("hunter2" in text for text in shown)
    assert secret.reveal() == "hunter2"


def test_a_crash_that_shows_local_variables_does_not_show_it() -> None:
    def crash(_secret: Secret[str]) -> None:
        raise RuntimeError

    try:
        crash(Secret("hunter2"))
    except RuntimeError as error:
        report = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert "Secret(…)" in "".join(report.format())
    assert all("hunter2" not in (frame.locals or {}).get("_secret", "") for frame in report.stack)


@pytest.mark.parametrize(
    "leak", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, encode, msgspec.json.encode, vars]
)
def test_nothing_copies_or_encodes_it(leak: object) -> None:
    with pytest.raises(TypeError):
        leak(Secret(b"key"))  # type: ignore[operator]


def test_equality() -> None:
    assert Secret(b"key") == Secret(b"key")
    assert Secret("schlüssel") == Secret("schlüssel")
    assert Secret(b"key") != Secret(b"kex")
    assert Secret(b"key") != Secret("key")
    assert Secret(b"key") != b"key"


def test_it_has_no_place_in_sets() -> None:
    with pytest.raises(TypeError):
        hash(Secret(b"key"))
