"""The state is a value: equal accounts, equal root; a change makes another state."""

from hypothesis import given
from hypothesis import strategies as st

from chain.crypto.trie import EMPTY_ROOT, verify_proof
from chain.encoding import encode
from chain.ledger.state import EMPTY_ACCOUNT, Account, State
from chain.units import Address

addresses = st.integers(0, 30).map(lambda number: Address(number.to_bytes(20)))
accounts = st.builds(Account, nonce=st.integers(0, 2**40), balance=st.integers(0, 2**63 - 1))
contents = st.dictionaries(addresses, accounts, max_size=20)


@given(contents, st.randoms(use_true_random=False), st.integers(1, 5))
def test_the_root_depends_on_the_accounts_alone(content, random, parts):
    items = list(content.items())
    random.shuffle(items)
    state = State()
    for start in range(parts):
        state = state.put_accounts({address: Account(balance=1) for address, _ in items[start::parts]})
    for start in range(parts):
        state = state.put_accounts(dict(items[start::parts]))
    assert state.root == State().put_accounts(content).root
    assert dict(state.iterate_accounts()) == {k: v for k, v in content.items() if v != EMPTY_ACCOUNT}
    assert state.compute_total_balance() == sum(account.balance for account in content.values())


@given(contents, addresses, accounts)
def test_an_older_state_keeps_its_accounts(content, address, account):
    older = State().put_accounts(content)
    root = older.root
    newer = older.put_accounts({address: account})
    assert newer.get_account(address) == account
    assert older.get_account(address) == content.get(address, EMPTY_ACCOUNT)
    assert older.root == root
    assert (newer.root == root) == (content.get(address, EMPTY_ACCOUNT) == account)


def test_an_empty_account_is_as_if_it_had_never_been():
    address = Address(b"a" * 20)
    state = State().put_accounts({address: Account(1, 5)})
    assert state.put_accounts({address: EMPTY_ACCOUNT}).root == State().root == EMPTY_ROOT
    assert state.get_account(Address(b"b" * 20)) == Account(nonce=0, balance=0)


def test_an_account_can_be_proved_against_the_root():
    address = Address(b"a" * 20)
    state = State().put_accounts({Address(bytes([n]) * 20): Account(n, n * 10) for n in range(100)})
    proof = state.prove_account(address)
    assert verify_proof(state.root, address, encode(Account(97, 970)), proof)
    assert not verify_proof(state.root, address, encode(Account(97, 971)), proof)
