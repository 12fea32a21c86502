"""Credentials in use: readers learn what is shown and nothing else; what is changed or revoked never verifies."""

import pytest

from chain.contracts.selective_disclosure import get_call_arguments
from chain.economy.applications.identity import FIRST_PERSON, QUESTIONS


@pytest.fixture(scope="module")
def town(play):
    return play("identity", 20, people=12, rate_per_s=0.3)


@pytest.fixture(scope="module")
def shown(town):
    return town.application.memory["shown"]


def list_changed(town, it):
    claims = town.application.get_claims(it.paper)
    return [shown.claim for shown in it.presentation.claims if claims[shown.claim.name] != shown.claim.value]


def test_readers_accept_refuse_and_never_send_a_transaction(town, shown):
    assert sum(it.is_signed and it.is_verified for it in shown) > 10
    assert any(not it.is_signed for it in shown)
    assert any(it.is_signed and not it.is_verified for it in shown)
    readers = {town.application.signers[reader].address for reader in QUESTIONS}
    assert not any(signed.sender in readers for _, signed, _ in town.iter_calls())


def test_a_changed_claim_never_verifies(town, shown):
    for it in shown:
        assert bool(list_changed(town, it)) == (not it.is_signed)
        if not it.is_signed:
            assert not it.is_verified


def test_a_revoked_credential_never_verifies_again(town, shown):
    revoked = {it.values["credential"]: it.time_s for it in town.list_told("credentials", "Revoked")}
    assert revoked
    for it in shown:
        since_s = revoked.get(it.presentation.credential)
        if since_s is not None and it.time_s > since_s + 10:
            assert not it.is_verified
    look = town.look()
    for it in shown:
        is_right = it.is_signed and it.presentation.credential not in revoked
        assert look.read("credentials", "verify", *get_call_arguments(it.presentation)) == is_right


def test_what_is_not_shown_is_in_no_presentation(town, shown):
    for it in shown:
        told = {claim.claim.name for claim in it.presentation.claims}
        assert QUESTIONS[it.reader][1] in told
        assert told <= {QUESTIONS[it.reader][1], "name"}
        salts = [claim.claim.salt for claim in it.presentation.claims]
        hidden = [value for name, value in town.application.get_claims(it.paper).items() if name not in told]
        raw = repr(it.presentation)
        assert not any(value in raw for value in hidden if len(value) > 4)
        assert len(set(salts)) == len(salts)


def test_the_chain_holds_roots_only(town):
    roots = {it.values["root"] for it in town.list_told("credentials", "Issued")}
    papers = dict(town.application.memory["papers"])
    assert roots <= set(papers)
    for root, paper in list(papers.items())[:3]:
        assert town.application.get_root(paper) == root


def test_a_guardian_who_cheats_is_refused_and_one_who_helps_waits(town):
    ada, ben = (town.application.signers[FIRST_PERSON + it].address for it in (0, 1))
    asked = town.list_told("identity", "RecoveryAsked")
    assert {it.values["identity"] for it in asked} == {ada, ben}
    refused = town.list_told("identity", "RecoveryRefused")
    assert [it.values["identity"] for it in refused] == [ada]
    look = town.look()
    assert look.read("identity", "get_controller", ada) == ada
    assert look.read("identity", "get_controller", ben) == ben
    _, ready_s = look.read("identity", "recoveries", ben)
    assert ready_s > look.time_s + 2 * 24 * 3600
