"""Everything a transaction reads and changes, over a host that stays untouched until the end.

Idea: all of it lies in dictionaries whose entries are only ever set or removed, and every change first notes the old
entry in one list. A snapshot is the length of that list; rolling back pops to it. What was read from the host is
kept apart (``_loaded``), so a roll-back forgets no answer.

Inside the machine an address is a number of 160 bits, as on the stack.

Invariants: ``slots[address]`` holds exactly the warm keys of an account with their current values (EIP-2929: a key
that was touched only in a reverted frame is cold again); ``warm`` exactly the warm addresses; an account that is
empty (EIP-161: nonce 0, balance 0, no code) is the same as none.
"""

from typing import Any, Final, NamedTuple

from chain.contracts.evm.host import Account, Host
from chain.contracts.evm.message import Log
from chain.contracts.keccak import compute_keccak_word
from chain.units import Address

DELEGATION_PREFIX: Final = b"\xef\x01\x00"
"""Code of an account that lets another account's code run for it (EIP-7702)."""
_DELEGATION_BYTES: Final = 23


class State(NamedTuple):
    """An account as the machine holds it."""

    nonce: int
    balance: int
    code: bytes


EMPTY: Final = State(0, 0, b"")


def get_delegate(code: bytes) -> int | None:
    """Return the address a delegating account names, or None when the code is ordinary."""
    if len(code) == _DELEGATION_BYTES and code.startswith(DELEGATION_PREFIX):
        return int.from_bytes(code[len(DELEGATION_PREFIX) :])
    return None


class Journal:
    """Accounts, storage, transient storage, logs, refund and access sets of one transaction."""

    __slots__ = (
        "_code_hashes",
        "_host",
        "_loaded",
        "_originals",
        "accounts",
        "created",
        "doomed",
        "logs",
        "refund",
        "slots",
        "transient",
        "undo",
        "warm",
    )

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loaded: dict[int, State] = {}
        self._originals: dict[int, dict[int, int]] = {}
        self._code_hashes: dict[bytes, int] = {}
        self.accounts: dict[int, State] = {}
        self.slots: dict[int, dict[int, int]] = {}
        self.transient: dict[tuple[int, int], int] = {}
        """Storage that lasts for this transaction (EIP-1153), by address and key."""
        self.warm: dict[int, bool] = {}
        self.created: dict[int, bool] = {}
        """Accounts created in this transaction; like the specification's, kept even if the creation reverts."""
        self.doomed: dict[int, bool] = {}
        """Accounts to remove at the end (EIP-6780)."""
        self.logs: list[Log] = []
        self.refund = 0
        self.undo: list[tuple[dict[Any, Any], Any, Any]] = []

    def take_snapshot(self) -> tuple[int, int, int]:
        """Return a mark to which ``roll_back`` returns."""
        return len(self.undo), len(self.logs), self.refund

    def roll_back(self, mark: tuple[int, int, int]) -> None:
        """Forget every change since a mark."""
        undo = self.undo
        length, logs, self.refund = mark
        del self.logs[logs:]
        while len(undo) > length:
            entries, key, old = undo.pop()
            if old is None:
                del entries[key]
            else:
                entries[key] = old

    def put(self, entries: dict[Any, Any], key: object, value: object) -> None:
        """Set an entry of one of the dictionaries so that it can be rolled back."""
        self.undo.append((entries, key, entries.get(key)))
        entries[key] = value

    def get(self, address: int) -> State:
        """Return an account; EMPTY when there is none."""
        state = self.accounts.get(address)
        if state is None:
            name = Address(address.to_bytes(20))
            account = self._host.get_account(name)
            state = EMPTY if account is None else State(*account, self._host.get_code(name))
            self._loaded[address] = self.accounts[address] = state
        return state

    def get_code_hash(self, code: bytes) -> int:
        """Return the hash of a code; asked again it costs nothing, as its price does not know its length."""
        found = self._code_hashes.get(code)
        if found is None:
            found = self._code_hashes[code] = compute_keccak_word(code)
        return found

    def put_account(self, address: int, nonce: int, balance: int, code: bytes) -> None:
        """Set an account, which must have been read before."""
        self.undo.append((self.accounts, address, self.accounts[address]))
        self.accounts[address] = State(nonce, balance, code)

    def add_balance(self, address: int, amount: int) -> None:
        """Change a balance; the caller has made sure that it suffices."""
        nonce, balance, code = self.get(address)
        self.put_account(address, nonce, balance + amount, code)

    def move(self, source: int, target: int, amount: int) -> None:
        """Move money that the source has."""
        self.add_balance(source, -amount)
        self.add_balance(target, amount)

    def increment_nonce(self, address: int) -> None:
        """Count one more transaction or creation of an account."""
        nonce, balance, code = self.get(address)
        self.put_account(address, nonce + 1, balance, code)

    def is_taken(self, address: int) -> bool:
        """Tell whether no contract can be created at an address (EIP-684, EIP-7610)."""
        state = self.get(address)
        return bool(state.nonce or state.code) or self._host.has_storage(Address(address.to_bytes(20)))

    def touch(self, address: int) -> bool:
        """Make an address warm and tell whether it was cold."""
        if address in self.warm:
            return False
        self.undo.append((self.warm, address, None))
        self.warm[address] = True
        return True

    def get_slots(self, address: int) -> dict[int, int]:
        """Return the warm keys of an account and their values: always the same dictionary for one account."""
        slots = self.slots.get(address)
        if slots is None:
            slots = self.slots[address] = {}
            self._originals[address] = {}
        return slots

    def get_original(self, address: int, key: int) -> int:
        """Return a storage value as it was before the transaction; 0 for an account created in it."""
        if address in self.created:
            return 0
        originals = self._originals[address]
        value = originals.get(key)
        if value is None:
            value = originals[key] = self._host.get_storage(Address(address.to_bytes(20)), key)
        return value

    def warm_slot(self, address: int, key: int) -> int:
        """Make a cold key warm and return its value."""
        slots, value = self.get_slots(address), self.get_original(address, key)
        self.undo.append((slots, key, None))
        slots[key] = value
        return value

    def write(self) -> None:
        """Write to the host what changed: removed accounts first, then accounts, code and storage."""
        for address in self.doomed:
            self.accounts[address] = EMPTY
        for address, state in self.accounts.items():
            if state != self._loaded[address]:
                self._write_account(Address(address.to_bytes(20)), state, self._loaded[address])
        for address, slots in self.slots.items():
            if address not in self.doomed:
                name = Address(address.to_bytes(20))
                for key, value in slots.items():
                    if value != self.get_original(address, key):
                        self._host.set_storage(name, key, value)

    def _write_account(self, name: Address, state: State, old: State) -> None:
        if state == EMPTY:
            self._host.set_account(name, None)
            return
        self._host.set_account(name, Account(state.nonce, state.balance))
        if state.code != old.code:
            self._host.set_code(name, state.code)
