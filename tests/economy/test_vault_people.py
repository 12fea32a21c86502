"""A vault in use: nothing leaves it without three owners and the delay, and the thief gets nothing."""

import pytest

from chain.economy.applications.vault import DELAY_S, NEW_KEY, SUPPLIERS, THIEF, THRESHOLD
from chain.units import COIN


@pytest.fixture(scope="module")
def vault(play):
    return play("vault", 22, people=12, rate_per_s=0.2)


def test_every_payment_had_three_approvals_and_waited(vault):
    approvals, ready_s = {}, {}
    executed = 0
    for told in vault.list_told("vault"):
        number = told.values.get("proposal")
        owners = approvals.setdefault(number, set())
        if told.name == "Approved":
            owners.add(told.values["owner"])
            if len(owners) == THRESHOLD:
                ready_s[number] = told.time_s + DELAY_S
        elif told.name == "ApprovalTakenBack":
            owners.remove(told.values["owner"])
        elif told.name == "Executed":
            executed += 1
            assert len(owners) >= THRESHOLD
            assert told.time_s >= ready_s[number]
    assert executed > 5


def test_money_adds_up_and_goes_to_suppliers_only(vault):
    proposals = {it.values["proposal"]: it.values for it in vault.list_told("vault", "Proposed")}
    paid = [proposals[it.values["proposal"]] for it in vault.list_told("vault", "Executed")]
    received = sum(it.values["amount"] for it in vault.list_told("vault", "Received"))
    look = vault.look()
    assert look.get_balance("vault") == 200 * COIN + received - sum(it["amount"] for it in paid)
    suppliers = {look.get_address(it) for it in SUPPLIERS}
    assert all(it["target"] in suppliers for it in paid if it["amount"])


def test_the_thief_tries_and_is_thrown_out(vault):
    look = vault.look()
    thief = look.get_address(THIEF)
    tries = [it for it in vault.list_told("vault", "Proposed") if it.values["target"] == thief]
    assert len(tries) >= 2
    done = {it.values["proposal"] for it in vault.list_told("vault", "Executed")}
    assert not done & {it.values["proposal"] for it in tries}
    replaced = vault.list_told("vault", "OwnerReplaced")
    assert [(it.values["old"], it.values["new"]) for it in replaced] == [(thief, look.get_address(NEW_KEY))]
    assert thief not in look.read("vault", "get_owners")
    assert ("thief", "propose") in vault.list_failures()


def test_a_careful_owner_takes_an_approval_back(vault):
    assert vault.list_told("vault", "ApprovalTakenBack")
