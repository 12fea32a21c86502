"""Who speaks for an address, with which keys, and what if the key is lost; see docs/contracts/identity.md."""

import pytest
from stage import ALICE, BOB, CAROL, DAVE, NOBODY, Contract, Reverted, Stage

ADA, NEW_KEY, GUARDIAN, STRANGER = ALICE, BOB, CAROL, DAVE
KEY = bytes(range(32))
AUTHENTICATION, ASSERTION = 1, 2
HOUR_S = 3600


@pytest.fixture
def registry() -> Contract:
    return Stage().deploy("identity", STRANGER)


def test_an_address_speaks_for_itself_until_it_says_otherwise(registry: Contract) -> None:
    """The identity keeps its name; its controller changes, and the old one is then a stranger."""
    assert registry.get("get_controller", ADA) == ADA
    done = registry.send(ADA, "change_controller", ADA, NEW_KEY)
    assert done.events == [(registry, "ControllerChanged", {"identity": ADA, "controller": NEW_KEY})]
    assert registry.get("get_controller", ADA) == NEW_KEY
    with pytest.raises(Reverted, match="not the controller"):
        registry.send(ADA, "change_controller", ADA, ADA)
    registry.send(NEW_KEY, "change_controller", ADA, ADA)
    with pytest.raises(Reverted, match="no controller"):
        registry.send(ADA, "change_controller", ADA, NOBODY)


def test_a_key_signs_for_one_purpose_and_for_a_time(registry: Contract) -> None:
    registry.send(ADA, "add_key", ADA, KEY, ASSERTION, HOUR_S)
    assert registry.get("is_valid_key", ADA, KEY, ASSERTION)
    assert not registry.get("is_valid_key", ADA, KEY, AUTHENTICATION)
    assert not registry.get("is_valid_key", NEW_KEY, KEY, ASSERTION)
    registry.stage.pass_time(HOUR_S - 1)
    assert registry.get("is_valid_key", ADA, KEY, ASSERTION)
    registry.stage.pass_time(1)
    assert not registry.get("is_valid_key", ADA, KEY, ASSERTION)
    with pytest.raises(Reverted, match="not a valid key"):
        registry.send(ADA, "revoke_key", ADA, KEY, ASSERTION)


def test_a_revoked_key_signs_no_longer(registry: Contract) -> None:
    registry.send(ADA, "add_key", ADA, KEY, AUTHENTICATION, HOUR_S)
    registry.send(ADA, "revoke_key", ADA, KEY, AUTHENTICATION)
    assert not registry.get("is_valid_key", ADA, KEY, AUTHENTICATION)


@pytest.mark.parametrize(
    ("purpose", "for_s", "reason"), [(0, 1, "no such purpose"), (3, 1, "no such purpose"), (1, 0, "no time")]
)
def test_absurd_keys_are_refused(registry: Contract, purpose: int, for_s: int, reason: str) -> None:
    with pytest.raises(Reverted, match=reason):
        registry.send(ADA, "add_key", ADA, KEY, purpose, for_s)
    with pytest.raises(Reverted):  # the end of the time would come round to the past
        registry.send(ADA, "add_key", ADA, KEY, ASSERTION, 2**256 - 1)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("change_controller", (ADA, STRANGER)),
        ("add_key", (ADA, KEY, ASSERTION, HOUR_S)),
        ("revoke_key", (ADA, KEY, ASSERTION)),
        ("set_guardian", (ADA, STRANGER)),
        ("refuse_recovery", (ADA,)),
    ],
)
def test_nobody_else_speaks_for_it(registry: Contract, name: str, values: tuple[object, ...]) -> None:
    with pytest.raises(Reverted, match="not the controller"):
        registry.send(STRANGER, name, *values)


def test_everything_is_told(registry: Contract) -> None:
    """Who reads the events knows every valid key and every change of control."""
    told = [
        *registry.send(ADA, "add_key", ADA, KEY, ASSERTION, HOUR_S).events,
        *registry.send(ADA, "revoke_key", ADA, KEY, ASSERTION).events,
        *registry.send(ADA, "set_guardian", ADA, GUARDIAN).events,
        *registry.send(GUARDIAN, "ask_recovery", ADA, NEW_KEY).events,
        *registry.send(ADA, "refuse_recovery", ADA).events,
    ]
    names = ["KeyAdded", "KeyRevoked", "GuardianChanged", "RecoveryAsked", "RecoveryRefused"]
    assert [event.name for event in told] == names
    until_s, ready_s = registry.stage.time_s + HOUR_S, registry.stage.time_s + registry.get("RECOVERY_S")
    assert told[0].values == {"identity": ADA, "key": KEY, "purpose": ASSERTION, "until_s": until_s}
    assert told[1].values == {"identity": ADA, "key": KEY, "purpose": ASSERTION}
    assert told[2].values == {"identity": ADA, "guardian": GUARDIAN}
    assert told[3].values == {"identity": ADA, "controller": NEW_KEY, "ready_s": ready_s}
    with pytest.raises(Reverted, match="nothing was asked"):
        registry.send(ADA, "refuse_recovery", ADA)
    with pytest.raises(Reverted, match="no controller"):
        registry.send(GUARDIAN, "ask_recovery", ADA, NOBODY)


def test_a_guardian_helps_after_a_while(registry: Contract) -> None:
    registry.send(ADA, "set_guardian", ADA, GUARDIAN)
    with pytest.raises(Reverted, match="not the guardian"):
        registry.send(STRANGER, "ask_recovery", ADA, STRANGER)
    with pytest.raises(Reverted, match="nothing was asked"):
        registry.send(STRANGER, "finish_recovery", ADA)
    registry.send(GUARDIAN, "ask_recovery", ADA, NEW_KEY)
    registry.stage.pass_time(registry.get("RECOVERY_S") - 1)
    with pytest.raises(Reverted, match="too early"):
        registry.send(STRANGER, "finish_recovery", ADA)
    registry.stage.pass_time(1)
    registry.send(STRANGER, "finish_recovery", ADA)
    assert registry.get("get_controller", ADA) == NEW_KEY
    with pytest.raises(Reverted, match="nothing was asked"):
        registry.send(STRANGER, "finish_recovery", ADA)


@pytest.mark.parametrize(
    ("name", "values"),
    [("refuse_recovery", (ADA,)), ("set_guardian", (ADA, NOBODY)), ("change_controller", (ADA, NEW_KEY))],
)
def test_a_guardian_who_cheats_is_stopped(registry: Contract, name: str, values: tuple[object, ...]) -> None:
    """Whatever the controller does about it ends the recovery."""
    registry.send(ADA, "set_guardian", ADA, GUARDIAN)
    registry.send(GUARDIAN, "ask_recovery", ADA, GUARDIAN)
    registry.stage.pass_time(2 * HOUR_S)
    registry.send(ADA, name, *values)
    registry.stage.pass_time(10 * registry.get("RECOVERY_S"))
    with pytest.raises(Reverted, match="nothing was asked"):
        registry.send(GUARDIAN, "finish_recovery", ADA)
