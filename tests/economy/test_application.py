"""People who use contracts: the plan is carried out first, then they act, and every run of it is the same."""

import pytest

from chain.economy.applications import APPLICATIONS
from chain.errors import InvalidScenario
from chain.ledger.actions import Call, Create
from chain.scenario import apply_settings, build, convert_scenario
from chain.units import MINUTE, SECOND, TimeUs

TABLE = {
    "name": "token-test",
    "network": {"nodes": 5},
    "consensus": {"interval": "5s", "grind_hashes": 0},
    "ledger": {"gas_limit": 30_000_000, "initial_base_fee_per_gas": 10},
    "application": [{"name": "token", "people": 4, "rate_per_s": 0.2}],
}


def run(until_us, seed=3, table=TABLE):
    simulation = build(convert_scenario(table), seed)
    simulation.run_until(TimeUs(until_us), 10**9)
    return simulation


def get_actions(simulation):
    world = simulation.world
    for record in world.tree.iter_branch(world.get_canonical()):
        for signed, receipt in zip(record.block.transactions, world.ledger.receipts(record.hash), strict=True):
            yield signed.transaction.action, receipt


@pytest.fixture(scope="module")
def finished():
    return run(40 * MINUTE)


def test_the_plan_comes_first_and_in_order(finished):
    application = finished.world.actors[1]
    assert application.is_open
    done = [(action, receipt) for action, receipt in get_actions(finished) if isinstance(action, Create | Call)][::-1]
    assert [type(action) for action, _ in done[:4]] == [Create, Create, Call, Call]
    assert [receipt.created for _, receipt in done[:2]] == [application.addresses[it] for it in ("token", "token_sale")]
    assert all(receipt.is_success for _, receipt in done[:4])


def test_people_act_and_what_would_fail_is_not_sent(finished):
    calls = [receipt for action, receipt in get_actions(finished) if isinstance(action, Call)]
    assert len(calls) > 100
    assert sum(receipt.is_success for receipt in calls) > 0.9 * len(calls)


def test_tokens_and_money_are_where_the_contracts_say(finished):
    world, application = finished.world, finished.world.actors[1]
    head = world.get_canonical()
    state = world.ledger.state(head.hash)
    assert state.get_account(application.addresses["token_sale"]).balance >= 0
    assert state.get_code(application.addresses["token"])
    assert list(state.iterate_storage(application.addresses["token"]))


def test_a_copied_run_goes_on_alike():
    simulation = run(10 * MINUTE)
    other = simulation.copy()
    for it in (simulation, other):
        it.run_until(TimeUs(25 * MINUTE), 10**9)
    assert simulation.compute_digest() == other.compute_digest() == run(25 * MINUTE).compute_digest()
    assert run(25 * MINUTE, seed=4).compute_digest() != simulation.compute_digest()


def test_contracts_run_under_every_kind_of_consensus():
    for protocol in ("proof-of-authority", "tendermint"):
        scenario = apply_settings(convert_scenario(TABLE), [f"consensus.protocol={protocol}"])
        simulation = build(scenario, 1)
        simulation.run_until(TimeUs(3 * MINUTE), 10**9)
        assert simulation.world.actors[1].is_open, protocol


def test_a_past_transaction_is_opened_as_it_was(finished):
    """What the debugger steps through is the same execution: gas, output and logs agree with the receipt."""
    from chain.contracts.evm.transaction import execute_message

    world, seen = finished.world, 0
    for record in list(world.tree.iter_branch(world.get_canonical()))[::7]:
        for index, (signed, receipt) in enumerate(
            zip(record.block.transactions, world.ledger.receipts(record.hash), strict=True)
        ):
            action = signed.transaction.action
            if isinstance(action, Create | Call):
                result = execute_message(*world.ledger.open_run(record.hash, index).open_message(signed, action))
                assert (result.gas_used, result.success, result.logs) == (
                    receipt.gas_used,
                    receipt.is_success,
                    receipt.logs,
                )
                seen += 1
    assert seen > 10


def test_an_unknown_application_is_refused_by_name():
    with pytest.raises(InvalidScenario, match=r"application\[0\].name.*tokn"):
        convert_scenario(TABLE | {"application": [{"name": "tokn"}]})


def test_nobody_acts_at_a_rate_of_nothing():
    table = TABLE | {"application": [{"name": "token", "people": 2, "rate_per_s": 0}]}
    simulation = run(5 * MINUTE, table=table)
    assert simulation.world.actors[1].is_open
    assert sum(isinstance(action, Call) for action, _ in get_actions(simulation)) == 2
    assert simulation.now_us == 300 * SECOND


def test_who_may_not_send_waits_for_nothing():
    """A call that the allow-list refuses is forgotten, so its nonce is free when the right comes."""
    simulation = run(30 * SECOND, table=TABLE | {"access": {"kind": "private", "send": ["members"]}})
    world, application = simulation.world, simulation.world.actors[1]
    assert not application.is_open
    refused = [record for record in world.history.records if record.kind == "refused-transaction"]
    assert len(refused) > 3  # tried again and again, not given up after four
    assert application.signers[0].update(0, world.now_us, 10**12) == (0, 0, 0)


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_people_whose_node_knows_no_contract_yet_do_no_harm(name):
    """Two nodes are cut off from the start and come back later: questions go unanswered, nothing breaks."""
    events = [
        {"at": at, "command": command, "node": node}
        for at, command in (("10s", "cut-node"), ("2m", "reconnect-node"))
        for node in (3, 4)
    ]
    people = max(8, APPLICATIONS[name].least_people)
    table = TABLE | {"application": [{"name": name, "people": people, "rate_per_s": 0.8}], "event": events}
    assert run(150 * SECOND, table=table).world.actors[1].done > 0
